"""Gives the test session a home of its own, so that no test reads or writes the user's files or settings.

Set for the whole process before anything is imported, since kernels, browsers and commands started by tests inherit
it. Each xdist worker has its own, since Jupyter and IPython keep databases there.
"""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

_HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    home = tempfile.mkdtemp(prefix="home-")
    config.stash[_HOME] = home
    for name in [name for name in os.environ if name.startswith(("WORKBENCH_", "JUPYTER_", "IPYTHON", "XDG_"))]:
        if name != "WORKBENCH_CHROMIUM":
            del os.environ[name]
    os.environ["HOME"] = home


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash.get(_HOME, ""), ignore_errors=True)
