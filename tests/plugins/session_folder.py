"""One temporary folder per test session, shared by its workers, that goes when the session ends, however it ends.

A small guard process waits for the session's end of a pipe to close, which also happens when the session is killed.
Then it ends the PostgreSQL and the MariaDB that were started in the folder, by their pids, and removes the folder.

The folder also has the home of the session's tests, so that no test reads or writes the user's files or settings. It is
set for the whole process before anything is imported, since kernels, browsers and commands started by tests inherit it.
Each xdist worker has its own, since Jupyter and IPython keep databases there.

Where Python is told to leave no bytecode beside its sources, it is kept in the folder: a kernel, server or command that
compiles all it imports takes two seconds of processor more than one that finds it compiled, and tests start hundreds.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

FOLDER = pytest.StashKey[Path]()
_GUARD_PROCESS = pytest.StashKey["subprocess.Popen[bytes]"]()

# SIGINT is PostgreSQL's fast shutdown: clients are disconnected.
_GUARD = """
cat >/dev/null
pid_file=$1/postgres/data/postmaster.pid
if [ -e "$pid_file" ]; then
    kill -INT "$(head -n 1 "$pid_file")" 2>/dev/null
    for _ in $(seq 100); do [ -e "$pid_file" ] || break; sleep 0.1; done
fi
pid_file=$1/mariadb/pid
if [ -e "$pid_file" ]; then
    kill -TERM "$(cat "$pid_file")" 2>/dev/null
    for _ in $(seq 100); do [ -e "$pid_file" ] || break; sleep 0.1; done
fi
rm -rf "$1"
"""
_CLEARED = ("WORKBENCH_", "JUPYTER_", "IPYTHON", "XDG_")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {})
    # Short, and not under pytest's own folder: a socket's path may have 107 characters, and the user that PostgreSQL
    # runs as must be able to walk to it.
    folder = Path(given.get("session_folder") or tempfile.mkdtemp(prefix="wb-"))
    config.stash[FOLDER] = folder
    if not given:
        folder.chmod(0o711)
        command = ["sh", "-c", _GUARD, "guard", str(folder)]
        # A session of its own, so that Ctrl-C in a terminal ends the tests and not their guard.
        config.stash[_GUARD_PROCESS] = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    home = folder / given.get("workerid", "main")
    home.mkdir(mode=0o700, exist_ok=True)
    for name in [name for name in os.environ if name.startswith(_CLEARED) and name != "WORKBENCH_CHROMIUM"]:
        del os.environ[name]
    os.environ["HOME"] = str(home)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    node.workerinput["session_folder"] = str(node.config.stash[FOLDER])  # type: ignore[attr-defined]


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    guard = config.stash.get(_GUARD_PROCESS, None)
    if guard is not None:
        guard.communicate(timeout=30)
