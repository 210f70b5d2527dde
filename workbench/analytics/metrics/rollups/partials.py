"""Partials of measures as something that is kept, and as something that is computed on in place of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.rollups.sheets import PERIOD
from workbench.analytics.metrics.windows import literal
from workbench.compute import Analysis, grains

__all__ = ["Kept", "Standing"]


@dataclass(frozen=True)
class Kept:
    """Measures as far as they are kept: the partials of all parts, put together."""

    measures: Measures

    by_subject = False
    ordered = False

    @property
    def name(self) -> str:
        return "partials of measures"

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return self.measures.partial(rows)

    def combine(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        return self.measures.combine(partials)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """Columns in the order of their names, so that what was kept at different times goes together."""
        found = self.measures.combine(partials)
        return found.select(sorted(found.collect_schema().names()))


@dataclass(frozen=True)
class Standing:
    """An analysis of rows, computed on what is kept of them.

    Attributes:
        analysis: Whose partials are those of `measures`.
        measures: All of the sheet's, by the keys of the query.
        sheet: As they are kept, by finer keys.
        columns: Which of the sheet's measures are wanted, and what the query calls them.
        dimensions: Which of the sheet's keys the query's are, the time apart, in its order.
        where: Over the dimensions.
        first: Periods from this one on.
        before: Periods before this one.
        timed: Only what has a time.
    """

    analysis: Analysis
    measures: Measures
    sheet: Measures
    columns: Mapping[str, str]
    dimensions: tuple[str, ...]
    where: Sequence[pl.Expr] = ()
    first: date | datetime | None = None
    before: date | datetime | None = None
    timed: bool = False

    by_subject = False
    ordered = False

    @property
    def name(self) -> str:
        return self.analysis.name

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """What is kept of some months, as partials of the analysis."""
        dtype = rows.collect_schema()[PERIOD]
        period = pl.col(PERIOD)
        kept = list(self.where)
        if self.first is not None:
            kept.append(period >= literal(self.first, dtype))
        if self.before is not None:
            kept.append(period < literal(self.before, dtype))
        if self.timed:
            kept.append(period.is_not_null())
        found = rows.filter(kept) if kept else rows
        made = [pl.col(name) for name in self.dimensions]
        keys = self.measures.keys
        if keys and keys[0].grain is not None:
            time = keys[0]
            cut = grains.truncate(period, dtype, str(time.grain), time_zone=time.time_zone, week_start=time.week_start)
            made = [cut, *made]
        return self.measures.combine(self.measures.from_finer(found, self.sheet, made))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        keys = [key.name for key in self.measures.keys]
        wanted = [pl.col(kept).alias(asked) for kept, asked in self.columns.items()]
        return self.analysis.merge(partials).select(*keys, *wanted)
