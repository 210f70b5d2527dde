"""The analysis behind every metric: measures of one dataset, by keys, in one pass over its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import polars as pl

from workbench.analytics.metrics import quantiles
from workbench.analytics.metrics.measure import (
    WHERE,
    Key,
    Measure,
    Window,
    bounds_of,
    key_of,
    named_types,
    type_of,
    value_of,
    with_condition,
)
from workbench.analytics.metrics.states import Column, State, state_of
from workbench.compute import expressions
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Measures"]

# Partials of several kinds travel in one frame: what adds up has the kind 0, the value counts of a table its place.
_KIND = ".kind"
_TIMES = ".times"
_KEPT = ".kept"
_ALL = ".all"  # names with a dot are no dimension's and no metric's


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

    def from_finer(self, partials: pl.LazyFrame, finer: Measures, made: Sequence[pl.Expr]) -> pl.LazyFrame:
        """Its partials, made of those of the same measures by finer keys.

        Args:
            made: Its keys, over those of `finer`.
        """
        others = [name for name in partials.collect_schema().names() if name not in finer._key_names]
        keys = [key.alias(name) for key, name in zip(made, self._key_names, strict=False)]
        return partials.select(*(keys or [pl.lit(0, pl.Int8).alias(_ALL)]), *others)

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

    @property
    def only_distinct(self) -> bool:
        """Whether nothing but distinct values of one column is counted."""
        counted = all(measure.aggregation == "count_distinct" for measure in self.measures)
        return counted and len(self._tables()) == 1

    def of_new_values(self, partials: pl.LazyFrame, stretch: pl.Expr | None) -> tuple[Measures, pl.LazyFrame]:
        """Distinct counts as numbers that add up: of each value only its first time counts. For `only_distinct`.

        Args:
            partials: By a first key that has an order.
            stretch: What that key starts again with, if anything: each stretch has first times of its own.

        Returns:
            The analysis that adds the numbers up, and its partials: as large as there are groups, not as values.
        """
        first, *others = self._key_names
        keys = [first, *others]
        within = [stretch.alias(".stretch")] if stretch is not None else []
        values = partials.filter(pl.col(_KIND) != 0).with_columns(within)
        once = values.group_by([*others, *([".stretch"] if within else []), _table(0)]).agg(pl.col(first).min())
        numbers = [pl.len().cast(pl.Int64).alias(f"{measure.name}.n") for measure in self.measures]
        counts = tuple(Measure(measure.name, "count") for measure in self.measures)
        groups = partials.filter(pl.col(_KIND) == 0).select(keys)
        return replace(self, measures=counts), pl.concat([groups, once.group_by(keys).agg(numbers)], how="diagonal")

    def _prepared(self, rows: pl.LazyFrame) -> tuple[pl.LazyFrame, list[Column]]:
        """The rows that count, as keys, what each contributes, and the values whose distinct ones are needed."""
        schema = dict(rows.collect_schema())
        columns = [column for state in self._states(schema) for column in state.columns]
        made = [
            *self._key_expressions(schema),
            *(column.row.alias(column.name) for column in columns),
            *(value_of(measure, schema).alias(_table(n)) for n, (measure, *_) in enumerate(self._tables())),
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
            for name in measure.deciding:
                if name not in columns:
                    raise unknown(
                        f"column in dataset '{dataset}' called", name, columns, error=Invalid,
                        hint=f"it decides which row is the {measure.aggregation} of metric '{measure.name}'",
                    )  # fmt: skip
            if measure.filter is not None:
                expressions.parse_filter(measure.filter, columns, f"the filter of metric '{measure.name}'")
        for key in self.keys:
            if key.sql is None and key.column not in columns:
                raise unknown(f"column in dataset '{dataset}' called", key.column, columns, error=Invalid)
        self._key_expressions(columns)
        if self.where is not None:
            expressions.parse_filter(self.where, named_types(self.named, columns), WHERE)
        if self.window is not None:
            bounds_of(self.window, columns)

    def _check_column(self, measure: Measure, columns: dict[str, pl.DataType], dataset: str) -> None:
        name = str(measure.column)
        if name not in columns:
            raise unknown(
                f"column in dataset '{dataset}' called", name, columns, error=Invalid,
                hint=f"metric '{measure.name}' takes the {measure.aggregation} of it",
            )  # fmt: skip
        dtype = columns[name]
        comparable = measure.aggregation in ("count", "count_distinct") or (
            measure.aggregation in ("min", "max", "first", "last") and not dtype.is_nested()
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
        return [key_of(key, schema).alias(key.name) for key in self.keys]

    def _kept(self, rows: pl.LazyFrame, schema: dict[str, pl.DataType]) -> pl.LazyFrame:
        if self.window is not None:
            rows = rows.filter(bounds_of(self.window, schema))
        if self.where is None:
            return rows
        return with_condition(rows, self.where, self.named, schema, _KEPT).filter(pl.col(_KEPT)).drop(_KEPT)

    def columns(self, schema: dict[str, pl.DataType]) -> set[str]:
        """The columns that it reads; what is not there, or cannot be read, is left to `check`."""
        found = {str(name) for m in self.measures for name in (m.column, *m.deciding) if name is not None}
        found |= {self.window.column} if self.window is not None else set()
        texts = [m.filter for m in self.measures] + [key.sql for key in (*self.keys, *self.named)] + [self.where]
        for text in texts:
            with suppress(Invalid):
                found.update(expressions.names_in(text, "it") if text else ())
        return (found | {key.column for key in self.keys if key.sql is None}) & set(schema)

    def _states(self, schema: dict[str, pl.DataType]) -> list[State]:
        return [
            state_of(
                m.name,
                m.aggregation,
                value_of(m, schema) if m.column or m.filter else None,
                type_of(m, schema),
                [pl.col(column) for column in m.deciding],
            )
            for m in self.measures
            if not m.needs_values
        ]

    def _merged_states(self, partials: pl.Schema) -> list[State]:
        """The states again, from what the partials hold: the rows' own columns are gone by then."""
        found = []
        for measure in self.measures:
            if measure.needs_values:
                continue
            kept = _kept_type(measure.name, partials)
            deciding = [pl.lit(None) for _ in measure.deciding]
            found.append(state_of(measure.name, measure.aggregation, pl.lit(None), kept, deciding))
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


def _counted(result: pl.Expr, measure: Measure) -> pl.Expr:
    return result.fill_null(0).cast(pl.Int64) if measure.aggregation in ("count", "count_distinct") else result
