"""What processes there are. An installed distribution adds one by an entry point in the group `workbench.process`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from workbench.foundation.registry import Registry

__all__ = ["ProcessKind", "kinds"]


@dataclass(frozen=True)
class ProcessKind:
    """One kind of process.

    Attributes:
        name: What it is called on the command line and in its log.
        module: Run as `python -m module --home HOME`, and with `--host` and `--port` where it is reached.
        summary: What it is for, in a few words; where there is a page, that is what the page is called.
        port: How far its port lies from the workspace's first one; None for a process that nobody reaches.
        health: The path that answers 200 without sign-in as soon as the process works.
        landing: The path that a person opens.
        first: A file of the workspace, and the path that is opened instead where it is there.
        needs: The action and the resource that whoever opens its page has to be permitted.
        arguments: What stands at the end of its command line.
    """

    name: str
    module: str
    summary: str
    port: int | None = None
    health: str = ""
    landing: str = "/"
    first: tuple[str, str] | None = None
    needs: tuple[str, str] = ("read", "me")
    arguments: tuple[str, ...] = ()

    def called(self) -> set[str]:
        """What people call its page, in small letters: its name, its summary, and each part of "this and that"."""
        summary = self.summary.lower()
        return {self.name, summary, *summary.split(" and ")}

    def opens(self, home: Path) -> str:
        """The path that a person opens in the workspace of a folder."""
        return self.first[1] if self.first and (home / self.first[0]).is_file() else self.landing

    def command(self, home: Path, host: str, port: int | None) -> list[str]:
        reached = [] if port is None else ["--host", host, "--port", str(port)]
        return [sys.executable, "-m", self.module, "--home", str(home), *reached, *self.arguments]


kinds: Registry[ProcessKind] = Registry("process", "workbench.process")
kinds.register("scheduler", ProcessKind("scheduler", "workbench", "work that comes round", arguments=("scheduler",)))
