"""What `workbench.connect()` says where something is wrong, and what it never gives: a part for the whole, a secret."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from odd_servers import answer, answering
from site_of_servers import Site

import workbench
from workbench.foundation.errors import (
    Forbidden,
    IntegrityError,
    Invalid,
    NotFound,
    Unavailable,
    WorkbenchError,
)
from workbench.governance.identity import SignInRefused
from workbench.governance.security import Scope
from workbench.remote import Connection
from workbench.remote.arrow import END, MEDIA_TYPE, RowStream

TOKEN = "wbt_0123456789_a-secret-that-nobody-may-see"
ME = b'{"name": "vera", "role": "viewer", "may": [], "scopes": ["read"]}'
PROBLEM = b'{"status": 404, "code": "not_found", "title": "", "type": "", "detail": "there is nothing at /v1/me"}'
GREETING = answer(ME)
CUT_OFF = r"cut off before all had come|broke off before its answer was whole"


def said(error: WorkbenchError) -> str:
    return f"{error} / {error.hint}"


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("workbench.example.org", Invalid, "begins with http://"),
        ("ftp://workbench.example.org", Invalid, "begins with http://"),
        ("http://", Invalid, "begins with http://"),
        ("http://[::1", Invalid, "no address"),
        ("http://127.0.0.1:port", Invalid, "no address"),
        (f"http://127.0.0.1:1/?token={TOKEN}", Invalid, "has more in it"),
        (f"https://ana:{TOKEN}@workbench.example.org", Invalid, "has more in it"),
        ("http://workbench.example.org", Forbidden, "insecure=True"),
        ("http://127.0.0.1.example.org", Forbidden, "insecure=True"),
        ("http://192.168.0.7:8601", Forbidden, "insecure=True"),
        ("http://127.0.0.1:1", Unavailable, "`workbench serve` starts it"),
        ("http://[::1]:1", Unavailable, "cannot be reached"),
    ],
)
def test_a_wrong_address_is_told_without_what_may_be_secret_in_it(
    url: str, error: type[WorkbenchError], words: str
) -> None:
    with pytest.raises(error) as raised:
        workbench.connect(url, TOKEN)
    assert words in said(raised.value)
    assert TOKEN not in said(raised.value)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "Schlüssel", f"{TOKEN}\x00"])
def test_what_is_no_token_is_not_sent_and_not_shown(token: str) -> None:
    with answering(GREETING) as odd, pytest.raises(Invalid, match="no token") as raised:
        workbench.connect(odd.url, token)
    assert not odd.requests
    assert not token or token not in said(raised.value)


@pytest.mark.parametrize(
    ("answered", "error", "words"),
    [
        (answer(b"<html>", kind="text/html; charset=utf-8"), NotFound, "no workbench at .*text/html \\(200\\)"),
        (answer(b"<html>", status="404 Not Found", kind="text/html"), NotFound, "no workbench at .*\\(404\\)"),
        (answer(b"{}", status="403 Forbidden"), NotFound, "no workbench at .*\\(403\\)"),
        (answer(b"{}"), Unavailable, "does not understand.*upgrade"),
        (answer(b"{"), Unavailable, "does not understand"),
        (answer(b"<html>", status="502 Bad Gateway", kind="text/html"), Unavailable, "not ready.*try again"),
        (answer(PROBLEM, status="404 Not Found", kind="application/problem+json", more="Workbench-API: 2\r\n"),
         Unavailable, "speaks version 2 of the API, and this library version 1.*upgrade analytics-workbench here"),
        (answer(ME, more="Workbench-API: 0\r\n"), Unavailable, "have the server's analytics-workbench upgraded"),
        (answer(b"{", status="500 Oh", kind="application/problem+json"), NotFound, "no workbench at"),
        (answer(b"", status="500 Oh", kind="application/problem+json"), NotFound, "no workbench at"),
        (answer(b"{", more="Content-Length: 1000\r\n"), Unavailable, "broke off"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Unavailable, "broke off"),
    ],
)  # fmt: skip
def test_a_server_that_is_no_workbench_of_ours(answered: bytes, error: type[WorkbenchError], words: str) -> None:
    with answering(answered) as odd, pytest.raises(error) as raised:
        workbench.connect(odd.url, TOKEN)
    assert re.search(words, said(raised.value)), said(raised.value)
    assert TOKEN not in said(raised.value)


def test_a_server_that_stays_silent_is_given_up() -> None:
    with answering(b"") as odd, pytest.raises(Unavailable, match=r"silent for 0\.3 seconds"):
        workbench.connect(odd.url, TOKEN, timeout=0.3)


@pytest.mark.parametrize("status", ["301 Moved", "307 Temporary Redirect"])
def test_a_token_follows_no_redirect(status: str) -> None:
    with answering(GREETING) as elsewhere:
        moved = answer(b"", status=status, more=f"Location: {elsewhere.url}/workbench/api/v1/me?link=once\r\n")
        with answering(moved) as odd, pytest.raises(Invalid) as raised:
            workbench.connect(odd.url, TOKEN)
        assert f"sends on to {elsewhere.url}," in str(raised.value)
        assert not elsewhere.requests
        assert TOKEN.encode() in odd.requests[0]


def test_a_token_is_shown_nowhere(site: Site) -> None:
    token = site.token("ana")
    with workbench.connect(site.url, token) as connection:
        shown = [repr(connection), repr(connection.me), repr(vars(connection)), repr(vars(connection._door))]
        with pytest.raises(NotFound) as raised:
            connection.datasets["flihgts"]
    assert token not in " ".join([*shown, said(raised.value), *getattr(raised.value, "__notes__", [])])


def test_what_a_token_is_worth_is_told(own: Site) -> None:
    for wrong in (TOKEN, own.token("vera")[:-1]):
        with pytest.raises(SignInRefused, match="is not valid, has expired, or was revoked"):
            workbench.connect(own.url, wrong)
    with pytest.raises(SignInRefused) as raised:
        workbench.connect(own.url)
    assert "WORKBENCH_TOKEN" in said(raised.value)
    with pytest.raises(Forbidden, match="this token may not read me: it has no scope 'read'"):
        workbench.connect(own.url, own.token("ada", Scope.RUN))
    issued = own.wb.identities.create_token("vera", by=own.wb.actor.principal)
    with workbench.connect(own.url, issued.secret) as connection:
        assert len(connection.datasets) == 7
        own.wb.identities.revoke(issued.info.id, by=own.wb.actor.principal)
        with pytest.raises(SignInRefused):
            connection.datasets["flights"].to_polars()


@pytest.mark.parametrize("below", ["/", "/workbench", "/workbench/", "/workbench/api", "/workbench/api/v1/"])
def test_an_address_copied_from_a_browser_will_do(site: Site, below: str) -> None:
    with workbench.connect(site.url + below, site.token("vera")) as connection:
        assert connection.url == site.url


@pytest.mark.parametrize("name", ["flihgts", "..", ".", "a/b", "a?b=c", "%2e%2e", "a b#c"])
def test_a_name_is_never_a_way_elsewhere(site: Site, name: str) -> None:
    with workbench.connect(site.url, site.token("vera")) as connection:
        with pytest.raises(NotFound) as far:
            connection.datasets[name]
        with pytest.raises(NotFound) as near:
            site.wb.datasets[name]
    assert said(far.value) == said(near.value)


READS: dict[str, Callable[[Connection], Any]] = {
    "to_polars": lambda wb: wb.datasets["flights"].to_polars(),
    "batches": lambda wb: list(wb.datasets["flights"].batches()),
    "page": lambda wb: wb.datasets["flights"].page(),
    "metric": lambda wb: wb.metrics.query("flights"),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("end", ["hang up", "announced length"])
def test_a_stream_that_is_cut_off_gives_no_rows(site: Site, read: str, end: str) -> None:
    where = "metrics/query/rows?metric=flights" if read == "metric" else "datasets/flights/rows"
    where += "?limit=100" if read == "page" else ""
    whole = site.get(f"/workbench/api/v1/{where}", "ana").content
    versions = b'{"items": [], "next": null}'
    greetings = [GREETING] if read == "metric" else [GREETING, answer(versions)]
    more = f"Content-Length: {len(whole)}\r\n" if end == "announced length" else ""
    cuts = [0, 3, 8, len(whole) // 2, len(whole) - len(END), len(whole) - 1]
    for cut in cuts:
        with (
            answering(*greetings, answer(whole[:cut], kind=MEDIA_TYPE, more=more)) as odd,
            workbench.connect(odd.url, TOKEN) as connection,
            pytest.raises(Unavailable, match=CUT_OFF),
        ):
            READS[read](connection)
    with (
        answering(*greetings, answer(whole, kind=MEDIA_TYPE, more=more)) as odd,
        workbench.connect(odd.url, TOKEN) as connection,
    ):
        READS[read](connection)


def test_a_lazy_plan_is_not_computed_on_a_part(site: Site) -> None:
    whole = site.get("/workbench/api/v1/datasets/flights/rows", "ana").content
    outline = site.get("/workbench/api/v1/datasets/flights/rows?limit=0", "ana").content
    answers = [answer(outline, kind=MEDIA_TYPE), answer(whole[: -len(END)], kind=MEDIA_TYPE)]
    with (
        answering(GREETING, answer(b'{"items": [], "next": null}'), *answers) as odd,
        workbench.connect(odd.url, TOKEN) as connection,
        pytest.raises((Unavailable, pl.exceptions.PolarsError), match=CUT_OFF),
    ):
        connection.datasets["flights"].lazy().select(pl.len()).collect()


def test_bytes_after_the_end_mark_are_not_taken_for_a_whole_stream(site: Site) -> None:
    whole = site.get("/workbench/api/v1/datasets/flights/rows", "ana").content
    assert RowStream(iter([whole]), "the rows").frame().height == 4
    assert RowStream((whole[at : at + 1] for at in range(len(whole))), "the rows").frame().height == 4
    with pytest.raises(Unavailable, match="the rows were cut off"):
        RowStream(iter([whole, b"more"]), "the rows").frame()


def test_a_damaged_stream_is_told_as_one(site: Site) -> None:
    """Whichever byte is another one: there are rows, or an error of ours, or no memory for an absurd length."""
    whole = site.get("/workbench/api/v1/datasets/flights/rows", "ana").content
    refused = 0
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        try:
            RowStream(iter([bytes(damaged)]), "the rows").frame()
        except (Unavailable, MemoryError):
            refused += 1
    assert refused > len(whole) // 10


def test_a_server_that_dies_midway_is_told(own: Site) -> None:
    text = pl.select(pl.int_range(1_000_000).alias("n")).with_columns(text=pl.format("row {} of very many", "n"))
    own.wb.datasets.create("large", text)
    command = [sys.executable, "-m", "workbench_server.api", "--home", str(own.home), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().removeprefix("listening on ").strip()
        with workbench.connect(url, own.token("ana")) as connection:
            batches = connection.datasets["large"].batches()
            assert next(batches).height
            server.send_signal(signal.SIGKILL)
            server.wait(30)
            with pytest.raises(Unavailable, match=CUT_OFF):
                list(batches)
            with pytest.raises(Unavailable, match="cannot be reached"):
                connection.datasets.list()


def test_a_damaged_file_gives_no_part_of_the_rows(own: Site) -> None:
    numbers = pl.select(pl.int_range(400_000).alias("n"))
    own.wb.datasets.create("large", numbers)
    own.wb.datasets["large"].append(numbers)
    damage(sorted((own.wb.lake.root / own.wb.datasets["large"].info.id).glob("*.parquet"))[-1])
    with workbench.connect(own.url, own.token("ana")) as connection:
        with pytest.raises((IntegrityError, Unavailable), match=rf"is damaged|{CUT_OFF}"):
            connection.datasets["large"].to_polars()
        assert connection.datasets["small_0"].to_polars().height == 1, "the server goes on"


def damage(path: Path) -> None:
    """Makes the rows of a file unreadable, and leaves its size and its ends as they are."""
    content = bytearray(path.read_bytes())
    content[1_000:-10_000] = bytes(len(content) - 11_000)
    path.write_bytes(content)


def test_who_stops_listening_holds_nothing_up(own: Site) -> None:
    own.wb.datasets.create("large", pl.select(pl.int_range(2_000_000).alias("n")))
    with workbench.connect(own.url, own.token("ana")) as connection:
        for _ in range(20):
            batches = connection.datasets["large"].batches()
            next(batches)
            batches.close()
        assert connection.datasets["large"].lazy().head(5).collect().height == 5
    assert httpx.get(f"{own.url}/workbench/api/v1/health", timeout=10).status_code == 200
    assert "Traceback" not in (own.home.parent / "api.log").read_text()
