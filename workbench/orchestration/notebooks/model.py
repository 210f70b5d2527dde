from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from workbench.foundation.errors import WorkbenchError
from workbench.governance.runs import Run

__all__ = [
    "Comparison",
    "Difference",
    "NotebookFailed",
    "Problem",
    "Progress",
    "TableOutput",
    "Verdict",
    "again_command",
]


@dataclass(frozen=True)
class Progress:
    """One step of a running notebook.

    Attributes:
        notebook: The notebook's name, as the run has it.
        cell: Which of the notebook's code cells, from 1.
        cells: How many code cells it has.
        title: The heading above the cell, else the cell's first line.
        seconds: How long the cell took; None when it has only started.
    """

    run: str
    notebook: str
    cell: int
    cells: int
    title: str
    state: Literal["started", "finished", "failed"]
    seconds: float | None = None


class NotebookFailed(WorkbenchError):
    """A notebook run that was recorded as failed.

    Attributes:
        run: The failed run.
        cell: Which of the notebook's code cells failed, from 1, as in `Progress`; None outside of a cell.
        title: The heading above that cell, else its first line.
        error: What went wrong, in one line.
        output: The notebook as far as it ran.
        log: Where the whole traceback is; None where there is none.
        again: The command that runs it again.
    """

    code = "notebook_failed"

    def __init__(
        self,
        run: Run,
        *,
        error: str,
        cell: int | None,
        title: str | None,
        place: str | None,
        output: Path,
        log: Path | None,
        again: str,
    ) -> None:
        hints = [f"as far as it ran: {output}", f"run it again: {again}"]
        if log is not None:
            hints.insert(1, f"the whole traceback: {log}")
        super().__init__(f"notebook {run.name} failed{f' in {place}' if place else ''}: {error}", hint="\n".join(hints))
        self.run = run
        self.cell = cell
        self.title = title
        self.error = error
        self.output = output
        self.log = log
        self.again = again


@dataclass(frozen=True)
class Problem:
    """One way in which a notebook is not thin; `cell` counts its code cells from 1, as a run's progress does."""

    path: Path
    cell: int | None
    message: str

    def __str__(self) -> str:
        where = f"{self.path}, cell {self.cell}" if self.cell is not None else f"{self.path}"
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class TableOutput:
    """One table that a notebook showed, at full precision."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Verdict(StrEnum):
    IDENTICAL = "identical"
    WITHIN_TOLERANCE = "within tolerance"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Difference:
    """One place where two runs differ.

    Attributes:
        what: "table" or "read".
        name: The table's title, or the kind and name of what was read.
        row: The table's row, from 1; None where the difference is not in a row.
        column: The table's column; None likewise.
    """

    what: Literal["table", "read"]
    name: str
    before: Any
    after: Any
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = "".join(
            [
                f"{self.what} '{self.name}'",
                f", row {self.row}" if self.row else "",
                f", {self.column}" if self.column else "",
            ]
        )
        return f"{place}: {self.before} before, {self.after} now"


@dataclass(frozen=True)
class Comparison:
    """What two runs of one notebook showed, side by side.

    Attributes:
        before: Id of the earlier run.
        after: Id of the later run or of the replay.
        tables: How many tables were compared.
        differences: The first of them, at most twenty for each table; also those within tolerance.
        more: How many further ones there are.
        tolerance: The relative difference up to which two floats count as the same.
    """

    before: str
    after: str
    verdict: Verdict
    tables: int
    differences: tuple[Difference, ...]
    more: int
    tolerance: float

    def __str__(self) -> str:
        counted = (
            f"{self.tables} {'table' if self.tables == 1 else 'tables'} compared"
            if self.tables
            else "neither shows a table; only what they read was compared"
        )
        first = f"{self.verdict}: run {self.after} against {self.before}, {counted}"
        rest = [f"and {self.more} more"] if self.more else []
        return "\n".join(
            [first, *(f"  {difference}" for difference in self.differences), *(f"  {line}" for line in rest)]
        )


def again_command(target: str, checked: Mapping[str, Any]) -> str:
    """The command line that runs a notebook or a pipeline with the parameters it was given, as `check` gave them."""
    words = ["workbench", "run", target]
    for name, value in checked.items():
        words += ["-p", f"{name}={value if isinstance(value, str) else 'none' if value is None else json.dumps(value)}"]
    return shlex.join(words)
