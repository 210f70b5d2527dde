"""What transforms take and give: the kind of frame they were given, which is pandas, Arrow, Dask, cuDF, Polars or lazy
Polars, and SQL, which is read where a transform is written down, before there is a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar, cast

import polars as pl
import pyarrow as pa
from pydantic import AfterValidator

from workbench.compute import expressions, frames
from workbench.foundation.errors import Invalid, unknown

__all__ = ["AnyFrame", "Condition", "Expression", "alike", "known", "number_column"]

AnyFrame = TypeVar("AnyFrame")


def _read(text: str, what: str) -> str:
    try:
        expressions.names_in(text, f"has {what} that")
    except Invalid as error:
        raise ValueError(f"{error}; {error.hint}" if error.hint else str(error)) from error
    return text


Condition = Annotated[str, AfterValidator(lambda text: _read(text, "a condition"))]
Expression = Annotated[str, AfterValidator(lambda text: _read(text, "an expression"))]


def alike(given: AnyFrame, made: pl.LazyFrame) -> AnyFrame:
    """`made`, as the kind of frame that `given` is. One of Dask is computed here, and has as many partitions again."""
    result: Any
    library = type(given).__module__.partition(".")[0]
    if isinstance(given, pl.LazyFrame):
        result = made
    elif isinstance(given, pl.DataFrame):
        result = made.collect(engine="in-memory")
    elif isinstance(given, pa.Table):
        result = frames.to_arrow(made)
    elif library == "dask":
        result = _parted(made.collect(engine="in-memory"), cast("Any", given).npartitions)
    elif library == "cudf":
        result = frames.to_cudf(made)
    else:
        result = frames.to_pandas(made)
    return cast("AnyFrame", result)


def known(names: Iterable[str], schema: Mapping[str, pl.DataType]) -> None:
    """
    Raises:
        NotFound: One is no column; says the nearest.
    """
    for name in names:
        if name not in schema:
            raise unknown("column", name, schema)


def number_column(name: str, schema: Mapping[str, pl.DataType], what: str) -> pl.Expr:
    """A column of numbers, with NaN as null.

    Args:
        what: What needs one, for the error: "a ratio".

    Raises:
        NotFound: No such column.
        Invalid: It has no numbers.
    """
    known([name], schema)
    if not schema[name].is_numeric():
        raise Invalid(f"'{name}' is {schema[name]}, and {what} needs a number", hint="cast(...) makes one of it")
    return pl.col(name).fill_nan(None) if schema[name].is_float() else pl.col(name)


def _parted(rows: pl.DataFrame, parts: int) -> Any:
    size = max(1, -(-rows.height // parts))
    pieces = [rows[begin : begin + size].lazy() for begin in range(0, max(rows.height, 1), size)]
    return frames.to_dask(pieces, rows.schema)
