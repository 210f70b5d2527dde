"""What a viewer's browser may send, and when its socket is closed."""

from __future__ import annotations

import re

import pytest
from kernel_socket import opened
from voila_server import Server
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from workbench import Workbench
from workbench.governance.security import Role

pytestmark = pytest.mark.npm


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, "little") for number in numbers)


def kernel_of(server: Server, user: str) -> str:
    """The kernel of a page that a user has just opened."""
    found = re.search(r'id="kernel" type="application/json">"([0-9a-f-]+)"', server.get("/dashboards/flights", user)[1])
    assert found is not None
    return found[1]


def closed(socket: ClientConnection, seconds: float) -> bool:
    """Whether the server ends a socket, whatever it says before."""
    try:
        while True:
            socket.recv(seconds)
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


def test_a_message_that_is_none_ends_its_socket_and_nothing_else(server: Server) -> None:
    kernel = kernel_of(server, "vera")
    for message in (
        b"\xff" * 8,
        b"\x00" * 8,
        b"short",
        words(6),
        words(6, 56, 60, 58, 62, 64, 66) + b"x" * 10,
        words(6, 56, 57, 58, 59, 60, 2**40) + b"x" * 4,
        words(6, 0, 1, 2, 3, 4, 5),
        "{}",
    ):
        with opened(server.url, kernel, server.cookie("vera")) as socket:
            socket.send(message)
            assert closed(socket, 10), message
    assert server.get("/workbench/api/v1/health")[0] == 200


def test_somebody_who_is_removed_leaves_the_dashboard_they_look_at(server: Server) -> None:
    with Workbench.open(server.home) as wb:
        me = wb.actor.principal
        wb.security.add_user("zed", Role.VIEWER, by=me)
        kernel = kernel_of(server, "zed")
        with opened(server.url, kernel, server.cookie("zed")) as socket:
            wb.security.remove_user("zed", by=me)
            assert closed(socket, 30)
        wb.security.add_user("zed", Role.VIEWER, by=me)
        assert server.get(f"/api/kernels/{kernel}", "zed")[0] == 403
