"""Figures of an earlier time, put where they are compared with: the April of May, the same day a week before."""

from __future__ import annotations

import polars as pl

from workbench.analytics.metrics.spans import Span

__all__ = ["moved"]

# A day of a longer month stands for up to four days of the next: 28 February for 28 to 31 March.
_MOST_DAYS = 4


def moved(frame: pl.DataFrame, time: str, span: Span, grain: str) -> pl.DataFrame:
    """Each row at every period whose earlier one it is: by the calendar, and the clock of the column's zone.

    Args:
        frame: Rows of periods; those without a time have no later one and are left out.
        time: The column of the periods' starts: dates, or times with a zone.
        grain: Of the periods; a span that fits it.

    Returns:
        The rows, moved later. A clock's time that does not exist has no figure; of one that is there twice, the first
        is the earlier one's.
    """
    dtype = frame.schema[time]
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    days = _MOST_DAYS if span.months and grain in ("minute", "hour", "day") else 1
    found = []
    for later in range(days):
        local = pl.col(time).dt.replace_time_zone(None) if zone else pl.col(time)
        target = span.shifted(local, back=False).dt.offset_by(f"{later}d")
        if not zone:
            found.append(frame.with_columns(target.alias(".to")))
            continue
        for which in ("earliest", "latest"):
            there = target.dt.replace_time_zone(zone, ambiguous=which, non_existent="null")
            found.append(frame.with_columns(there.alias(".to")))
    candidates = pl.concat(found).unique(maintain_order=True)
    back = span.shifted(pl.col(".to").dt.replace_time_zone(None) if zone else pl.col(".to"), back=True)
    if zone:
        back = back.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return candidates.filter(back == pl.col(time)).with_columns(pl.col(".to").alias(time)).drop(".to")
