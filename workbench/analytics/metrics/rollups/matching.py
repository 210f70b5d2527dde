"""Whether a rollup can stand for the rows that a query asks about, and how; if not, why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from workbench.analytics.metrics.ingredients import Join
from workbench.analytics.metrics.measure import WHERE, Key, Measure
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.rollups.sheets import Sheets
from workbench.analytics.metrics.windows import period_of
from workbench.compute import expressions

__all__ = ["Fit", "Wanted", "fit"]

# What is of whole periods of the first may be asked for by the others.
_NESTING: Mapping[str, tuple[str, ...]] = {
    "hour": ("hour", "day", "week", "month", "quarter", "year"),
    "day": ("day", "week", "month", "quarter", "year"),
    "week": ("week",),
    "month": ("month", "quarter", "year"),
}
_AROUND = timedelta(hours=4)


@dataclass(frozen=True)
class Wanted:
    """What a query asks of a dataset.

    Attributes:
        measures: Each is called by a column of the answer.
        reaching: Earlier rows do no harm, rows without a time are left out: a window over periods is computed of them.
    """

    dataset: str
    joins: tuple[Join, ...]
    measures: Measures
    reaching: bool = False


@dataclass(frozen=True, eq=False)
class Fit:
    """How a rollup answers.

    Attributes:
        columns: For each sheet that is needed: what the query calls its measures, by what they are called there.
        dimensions: The keys of the sheets that the query's are, in its order.
        where: Over the dimensions.
        first: The first period that is wanted; None for all.
        before: The first period that is not wanted any more.
    """

    sheets: Sheets
    columns: Mapping[int, Mapping[str, str]]
    dimensions: tuple[str, ...]
    where: tuple[pl.Expr, ...]
    first: date | datetime | None
    before: date | datetime | None


class _Misfit(Exception):
    pass


def fit(sheets: Sheets, wanted: Wanted, schema: pl.Schema) -> Fit | str:
    """How a rollup of the same dataset answers a query, or a sentence that says why it cannot.

    Args:
        schema: Of the rows, joined columns included.
    """
    try:
        return _fit(sheets, wanted, schema)
    except _Misfit as misfit:
        return f"rollup '{sheets.name}' {misfit}"


def _fit(sheets: Sheets, wanted: Wanted, schema: pl.Schema) -> Fit:
    measures = wanted.measures
    columns: dict[int, dict[str, str]] = {}
    for measure in measures.measures:
        at, name = _place(sheets, measure)
        columns.setdefault(at, {})[name] = measure.name
    if sheets.joined() and sheets.joins != wanted.joins:
        raise _Misfit("is made with other joins")
    dimensions = [_dimension(sheets, key) for key in measures.keys if key.grain is None]
    dated = schema.get(sheets.time) == pl.Date
    for key in measures.keys:
        if key.grain is not None:
            _check_grain(sheets.period, key, dated=dated)
    first, before = _periods(sheets.period, wanted, dated=dated)
    return Fit(sheets, columns, tuple(dimensions), tuple(_conditions(sheets, measures, schema)), first, before)


def _place(sheets: Sheets, measure: Measure) -> tuple[int, str]:
    found = sheets.place(measure)
    if found is None:
        metric, filtered = measure.name.split(".")[0], "." in measure.name
        raise _Misfit(f"does not keep the metric '{metric}'" + (" with its filter" if filtered else ""))
    return found


def _dimension(sheets: Sheets, key: Key) -> str:
    if any(one == key for one in sheets.keys[1:]):
        return key.name
    if any(one.name == key.name for one in sheets.keys[1:]):
        raise _Misfit(f"means something else by the dimension '{key.name}'")
    raise _Misfit(f"has no dimension '{key.name}'")


def _check_grain(period: Key, key: Key, *, dated: bool) -> None:
    if key.column != period.column:
        raise _Misfit(f"is by the time '{period.column}', not '{key.column}'")
    if str(key.grain) not in _NESTING[str(period.grain)]:
        raise _Misfit(f"is by {period.grain}, of which no {key.grain} can be made")
    if key.time_zone != period.time_zone and not dated:
        raise _Misfit(f"has the days of {period.time_zone}, not of {key.time_zone}")
    if period.grain == "week" and key.week_start != period.week_start:
        raise _Misfit(f"has weeks that start on day {period.week_start}, not {key.week_start}")


def _periods(period: Key, wanted: Wanted, *, dated: bool) -> tuple[date | datetime | None, date | datetime | None]:
    window = wanted.measures.window
    if window is None:
        return None, None
    if window.column != period.column:
        raise _Misfit(f"is by the time '{period.column}', not '{window.column}'")
    first, before = window.start, window.end
    if first is not None:
        began = period_of(first, str(period.grain), period.time_zone, period.week_start)
        if not wanted.reaching and not _starts(first, began, period, dated=dated):
            raise _Misfit(f"is by {period.grain}, and the time range starts inside one, at {first.isoformat()}")
        first = began
    if before is not None:
        ended = period_of(before, str(period.grain), period.time_zone, period.week_start)
        if not _starts(before, ended, period, dated=dated):
            raise _Misfit(f"is by {period.grain}, and the time range ends inside one, at {before.isoformat()}")
        before = ended
    return first, before


def _starts(bound: date | datetime, period: date | datetime, key: Key, *, dated: bool) -> bool:
    """Whether all that is before a bound is of earlier periods, and nothing else is."""
    if dated or not isinstance(bound, datetime):
        return bound == period
    if key.grain == "hour":
        return bound == period
    zone = ZoneInfo(key.time_zone)
    if bound != datetime(period.year, period.month, period.day, tzinfo=zone).astimezone(UTC):
        return False
    if (bound - _AROUND).astimezone(zone).utcoffset() == (bound + _AROUND).astimezone(zone).utcoffset():
        return True
    # Where clocks are put back over midnight, a day comes twice: no bound has all of it on one side.
    day = date(period.year, period.month, period.day)
    minutes = range(-240, 240)
    return all(((bound + timedelta(minutes=at)).astimezone(zone).date() >= day) == (at >= 0) for at in minutes)


def _conditions(sheets: Sheets, measures: Measures, schema: pl.Schema) -> Iterator[pl.Expr]:
    """What of the query's condition the rollup's own filter does not say already."""
    asked, own = _all_of(measures.where), _all_of(sheets.where)
    for condition in own:
        rest = [one for one in asked if not one.meta.eq(condition)]
        if len(rest) == len(asked) or not _means_the_same(condition, sheets.sheets[0], measures, schema):
            raise _Misfit(f"is of the rows where {sheets.where}, which the query does not ask for")
        asked = rest
    for condition in asked:
        for name in expressions.columns_of(condition):
            _dimension(sheets, _meant(name, measures, schema))
        yield condition


def _meant(name: str, measures: Measures, schema: pl.Schema) -> Key:
    """What a condition means by a name: a column before a dimension."""
    if name in schema:
        return Key(name, name)
    return next((key for key in measures.named if key.name == name), Key(name, name))


def _means_the_same(condition: pl.Expr, one: Measures, other: Measures, schema: pl.Schema) -> bool:
    names = expressions.columns_of(condition)
    return all(_meant(name, one, schema) == _meant(name, other, schema) for name in names)


def _all_of(text: str | None) -> list[pl.Expr]:
    """The conditions that a condition joins with AND."""
    return [] if text is None else _split(expressions.parse(text, expressions.names_in(text, WHERE), WHERE))


def _split(condition: pl.Expr) -> list[pl.Expr]:
    parts = condition.meta.pop()
    for one, other in (parts, parts[::-1]) if len(parts) == 2 else ():
        if (one & other).meta.eq(condition):
            return [*_split(one), *_split(other)]
    return [condition]
