"""Slices of a source, and the mark that says which content of one has landed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from workbench.foundation.errors import Invalid

__all__ = ["Slice", "days", "mark", "named"]

Slice = Mapping[str, Any]
"""A value for each column that the slices are cut by."""


def days(start: date, end: date) -> Iterator[dict[str, int]]:
    """One slice per calendar day, for a source with the columns `year`, `month` and `day`.

    Args:
        start: The first day.
        end: The day after the last.

    Raises:
        Invalid: The end is before the start.
    """
    if end < start:
        raise Invalid(
            f"the period ends on {end} and begins later, on {start}", hint="the end is the day after the last"
        )
    for offset in range((end - start).days):
        day = start + timedelta(days=offset)
        yield {"year": day.year, "month": day.month, "day": day.day}


def named(part: Slice) -> str:
    """A slice's name in checkpoints and messages: "2013-01-31"."""
    return "-".join(f"{value:02}" if isinstance(value, int) else str(value) for value in part.values())


def mark(frame: pl.DataFrame) -> int:
    """A number below 2**63 that is the same for the same rows in any order, on every machine and version.

    Taken from the rows as text, since a frame library's own hash is no promise from one release to the next.
    """
    rows = frame.select(sorted(frame.columns)).write_csv(include_header=True).splitlines()
    digest = hashlib.sha256("\n".join([rows[0], *sorted(rows[1:])]).encode())
    return int.from_bytes(digest.digest()[:8], "big") >> 1
