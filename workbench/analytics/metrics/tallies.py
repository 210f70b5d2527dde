"""What is kept of a column's values by group where one number will not do: rows, each with a number that adds up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from workbench.analytics.metrics import distinct_sketch, quantile_sketch, quantiles
from workbench.analytics.metrics.measure import Measure, value_of
from workbench.compute import SUBJECT_HASH

__all__ = ["Tally", "Values", "tallies_of"]


@dataclass(frozen=True)
class Tally(ABC):
    """The rows of one column, by group, for all measures that are made of them.

    Attributes:
        measures: All of the same column, filter and way of counting; never empty.
        place: Which of an analysis' tallies this is, from 0.
        subject: The column whose hash the rows have in `SUBJECT_HASH`, if any.
    """

    measures: tuple[Measure, ...]
    place: int
    subject: str | None = None

    @property
    def column(self) -> str:
        """The column of what is counted."""
        return f".value {self.place}"  # names with a dot are no dimension's and no metric's

    @property
    def number(self) -> str:
        """The column of the number that each has."""
        return f".number {self.place}"

    @property
    def put_together(self) -> pl.Expr:
        """The numbers of several rows as one, of the same name."""
        return pl.col(self.number).sum()

    def row(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """What a row gives, as `column`; null where it does not count."""
        return value_of(self.measures[0], dict(schema)).alias(self.column)

    def counts(self, rows: pl.LazyFrame, keys: Sequence[str], *, missing: bool = False) -> pl.LazyFrame:
        """The keys, `column` and `number`, one row for each that occurs.

        Args:
            missing: Also for null, so that every group has a row.
        """
        there = self._there(rows, keys, missing=missing)
        return there.group_by([*keys, self.column]).agg(pl.len().cast(pl.Int64).alias(self.number))

    @abstractmethod
    def figures(self, counts: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
        """The keys and the measures, for groups that have a value; from counts that are put together."""

    def _there(self, rows: pl.LazyFrame, keys: Sequence[str], *, missing: bool) -> pl.LazyFrame:
        found = rows.select(*keys, self.column)
        return found if missing else found.drop_nulls(self.column)

    @property
    def wanted(self) -> dict[str, float | None]:
        return {measure.name: measure.quantile for measure in self.measures}


class Values(Tally):
    """Every distinct value, and how often it occurs: exact quantiles and distinct counts."""

    def figures(self, counts: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
        if any(quantile is not None for quantile in self.wanted.values()):
            counts = counts.with_columns(pl.col(self.column).cast(pl.Float64))
        return quantiles.from_counts(counts, keys, self.column, self.number, self.wanted)


class Buckets(Tally):
    """Every bucket of values, and how many there are in it: quantiles."""

    def row(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        return quantile_sketch.bucket(super().row(schema).cast(pl.Float64)).alias(self.column)

    def figures(self, counts: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
        values = counts.with_columns(quantile_sketch.value_of_bucket(pl.col(self.column)).alias(self.column))
        return quantiles.from_counts(values, keys, self.column, self.number, self.wanted)


class Registers(Tally):
    """Every register, and the smallest rest of the hashes in it: distinct counts."""

    @property
    def put_together(self) -> pl.Expr:
        return pl.col(self.number).min()

    def row(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        measure = self.measures[0]
        if measure.column == self.subject:
            return value_of(measure, dict(schema), of=SUBJECT_HASH).alias(self.column)
        return distinct_sketch.hashed_value(super().row(schema)).alias(self.column)

    def counts(self, rows: pl.LazyFrame, keys: Sequence[str], *, missing: bool = False) -> pl.LazyFrame:
        hashed = pl.col(self.column)
        kept = self._there(rows, keys, missing=missing).select(
            *keys,
            distinct_sketch.register(hashed).alias(self.column),
            distinct_sketch.rest(hashed).alias(self.number),
        )
        return kept.group_by([*keys, self.column]).agg(pl.col(self.number).min())

    def figures(self, counts: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
        first, *others = self.measures
        found = distinct_sketch.estimates(counts, keys, self.number, first.name)
        return found.with_columns(pl.col(first.name).alias(other.name) for other in others)


def tallies_of(measures: Sequence[Measure], subject: str | None) -> list[Tally]:
    """Tallies for all of the measures, those that need the same rows together."""
    found: dict[tuple[type[Tally], str | None, str | None], list[Measure]] = {}
    for measure in measures:
        found.setdefault((_kind(measure), measure.column, measure.filter), []).append(measure)
    return [kind(tuple(sharing), place, subject) for place, ((kind, _, _), sharing) in enumerate(found.items())]


def _kind(measure: Measure) -> type[Tally]:
    if not measure.approximate:
        return Values
    return Registers if measure.quantile is None else Buckets
