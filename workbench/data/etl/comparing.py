"""Rows that come in against rows that are there."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.wording import counted

__all__ = ["check_key", "fitted", "sorted_out"]


def check_key(rows: pl.DataFrame, key: Sequence[str]) -> None:
    """Refuses rows that their key does not tell apart.

    Raises:
        Invalid: A key column is not there, or null or NaN in a row, or two rows have the same key.
    """
    for name in key:
        if name not in rows.columns:
            raise unknown("key column", name, rows.columns, error=Invalid)
        if missing := rows[name].null_count():
            raise Invalid(
                f"{counted(missing, 'row')} {'has' if missing == 1 else 'have'} no '{name}', which is part of the key"
            )
        if rows.schema[name].is_float() and (odd := rows[name].is_nan().sum()):
            raise Invalid(
                f"{counted(int(odd), 'row')} {'has' if odd == 1 else 'have'} NaN for '{name}', which is part of the key"
            )
    if not key:
        return
    doubled = rows.select(key).filter(rows.select(key).is_duplicated())
    if doubled.height:
        example = ", ".join(f"{name}={value}" for name, value in zip(key, doubled.row(0), strict=True))
        raise Invalid(
            f"{doubled.height:,} rows share their key with another, e.g. {example}",
            hint="deduplicate(frame, by=[...]) keeps one of each",
        )


def fitted(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame | None:
    """The rows with the columns in the order and of the types that a dataset keeps; None where they do not fit."""
    if set(rows.columns) != set(schema):
        return None
    try:
        return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    except pl.exceptions.PolarsError:
        return None


def sorted_out(rows: pl.DataFrame, there: pl.DataFrame, key: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose key is new, and those that differ from the row of the same key.

    Args:
        rows: Of the same columns and types as `there`; keys are unique and never null.
    """
    keys = list(key)
    added = rows.join(there, on=keys, how="anti", maintain_order="left")
    others = [name for name in rows.columns if name not in keys]
    if not others:
        return added, rows.clear()
    before = there.select(*keys, *(pl.col(name).alias(f"{name} before") for name in others))
    pairs = rows.join(before, on=keys, how="inner", maintain_order="left")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name} before")) for name in others)
    return added, pairs.filter(differs).select(rows.columns)
