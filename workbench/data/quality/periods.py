"""Of dates and times: bins for a histogram, and periods in which nothing happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal

import polars as pl

from workbench.data.quality.profile import Edge, Grain, Times

__all__ = ["TimeBins", "emptied", "moment", "physical", "spanned", "told"]

BINS = 20
_DAY = 86_400 * 1_000_000
_UNITS: dict[Grain, int] = {"minute": 60 * 1_000_000, "hour": 3_600 * 1_000_000, "day": _DAY}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Unit = Literal["date", "time"]


@dataclass(frozen=True)
class TimeBins:
    """Where a column of dates (in days) or times (in microseconds) is cut.

    Attributes:
        edges: One more than there are bins.
        place: Which bin a value is in.
        grain: How long a period is.
        period: Which period a value is in, from 1970 on.
    """

    edges: tuple[Edge, ...]
    place: pl.Expr
    grain: Grain
    period: pl.Expr


def physical(column: pl.Expr, kind: str) -> pl.Expr:
    """Days or microseconds since 1970, as whole numbers."""
    found = column.cast(pl.Int32) if kind == "date" else column.dt.cast_time_unit("us").to_physical()
    return found.cast(pl.Int64)


def spanned(name: str, kind: str, least: int, greatest: int) -> TimeBins:
    """How a column is cut between its least and its greatest value: periods that people count in, where they fit."""
    value = physical(pl.col(name), kind)
    span = (greatest - least) * (_DAY if kind == "date" else 1)
    grain: Grain = "day"
    if kind == "time" and span <= 3 * 86_400 * 1_000_000:
        grain = "minute" if span <= 3 * 3_600 * 1_000_000 else "hour"
    unit = 1 if kind == "date" else _UNITS[grain]
    first, last = least // unit, greatest // unit
    width = -(-(last - first + 1) // BINS)
    count = -(-(last - first + 1) // width)
    edges = tuple(moment(kind, (first + width * place) * unit) for place in range(count + 1))
    return TimeBins(edges, (value // unit - first) // width, grain, value // unit)


def told(kind: str, least: int, greatest: int, bins: TimeBins, periods: Sequence[int]) -> Times:
    """What is told of a column's times.

    Args:
        periods: Those in which there are rows.
    """
    unit = 1 if kind == "date" else _UNITS[bins.grain]
    present = sorted(periods)
    span = present[-1] - present[0] + 1
    longest = max(((after - before, before) for before, after in pairwise(present)), default=None)
    gap = None
    if longest is not None and longest[0] > 1:
        before = longest[1]
        gap = (moment(kind, (before + 1) * unit), moment(kind, (before + longest[0] - 1) * unit))
    return Times(
        min=moment(kind, least),
        max=moment(kind, greatest),
        seconds=(greatest - least) * (86_400 if kind == "date" else 1e-6),
        grain=bins.grain,
        periods=span,
        without=span - len(present),
        gap=gap,
    )


def emptied() -> Times:
    """What is told of no times."""
    return Times(None, None, 0.0, "day", 0, 0, None)


def moment(kind: str, value: int) -> Edge:
    """A date, or a time in UTC; a text where Python's calendar has ended."""
    try:
        if kind == "date":
            return date(1970, 1, 1) + timedelta(days=value)
        return _EPOCH + timedelta(microseconds=value)
    except OverflowError:
        if kind == "date":
            return str(pl.Series([value], dtype=pl.Int32).cast(pl.Date).dt.to_string("%Y-%m-%d")[0])
        return str(pl.Series([value]).cast(pl.Datetime("us")).dt.to_string("%Y-%m-%dT%H:%M:%S")[0]) + "Z"
