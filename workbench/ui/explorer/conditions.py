"""Which rows: conditions that are added, changed and taken away, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import polars as pl

from workbench.analytics.exploration import OPERATORS, Condition, Kind, condition, kind_of
from workbench.ui.explorer.offering import offer
from workbench.ui.plain import button, hbox, html, vbox

__all__ = ["Conditions"]

Heard = Callable[[], None]

_SAID: dict[Kind, dict[str, str]] = {"moment": {"is": "is on", "at least": "from", "at most": "up to"}}
_HINTS: dict[Kind, str] = {
    "text": "such as JFK, LGA", "number": "such as 15", "moment": "2013-01-31 or 2013-01-31 05:15", "flag": "yes or no",
    "other": "",
}  # fmt: skip


class _Line:
    """One condition.

    Attributes:
        gone: Whether it was taken away.
    """

    def __init__(self, number: int, schema: Mapping[str, pl.DataType], values: Callable[[str], Sequence[str]]) -> None:
        self._schema, self._values = schema, values
        self.column = widgets.Dropdown(description="Column", options=list(schema))
        self.operator = widgets.Dropdown(description="Condition")
        self.value = widgets.Combobox(description="Value", continuous_update=False, ensure_option=False)
        self.remove = button("Remove", f"Take filter {number} away")
        self.widget = hbox(
            [html(f'<p class="wb-sr">Filter {number}</p>'), self.column, self.operator, self.value, self.remove]
        )
        self.widget.add_class("wb-condition")
        self._fit()

    def ask(self) -> Condition | None:
        """
        Raises:
            Invalid: What is typed is none of the column's values.
        """
        if self.column.value is None or self.operator.value is None:
            return None
        name = self.column.value
        return condition(name, self._schema[name], self.operator.value, self.value.value)

    def on_change(self, heard: Heard) -> None:
        self.column.observe(lambda _: self._moved(heard), names="value")
        self.operator.observe(lambda _: self._moved(heard, same=True), names="value")
        self.value.observe(lambda _: heard(), names="value")

    def _moved(self, heard: Heard, *, same: bool = False) -> None:
        if not same:
            with self.value.hold_trait_notifications():
                self.value.value = ""
            self._fit()
        self._open()
        heard()

    def _fit(self) -> None:
        """Offers what the column can be asked."""
        kind = kind_of(self._schema[self.column.value])
        said = _SAID.get(kind, {})
        options = [(said.get(one, one), one) for one in OPERATORS[kind]]
        offer(self.operator, options)
        self.value.placeholder = _HINTS[kind]
        self.value.options = tuple(self._values(self.column.value))
        self._open()

    def _open(self) -> None:
        wants = self.operator.value not in ("is missing", "is there")
        self.value.layout.display = "" if wants else "none"


class Conditions:
    """
    Attributes:
        add: Adds a line.
        lines: One for each condition.
    """

    def __init__(self) -> None:
        self.add = button("Add a filter", "Show only the rows that meet a condition")
        self.lines: list[_Line] = []
        self._box = vbox()
        self.widget = vbox([self._box, self.add])
        self.widget.add_class("wb-conditions")
        self._schema: Mapping[str, pl.DataType] = {}
        self._values: Callable[[str], Sequence[str]] = lambda _: ()
        self._heard: list[Heard] = []
        self._made = 0
        self.add.on_click(lambda _: self.another())

    def over(self, schema: Mapping[str, pl.DataType], values: Callable[[str], Sequence[str]]) -> None:
        """Begins anew, over other columns.

        Args:
            values: Texts to choose from, for a column.
        """
        self._schema, self._values, self.lines, self._made = schema, values, [], 0
        self._box.children = ()

    def another(self, column: str = "", operator: str = "", value: str = "") -> None:
        """Adds a line, of which nothing is asked until it has a value."""
        self._made += 1
        line = _Line(self._made, self._schema, self._values)
        if column:
            line.column.value = column
            line._fit()
        if operator:
            line.operator.value = operator
            line._open()
        line.value.value = value
        line.on_change(self._changed)
        line.remove.on_click(lambda _: self._take_away(line))
        self.lines.append(line)
        self._box.children = [one.widget for one in self.lines]
        if value:
            self._changed()

    def asked(self) -> tuple[Condition, ...]:
        """
        Raises:
            Invalid: What is typed in a line is none of the column's values.
        """
        return tuple(one for line in self.lines if (one := line.ask()) is not None)

    def on_change(self, heard: Heard) -> None:
        self._heard.append(heard)

    def _take_away(self, line: _Line) -> None:
        self.lines.remove(line)
        self._box.children = [one.widget for one in self.lines]
        self._changed()

    def _changed(self, *_: Any) -> None:
        for heard in self._heard:
            heard()
