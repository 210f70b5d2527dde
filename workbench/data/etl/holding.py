"""Holding rows of a load back that do not fit what is expected of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.compute import frames
from workbench.data.lake import Mode, rows_of
from workbench.data.quality import Held, Screened, Suite
from workbench.foundation.errors import Invalid

__all__ = ["held_back", "whole"]


def held_back(
    screen: Callable[..., Screened] | None,
    rows: pl.DataFrame,
    into: str,
    suite: Suite | str | bool,
    mode: Mode,
    at: datetime | str | None,
) -> tuple[pl.DataFrame, Held | None]:
    """The rows that fit, and those that are held back, with what it takes to load them likewise.

    Raises:
        Invalid: Nobody is there who holds rows back.
    """
    if screen is None:
        raise Invalid("nobody is here who holds rows back", hint="Workbench.open().etl knows who")
    since = {"since": at.isoformat()} if isinstance(at, datetime) else {} if at is None else {"at": at}
    how = {"mode": str(mode), **since} if mode is Mode.SNAPSHOT else None
    screened = screen(rows, into=into, suite=None if suite is True else suite, how=how)
    return screened.rows, screened.held


def whole(frame: Any) -> pl.DataFrame:
    """All rows at once, of a stream of Arrow batches as well."""
    if not isinstance(frame, pa.RecordBatchReader):
        return frames.to_polars(frame)
    schema, parts = rows_of(frame)
    return pl.concat([pl.DataFrame(schema=schema), *parts])
