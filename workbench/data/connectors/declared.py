"""Columns whose types somebody declared: every value becomes that, or is refused with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Literal

import pyarrow as pa

from workbench.data.connectors.times import as_dates, as_times
from workbench.data.connectors.values import TEXT, as_json, as_texts, encodable, shown
from workbench.foundation.errors import Invalid

__all__ = ["DECLARED", "ColumnType", "converted"]

ColumnType = Literal["text", "integer", "number", "boolean", "date", "time"]

DECLARED: dict[ColumnType, pa.DataType] = {
    "text": TEXT,
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us", "UTC"),
}


def converted(name: str, declared: ColumnType, values: list[Any], where: str, *, first: int = 1) -> pa.Array:
    """The values as an array of the declared type.

    Args:
        first: The row of the first value.

    Raises:
        Invalid: One of them is not of it; with its row.
    """
    convert = _CONVERT[declared]
    made: list[Any] = []
    for row, value in enumerate(values, start=first):
        try:
            made.append(None if value is None else convert(value))
        except (ValueError, OverflowError):
            raise Invalid(
                f"{where}, row {row}, column '{shown(name)}': {as_json(value)[:80]} is no {declared}"
                + (" with a zone, such as 2013-01-01T05:00:00Z" if declared == "time" else ""),
                hint="declare another type for it, text for example, or have the value mended",
            ) from None
    if declared == "text":
        return as_texts(name, made, where)
    return pa.array(made, DECLARED[declared])


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    if isinstance(value, str) and not re.fullmatch(r"[-+]?[0-9]{1,19}", value):
        raise ValueError
    made = int(value)
    if (isinstance(value, float) and made != value) or not -(1 << 63) <= made < 1 << 63:
        raise ValueError
    return made


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    if isinstance(value, str) and not re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?", value):
        raise ValueError
    made = float(value)
    if math.isinf(made):
        raise ValueError
    return made


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError


def _written(value: Any) -> str:
    return value if isinstance(value, str) else as_json(value)


def _day(value: Any) -> Any:
    return _read(value, as_dates)


def _moment(value: Any) -> Any:
    found = _read(value, as_times)
    if found.tzinfo is None:
        raise ValueError
    return found


def _read(value: Any, read: Callable[[pa.Array], pa.Array | None]) -> Any:
    if not isinstance(value, str) or not encodable(value):
        raise ValueError
    found = read(pa.array([value], TEXT))
    if found is None:
        raise ValueError
    return found[0].as_py()


_CONVERT: dict[ColumnType, Callable[[Any], Any]] = {
    "text": _written,
    "integer": _whole,
    "number": _number,
    "boolean": _boolean,
    "date": _day,
    "time": _moment,
}
