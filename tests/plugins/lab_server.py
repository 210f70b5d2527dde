"""A real JupyterLab over a workspace, which a test can end and start again at the same port."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from workbench import Workbench

__all__ = ["Lab"]


@dataclass
class Lab:
    """The process `lab` of a workspace.

    Attributes:
        home: The workspace; the log of its servers lies beside it.
        url: Where it listens, and will again.
    """

    home: Path
    url: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "workbench_server.lab", "--home", str(self.home), "--port", port]
        with self.log.open("a") as errors:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | {"SHELL": "/bin/sh"}
            )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.startswith("listening on "), self.log.read_text()
        self.url = said.removeprefix("listening on ").strip()

    def stop(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.terminate()
        assert self._process.wait(30) == 0, self.log.read_text()
        self._process.stdout.close()

    @property
    def log(self) -> Path:
        return self.home.parent / f"{self.home.name}-lab.log"

    def link(self, user: str, to: str = "/lab") -> str:
        """A fresh sign-in link for somebody, with a page to go on to."""
        with Workbench.open(self.home) as wb:
            secret = wb.identities.link(user, by=wb.actor.principal)
        return f"{self.url}/workbench/sign-in?{urlencode({'link': secret, 'next': to})}"
