"""The sentence that says what a chart shows, for those who do not see it: extremes, direction, what is missing."""

from __future__ import annotations

from typing import Any

import polars as pl

from workbench.charts.plot import Plot
from workbench.charts.wording import Column, as_moment

__all__ = ["say"]

NAMES = {"bar": "Bar chart", "line": "Line chart", "point": "Scatter plot", "heatmap": "Heatmap"}
# Under this strength a direction would be read into noise.
FIRM = 0.5
LOOSE = 0.3
# Both halves of a turn have to be plainer than a single slope, or every wobble would be one.
CLEAR = 0.75


def say(plot: Plot) -> str:
    """One to four sentences: what is drawn, the highest and lowest values with units, the direction, the gaps."""
    value = plot.columns[plot.value]
    rows = plot.frame.filter(pl.col(plot.value).is_not_null())
    if rows.schema[plot.value].is_float():
        rows = rows.filter(pl.col(plot.value).is_finite())
    opening = f"{NAMES[plot.kind]} of {_lower(value)} by {_by(plot)}"
    if rows.is_empty():
        return f"{opening}: no values to show."
    parts = [f"{opening}: {_extremes(plot, rows, value)}."]
    if direction := _direction(plot, rows):
        parts.append(direction)
    if missing := plot.frame.height - rows.height:
        parts.append(f"{missing} of {plot.frame.height} {'has' if missing == 1 else 'have'} no value.")
    return " ".join(parts)


def _by(plot: Plot) -> str:
    others = [name for name in plot.used if name != plot.value]
    return " and ".join(_lower(plot.columns[name]) for name in others) or "row"


def _lower(column: Column) -> str:
    """A label inside a sentence: its capital goes, an abbreviation keeps it."""
    words = column.label
    return words if len(words) < 2 or not words[1].islower() else words[0].lower() + words[1:]


def _extremes(plot: Plot, rows: pl.DataFrame, value: Column) -> str:
    amounts = rows[value.name]
    high, low = amounts.max(), amounts.min()
    if rows.height == 1:
        return f"one value, {_place(plot, rows.row(0, named=True))}, {value.say(high)}"
    if value.say(high) == value.say(low):
        return f"all {rows.height} at {value.say(high)}"
    return f"highest {_at(plot, rows, high)}, lowest {_at(plot, rows, low)}"


def _at(plot: Plot, rows: pl.DataFrame, amount: Any) -> str:
    value = plot.columns[plot.value]
    there = rows.filter(pl.col(value.name) == amount)
    if there.height > 2:
        return f"at {there.height} of {rows.height} places ({value.say(amount)} each)"
    where = " and ".join(_place(plot, row) for row in there.iter_rows(named=True))
    return f"{where} ({value.say(amount)}{' each' if there.height == 2 else ''})"


def _place(plot: Plot, row: dict[str, Any]) -> str:
    """Where a mark stands: a name as it is, a number with what it measures."""
    words = []
    for name in plot.used:
        if name == plot.value:
            continue
        column = plot.columns[name]
        words.append(f"{_lower(column)} {column.say(row[name])}" if column.kind == "number" else column.say(row[name]))
    return ", ".join(words)


def _direction(plot: Plot, rows: pl.DataFrame) -> str:
    """Which way the amount goes along x, where x has an order; nothing where it has none."""
    if plot.kind == "heatmap" or plot.columns[plot.x].kind not in {"number", "moment"}:
        return ""
    if plot.color is None:
        told = _one_direction(plot, rows)
        return told[:1].upper() + told[1:] + "." if told else ""
    told_each = []
    for series in rows[plot.color].unique(maintain_order=True):
        own = rows.filter(pl.col(plot.color).eq_missing(pl.lit(series)))
        if told := _one_direction(plot, own):
            told_each.append(f"{plot.columns[plot.color].say(series)} {told}")
    return "; ".join(told_each) + "." if told_each else ""


def _one_direction(plot: Plot, rows: pl.DataFrame) -> str:
    rows = rows.filter(pl.col(plot.x).is_not_null()).sort(plot.x)
    if rows.height < 3:
        return ""
    along = pl.Series([as_moment(item) if as_moment(item) is not None else float(item) for item in rows[plot.x]])
    strength = _correlation(along, rows[plot.y].cast(pl.Float64))
    if strength is None:
        return ""
    x, y = plot.columns[plot.x], plot.columns[plot.y]
    if plot.kind == "point":
        if abs(strength) < LOOSE:
            return f"no clear relation to {_lower(x)} (correlation {strength:.2f})".replace("-", "−")
        which = "higher" if strength > 0 else "lower"
        return f"tends to be {which} where {_lower(x)} is higher (correlation {strength:.2f})".replace("-", "−")
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    ends = f"from {y.say(first[plot.y])} {_when(x, first[plot.x])} to {y.say(last[plot.y])} {_when(x, last[plot.x])}"
    if turn := _turn(plot, rows):
        return turn
    if strength >= FIRM and last[plot.y] > first[plot.y]:
        return f"rises {ends}"
    if strength <= -FIRM and last[plot.y] < first[plot.y]:
        return f"falls {ends}"
    return f"goes {ends} without a steady trend"


def _when(x: Column, place: Any) -> str:
    """A place on the axis with the preposition it takes."""
    which = "at" if x.kind == "number" or "%H" in x.precision else "on" if "%d" in x.precision else "in"
    return f"{which} {x.say(place)}"


def _turn(plot: Plot, rows: pl.DataFrame) -> str:
    """A course with one clear turn, such as a day's rush hour: up to a peak and down again, or the other way round."""
    x, y = plot.columns[plot.x], plot.columns[plot.y]
    amounts = rows[plot.y].cast(pl.Float64)
    order = pl.Series(range(rows.height), dtype=pl.Float64)
    for sign, before, after in ((1.0, "rises", "falls"), (-1.0, "falls", "rises")):
        at = (amounts * sign).arg_max()
        if at is None or at < 2 or at > rows.height - 3:
            continue
        up = _correlation(order[: at + 1], amounts[: at + 1] * sign)
        down = _correlation(order[at:], amounts[at:] * sign)
        if up is not None and down is not None and up >= CLEAR and down <= -CLEAR:
            first, turn, last = (rows.row(index, named=True) for index in (0, at, rows.height - 1))
            return (
                f"{before} from {y.say(first[plot.y])} {_when(x, first[plot.x])} to {y.say(turn[plot.y])} "
                f"{_when(x, turn[plot.x])}, then {after} to {y.say(last[plot.y])} {_when(x, last[plot.x])}"
            )
    return ""


def _correlation(a: pl.Series, b: pl.Series) -> float | None:
    """Pearson's r, or None where one side does not vary."""
    left, right = a - a.mean(), b - b.mean()
    spread = float((left * left).sum()) * float((right * right).sum())
    return float((left * right).sum()) / spread**0.5 if spread > 0 else None
