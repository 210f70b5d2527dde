"""Which columns a dataset can have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa
from deltalake import Schema as DeltaSchema

from workbench.foundation.errors import Invalid

__all__ = ["TIME", "cast_hint", "delta_schema", "digest", "inner_type", "polars_schema", "storable"]

TIME = pl.Datetime("us", "UTC")
_SIGNED: dict[type[pl.DataType], pl.DataType] = {
    pl.UInt8: pl.Int16(),
    pl.UInt16: pl.Int32(),
    pl.UInt32: pl.Int64(),
    pl.UInt64: pl.Int64(),
}
_KEPT = (pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Float32, pl.Float64, pl.String, pl.Binary, pl.Date)


def storable(schema: Mapping[str, pl.DataType]) -> pl.Schema:
    """The types that a frame's columns are kept as: times in UTC with microseconds, categories as text, whole numbers
    signed.

    Raises:
        Invalid: A column without a type or name, a time without a zone, or a type that cannot be kept.
    """
    folded: dict[str, str] = {}
    for name in schema:
        if not name.strip():
            raise Invalid("a column has no name", hint="name every column")
        if "\0" in name:
            raise Invalid(f"the column name {name!r} has a NUL character", hint="rename the column")
        if (other := folded.setdefault(name.casefold(), name)) != name:
            raise Invalid(f"the columns '{other}' and '{name}' differ only in upper and lower case")
    if not schema:
        raise Invalid("the frame has no columns")
    return pl.Schema({name: _storable(name, dtype) for name, dtype in schema.items()})


def _storable(name: str, dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, _KEPT):
        return dtype
    if type(dtype) in _SIGNED:
        return _SIGNED[type(dtype)]
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.String()
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            raise Invalid(
                f"column '{name}' has times without a time zone",
                hint=f"say which it is: load with time_zone='UTC' (--time-zone UTC), or"
                f" pl.col('{name}').dt.replace_time_zone('UTC') on a frame",
            )
        return TIME
    if isinstance(dtype, pl.Decimal):
        return pl.Decimal(dtype.precision or 38, dtype.scale)
    if isinstance(dtype, pl.List | pl.Array):
        return pl.List(_storable(name, inner_type(dtype.inner)))
    if isinstance(dtype, pl.Struct):
        if any("\0" in field.name for field in dtype.fields):
            raise Invalid(f"column '{name}' has a field whose name has a NUL character", hint="rename the field")
        fields = {field.name: _storable(f"{name}.{field.name}", inner_type(field.dtype)) for field in dtype.fields}
        return pl.Struct(fields)
    if isinstance(dtype, pl.Null):
        raise Invalid(
            f"column '{name}' has no value and no type", hint=f"give it one: pl.col('{name}').cast(pl.String)"
        )
    raise Invalid(f"column '{name}' is {dtype}, which a dataset cannot keep", hint=f"cast it: {cast_hint(name, dtype)}")


def digest(schema: Mapping[str, pl.DataType]) -> str:
    """Eight characters that differ for different columns; part of a data file's name."""
    text = "\n".join(f"{name}\t{dtype}" for name, dtype in schema.items())
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def delta_schema(schema: Mapping[str, pl.DataType]) -> DeltaSchema:
    return DeltaSchema.from_arrow(pl.DataFrame(schema=schema).to_arrow().schema)


def polars_schema(schema: DeltaSchema) -> pl.Schema:
    frame = pl.from_arrow(pa.schema(schema.to_arrow()).empty_table())
    assert isinstance(frame, pl.DataFrame)
    return frame.schema


def inner_type(dtype: Any) -> pl.DataType:
    """A type inside another, which may be given as a class."""
    found: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()
    return found


def cast_hint(name: str, wanted: pl.DataType) -> str:
    """What to write to make a column of another type."""
    if isinstance(wanted, pl.Duration):
        return f"pl.col('{name}').dt.total_microseconds()"
    target = "String" if isinstance(wanted, pl.Time | pl.Object) else str(wanted)
    if target in ("Int128", "UInt128"):  # no file of a dataset has such
        target = "Decimal(38, 0)"
    return f"pl.col('{name}').cast(pl.{target})"
