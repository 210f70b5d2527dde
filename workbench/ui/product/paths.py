from __future__ import annotations

from collections import defaultdict
from typing import Any

from workbench.analytics.product import ProductResult
from workbench.ui.marks import Flow, Stream
from workbench.ui.product.asked import Asked

__all__ = ["Paths"]

_MOST = 60


class Paths(Asked):
    """Which event follows which within a session: a flow from place to place, as wide as the paths are many.

    bqplot has no flow of its own; this one is made of filled lines. It scrolls where it is wider than its card. What
    is too thin for a name is named in the table.

    Args:
        dataset: Its name.
        options: As `wb.product.paths` takes them; six events of a place are told apart unless `top` says otherwise.
    """

    question = "paths"
    wide = True

    def __init__(self, dataset: str, **options: Any) -> None:
        self.form = Flow()
        super().__init__(self.form.figure, None, dataset, **{"top": 6, **options})
        self._frame.add_class("wb-scrolls")

    def draw(self, result: ProductResult) -> None:
        chart = result.chart()
        rows = result.frame.sort("paths", descending=True, maintain_order=True)
        shown = f"The {_MOST} commonest of {rows.height:,} steps are drawn." if rows.height > _MOST else ""
        self.show(chart, " ".join(filter(None, ("paths, from their first step to the right.", shown))), result.table())
        drawn = rows.head(_MOST).iter_rows(named=True)
        streams = [Stream(row["position"], row["source"], row["target"], row["paths"]) for row in drawn]
        into: dict[tuple[int, str], int] = defaultdict(int)
        out: dict[tuple[int, str], int] = defaultdict(int)
        for stream in streams:
            out[stream.place, stream.source] += int(stream.amount)
            into[stream.place + 1, stream.target] += int(stream.amount)
        column = chart.columns["paths"]
        self.form.draw(streams, {node: column.read(max(into[node], out[node])) for node in {**into, **out}})
