"""Servers that are no workbench, or one on a bad day: each gives every request the bytes it was made with."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Odd:
    """An odd server: where it is, and the requests that it got."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def answering(*answers: bytes) -> Iterator[Odd]:
    """A server that answers one connection after the other, the last answer again and again, and then hangs up.

    Args:
        answers: Whole answers with their heads; an empty one is silence for as long as the server lives.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        odd = Odd(f"http://127.0.0.1:{listening.getsockname()[1]}")
        silent: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    odd.requests.append(connection.recv(65_536))
                    answer = answers[min(len(odd.requests), len(answers)) - 1]
                    if not answer:
                        silent.append(connection)
                        continue
                    with connection:
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield odd
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for connection in silent:
                connection.close()


def answer(body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    """An answer that ends where the connection does."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Connection: close\r\n\r\n".encode() + body
