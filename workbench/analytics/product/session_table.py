"""From counts of sessions to the table that people read."""

from __future__ import annotations

import polars as pl

from workbench.analytics.product.durations import middle
from workbench.analytics.product.sessions import SessionSummary

__all__ = ["lengths_of_sessions", "session_table"]

_LENGTHS = (
    (0.001, "none"), (10, "under 10 s"), (30, "10-30 s"), (60, "30-60 s"), (180, "1-3 min"), (600, "3-10 min"),
    (1_800, "10-30 min"), (3_600, "30-60 min"), (10_800, "1-3 h"), (43_200, "3-12 h"), (86_400, "12-24 h"),
    (7 * 86_400, "1-7 days"), (float("inf"), "over 7 days"),
)  # fmt: skip
"""Seconds below which a length is called so."""


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


def lengths_of_sessions(counts: pl.DataFrame) -> pl.DataFrame:
    """How many sessions are so long, from no time at all up to the longest that there is.

    Args:
        counts: What `SessionSummary.merge` gives, with times.

    Returns:
        A row per range of lengths: length (in words), sessions. A session within 1 % of a border may be counted on its
        other side.
    """
    borders = [border for border, _ in _LENGTHS[:-1]]
    place = pl.sum_horizontal((middle(pl.col("bin")) >= border).cast(pl.Int32) for border in borders)
    found = counts.select(place.alias("place"), "sessions").group_by("place").agg(pl.col("sessions").sum())
    last = int(counts.select(place.max()).item() or 0)
    named = pl.DataFrame({"place": range(last + 1), "length": [name for _, name in _LENGTHS[: last + 1]]})
    joined = named.join(found.with_columns(pl.col("place").cast(pl.Int64)), on="place", how="left").sort("place")
    return joined.select("length", pl.col("sessions").fill_null(0))
