"""From a funnel's counts to the table that people read."""

from __future__ import annotations

import polars as pl

from workbench.analytics.product.breakdown import OTHER, largest_first, with_top
from workbench.analytics.product.durations import middle
from workbench.analytics.product.funnel import Funnel

__all__ = ["OTHER", "funnel_table"]


def funnel_table(funnel: Funnel, counts: pl.DataFrame, top: int) -> pl.DataFrame:
    """
    Args:
        counts: What `Funnel.merge` gives, with times.
        top: So many values of the breakdown are told apart, those with the most entries; others are `OTHER`.

    Returns:
        A row per value, period and step, values with the most entries first: `breakdown` and `period` where asked for,
        `step` (from 1), `event`, `subjects`, `share_of_first`, `share_of_previous` (null where nobody was before),
        `mean_seconds` and `median_seconds` since entering, `mean_wait` and `median_wait` since the step before
        (seconds; null for step 1).
    """
    values = ["breakdown"] if funnel.breakdown else []
    groups = [*values, *(["period"] if funnel.grain else [])]
    if values:
        counts = _top(counts, top)
    keys = [*groups, "step"]
    summed = counts.group_by(keys).agg(pl.col("subjects", "took", "waited").sum())
    grid = _grid(summed, groups, len(funnel.steps))
    table = grid.join(summed, on=keys, how="left", nulls_equal=True)
    for name, bins in (("median_seconds", "took_bin"), ("median_wait", "bin")):
        table = table.join(_medians(counts, keys, bins, name), on=keys, how="left", nulls_equal=True)
    table = table.with_columns(pl.col("subjects").fill_null(0)).sort([*groups, "step"], nulls_last=True)
    first = pl.col("subjects").first()
    before = pl.col("subjects").shift(1)
    if groups:  # a missing value is a group like others
        table = table.with_columns(pl.struct(groups).rank("dense").alias(".group"))
        first, before = first.over(".group"), before.over(".group")
    entered = pl.col("step") == 1
    titles = [step.title for step in funnel.steps]
    table = table.with_columns(
        pl.when(first > 0).then(pl.col("subjects") / first).alias("share_of_first"),
        pl.when(entered & (first > 0))
        .then(1.0)
        .when(before > 0)
        .then(pl.col("subjects") / before)
        .alias("share_of_previous"),
        pl.when(pl.col("subjects") > 0).then(pl.col("took") / pl.col("subjects") / 1e6).alias("mean_seconds"),
        pl.when(~entered & (pl.col("subjects") > 0))
        .then(pl.col("waited") / pl.col("subjects") / 1e6)
        .alias("mean_wait"),
        pl.col("step").replace_strict(range(1, len(titles) + 1), titles, return_dtype=pl.String).alias("event"),
    )
    if values:
        table = largest_first(table, _entries(table))
    shown = ["event", "subjects", "share_of_first", "share_of_previous"]
    return table.select(*keys, *shown, "mean_seconds", "median_seconds", "mean_wait", "median_wait")


def _top(counts: pl.DataFrame, top: int) -> pl.DataFrame:
    return with_top(counts, _entries(counts), top)


def _entries(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.filter(pl.col("step") == 1).group_by("breakdown").agg(pl.col("subjects").sum())


def _grid(summed: pl.DataFrame, groups: list[str], steps: int) -> pl.DataFrame:
    numbers = pl.DataFrame({"step": range(1, steps + 1)}, schema={"step": pl.Int64})
    return summed.select(groups).unique().join(numbers, how="cross") if groups else numbers


def _medians(counts: pl.DataFrame, keys: list[str], bins: str, name: str) -> pl.DataFrame:
    """The median of each group, from how many are in each bin: within 1 % of the true one."""
    known = counts.filter(pl.col(bins).is_not_null()).group_by([*keys, bins]).agg(pl.col("subjects").sum())
    ranked = known.sort(bins).with_columns(pl.struct(keys).rank("dense").alias(".group"))
    upto = pl.col("subjects").cum_sum().over(".group", order_by=bins)
    half = (pl.col("subjects").sum().over(".group") + 1) // 2
    reached = ranked.with_columns(upto.alias(".upto"), half.alias(".half")).filter(pl.col(".upto") >= pl.col(".half"))
    return reached.group_by(keys).agg(pl.col(bins).min()).select(*keys, middle(pl.col(bins)).alias(name))
