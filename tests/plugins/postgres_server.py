"""A real PostgreSQL for tests: one server per test session, a fresh database per test.

The server listens on a socket in a folder of its own and on no port, so sessions never meet. Under xdist all workers
share it: whoever needs it first starts it, and the session's guard ends it (see session_folder).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock
from programs import postgres_programs
from session_folder import FOLDER


def _start(folder: Path) -> None:
    """Makes a cluster in `folder` and starts it; as root, as the user postgres, since the server refuses root."""
    programs = postgres_programs()
    assert programs is not None, "a test that asks for PostgreSQL is marked `postgres`"
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def run(*command: str | Path) -> None:
        done = subprocess.run([*as_user, *map(str, command)], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            log = folder / "log"
            raise RuntimeError(f"{command[0]}: {done.stderr}{log.read_text() if log.exists() else ''}")

    run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    # What is tested is our process dying, never the server's machine: nothing need reach the disk.
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off"
    run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-t", "60", "-o", options, "start")


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Path:
    """The folder of the running server's socket."""
    folder = request.config.stash[FOLDER] / "postgres"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            _start(folder)
    return folder


@pytest.fixture
def postgres_url(postgres_server: Path) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that is this test's alone."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(host=str(postgres_server), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"create database {name} template template0")  # type: ignore[call-overload]
        yield f"postgresql+psycopg://postgres@/{name}?host={postgres_server}"
        connection.execute(f"drop database {name} with (force)")  # type: ignore[call-overload]
