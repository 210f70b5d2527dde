"""From a rollup's definition to what is kept: sheets of partials, which add up, by time and dimensions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import polars as pl

from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.ingredients import Dimension, Join
from workbench.analytics.metrics.measure import WHERE, Key, Measure, Window, named_types
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.planning import Plan, dimension_of, measure_of
from workbench.analytics.metrics.rollup import Rollup
from workbench.compute import expressions, grains
from workbench.foundation.errors import Invalid

__all__ = ["CHUNK", "PERIOD", "Sheets", "check", "fingerprint", "sheets_of"]

PERIOD = ".period"  # names with a dot are no dimension's and no metric's
CHUNK = ".chunk"
_FORMAT = 1
"""Of the partials as files have them: another number, and every rollup is made anew."""


@dataclass(frozen=True, eq=False)
class Sheets:
    """What is computed of a dataset for a rollup.

    Measures whose partials are numbers that add up are on one sheet; those that keep a row per value have one of their
    own, so that a query reads no more than it needs.

    Attributes:
        joins: What may be joined to the rows.
        time: The column that periods are of.
        sheets: All by the same keys, the period first; measures are called by a number.
    """

    rollup: Rollup
    dataset: str
    joins: tuple[Join, ...]
    time: str
    sheets: tuple[Measures, ...]

    @property
    def name(self) -> str:
        return self.rollup.name

    @property
    def keys(self) -> tuple[Key, ...]:
        return self.sheets[0].keys

    @property
    def period(self) -> Key:
        return self.keys[0]

    @property
    def where(self) -> str | None:
        return self.sheets[0].where

    def place(self, measure: Measure) -> tuple[int, str] | None:
        """The sheet that has a measure, whatever it is called, and what it is called there."""
        for at, sheet in enumerate(self.sheets):
            for one in sheet.measures:
                if replace(one, name=measure.name) == measure:
                    return at, one.name
        return None

    def joined(self) -> list[Join]:
        """What really is joined."""
        texts: list[str | None] = [self.where, *(f"{key.column} {key.sql}" for key in (*self.keys, *self._named))]
        for measure in (one for sheet in self.sheets for one in sheet.measures):
            texts += [measure.column, measure.filter, *measure.deciding]
        said = "\n".join(text for text in texts if text)
        return [join for join in self.joins if join.called("") in said]

    @property
    def _named(self) -> tuple[Key, ...]:
        return self.sheets[0].named

    def chunked(self, at: int, window: Window | None, where: str | None = None) -> Measures:
        """A sheet of some of the rows, also by their month in UTC."""
        sheet = self.sheets[at]
        month = Key(CHUNK, self.time, grain="month")
        condition = " AND ".join(f"({text}\n)" for text in (sheet.where, where) if text) or None
        return replace(sheet, keys=(*sheet.keys, month), window=window, where=condition)


@lru_cache(maxsize=256)
def sheets_of(rollup: Rollup, known: Definitions) -> Sheets:
    """
    Raises:
        NotFound: It names a metric or a dimension that is not there.
        Invalid: A metric cannot be kept, or two do not go together; names it.
    """
    metrics = [known.get(name) for name in rollup.metrics]
    parts: list[tuple[Metric, Measure]] = []
    for figure in Plan.of(metrics, known).figures:
        if figure.metric.type == "conversion":
            raise Invalid(
                f"rollup '{rollup.name}' cannot keep the metric '{figure.metric.name}': conversions do not add up",
                hint="keep what it is made of",
            )
        parts.append((figure.parts[0], measure_of(figure.parts[0], "", figure.filters)))
    first = parts[0][0]
    _check_together(rollup, first, [part for part, _ in parts])
    zone = rollup.time_zone or next((metric.time_zone for metric in metrics if metric.time_zone), None) or "UTC"
    week_start = rollup.week_start or next((metric.week_start for metric in metrics if metric.week_start), None) or 1
    grains.check(rollup.grain, zone)
    dimensions = [dimension_of(metrics, name) for name in rollup.dimensions]
    period = Key(PERIOD, str(first.time), grain=rollup.grain, time_zone=zone, week_start=week_start)
    keys = (period, *(Key(one.name, one.name, sql=one.sql) for one in dimensions))
    mentioned = () if rollup.filter is None else expressions.names_in(rollup.filter, _filter_of(rollup))
    named = _named([one for metric in metrics for one in metric.dimensions], mentioned)
    together: dict[object, list[Measure]] = {}
    for measure in dict.fromkeys(measure for _, measure in parts):
        together.setdefault(_sheet(measure), []).append(measure)
    made: list[Measures] = []
    for measures in together.values():
        numbered = tuple(replace(one, name=f"m{len(made)}_{n}") for n, one in enumerate(measures))
        made.append(Measures(keys, numbered, rollup.filter, None, named))
    return Sheets(rollup, str(first.dataset), first.joins, str(first.time), tuple(made))


def _named(dimensions: Sequence[Dimension], mentioned: Sequence[str]) -> tuple[Key, ...]:
    keys = [Key(one.name, one.name, sql=one.sql) for one in dimensions if one.sql and one.name in mentioned]
    return tuple(dict.fromkeys(keys))


def _sheet(measure: Measure) -> object:
    """What measures of one sheet have in common: of those that keep values, which values."""
    plain = measure.aggregation in ("count", "sum", "mean", "min", "max", "first", "last")
    if plain and not measure.needs_values:
        return None
    exact = replace(measure, name="", aggregation="", percentile=None)
    return (exact, measure.aggregation == "count_distinct")


def _check_together(rollup: Rollup, first: Metric, parts: Sequence[Metric]) -> None:
    for part in parts:
        if part.time is None:
            raise Invalid(f"rollup '{rollup.name}' cannot keep the metric '{part.name}', which has no time column")
        for what in ("dataset", "time", "joins"):
            if getattr(part, what) != getattr(first, what):
                raise Invalid(
                    f"rollup '{rollup.name}' cannot keep both '{first.name}' and '{part.name}': they do not have the "
                    f"same {what}",
                    hint="a rollup is of one dataset and one time column; define two",
                )


def _filter_of(rollup: Rollup) -> str:
    return f"the filter of rollup '{rollup.name}'"


def fingerprint(sheets: Sheets, schema: pl.Schema) -> str:
    """Changes whenever what would be kept, or how, may have changed.

    Args:
        schema: Of the dataset.
    """
    return _fingerprint(sheets, tuple(schema.items()))


@lru_cache(maxsize=256)
def _fingerprint(sheets: Sheets, schema: tuple[tuple[str, pl.DataType], ...]) -> str:
    columns = dict(schema)
    used = {name for sheet in sheets.sheets for name in sheet.columns(columns)}
    used |= {left for join in sheets.joined() for left in join.on}
    said = [_FORMAT, sheets.sheets, sheets.joined(), [(name, str(columns.get(name))) for name in sorted(used)]]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def check(sheets: Sheets, schema_of: Callable[[str, Sequence[Join]], pl.Schema]) -> None:
    """Holds a rollup against its dataset.

    Raises:
        Invalid: Something does not fit; says what.
    """
    schema = schema_of(sheets.dataset, sheets.joined())
    types = dict(schema)
    if sheets.where is not None:
        expressions.parse_filter(sheets.where, named_types(sheets._named, types), _filter_of(sheets.rollup))
    for sheet in sheets.sheets:
        sheet.check(schema, sheets.dataset)
    for key in sheets.keys[1:]:
        dtype = types.get(key.name) if key.sql is None else None
        if dtype is None:
            dtype = expressions.type_of(expressions.parse(str(key.sql), types, WHERE), types, f"dimension '{key.name}'")
        if dtype.is_float() or dtype.is_nested():
            raise Invalid(
                f"rollup '{sheets.name}' cannot keep the dimension '{key.name}', which is {dtype}",
                hint="give it an sql that makes text, a whole number or a date of it",
            )
