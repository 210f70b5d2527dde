"""What a viewer chooses by: a range of days, and values of a dimension."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import ipywidgets as widgets
import polars as pl
from traitlets import validate

from workbench.app import Workbench
from workbench.foundation.errors import Invalid
from workbench.ui.plain import hbox, vbox
from workbench.ui.selection import condition

__all__ = ["Choice", "Period"]

Heard = Callable[[], None]


class _Day(widgets.DatePicker):  # type: ignore[misc]
    """One that hears of a day out of reach, too, where its kin puts another in its place without a word."""

    @validate("value")
    def _validate_value(self, proposal: dict[str, Any]) -> date | None:
        given: date | None = proposal["value"]
        return given


class Period:
    """A range of days, both ends included.

    Args:
        metric: Whose days there are to choose from.
        days: How many are chosen to begin with, the last ones; None for all. Fewer where the data does not reach back
            twice as far, so that there is a period before to compare with.

    Attributes:
        first: The day picker of the first day.
        last: The one of the last day.
    """

    def __init__(self, metric: str, *, days: int | None = 28) -> None:
        self.metric, self.days = metric, days
        self.first = _Day(description="From")
        self.last = _Day(description="To")
        self.widget = hbox([self.first, self.last])
        self.widget.add_class("wb-period")
        self.earliest: date | None = None
        self.latest: date | None = None
        self._began: tuple[date, date] | None = None

    def prepare(self, wb: Workbench) -> None:
        """Asks which days there are, and chooses the last of them."""
        found = wb.metrics.query(self.metric, grain="day").frame["time"].drop_nulls()
        if found.is_empty():
            return
        earliest, latest = found.min(), found.max()
        assert isinstance(earliest, date)
        assert isinstance(latest, date)
        self.earliest, self.latest = earliest, latest
        reach = (latest - earliest).days + 1
        days = reach if self.days is None else max(1, min(self.days, reach // 2))
        self._began = latest - timedelta(days=days - 1), latest
        for picker in (self.first, self.last):
            picker.min, picker.max = earliest, latest
        self.reset()

    def chosen(self) -> tuple[date, date] | None:
        """The range, or None where there is no data; one turned round is put right.

        Raises:
            Invalid: A day is missing.
        """
        if self.earliest is None or self.latest is None:
            return None
        if self.first.value is None or self.last.value is None:
            raise Invalid("a date range needs a first and a last day")
        first, last = sorted((self.first.value, self.last.value))
        return min(max(first, self.earliest), self.latest), max(min(last, self.latest), self.earliest)

    @property
    def note(self) -> str:
        """How the range differs from what the pickers say; "" where it does not.

        Raises:
            Invalid: A day is missing.
        """
        chosen = self.chosen()
        if chosen is None or chosen == (self.first.value, self.last.value):
            return ""
        first, last = sorted((self.first.value, self.last.value))
        why = "the first day came after the last one"
        if (first, last) != chosen:
            why = f"there are figures only from {_day(self.earliest)} to {_day(self.latest)}"
        return f"{why}; shown is {' to '.join(dict.fromkeys(map(_day, chosen)))}"

    def settle(self) -> None:
        """Has the pickers say the range."""
        chosen = self.chosen()
        if chosen is not None:
            self.first.value, self.last.value = chosen

    def reset(self) -> None:
        if self._began is not None:
            self.first.value, self.last.value = self._began

    def on_change(self, heard: Heard) -> None:
        for picker in (self.first, self.last):
            picker.observe(lambda _: heard(), names="value")


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


class Choice:
    """Values of a dimension: all until some are chosen.

    Args:
        metric: Whose values there are to choose from.
        dimension: Its dimension.
        label: By default the dimension's.

    Attributes:
        button: Opens and closes the list, and says what is chosen.
        boxes: One check box per value; they are made when the list is opened for the first time.
    """

    def __init__(self, metric: str, dimension: str, *, label: str = "") -> None:
        self.metric, self.dimension, self.label = metric, dimension, label
        self.values: tuple[Any, ...] = ()
        self.texts: tuple[str, ...] = ()
        self.boxes: tuple[widgets.Checkbox, ...] = ()
        self.button = widgets.ToggleButton(icon="")
        self.button.add_class("wb-choice-button")
        self._panel = widgets.VBox(layout=widgets.Layout(display="none"))
        self._panel.add_class("wb-choice-panel")
        self.widget = vbox([self.button, self._panel])
        self.widget.add_class("wb-choice")
        self._heard: list[Heard] = []
        self.button.observe(lambda change: self._open(change["new"]), names="value")

    def prepare(self, wb: Workbench) -> None:
        """Asks which values there are."""
        found = wb.metrics.query(self.metric, by=self.dimension)
        self.label = self.label or found.dimensions[0].title
        column = found.table().columns[self.dimension]
        values = found.frame[self.dimension]
        if not (values.dtype == pl.String or values.dtype.is_integer() or values.dtype == pl.Boolean):
            raise Invalid(f"a filter cannot offer the values of '{self.dimension}': {values.dtype} has too many")
        self.values = tuple(values.to_list())
        self.texts = tuple("(none)" if value is None else column.read(value) for value in self.values)
        self._say()

    @property
    def chosen(self) -> tuple[Any, ...]:
        """What is ticked; nothing ticked means all."""
        return tuple(value for value, box in zip(self.values, self.boxes, strict=False) if box.value)

    def choose(self, *values: Any) -> None:
        """Ticks these values and no others."""
        self._make()
        for value, box in zip(self.values, self.boxes, strict=True):
            box.value = value in values

    @property
    def where(self) -> str | None:
        chosen = self.chosen
        return condition(self.dimension, chosen) if chosen else None

    def reset(self) -> None:
        for box in self.boxes:
            box.value = False
        self.button.value = False

    def on_change(self, heard: Heard) -> None:
        self._heard.append(heard)

    def _open(self, opened: bool) -> None:
        self._make()
        self._panel.layout.display = "" if opened else "none"

    def _make(self) -> None:
        if self.boxes or not self.values:
            return
        layout, style = widgets.Layout(width="auto"), widgets.widget_bool.CheckboxStyle(description_width="0")
        self.boxes = tuple(
            widgets.Checkbox(description=text, indent=False, layout=layout, style=style) for text in self.texts
        )
        for box in self.boxes:
            box.observe(self._ticked, names="value")
        self._panel.children = self.boxes

    def _ticked(self, _: Any) -> None:
        self._say()
        for heard in self._heard:
            heard()

    def _say(self) -> None:
        count = len(self.chosen)
        texts = [text for text, box in zip(self.texts, self.boxes, strict=False) if box.value]
        said = "all" if not count else texts[0] if count == 1 else f"{count} of {len(self.values)}"
        self.button.description = f"{self.label}: {said}"
        self.button.tooltip = f"Choose by {self.label.lower()}"
