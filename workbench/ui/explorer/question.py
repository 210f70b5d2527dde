"""Which figure, by what, drawn how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets
import polars as pl

from workbench.analytics.exploration import Condition, Exploring, Group, Look, Seen, View, kind_of
from workbench.ui.explorer.offering import offer
from workbench.ui.plain import hbox

__all__ = ["Question"]

_POINTS = "points"
_FIGURES = [
    ("Number of rows", ""),
    ("Number of values of", "count"),
    ("Number of distinct values of", "count_distinct"),
    ("Sum of", "sum"),
    ("Mean of", "mean"),
    ("Median of", "median"),
    ("Least of", "min"),
    ("Greatest of", "max"),
    ("Each row, as a point, of", _POINTS),
]
_GRAINS = ("minute", "hour", "day", "week", "month", "quarter", "year")
_LOOKS: dict[str, str] = {"bar": "bars", "line": "line", "point": "points", "heatmap": "heatmap"}
_NOTHING = ("nothing", "")


class Question:
    """
    Attributes:
        figure: What is made of the rows.
        of: Of which column.
        by: What they are put together by.
        cut: Times by a grain, numbers in bands.
        also: A second column to put them together by.
        look: How it is drawn; "" for what suits best.
    """

    def __init__(self, exploring: Exploring) -> None:
        self._exploring = exploring
        self.figure = widgets.Dropdown(description="Figure", options=_FIGURES)
        self.of = widgets.Dropdown(description="Of column")
        self.by = widgets.Dropdown(description="By")
        self.cut = widgets.Dropdown(description="In")
        self.also = widgets.Dropdown(description="And by")
        self.look = widgets.Dropdown(description="Drawn as", options=[("what suits best", "")])
        self.widget = hbox([self.figure, self.of, self.by, self.cut, self.also, self.look])
        self.widget.add_class("wb-asking")
        self._dataset = ""
        self._schema: Mapping[str, pl.DataType] = {}
        self._groups: dict[str, Group] = {}
        self._quiet = False
        self._heard: list[Callable[[], None]] = []
        self.figure.observe(lambda _: self._moved(self._fit), names="value")
        self.by.observe(lambda _: self._moved(self._fit_cut), names="value")
        for one in (self.of, self.cut, self.also, self.look):
            one.observe(lambda _: self._moved(), names="value")

    def over(self, dataset: str, schema: Mapping[str, pl.DataType]) -> None:
        """Begins anew, over other columns: how many rows there are along a time, else by a text, else in all."""
        self._dataset, self._schema, self._groups = dataset, schema, {}
        with self._quietly():
            self.figure.value = ""
            self.look.value = ""
            self.by.options = [_NOTHING]
            self._fit()
            kinds = {name: kind_of(dtype) for name, dtype in schema.items()}
            begin = (name for kind in ("moment", "text") for name, one in kinds.items() if one == kind)
            self.by.value = next(begin, "")
            self._fit_cut()

    def view(self, where: tuple[Condition, ...]) -> View:
        """What is asked, of the rows that meet conditions."""
        points = self.figure.value == _POINTS
        by = []
        if self.by.value:
            by.append(Group(self.by.value) if points else self._group(self.by.value, self.cut.value))
        if self.also.value and self.also.value != self.by.value and by:
            by.append(Group(self.also.value) if points else self._proposed(self.also.value))
        aggregation: Any = None if points else self.figure.value or "count"
        return View(self._dataset, where, aggregation, self.of.value if self.figure.value else None, tuple(by))

    def chosen(self, seen: Seen) -> Look | None:
        """How it is to be drawn, of the ways that there are; offers these."""
        options = [("what suits best", ""), *((_LOOKS[one], one) for one in seen.looks)]
        with self._quietly():
            offer(self.look, options)
            self.look.layout.display = "" if len(seen.looks) > 1 else "none"
        found: Look | None = self.look.value or None
        return found

    def on_change(self, heard: Callable[[], None]) -> None:
        self._heard.append(heard)

    def _moved(self, first: Callable[[], None] | None = None) -> None:
        if self._quiet:
            return
        if first is not None:
            with self._quietly():
                first()
        for heard in self._heard:
            heard()

    def _fit(self) -> None:
        """Offers the columns that the figure can be of, and what it can be by."""
        kinds = {name: kind_of(dtype) for name, dtype in self._schema.items()}
        figure = self.figure.value
        numbers = [name for name, kind in kinds.items() if kind == "number"]
        groups = [name for name, kind in kinds.items() if kind != "other"]
        of = list(kinds) if figure == "count" else groups if figure == "count_distinct" else numbers
        offer(self.of, of if figure else [])
        self.of.layout.display = "" if figure else "none"
        # Whatever the figure: a browser says what is chosen by its place, and may not know of other options yet.
        offer(self.by, [_NOTHING, *groups])
        offer(self.also, [_NOTHING, *groups])
        self._fit_cut()

    def _fit_cut(self) -> None:
        """Offers the grains of times, or widths of bands around the one that suits."""
        name = self.by.value
        self.also.layout.display = "" if name else "none"
        kind = kind_of(self._schema[name]) if name else "text"
        options: list[tuple[str, Any]] = []
        if self.figure.value != _POINTS and kind in ("moment", "number"):
            best = self._proposed(name)
            options = [("each value", None)]
            if kind == "moment":
                grains = _GRAINS[2:] if self._schema[name] == pl.Date else _GRAINS
                options += [(f"{grain}s", grain) for grain in grains]
            elif best.band is not None:
                options += [(f"bands of {width:g}", width) for width in _widths(best.band)]
            best_cut = best.grain if kind == "moment" else best.band
            self.cut.options = options
            self.cut.value = best_cut
        else:
            self.cut.options = [("each value", None)]
        self.cut.layout.display = "" if options else "none"

    def _proposed(self, name: str) -> Group:
        if name not in self._groups:
            self._groups[name] = self._exploring.group(self._dataset, name)
        return self._groups[name]

    def _group(self, name: str, cut: Any) -> Group:
        timed = kind_of(self._schema[name]) == "moment"
        return Group(name, grain=cut) if timed else Group(name, band=cut)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before


def _widths(best: float) -> list[float]:
    return [float(f"{best * factor:.6g}") for factor in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
