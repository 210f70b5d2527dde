"""Showing long work: on a terminal one line that changes, elsewhere one plain line per thing finished."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from workbench.orchestration.notebooks import Progress
    from workbench.orchestration.pipelines import StageProgress

__all__ = ["Lines"]


class Lines:
    """Prints what a run is doing: what goes on is overwritten by what comes next, what is finished stays."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._open = False

    def cell(self, progress: Progress, *, within: str = "") -> None:
        """One cell of a notebook has started, finished or failed."""
        lead = f"{within:<10}" if within else ""
        text = f"{lead}cell {progress.cell} of {progress.cells}  {progress.title}"
        if progress.state == "started":
            self.going_on(text)
        else:
            took = f"{progress.seconds:6.1f} s" if progress.seconds is not None else ""
            self.done(f"{lead}cell {progress.cell} of {progress.cells} {took}  {progress.title}")

    def stage(self, progress: StageProgress) -> None:
        """One stage of a pipeline has started, moved on, or ended."""
        name = f"{progress.stage:<10}"
        if progress.state == "cell" and progress.cell is not None:
            self.cell(progress.cell, within=progress.stage)
        elif progress.state == "started":
            self.going_on(f"{name}stage {progress.number} of {progress.stages}")
        elif progress.state == "skipped":
            self.done(f"{name}skipped: {progress.why}")
        elif progress.state == "noted":
            self.done(f"{name}{progress.why}")
        elif progress.state == "retrying":
            self.done(f"{name}tried again: {progress.why}")
        else:
            self.done(f"{name}{progress.state} in {progress.seconds or 0:.1f} s")

    def done(self, text: str) -> None:
        """A line that stays."""
        typer.echo(f"\r\x1b[2K{text}" if self._open else text)
        self._open = False

    def going_on(self, text: str) -> None:
        """A line that the next one takes the place of; on a terminal only."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            typer.echo(f"\r\x1b[2K{text[:width]}", nl=False)
            self._open = True
