"""A program that talks to a kernel's socket as a browser does, or as an attacker would."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"


@contextmanager
def opened(
    url: str, kernel: str, cookie: str | None = None, *, protocol: str | None = PROTOCOL, **headers: str
) -> Iterator[ClientConnection]:
    """The socket of a kernel.

    Raises:
        InvalidStatus: It was refused.
    """
    address = f"{url.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    shown = {"Cookie": f"workbench={cookie}"} if cookie else {}
    with connect(
        address,
        additional_headers=shown | headers,
        subprotocols=[protocol] if protocol else None,  # type: ignore[list-item]
        open_timeout=30,
        proxy=None,
    ) as socket:
        yield socket


def refused(
    url: str, kernel: str, cookie: str | None = None, *, protocol: str | None = PROTOCOL, **headers: str
) -> int:
    """The status a socket is refused with."""
    try:
        with opened(url, kernel, cookie, protocol=protocol, **headers):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def send(socket: ClientConnection, kind: str, content: dict[str, Any], *, channel: str = "shell") -> str:
    """Sends a message and gives its id."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "username": "",
        "session": "s",
        "version": "5.3",
        "date": "",
    }
    parts = [channel.encode(), *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    head = b"".join(number.to_bytes(8, "little") for number in (len(offsets), *offsets))
    socket.send(head + b"".join(parts))
    return str(header["msg_id"])


def heard(socket: ClientConnection, *, seconds: float, until: str = "") -> list[dict[str, Any]]:
    """Headers, parents and contents of what comes within a time, or until something comes of a message."""
    found = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and not (until and until in [one["parent"] for one in found]):
        try:
            message = socket.recv(timeout=left)
        except TimeoutError:
            break
        assert isinstance(message, bytes)
        count = int.from_bytes(message[:8], "little")
        offsets = [int.from_bytes(message[8 * at : 8 * at + 8], "little") for at in range(1, count + 1)]
        parts = [message[begin:end] for begin, end in pairwise(offsets)]
        header, parent, _, content = (json.loads(part) for part in parts[1:5])
        found.append({"type": header["msg_type"], "parent": parent.get("msg_id"), "content": content})
    return found
