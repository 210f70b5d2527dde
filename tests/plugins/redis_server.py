"""A real Redis for tests: a server of its own for each test session's worker, on a free port of this machine.

A shell that waits for the end of a pipe ends it by its process id: when the session ends, and when it was killed.
"""

from __future__ import annotations

import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from session_folder import FOLDER

# Ends the server when its standard input closes, which also happens when the session is killed.
_GUARD = 'redis-server - <<EOF & \n$1\nEOF\nserver=$!; cat >/dev/null; kill "$server"; wait "$server"'


class RedisServer:
    """A server that can be ended and started again with what it had.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = folder
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = [
            "bind 127.0.0.1", f"port {self.port}", f"dir {self._folder}", "save ''", "appendonly yes",
            "appendfsync always", f"logfile {self._folder / 'log'}",
        ]  # fmt: skip
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "guard", "\n".join(settings)], stdin=subprocess.PIPE, start_new_session=True
        )
        end = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as asked:
                    asked.sendall(b"PING\r\n")
                    if asked.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            assert time.monotonic() < end, (self._folder / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self._guard is not None:
            self._guard.communicate(timeout=30)
            self._guard = None


@pytest.fixture(scope="session")
def redis_server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    folder = request.config.stash[FOLDER] / f"redis-{worker}"
    folder.mkdir(mode=0o700)
    server = RedisServer(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a stream that is this test's alone, and not there yet: `...#stream=NAME`."""
    return f"redis://127.0.0.1:{redis_server.port}/0#stream=test-{uuid.uuid4().hex[:12]}"
