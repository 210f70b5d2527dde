"""The socket of changes."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
import websocket
from site_of_servers import Site, rendered


def listen(site: Site, user: str | None, query: str = "", **options: Any) -> websocket.WebSocket:
    cookie = f"workbench={site.cookie(user)}" if user else None
    url = site.url.replace("http", "ws", 1) + "/workbench/api/v1/changes" + query
    socket = websocket.WebSocket()
    socket.timeout = 20
    try:
        socket.connect(url, cookie=cookie, **options)
    except websocket.WebSocketException:
        socket.shutdown()
        raise
    return socket


def heard(socket: websocket.WebSocket) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv())
    return found


def test_a_listener_hears_what_happens(site: Site) -> None:
    socket = listen(site, "vera")
    start = heard(socket)["number"]
    site.wb.datasets.get("small_0").append(pl.DataFrame({"n": [1]}))
    change = heard(socket)
    assert (change["topic"], change["name"]) == ("dataset", "small_0")
    assert change["number"] > start
    assert change["time"].endswith("Z")
    socket.close()


def test_a_listener_that_was_cut_off_goes_on_where_it_was(site: Site) -> None:
    socket = listen(site, "vera")
    start = heard(socket)["number"]
    socket.close()
    site.wb.datasets.get("small_2").append(pl.DataFrame({"n": [1]}))
    again = listen(site, "vera", f"?since={start}")
    heard(again)
    assert heard(again)["name"] == "small_2"
    again.close()


def test_a_viewer_hears_nothing_of_runs(site: Site) -> None:
    viewer, analyst = listen(site, "vera"), listen(site, "ana")
    heard(viewer), heard(analyst)
    rendered(site.wb, site.wb.actor.principal, "values")
    site.wb.datasets.get("small_3").append(pl.DataFrame({"n": [1]}))
    assert heard(viewer)["name"] == "small_3"
    assert heard(analyst)["topic"] == "run"
    viewer.close()
    analyst.close()


@pytest.mark.parametrize(
    ("user", "options", "status"),
    [
        (None, {}, 401),
        ("vera", {"origin": "http://evil.org"}, 403),
        ("vera", {"origin": "http://127.0.0.1:1"}, 403),
    ],
)
def test_who_has_no_sign_in_or_another_origin_is_refused(
    site: Site, user: str | None, options: dict[str, Any], status: int
) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        listen(site, user, **options)
    assert refused.value.status_code == status


def test_what_is_no_number_is_refused(site: Site) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        listen(site, "vera", "?since=yesterday")
    assert refused.value.status_code == 422


def test_who_is_removed_hears_no_more(own: Site) -> None:
    socket = listen(own, "vera")
    heard(socket)
    own.wb.security.remove_user("vera", by=own.wb.actor.principal)
    own.wb.datasets.get("small_0").append(pl.DataFrame({"n": [1]}))
    opcode, data = socket.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(data[:2], "big") == 4401
    socket.shutdown()
