"""From counts of sessions to the table that people read."""

from __future__ import annotations

import polars as pl

from workbench.analytics.product.durations import middle
from workbench.analytics.product.sessions import SessionSummary

__all__ = ["session_table"]


def session_table(asked: SessionSummary, counts: pl.DataFrame) -> pl.DataFrame:
    """
    Args:
        counts: What `SessionSummary.merge` gives, with times.

    Returns:
        A row per period and attributes: sessions, subjects, events, events_per_session, bounce_rate (sessions of one
        event, 0 to 1), mean_seconds and median_seconds (within 1 %) from the first event to the last.
    """
    keys = [*(["period"] if asked.grain else []), *asked.sessions.attributes]
    sums = pl.col("sessions", "subjects", "bounces", "events", "took").sum()
    half = (pl.col("sessions").sum() + 1) // 2
    median = pl.col("bin").sort_by("bin").filter(pl.col("sessions").sort_by("bin").cum_sum() >= half).first()
    made = [sums, middle(median).alias("median_seconds")]
    table = counts.group_by(keys).agg(made).sort(keys, nulls_last=True) if keys else counts.select(made)
    some = pl.col("sessions") > 0
    return table.with_columns(
        pl.when(some).then(pl.col("events") / pl.col("sessions")).alias("events_per_session"),
        pl.when(some).then(pl.col("bounces") / pl.col("sessions")).alias("bounce_rate"),
        pl.when(some).then(pl.col("took") / pl.col("sessions") / 1e6).alias("mean_seconds"),
    ).select(
        *keys, "sessions", "subjects", "events", "events_per_session", "bounce_rate", "mean_seconds", "median_seconds"
    )
