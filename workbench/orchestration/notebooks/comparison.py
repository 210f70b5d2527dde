"""Two runs of one notebook side by side: their tables cell by cell, and what they read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from workbench.foundation.wording import counted
from workbench.governance.runs import Edge
from workbench.orchestration.notebooks.model import Comparison, Difference, TableOutput, Verdict

__all__ = ["TOLERANCE", "compared", "reads"]

TOLERANCE = 1e-9
MOST_PER_TABLE = 20


def compared(
    before: str,
    after: str,
    tables_before: Sequence[TableOutput],
    tables_after: Sequence[TableOutput],
    read: Sequence[Difference] = (),
    *,
    reads_count: bool,
    tolerance: float = TOLERANCE,
) -> Comparison:
    """The comparison of two runs' tables.

    Args:
        read: How what they read differs, from `reads`.
        reads_count: A different reading makes the runs different though their tables agree, as in a replay.
        tolerance: Relative difference up to which two floats count as the same.
    """
    first = {table.title: table for table in tables_before}
    second = {table.title: table for table in tables_after}
    titles = list(dict.fromkeys([*first, *second]))
    shown: list[Difference] = list(read)
    more = 0
    different = bool(read) and reads_count
    for title in titles:
        found = list(_table(title, first.get(title), second.get(title)))
        different = different or any(not _close(item.before, item.after, tolerance) for item in found)
        shown += found[:MOST_PER_TABLE]
        more += max(0, len(found) - MOST_PER_TABLE)
    within = len(shown) > len(read)
    verdict = Verdict.DIFFERENT if different else Verdict.WITHIN_TOLERANCE if within else Verdict.IDENTICAL
    return Comparison(before, after, verdict, len(titles), tuple(shown), more, tolerance)


def reads(before: Iterable[Edge], after: Iterable[Edge]) -> list[Difference]:
    """Where two runs read something else: another version, or a thing that the other did not read."""
    first, second = _versions(before), _versions(after)
    return [
        Difference("read", f"{kind} {name}", first.get((kind, name), "not read"), second.get((kind, name), "not read"))
        for kind, name in dict.fromkeys([*first, *second])
        if first.get((kind, name)) != second.get((kind, name))
    ]


def _versions(edges: Iterable[Edge]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], set[str]] = {}
    for edge in edges:
        if edge.direction == "read" and edge.kind != "run":
            found.setdefault((edge.kind, edge.name), set()).add(edge.version)
    return {key: " and ".join(f"version {version}" for version in sorted(versions)) for key, versions in found.items()}


def _table(title: str, before: TableOutput | None, after: TableOutput | None) -> Iterator[Difference]:
    if before is None or after is None:
        said = ("shown", "not shown") if after is None else ("not shown", "shown")
        yield Difference("table", title, *said)
        return
    if before.columns != after.columns:
        yield Difference("table", title, f"columns {', '.join(before.columns)}", f"columns {', '.join(after.columns)}")
        return
    if len(before.rows) != len(after.rows):
        yield Difference("table", title, _rows(before), _rows(after))
    for number, (old, new) in enumerate(zip_longest(before.rows, after.rows), start=1):
        if old is None or new is None:
            return
        for column, one, other in zip(before.columns, old, new, strict=True):
            if one != other or type(one) is not type(other):
                yield Difference("table", title, one, other, row=number, column=column)


def _close(one: Any, other: Any, tolerance: float) -> bool:
    for value in (one, other):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12)


def _rows(table: TableOutput) -> str:
    return counted(len(table.rows), "row")
