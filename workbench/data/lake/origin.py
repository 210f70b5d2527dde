"""Where a dataset's rows come from, told by the lineage of the run that makes it."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.governance.runs import Edge

__all__ = ["origin"]

SHOWN = 6


def origin(edges: Sequence[Edge]) -> str:
    """The datasets and sources that a run read since it last wrote a dataset; all that it read where that is nothing.

    A notebook that makes one dataset after the other so names for each what was read for it, not for all of them.

    Args:
        edges: Of the run, in the order it first read and wrote.
    """
    last = max((place for place, edge in enumerate(edges) if edge.direction == "write"), default=-1)
    names = _read(edges[last + 1 :]) or _read(edges)
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _read(edges: Sequence[Edge]) -> list[str]:
    found = (edge.name for edge in edges if edge.direction == "read" and edge.kind in ("dataset", "source"))
    return list(dict.fromkeys(found))
