"""The analysis behind every metric: measures of one dataset, by keys, in one pass over its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce

import polars as pl

from workbench.analytics.metrics import quantiles
from workbench.analytics.metrics.states import Column, State, state_of
from workbench.compute import expressions, grains
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Key", "Measure", "Measures", "Window"]

# Partials of several kinds travel in one frame: what adds up has the kind 0, the value counts of a table its place.
_KIND = ".kind"
_TIMES = ".times"
_ALL = ".all"  # names with a dot are no dimension's and no metric's


@dataclass(frozen=True)
class Key:
    """What rows are grouped by: a column, an expression, or a time cut to a grain.

    Attributes:
        name: The column of the result.
        sql: An expression over one row's columns; None for the column `column`.
        column: Where it comes from, unless `sql` says.
        grain: Set for a time column.
    """

    name: str
    column: str = ""
    sql: str | None = None
    grain: str | None = None
    time_zone: str = "UTC"
    week_start: int = 1


@dataclass(frozen=True)
class Measure:
    """One number to compute per group; `name` is the column of the result."""

    name: str
    aggregation: str
    column: str | None = None
    filter: str | None = None
    percentile: float | None = None

    @property
    def quantile(self) -> float | None:
        if self.aggregation == "median":
            return 0.5
        return None if self.percentile is None else self.percentile / 100

    @property
    def needs_values(self) -> bool:
        return self.aggregation in ("median", "percentile", "count_distinct")


@dataclass(frozen=True)
class Window:
    """A half-open range of a time column: at or after `start`, before `end`; None leaves a side open."""

    column: str
    start: date | datetime | None
    end: date | datetime | None


@dataclass(frozen=True)
class Measures:
    """Measures by keys. Parts may be cut anywhere: partials add up, or are counts of distinct values.

    Results do not depend on the order of rows, on the number of parts or on the engine: counts, extremes and value
    counts do not by nature, sums of floats are added exactly (see `sums`). Groups come out sorted by their keys, with a
    missing key last. Without keys there is one row, even over no rows at all.
    """

    keys: tuple[Key, ...]
    measures: tuple[Measure, ...]
    where: str | None = None
    window: Window | None = None
    named: tuple[Key, ...] = ()  # expressions that `where` may call by name

    by_subject = False
    ordered = False

    @property
    def name(self) -> str:
        return "measures"

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Columns: the keys, and per measure what `states` keeps; value counts as rows of their own."""
        rows, columns = self._prepared(rows)
        added = rows.group_by(self._key_names).agg(_put_together(columns))
        tables = self._tables()
        if not tables:
            return added
        branches = [added.with_columns(pl.lit(0, pl.Int8).alias(_KIND))]
        for n in range(len(tables)):
            counts = (
                rows.select(*self._key_names, _table(n))
                .drop_nulls(_table(n))
                .group_by([*self._key_names, _table(n)])
                .agg(pl.len().cast(pl.Int64).alias(_TIMES))
            )
            branches.append(counts.with_columns(pl.lit(n + 1, pl.Int8).alias(_KIND)))
        return pl.concat(branches, how="diagonal")

    def combine(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The same columns with a row per keys, and one per keys and counted value."""
        tables = self._tables()
        states = self._merged_states(partials.collect_schema())
        counted = [*self._key_names, *([_KIND] if tables else []), *(_table(n) for n in range(len(tables)))]
        added = _put_together(column for state in states for column in state.columns)
        times = [pl.col(_TIMES).sum()] if tables else []
        return partials.group_by(counted).agg(*added, *times).select(partials.collect_schema().names())

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The measures by keys, sorted by the keys."""
        tables = self._tables()
        keys = self._key_names
        states = self._merged_states(partials.collect_schema())
        added = partials.filter(pl.col(_KIND) == 0) if tables else partials
        result = added.group_by(keys).agg(_put_together(column for state in states for column in state.columns))
        for n, sharing in enumerate(tables):
            counts = partials.filter(pl.col(_KIND) == n + 1).group_by([*keys, _table(n)]).agg(pl.col(_TIMES).sum())
            found = quantiles.from_counts(counts, keys, _table(n), _TIMES, _wanted(sharing))
            result = result.join(found, on=keys, how="left", nulls_equal=True)
        return self._finished(result, states)

    def whole(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """`merge(partial(rows))` in one group-by: where all rows are at hand, values need no counting."""
        states = self._states(dict(rows.collect_schema()))
        rows, columns = self._prepared(rows)
        values = [
            expression
            for n, sharing in enumerate(self._tables())
            for expression in quantiles.in_groups(_table(n), _wanted(sharing))
        ]
        result = rows.group_by(self._key_names).agg(*_put_together(columns), *values)
        found = [
            expression
            for n, sharing in enumerate(self._tables())
            for expression in quantiles.of_groups(_table(n), _wanted(sharing))
        ]
        return self._finished(result.with_columns(found), states)

    def _prepared(self, rows: pl.LazyFrame) -> tuple[pl.LazyFrame, list[Column]]:
        """The rows that count, as keys, what each contributes, and the values whose distinct ones are needed."""
        schema = dict(rows.collect_schema())
        columns = [column for state in self._states(schema) for column in state.columns]
        made = [
            *self._key_expressions(schema),
            *(column.row.alias(column.name) for column in columns),
            *(_value(measure, schema).alias(_table(n)) for n, (measure, *_) in enumerate(self._tables())),
        ]
        prepared = self._kept(rows, schema).with_columns(made)
        return prepared.select(expression.meta.output_name() for expression in made), columns

    def _finished(self, result: pl.LazyFrame, states: Sequence[State]) -> pl.LazyFrame:
        if not self.keys:
            everything = pl.LazyFrame({_ALL: [0]}, schema={_ALL: pl.Int8})
            result = everything.join(result, on=_ALL, how="left")
        adding = (measure for measure in self.measures if not measure.needs_values)
        made = {measure.name: state.result for measure, state in zip(adding, states, strict=True)}
        chosen = [
            _counted(made.get(measure.name, pl.col(measure.name)), measure).alias(measure.name)
            for measure in self.measures
        ]
        result = result.select(*(key.name for key in self.keys), *chosen)
        return result.sort(self._key_names, nulls_last=True) if self.keys else result

    def check(self, schema: pl.Schema, dataset: str) -> None:
        """Refuses what does not fit the columns of a dataset, before anything is computed.

        Raises:
            Invalid: A column, filter, key or time range that does not fit; names the nearest column.
        """
        columns = dict(schema)
        for measure in self.measures:
            if measure.column is not None:
                self._check_column(measure, columns, dataset)
            if measure.filter is not None:
                expressions.parse_filter(measure.filter, columns, f"the filter of metric '{measure.name}'")
        for key in self.keys:
            if key.sql is None and key.column not in columns:
                raise unknown(f"column in dataset '{dataset}' called", key.column, columns, error=Invalid)
        self._key_expressions(columns)
        if self.where is not None:
            expressions.parse_filter(self.where, self._named_types(columns), "the where of the query")
        if self.window is not None:
            _bounds(self.window, columns)

    def _check_column(self, measure: Measure, columns: dict[str, pl.DataType], dataset: str) -> None:
        name = str(measure.column)
        if name not in columns:
            raise unknown(
                f"column in dataset '{dataset}' called", name, columns, error=Invalid,
                hint=f"metric '{measure.name}' takes the {measure.aggregation} of it",
            )  # fmt: skip
        dtype = columns[name]
        comparable = measure.aggregation in ("count", "count_distinct") or (
            measure.aggregation in ("min", "max") and not dtype.is_nested()
        )
        if not comparable and not (dtype.is_numeric() or dtype == pl.Boolean):
            raise Invalid(
                f"metric '{measure.name}' takes the {measure.aggregation} of '{name}', which is no number but {dtype}"
            )

    @property
    def _key_names(self) -> list[str]:
        return [key.name for key in self.keys] or [_ALL]

    def _key_expressions(self, schema: dict[str, pl.DataType]) -> list[pl.Expr]:
        if not self.keys:
            return [pl.lit(0, pl.Int8).alias(_ALL)]
        return [_key(key, schema).alias(key.name) for key in self.keys]

    def _kept(self, rows: pl.LazyFrame, schema: dict[str, pl.DataType]) -> pl.LazyFrame:
        if self.window is not None:
            rows = rows.filter(_bounds(self.window, schema))
        if self.where is None:
            return rows
        condition = expressions.parse(self.where, self._named_types(schema), "the where of the query")
        by_name = {key.name: _key(key, schema) for key in self.named if key.name not in schema}
        used = [name for name in expressions.columns_of(condition) if name in by_name]
        if not used:
            return rows.filter(condition)
        return rows.with_columns(by_name[name].alias(name) for name in used).filter(condition).drop(used)

    def _named_types(self, schema: dict[str, pl.DataType]) -> dict[str, pl.DataType]:
        named = {
            key.name: expressions.type_of(_key(key, schema), schema, f"dimension '{key.name}'")
            for key in self.named
            if key.name not in schema
        }
        return {**named, **schema}

    def _states(self, schema: dict[str, pl.DataType]) -> list[State]:
        return [
            state_of(m.name, m.aggregation, _value(m, schema) if m.column or m.filter else None, _type(m, schema))
            for m in self.measures
            if not m.needs_values
        ]

    def _merged_states(self, partials: pl.Schema) -> list[State]:
        """The states again, from what the partials hold: the rows' own columns are gone by then."""
        found = []
        for measure in self.measures:
            if measure.needs_values:
                continue
            found.append(state_of(measure.name, measure.aggregation, pl.lit(None), _kept_type(measure.name, partials)))
        return found

    def _tables(self) -> list[list[Measure]]:
        """Measures that need the distinct values of a column, those that need the same ones together."""
        tables: dict[tuple[str | None, str | None], list[Measure]] = {}
        for measure in self.measures:
            if measure.needs_values:
                tables.setdefault((measure.column, measure.filter), []).append(measure)
        return list(tables.values())


def _kept_type(name: str, partials: pl.Schema) -> pl.DataType:
    """A type that `state_of` keeps the same columns for as it did for the rows' own."""
    if f"{name}.s0" in partials:
        return pl.Float64()
    if f"{name}.high" in partials:
        return pl.Int64()
    if (narrow := partials.get(f"{name}.s")) is not None:
        return narrow if narrow.is_decimal() else pl.Int32()
    return partials.get(f"{name}.x", pl.Int64())


def _table(n: int) -> str:
    return f".value {n}"


def _wanted(measures: Sequence[Measure]) -> dict[str, float | None]:
    return {measure.name: measure.quantile for measure in measures}


def _put_together(columns: Iterable[Column]) -> list[pl.Expr]:
    return [column.put_together.alias(column.name) for column in columns]


def _value(measure: Measure, columns: dict[str, pl.DataType]) -> pl.Expr:
    """What a row gives to a measure; null where it does not count."""
    if measure.column is None:
        value = pl.lit(1, pl.Int64)
    else:
        value = pl.col(measure.column)
        dtype = _dtype(measure.column, columns)
        if dtype.is_float():
            # NaN does not count, and -0.0 is 0.0: which of two equal zeros comes first may not show.
            value = pl.when(value == 0).then(pl.lit(0.0, dtype)).otherwise(value.fill_nan(None))
        if measure.quantile is not None:
            value = value.cast(pl.Float64)
    if measure.filter is None:
        return value
    condition = expressions.parse(measure.filter, columns, f"the filter of metric '{measure.name}'")
    return pl.when(condition).then(value)


def _dtype(column: str, columns: dict[str, pl.DataType]) -> pl.DataType:
    if column not in columns:
        raise unknown("column", column, columns, error=Invalid)
    return columns[column]


def _type(measure: Measure, schema: dict[str, pl.DataType]) -> pl.DataType | None:
    if measure.column is not None:
        return _dtype(measure.column, schema)
    return pl.Int64() if measure.filter is not None else None


def _counted(result: pl.Expr, measure: Measure) -> pl.Expr:
    return result.fill_null(0).cast(pl.Int64) if measure.aggregation in ("count", "count_distinct") else result


def _key(key: Key, schema: dict[str, pl.DataType]) -> pl.Expr:
    if key.grain is not None:
        return grains.truncate(
            pl.col(key.column),
            _dtype(key.column, schema),
            key.grain,
            time_zone=key.time_zone,
            week_start=key.week_start,
        )
    if key.sql is not None:
        return expressions.parse(key.sql, schema, f"dimension '{key.name}'")
    return pl.col(key.column)


def _bounds(window: Window, schema: dict[str, pl.DataType]) -> pl.Expr:
    dtype = schema.get(window.column)
    if dtype is None:
        raise unknown("time column", window.column, schema, error=Invalid)
    sides = []
    for bound, side in ((window.start, pl.Expr.ge), (window.end, pl.Expr.lt)):
        if bound is None:
            continue
        if isinstance(bound, datetime) and dtype == pl.Date:
            raise Invalid(f"'{window.column}' is a date, so it cannot be bounded by the time {bound.isoformat()}")
        sides.append(side(pl.col(window.column), pl.lit(bound, dtype=dtype)))
    return reduce(pl.Expr.and_, sides, pl.lit(True))
