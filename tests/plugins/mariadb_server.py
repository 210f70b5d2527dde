"""A real MariaDB for tests: one server per test session, a fresh database per test.

As with PostgreSQL, it listens on a socket in a folder of its own and on no port, all workers share it, and the
session's guard ends it (see session_folder).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pymysql
import pytest
from filelock import FileLock
from programs import mariadb_program
from session_folder import FOLDER
from sqlalchemy.engine import make_url


def _start(folder: Path) -> None:
    """Makes a data folder in `folder` and starts the server on it; as root, as the user mysql."""
    server, install = mariadb_program("mariadbd"), mariadb_program("mariadb-install-db")
    assert server is not None, "a test that asks for MariaDB is marked `mariadb`"
    assert install is not None
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["--user=mysql"]
        shutil.chown(folder, "mysql", "mysql")
    data, log, socket = folder / "data", folder / "log", folder / "socket"
    once = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-log-bin"]
    command = [install, "--no-defaults", f"--datadir={data}", *as_user, *once]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"mariadb-install-db: {made.stdout}{made.stderr}")
    # What is tested is our process dying, never the server's machine: nothing need reach the disk.
    fast = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--skip-log-bin"]
    where = [f"--datadir={data}", f"--socket={socket}", f"--pid-file={folder / 'pid'}", "--skip-networking"]
    command = [server, "--no-defaults", *where, *fast, *as_user, "--character-set-server=utf8mb4"]
    # It goes on when whoever started it has ended: a worker is not the last to need it.
    background = ["setsid", "sh", "-c", '"$@" </dev/null >log 2>&1 &', "start"]
    subprocess.run([*background, *command], cwd=folder, check=True)
    for _ in range(600):
        if socket.exists() and (folder / "pid").exists():
            with closing(_connected(folder)):
                return
        time.sleep(0.1)
    raise RuntimeError(f"mariadbd: {log.read_text(errors='replace')}")


def _connected(folder: Path) -> pymysql.Connection[pymysql.cursors.Cursor]:
    return pymysql.connect(unix_socket=str(folder / "socket"), user="root", autocommit=True)


@pytest.fixture(scope="session")
def mariadb_server(request: pytest.FixtureRequest) -> Path:
    """The folder of the running server's socket."""
    folder = request.config.stash[FOLDER] / "mariadb"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            _start(folder)
    return folder


@pytest.fixture
def mariadb_url(mariadb_server: Path) -> Iterator[str]:
    """The address of an empty database that is this test's alone."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with closing(_connected(mariadb_server)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        yield f"mariadb://root@localhost/{name}?unix_socket={mariadb_server / 'socket'}"
        cursor.execute(f"DROP DATABASE {name}")


def mariadb_connection(url: str) -> pymysql.Connection[pymysql.cursors.Cursor]:
    """A connection of a test's own to its database."""
    address = make_url(url)
    socket = str(address.query["unix_socket"])
    return pymysql.connect(
        unix_socket=socket,
        user="root",
        database=address.database,
        autocommit=True,
        init_command="SET time_zone='+00:00'",
    )
