"""Which columns a dataset can have, and whether a frame fits the ones it has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
import pyarrow as pa
from deltalake import Schema as DeltaSchema

from workbench.foundation.errors import Invalid, nearest

__all__ = ["TIME", "delta_schema", "digest", "fit", "polars_schema", "storable"]

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
        return pl.List(_storable(name, _instance(dtype.inner)))
    if isinstance(dtype, pl.Struct):
        if any("\0" in field.name for field in dtype.fields):
            raise Invalid(f"column '{name}' has a field whose name has a NUL character", hint="rename the field")
        fields = {field.name: _storable(f"{name}.{field.name}", _instance(field.dtype)) for field in dtype.fields}
        return pl.Struct(fields)
    if isinstance(dtype, pl.Null):
        raise Invalid(
            f"column '{name}' has no value and no type", hint=f"give it one: pl.col('{name}').cast(pl.String)"
        )
    raise Invalid(
        f"column '{name}' is {dtype}, which a dataset cannot keep", hint=f"cast it: {_cast_hint(name, dtype)}"
    )


def fit(frame: pl.LazyFrame, wanted: Mapping[str, pl.DataType], *, evolve: bool) -> tuple[pl.LazyFrame, pl.Schema]:
    """The frame with a dataset's columns, in their order and of their types.

    Numbers are taken into a column of another number type if all their values are in its range and none loses a
    fraction; otherwise types must agree.

    Args:
        evolve: Columns that are new are added at the end, and columns that are missing are null.

    Returns:
        The frame, and the dataset's schema with it.

    Raises:
        Invalid: The columns differ and `evolve` is not asked for, or a column's type or values do not fit.
    """
    found = frame.collect_schema()
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if (missing or extra) and not evolve:
        raise _differs(missing, extra)
    added = storable({name: found[name] for name in extra}) if extra else pl.Schema()
    schema = pl.Schema({**wanted, **added})
    wrong = [
        name
        for name, dtype in wanted.items()
        if name in found and found[name] != dtype and not _fits(found[name], dtype)
    ]
    if wrong:
        name = wrong[0]
        more = f" (and {len(wrong) - 1} more columns)" if len(wrong) > 1 else ""
        raise Invalid(
            f"column '{name}' is {found[name]} where the dataset has {wanted[name]}{more}",
            hint=f"cast it: {_cast_hint(name, wanted[name])}",
        )
    lossy = [name for name in found if name in wanted and found[name].is_float() and wanted[name].is_integer()]
    _check_whole(frame, lossy)
    columns = [
        pl.col(name).cast(dtype, strict=True) if name in found else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    ]
    return frame.select(columns), schema


def _differs(missing: list[str], extra: list[str]) -> Invalid:
    parts = []
    unmatched = list(missing)
    for name in extra:
        guess = nearest(name, unmatched)
        if guess is not None:
            unmatched.remove(guess)
        parts.append(f"'{name}' is not in the dataset" + (f" (did you mean '{guess}'?)" if guess else ""))
    if unmatched:
        parts.append(f"{_listed(unmatched)} {'is' if len(unmatched) == 1 else 'are'} missing from the frame")
    return Invalid(
        f"the columns differ: {'; '.join(parts)}",
        hint="evolve=True adds new columns and leaves missing ones null",
    )


def _fits(found: pl.DataType, wanted: pl.DataType) -> bool:
    if isinstance(found, pl.Null):
        return True
    if isinstance(found, pl.Datetime) and isinstance(wanted, pl.Datetime):
        return found.time_zone is not None
    if isinstance(found, pl.Categorical | pl.Enum) and isinstance(wanted, pl.String):
        return True
    if wanted.is_numeric():
        return found.is_numeric() and not (found.is_float() and wanted.is_decimal())
    if isinstance(wanted, pl.List):
        return isinstance(found, pl.Array | pl.List) and (
            found.inner == wanted.inner or _fits(_instance(found.inner), _instance(wanted.inner))
        )
    return False


def _check_whole(frame: pl.LazyFrame, names: list[str]) -> None:
    if not names:
        return
    odd = frame.select((pl.col(name) != pl.col(name).floor()).any() for name in names).collect(engine="streaming")
    for name in names:
        if odd[name][0]:
            raise Invalid(
                f"column '{name}' has fractions where the dataset has whole numbers",
                hint=f"round it: pl.col('{name}').round()",
            )


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


def _instance(dtype: Any) -> pl.DataType:
    found: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()
    return found


def _cast_hint(name: str, wanted: pl.DataType) -> str:
    if isinstance(wanted, pl.Duration):
        return f"pl.col('{name}').dt.total_microseconds()"
    target = "String" if isinstance(wanted, pl.Time | pl.Object) else str(wanted)
    return f"pl.col('{name}').cast(pl.{target})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
