"""Where the marks of an axis stand: round numbers, and days that a calendar would name."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from workbench.charts import written

__all__ = ["day_ticks", "level_labels", "level_ticks", "period_names"]

_MOST = 6
_MOST_WITH_YEAR = 5
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60)


def level_ticks(values: np.ndarray[Any, Any]) -> list[float]:
    """Round numbers that hold all values, from below the least to above the greatest.

    Zero is among them unless that would press everything into the upper half.
    """
    real = values[np.isfinite(values)]
    low, high = (float(real.min()), float(real.max())) if len(real) else (0.0, 1.0)
    if 0 < low <= 0.5 * high:
        low = 0.0
    if high < 0 and low >= 2 * high:
        high = 0.0
    if low == high:
        low, high = min(0.0, low), max(0.0, high) or 1.0
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(at * step, 12) for at in range(first, last + 1)]


def level_labels(levels: list[float], format: str) -> dict[str, str]:
    """What stands at each level, with the true minus sign, which bqplot's own d3 lacks; by how JavaScript names it."""
    return {str(int(level)) if level.is_integer() else repr(level): written(level, format) for level in levels}


def day_ticks(times: pl.Series) -> tuple[np.ndarray[Any, Any], str]:
    """The days to name on an axis along these times, and the d3 format that names them."""
    days = times.drop_nulls().cast(pl.Date).unique().sort()
    if days.is_empty():
        return np.array([], dtype="datetime64[ms]"), "%d %b"
    first, last = days[0], days[-1]
    span = (last - first).days + 1
    for step in _DAYS:
        if span <= step * _MOST:
            count = (span - 1) // step + 1
            return _array([first + timedelta(days=step * at) for at in range(count)]), "%-d %b"
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    yearly = months > 11  # then the year stands there too, and fewer have room on a phone
    most = _MOST_WITH_YEAR if yearly else _MOST + 1
    step = next((step for step in _MONTHS if months <= step * most), _MONTHS[-1])
    starts = [
        first.replace(year=at // 12, month=at % 12 + 1, day=1)
        for at in range(first.year * 12 + first.month - 1, last.year * 12 + last.month, step)
    ]
    return _array([start for start in starts if start >= first]), "%b %Y" if yearly else "%b"


def period_names(starts: pl.Series, grain: str) -> list[str]:
    """What stands under a bar or before a row of a period, in seven letters or less: Jan ’97, 26 Jan, 14:00."""
    written = {"hour": "%H:%M", "day": "%-d %b", "week": "%-d %b"}.get(grain, "%b ’%y")
    return [start.strftime(written.replace("%-d", str(start.day))) for start in starts]


def _array(days: list[Any]) -> np.ndarray[Any, Any]:
    return np.array(days, dtype="datetime64[D]").astype("datetime64[ms]")
