"""Arrow batches as a database gives them, made those of the columns that were settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as compute

from workbench.data.connectors.databases.columns import Column, refused, schema_of
from workbench.data.connectors.databases.reading import Place
from workbench.foundation.errors import Invalid

__all__ = ["fitted"]

_DAY_US = 86_400_000_000
# The years 1 to 9999, which is what Python and Polars can show; infinity lies outside as well.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896


def fitted(found: pa.RecordBatch, columns: Sequence[Column], place: Place) -> pa.RecordBatch:
    """
    Raises:
        Invalid: A value is not of its column's type; names the row, the column and the value.
    """
    arrays = [_array(array, column, place) for array, column in zip(found.columns, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns))


def _array(array: pa.Array, column: Column, place: Place) -> pa.Array:
    storage = array.storage if isinstance(array, pa.ExtensionArray) else array
    if pa.types.is_date(storage.type) or pa.types.is_timestamp(storage.type):
        _of_the_calendar(storage, column, place)
    try:
        return storage.cast(column.type)
    except pa.ArrowException as error:
        at = next((at for at, value in enumerate(storage) if not _casts(value, column)), 0)
        raise refused(column, storage[at].as_py(), place.said, place.row + at + 1) from error


def _of_the_calendar(array: pa.Array, column: Column, place: Place) -> None:
    """
    Raises:
        Invalid: A day or time is infinite, or before year 1 or after 9999.
    """
    days = pa.types.is_date(array.type)
    numbers = array.cast(pa.int32() if days else pa.int64())
    unit = 1 if days else _DAY_US
    low, high = _FIRST_DAY * unit, (_LAST_DAY + 1) * unit - 1
    least: Any = compute.min_max(numbers)
    if least["min"].as_py() is None or (least["min"].as_py() >= low and least["max"].as_py() <= high):
        return
    outside = compute.or_(compute.less(numbers, low), compute.greater(numbers, high))
    at = compute.index(outside.fill_null(False), True).as_py()
    raise Invalid(
        f"{place.said}, row {place.row + at + 1:,}, column '{column.name}':"
        f" {'a day' if days else 'a time'} outside of the years 1 to 9999",
        hint=f"leave it out, or cast it in a query: CAST({column.name} AS TEXT) AS {column.name}",
    )


def _casts(value: pa.Scalar, column: Column) -> bool:
    try:
        value.cast(column.type)
    except pa.ArrowException:
        return False
    return True
