"""Rows to a file, whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import polars as pl

from workbench.data.lake.disk import disk_errors, sync
from workbench.foundation.errors import Conflict, Invalid

__all__ = ["written"]

EXPORTS = (".csv", ".tsv", ".parquet", ".ndjson", ".json")


def written(rows: Callable[[], pl.DataFrame], path: Path, *, overwrite: bool) -> int:
    """Writes beside the file and then puts it in its place; rows are read when everything else is right.

    Returns:
        How many rows were written.

    Raises:
        Invalid: The ending is of no known format, or the format cannot hold a column.
        Conflict: There is such a file already, and `overwrite` is not asked for.
        Unavailable: The disk is full or the folder may not be written to.
    """
    if path.suffix.lower() not in EXPORTS:
        raise Invalid(f"cannot export to '{path.name}'", hint=f"known endings: {', '.join(EXPORTS)}")
    if not path.parent.is_dir():
        raise Invalid(f"there is no folder {path.parent} to export to")
    if path.exists() and not overwrite:
        raise Conflict(
            f"there is a file {path} already", hint="name another one, or allow overwrite=True (--overwrite)"
        )
    frame = rows()
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with disk_errors(path.parent):
            _write(frame, aside, path.suffix.lower())
            sync([aside])
            aside.replace(path)
            sync([path.parent])
    finally:
        aside.unlink(missing_ok=True)
    return frame.height


def _write(frame: pl.DataFrame, path: Path, ending: str) -> None:
    binary = [name for name, dtype in frame.schema.items() if _binary(dtype)]
    if binary and ending != ".parquet":
        raise Invalid(
            f"{ending[1:]} cannot hold the column '{binary[0]}', which is {frame.schema[binary[0]]}",
            hint="export to .parquet, or make text of it: pl.col(...).bin.encode('base64')",
        )
    try:
        match ending:
            case ".csv":
                frame.write_csv(path)
            case ".tsv":
                frame.write_csv(path, separator="\t")
            case ".parquet":
                frame.write_parquet(path)
            case ".ndjson":
                frame.write_ndjson(path)
            case _:
                frame.write_json(path)
    except (pl.exceptions.ComputeError, pl.exceptions.PanicException) as error:
        if "space" in str(error).lower():
            raise
        raise Invalid(
            f"{ending[1:]} cannot hold these columns: {str(error).splitlines()[0]}", hint="export to .parquet"
        ) from error


def _binary(dtype: pl.DataType) -> bool:
    match dtype:
        case pl.List() | pl.Array():
            return _binary(dtype.inner)  # type: ignore[arg-type]
        case pl.Struct():
            return any(_binary(field.dtype) for field in dtype.fields)  # type: ignore[arg-type]
        case _:
            return dtype == pl.Binary
