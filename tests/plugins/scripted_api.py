"""A real HTTP server on loopback that answers as a test says, on its bad days, too; and a clock that a test turns."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workbench.foundation.http import Clock

__all__ = ["Asked", "Reply", "Site", "TurnedClock", "in_turn", "paged", "serving"]


@dataclass(frozen=True)
class Asked:
    """A request as it came in; names of headers in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer.

    Attributes:
        body: Bytes, or what is sent as JSON.
        cut: Hang up after so many bytes of the body; -1: before the answer's first byte.
        pause: Seconds after each byte.
    """

    body: Any = b""
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    pause: float = 0


Handle = Callable[[Asked], Reply]


@dataclass
class Site:
    """Attributes:
    asked: What was asked so far, in order.
    """

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        """As a source of rows."""
        return self.url.replace("http://", "http+json://")


@contextmanager
def serving(handle: Handle, certificate: Path | None = None) -> Iterator[Site]:
    """A server that is there in the block.

    Args:
        certificate: A file with it and its key, for `https://localhost`.
    """
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(self.command, parts.path, query, headers, self.rfile.read(length))
            site.asked.append(asked)
            with suppress(BrokenPipeError, ConnectionResetError):
                self._send(handle(asked))

        def _send(self, reply: Reply) -> None:
            if reply.cut == -1:
                self.close_connection = True
                return
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            headers = {"Content-Type": reply.kind, "Content-Length": str(len(body)), **reply.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for part in [body] if not reply.pause else [body[at : at + 1] for at in range(len(body))]:
                self.wfile.write(part[: reply.cut])
                if reply.pause and stopped.wait(reply.pause):
                    return
            self.close_connection = self.close_connection or reply.cut is not None

        do_GET = do_POST = do_PUT = do_HEAD = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: object) -> None:
            """A client that hangs up, or trusts no such certificate, is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        site = Site(f"http://127.0.0.1:{server.server_address[1]}")
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            site.url = f"https://localhost:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield site
        finally:
            stopped.set()
            server.shutdown()
            thread.join(10)


def in_turn(*replies: Reply, then: Handle | None = None) -> Handle:
    """One reply after the other; after the last that one again, or what `then` says."""
    lock, left = threading.Lock(), list(replies)

    def handle(asked: Asked) -> Reply:
        with lock:
            if then is not None and not left:
                return then(asked)
            return left.pop(0) if len(left) > 1 or then is not None else left[0]

    return handle


def paged(rows: Sequence[Mapping[str, Any]], style: str, size: int = 2) -> Handle:
    """An API that gives `size` rows at once, in one of the styles that there are."""

    def handle(asked: Asked) -> Reply:
        query = asked.query
        match style:
            case "page":
                begin = (int(query.get("page", 1)) - 1) * size
            case "offset":
                begin = int(query.get("offset", 0))
            case _:
                begin = int(query.get("cursor", "r0")[1:])
        some = list(rows[begin : begin + size])
        end = begin + size
        more = end < len(rows)
        link = f"{asked.path}?{'&'.join([*(f'{k}={v}' for k, v in query.items() if k != 'cursor'), f'cursor=r{end}'])}"
        match style:
            case "cursor":
                return Reply({"data": {"items": some}, "meta": {"next": f"r{end}" if more else None}})
            case "next":
                return Reply({"data": some, "next": link if more else ""})
            case "link":
                return Reply(some, headers={"Link": f'<{link}>; rel="next", </>; rel="up"'} if more else {})
        return Reply({"data": some, "more": more})

    return handle


class TurnedClock:
    """A clock that stands still but for who sleeps by it.

    Attributes:
        slept: Every wait, in seconds.
    """

    def __init__(self, wall: float = 1_800_000_000) -> None:
        self.time = 0.0
        self.slept: list[float] = []
        self._begin = wall
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.time, wall=lambda: self._begin + self.time, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.time += seconds
        time.sleep(0)
