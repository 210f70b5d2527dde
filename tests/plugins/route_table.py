"""The table of who gets what at which route: printed for `pytest -s`, and kept as .artifacts/routes/PROCESS.txt."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from house import ROOT


def show(process: str, heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Shows a table as wide as its widest cells; None, where nobody asked, as a dash."""
    told = [list(heading), *(["-" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in told) for column in range(len(heading))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in told]
    text = "\n".join([f"Routes of the process {process}", "", *lines]) + "\n"
    kept = ROOT / ".artifacts" / "routes" / f"{process}.txt"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(text, encoding="utf-8")
    sys.stdout.write(f"\n{text}")
