"""The analysis behind every metric: measures of one dataset, by keys, in one pass over its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import polars as pl

from workbench.analytics.metrics import distinct_sketch, picking, quantiles
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
from workbench.analytics.metrics.states import Column, State, distinct_state, state_of
from workbench.analytics.metrics.tallies import Tally, Values, tallies_of
from workbench.compute import SUBJECT_HASH, Parts, expressions
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Measures"]

# Partials of several kinds travel in one frame: what adds up has the kind 0, the rows of a tally its place and 1.
_KIND = ".kind"
_KEPT = ".kept"
_ALL = ".all"  # names with a dot are no dimension's and no metric's


@dataclass(frozen=True)
class Measures:
    """Measures by keys. Parts may be cut anywhere: partials add up, or are tallies of values, which do.

    Results do not depend on the order of rows, on the number of parts or on the engine: counts, extremes and tallies
    do not by nature, sums of floats are added exactly (see `sums`). Groups come out sorted by their keys, with a
    missing key last. Without keys there is one row, even over no rows at all.

    Attributes:
        named: Expressions that `where` may call by name.
        subject: A column by which parts are cut, beside which they have `SUBJECT_HASH`: its distinct values are told
            apart by that, and the exact numbers of them add up, so that no value has to be kept. Their rows may be
            anywhere where it is missing.
    """

    keys: tuple[Key, ...]
    measures: tuple[Measure, ...]
    where: str | None = None
    window: Window | None = None
    named: tuple[Key, ...] = ()
    subject: str | None = None

    ordered = False

    @property
    def by_subject(self) -> bool:
        return self.subject is not None

    @property
    def name(self) -> str:
        return "measures"

    def cut_by(self, subject: str | None) -> Measures:
        """The same for parts that are cut by a subject, where that makes it easier."""
        counted = any(one.aggregation == "count_distinct" and one.column == subject for one in self.measures)
        return replace(self, subject=subject if counted else None)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Columns: the keys, and per measure what `states` keeps; the rows of tallies as rows of their own."""
        rows, columns = self._prepared(rows)
        tallies = self._tallies()
        if not tallies:
            return self._grouped(rows, _gathered(columns))
        branches = {0: self._grouped(rows, _gathered(columns))} if columns else {}
        for tally in tallies:
            # Somebody has to tell of groups that have no value.
            branches[tally.place + 1] = self._counts(tally, rows, missing=not branches)
        kinds = [branch.with_columns(pl.lit(kind, pl.Int8).alias(_KIND)) for kind, branch in branches.items()]
        return pl.concat(kinds, how="diagonal")

    def combine(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The same columns with a row per keys, and one per keys and what a tally counts."""
        tallies = self._tallies()
        states = self._merged_states(partials.collect_schema())
        counted = [*self._key_names, *([_KIND] if tallies else []), *(tally.column for tally in tallies)]
        added = _put_together(column for state in states for column in state.columns)
        numbers = [tally.put_together for tally in tallies]
        return partials.group_by(counted).agg(*added, *numbers).select(partials.collect_schema().names())

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
        tallies = self._tallies()
        keys = self._key_names
        states = self._merged_states(partials.collect_schema())
        added = partials.filter(pl.col(_KIND) == (0 if states else 1)) if tallies else partials
        result = added.group_by(keys).agg(_put_together(column for state in states for column in state.columns))
        for tally in tallies:
            counts = partials.filter(pl.col(_KIND) == tally.place + 1).drop_nulls(tally.column)
            counts = counts.group_by([*keys, tally.column]).agg(tally.put_together)
            result = result.join(tally.figures(counts, keys), on=keys, how="left", nulls_equal=True)
        return self._finished(result, states)

    def whole(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """`merge(partial(rows))` in one group-by: where all rows are at hand, values need no counting."""
        states = self._states(dict(rows.collect_schema()))
        keys = self._key_names
        rows, columns = self._prepared(rows)
        tallies = self._tallies()
        exact = [tally for tally in tallies if isinstance(tally, Values)]
        values = [aggregated for tally in exact for aggregated in quantiles.in_groups(tally.column, tally.wanted)]
        result = self._grouped(rows, [*_gathered(columns), *values])
        result = result.with_columns(
            made for tally in exact for made in quantiles.of_groups(tally.column, tally.wanted)
        )
        for tally in tallies:
            if tally not in exact:
                found = tally.figures(self._counts(tally, rows), keys)
                result = result.join(found, on=keys, how="left", nulls_equal=True)
        return self._finished(result, states)

    def compact(self, parts: Parts) -> pl.DataFrame | None:
        """`merge`, where nothing but exact quantiles of one column is asked for; see `picking`."""
        tallies, code = self._tallies(), picking.CODE()
        if code is None or len(tallies) != 1 or self._adding() or not picking.fits(parts):
            return None
        values, keys = tallies[0], [key.name for key in self.keys]
        schema = self._prepared(parts.parts[0].lazy())[0].collect_schema()
        if not (isinstance(values, Values) and all(picking.takes(schema[name]) for name in keys)):
            return None
        sides = {name: quantile for name, quantile in values.wanted.items() if quantile is not None}
        if len(sides) < len(values.wanted):
            return None
        number = pl.col(values.column).cast(picking.held_as(schema[values.column]))
        plans = (self._prepared(part.lazy())[0].select(*keys, number) for part in parts.parts)
        found = picking.picked(code, picking.in_batches(plans), keys, values.column, sides)
        if found is None:
            return None
        result = found.lazy().with_columns(quantiles.of_groups(values.column, values.wanted))
        result = result if keys else result.with_columns(pl.lit(0, pl.Int8).alias(_ALL))
        return self._finished(result, []).collect(engine="in-memory")

    @property
    def keeps_values(self) -> bool:
        """Whether partials hold values that were counted, and so are little smaller than the rows."""
        return any(isinstance(tally, Values) for tally in self._tallies())

    @property
    def only_distinct(self) -> bool:
        """Whether nothing but distinct values of one column is counted, and exactly."""
        exact = all(one.aggregation == "count_distinct" and not one.approximate for one in self.measures)
        return exact and len(self._tallies()) == 1

    def of_new_values(self, partials: pl.LazyFrame, stretch: pl.Expr | None) -> tuple[Measures, pl.LazyFrame]:
        """Distinct counts as numbers that add up: of each value only its first time counts. For `only_distinct`.

        Args:
            partials: By a first key that has an order.
            stretch: What that key starts again with, if anything: each stretch has first times of its own.

        Returns:
            The analysis that adds the numbers up, and its partials: as large as there are groups, not as values.
        """
        first, *others = self._key_names
        values_of = self._tallies()[0]
        keys = [first, *others]
        within = [stretch.alias(".stretch")] if stretch is not None else []
        values = partials.drop_nulls(values_of.column).with_columns(within)
        once = values.group_by([*others, *([".stretch"] if within else []), values_of.column]).agg(pl.col(first).min())
        numbers = [pl.len().cast(pl.Int64).alias(f"{measure.name}.n") for measure in self.measures]
        counts = tuple(Measure(measure.name, "count") for measure in self.measures)
        groups = partials.select(keys).unique()
        return replace(self, measures=counts), pl.concat([groups, once.group_by(keys).agg(numbers)], how="diagonal")

    def _grouped(self, rows: pl.LazyFrame, aggregated: Sequence[pl.Expr]) -> pl.LazyFrame:
        """Aggregations by the keys."""
        if self.keys:
            return rows.group_by(self._key_names).agg(aggregated)
        one = rows.select(aggregated) if aggregated else pl.LazyFrame({_ALL: [0]})
        return one.with_columns(pl.lit(0, pl.Int8).alias(_ALL))

    def _counts(self, tally: Tally, rows: pl.LazyFrame, *, missing: bool = False) -> pl.LazyFrame:
        """The rows of a tally by the keys."""
        if self.keys:
            return tally.counts(rows, self._key_names, missing=missing)
        return tally.counts(rows, ()).with_columns(pl.lit(0, pl.Int8).alias(_ALL))

    def _prepared(self, rows: pl.LazyFrame) -> tuple[pl.LazyFrame, list[Column]]:
        """The rows that count, as keys, what each contributes, and the values whose distinct ones are needed."""
        schema = dict(rows.collect_schema())
        columns = [column for state in self._states(schema) for column in state.columns]
        made = [
            *self._key_expressions(schema),
            *(column.row.alias(column.name) for column in columns),
            *(tally.row(schema) for tally in self._tallies()),
        ]
        prepared = self._kept(rows, schema).with_columns(made)
        return prepared.select(expression.meta.output_name() for expression in made), columns

    def _finished(self, result: pl.LazyFrame, states: Sequence[State]) -> pl.LazyFrame:
        if not self.keys:
            everything = pl.LazyFrame({_ALL: [0]}, schema={_ALL: pl.Int8})
            result = everything.join(result, on=_ALL, how="left")
        made = {measure.name: state.result for measure, state in zip(self._adding(), states, strict=True)}
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
        if measure.approximate and not distinct_sketch.has_hash(dtype):
            raise Invalid(
                f"metric '{measure.name}' is approximate, and '{name}' is {dtype}, which has no hash",
                hint="leave `approximate` out, and it is counted exactly",
            )
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
            distinct_state(m.name, value_of(m, schema, of=SUBJECT_HASH))
            if m.needs_values
            else state_of(
                m.name,
                m.aggregation,
                value_of(m, schema) if m.column or m.filter else None,
                type_of(m, schema),
                [pl.col(column) for column in m.deciding],
            )
            for m in self._adding()
        ]

    def _merged_states(self, partials: pl.Schema) -> list[State]:
        """The states again, from what the partials hold: the rows' own columns are gone by then."""
        return [
            distinct_state(m.name, pl.lit(None))
            if m.needs_values
            else state_of(
                m.name, m.aggregation, pl.lit(None), _kept_type(m.name, partials), [pl.lit(None) for _ in m.deciding]
            )
            for m in self._adding()
        ]

    def _adding(self) -> list[Measure]:
        """The measures of which partials are numbers that add up."""
        return [measure for measure in self.measures if not self._tallied(measure)]

    def _tallies(self) -> list[Tally]:
        """What is kept for the other measures."""
        return tallies_of([measure for measure in self.measures if self._tallied(measure)], self.subject)

    def _tallied(self, measure: Measure) -> bool:
        adds_up = measure.aggregation == "count_distinct" and measure.column == self.subject and not measure.approximate
        return measure.needs_values and not adds_up


def _kept_type(name: str, partials: pl.Schema) -> pl.DataType:
    """A type that `state_of` keeps the same columns for as it did for the rows' own."""
    if f"{name}.s0" in partials:
        return pl.Float64()
    if f"{name}.high" in partials:
        return pl.Int64()
    if (narrow := partials.get(f"{name}.s")) is not None:
        return narrow if narrow.is_decimal() else pl.Int32()
    return partials.get(f"{name}.x", pl.Int64())


def _gathered(columns: Iterable[Column]) -> list[pl.Expr]:
    return [column.gathered.alias(column.name) for column in columns]


def _put_together(columns: Iterable[Column]) -> list[pl.Expr]:
    return [column.put_together.alias(column.name) for column in columns]


def _counted(result: pl.Expr, measure: Measure) -> pl.Expr:
    return result.fill_null(0).cast(pl.Int64) if measure.aggregation in ("count", "count_distinct") else result
