"""From a funnel's counts to the table that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from workbench.analytics.product.breakdown import OTHER, VALUE, largest_first, with_top
from workbench.analytics.product.durations import middle
from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.funnel import Funnel

__all__ = ["OTHER", "FunnelTable"]


@dataclass(frozen=True)
class FunnelTable:
    """A funnel as a table. It is an analysis by itself so that what is kept of it is the table: counts of durations
    are many, and the more subjects there are, the more.

    Attributes:
        funnel: With times, and without a cell.
        top: So many values of the breakdown are told apart, those with the most entries; others are `OTHER`.
    """

    funnel: Funnel
    top: int

    name = "funnel"
    by_subject = True
    ordered = True

    @property
    def columns(self) -> EventColumns:
        return self.funnel.columns

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.funnel.steps

    def check(self, schema: Mapping[str, pl.DataType], dataset: str) -> None:
        """
        Raises:
            Invalid: As `Funnel.check`.
        """
        self.funnel.check(schema, dataset)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return self.funnel.partial(rows)

    def partial_of_runs(self, rows: pl.LazyFrame, *, chronological: bool, compiled: bool = False) -> pl.LazyFrame:
        return self.funnel.partial_of_runs(rows, chronological=chronological, compiled=compiled)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """A row per value, period and step, values with the most entries first.

        Columns: `breakdown` and `period` where asked for, `step` (from 1), `event`, `subjects`, `share_of_first`,
        `share_of_previous` (null where nobody was before), `mean_seconds` and `median_seconds` since entering,
        `mean_wait` and `median_wait` since the step before (seconds; null for step 1).
        """
        counts = self.funnel.merge(partials)
        values = [VALUE] if self.funnel.breakdown else []
        groups = [*values, *(["period"] if self.funnel.grain else [])]
        if values:
            counts = with_top(counts, _entries(counts), self.top)
        keys = [*groups, "step"]
        summed = counts.group_by(keys).agg(pl.col("subjects", "took", "waited").sum())
        table = _grid(summed, groups, len(self.steps)).join(summed, on=keys, how="left", nulls_equal=True)
        for name, bins in (("median_seconds", "took_bin"), ("median_wait", "bin")):
            table = table.join(_medians(counts, keys, bins, name), on=keys, how="left", nulls_equal=True)
        table = table.with_columns(pl.col("subjects").fill_null(0)).sort([*groups, "step"], nulls_last=True)
        table = table.with_columns(_told(groups, [step.title for step in self.steps]))
        if values:
            table = largest_first(table, _entries(table))
        shown = ["event", "subjects", "share_of_first", "share_of_previous"]
        return table.select(*keys, *shown, "mean_seconds", "median_seconds", "mean_wait", "median_wait")


def _told(groups: list[str], titles: list[str]) -> list[pl.Expr]:
    """The shares and means of each step, and what it is called."""
    subjects, entered = pl.col("subjects"), pl.col("step") == 1
    first, before = subjects.first(), subjects.shift(1)
    if groups:  # a missing value is a group like others
        group = pl.struct(groups)
        first, before = first.over(group, order_by="step"), before.over(group, order_by="step")
    some = subjects > 0
    return [
        pl.when(first > 0).then(subjects / first).alias("share_of_first"),
        pl.when(entered & (first > 0)).then(1.0).when(before > 0).then(subjects / before).alias("share_of_previous"),
        pl.when(some).then(pl.col("took") / subjects / 1e6).alias("mean_seconds"),
        pl.when(~entered & some).then(pl.col("waited") / subjects / 1e6).alias("mean_wait"),
        pl.col("step").replace_strict(range(1, len(titles) + 1), titles, return_dtype=pl.String).alias("event"),
    ]


def _entries(counts: pl.LazyFrame) -> pl.LazyFrame:
    return counts.filter(pl.col("step") == 1).group_by(VALUE).agg(pl.col("subjects").sum())


def _grid(summed: pl.LazyFrame, groups: list[str], steps: int) -> pl.LazyFrame:
    numbers = pl.LazyFrame({"step": range(1, steps + 1)}, schema={"step": pl.Int64})
    return summed.select(groups).unique().join(numbers, how="cross") if groups else numbers


def _medians(counts: pl.LazyFrame, keys: list[str], bins: str, name: str) -> pl.LazyFrame:
    """The median of each group, from how many are in each bin: within 1 % of the true one."""
    known = counts.filter(pl.col(bins).is_not_null()).group_by([*keys, bins]).agg(pl.col("subjects").sum())
    group, subjects = pl.struct(keys), pl.col("subjects")
    upto = subjects.cum_sum().over(group, order_by=bins)
    half = (subjects.sum().over(group) + 1) // 2
    reached = known.with_columns(upto.alias(".upto"), half.alias(".half")).filter(pl.col(".upto") >= pl.col(".half"))
    return reached.group_by(keys).agg(pl.col(bins).min()).select(*keys, middle(pl.col(bins)).alias(name))
