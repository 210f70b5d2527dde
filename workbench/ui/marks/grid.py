from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import bqplot
import numpy as np
from bqplot.marks import Array, array_serialization

from workbench.charts import heat_shades
from workbench.ui.drawing import CHARACTER, INK, axis, cut, figure, legend, renamed, step
from workbench.ui.places import apart, spaced
from workbench.ui.plain import html

__all__ = ["EMPTY", "Grid"]

EMPTY = -1
_STEP = 28
_LONGEST = 16
_NONE = '<li><span class="wb-none"></span>no value</li>'


class _Cells(bqplot.GridHeatMap):  # type: ignore[misc]
    """One that may have a single row or column, which bqplot's own squeezes to no grid at all."""

    color = Array(None, allow_none=True).tag(
        sync=True, scaled=True, rtype="Color", atype="bqplot.ColorAxis", **array_serialization
    )


class Grid:
    """Cells in rows and columns, a shade per band of values; none where there is no value.

    Attributes:
        figure: As high as its rows need.
        legend: What each shade means.
    """

    def __init__(self) -> None:
        self.columns, self.rows = bqplot.OrdinalScale(), bqplot.OrdinalScale()
        self.shades = bqplot.OrdinalColorScale(domain=[EMPTY], colors=["transparent"])
        self.cells = _Cells(
            color=np.full((2, 2), EMPTY),
            scales={"row": self.rows, "column": self.columns, "color": self.shades},
            stroke="var(--wb-paper)",
        )
        self.open = bqplot.Label(
            x=[], y=[], text=[], scales={"x": self.columns, "y": self.rows}, colors=[INK], default_size=12,
            font_weight="normal", align="middle",
        )  # fmt: skip
        axes = [axis(self.columns), axis(self.rows, upright=True)]
        margin = {"top": 4, "right": 8, "bottom": 28, "left": 44}
        self.figure = figure([self.cells, self.open], axes, height=_STEP * 7 + 32, margin=margin)
        self.legend = html()

    def draw(
        self,
        columns: Sequence[str],
        rows: Sequence[str],
        bands: np.ndarray[Any, Any],
        said: Sequence[str],
        *,
        pale: np.ndarray[Any, Any] | None = None,
        pale_name: str = "",
        outside: bool = True,
    ) -> None:
        """
        Args:
            columns: Names, from left to right.
            rows: Names, from the top.
            bands: Shape (rows, columns), of whole numbers: which band a value lies in, `EMPTY` for none.
            said: How each band reads.
            pale: Of the same shape: which cells are not final yet. They have a paler shade, and dots in them.
            pale_name: What that means.
            outside: Whether a cell without a value is one that could have had one; if so, the legend says so.
        """
        shades = [f"var(--wb-heat-{shade})" for shade in heat_shades(len(said))]
        paler = [f"var(--wb-pale-{shade})" for shade in heat_shades(len(said))] if pale is not None else []
        grid = bands if pale is None else np.where(pale & (bands != EMPTY), bands + len(said), bands)
        with self.shades.hold_sync():
            self.shades.domain = [EMPTY, *range(len(shades) + len(paler))]
            self.shades.colors = ["transparent", *shades, *paler]
        places, lines = apart(spaced(list(columns))), apart([cut(name, _LONGEST) for name in rows])
        left = max(44, round(max(len(name) for name in lines) * CHARACTER) + 14)
        self.figure.fig_margin = {"top": 4, "right": 8, "bottom": 28, "left": left}
        self.figure.layout.height = f"{step(len(lines), _STEP) * len(lines) + 32}px"
        with renamed({self.columns: places, self.rows: lines[::-1]}), self.cells.hold_sync():
            self.cells.color = grid  # first: the others are held to its shape
            self.cells.row, self.cells.column = lines, places
            marked = np.argwhere(pale & (bands != EMPTY)).tolist() if pale is not None else []
            with self.open.hold_sync():
                self.open.x, self.open.y = [places[at] for _, at in marked], [lines[at] for at, _ in marked]
                self.open.text = ["…"] * len(marked)
        entries = list(zip(shades, map(escape, said), strict=True))
        if pale is not None and (pale & (bands != EMPTY)).any():
            entries.append((f"linear-gradient(90deg, {paler[0]}, {paler[-1]})", f"… {escape(pale_name)}"))
        empty = _NONE if outside and (bands == EMPTY).any() else ""
        self.legend.value = legend(entries, more=empty, label="Shades")
