"""Results that are read across: what is a row per cell for programs is a line per period for people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.analytics.product import ProductResult

__all__ = ["Grid", "grid_of", "rows_of"]

OPEN = "*"
"""Stands behind a number whose period is not over."""


@dataclass(frozen=True)
class Grid:
    """A table in texts.

    Attributes:
        right: Which columns are flush right.
        note: What one has to know to read it.
    """

    headings: list[str]
    rows: list[list[str]]
    right: list[bool]
    note: str


def grid_of(result: ProductResult) -> Grid | None:
    """Retention as a line per cohort, a lifecycle as one per period; None for what is no grid."""
    from workbench.analytics.product import Lifecycle, Retention

    if isinstance(result.answer.analysis, Retention):
        return _with_mean(result, _across(result, ["cohort", "size"], "offset", "share", skip=0))
    if isinstance(result.answer.analysis, Lifecycle):
        return _across(result, ["period"], "state", "subjects")
    return None


def _with_mean(result: ProductResult, grid: Grid) -> Grid:
    """With a last line: the mean of all cohorts, weighted by their sizes, of the cells whose period is over."""
    from workbench.analytics.product import weighted_mean

    if len(grid.rows) < 2 or "breakdown" in result.frame.columns:
        return grid
    means = weighted_mean(result.frame).iter_rows(named=True)
    shares = {row["offset"]: row["share"] for row in means if row["offset"]}
    read = result.table().columns["share"].read
    began = sum(result.frame.filter(result.frame["offset"] == 0)["size"])
    cells = [f"{read(shares[at])} " if at in shares else "" for at in sorted(set(result.frame["offset"]) - {0})]
    size = result.table().columns["size"].read(began)
    return replace(grid, rows=[*grid.rows, ["Weighted mean", size, *cells]])


def _across(result: ProductResult, down: list[str], across: str, value: str, *, skip: Any = None) -> Grid:
    """
    Args:
        down: The columns that a line is told by, after the value of a breakdown.
        across: Whose values are the other columns.
        value: What stands in the cells.
        skip: A value of `across` that says nothing, being the same everywhere.
    """
    table = result.table()
    columns = table.columns
    down = [*(["breakdown"] if "breakdown" in table.frame.columns else []), *down]
    places = [place for place in table.frame[across].unique(maintain_order=True).to_list() if place != skip]
    lines: dict[tuple[Any, ...], dict[Any, str]] = {}
    for row in table.frame.iter_rows(named=True):
        mark = " " if row["complete"] else OPEN
        cells = lines.setdefault(tuple(row[name] for name in down), {})
        cells[row[across]] = columns[value].read(row[value]) + mark
    begun = "size" in down
    rows = [
        [*(columns[name].read(one) for name, one in zip(down, key, strict=True)), *(cells.get(at, "") for at in places)]
        for key, cells in lines.items()
        if not begun or key[-1]
    ]
    headings = [columns[name].heading for name in down] + [f"{columns[across].read(place)} " for place in places]
    if begun and places:
        headings[len(down)] = f"{columns[across].heading}: {headings[len(down)]}"
    right = [columns[name].kind == "number" for name in down] + [True] * len(places)
    unfinished = any(cell.endswith(OPEN) for line in rows for cell in line)
    note = f"{OPEN} is of a period that is not over. {table.note}" if unfinished else table.note
    return Grid(headings, rows, right, note)


def rows_of(result: ProductResult) -> Grid:
    """The rows of a result as they are, in their own words."""
    table = result.table()
    columns = list(table.columns.values())
    rows = [[column.read(row[column.name]) for column in columns] for row in table.frame.iter_rows(named=True)]
    return Grid([one.heading for one in columns], rows, [one.kind == "number" for one in columns], table.note)
