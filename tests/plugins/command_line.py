"""`command`: a command line of the workbench, run in the test's own workspace and process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.cli import main


@dataclass(frozen=True)
class Ended:
    """How one command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command line in the test's workspace."""

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run
