"""A transform gives back the kind of frame it was given: pandas, Arrow, Polars or lazy Polars."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import polars as pl
import pyarrow as pa

from workbench.compute import frames

__all__ = ["AnyFrame", "alike"]

AnyFrame = TypeVar("AnyFrame")


def alike(given: AnyFrame, made: pl.LazyFrame) -> AnyFrame:
    """`made`, as the kind of frame that `given` is."""
    result: Any
    if isinstance(given, pl.LazyFrame):
        result = made
    elif isinstance(given, pl.DataFrame):
        result = made.collect(engine="in-memory")
    elif isinstance(given, pa.Table):
        result = frames.to_arrow(made)
    else:
        result = frames.to_pandas(made)
    return cast("AnyFrame", result)
