"""The edge: frames of pandas, Arrow, Dask and cuDF, in and out. Inside the workbench everything is Polars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from workbench.compute.gpu import require
from workbench.compute.polars_versions import collect, collect_batches
from workbench.foundation.errors import Invalid

if TYPE_CHECKING:  # loading these takes longer than most queries; who never meets such a frame never pays for it
    import dask.dataframe as dd
    import pandas as pd

__all__ = ["batches", "mapped", "to_arrow", "to_cudf", "to_dask", "to_dask_cudf", "to_lazy", "to_pandas", "to_polars"]

_TIME = pl.Datetime("us", "UTC")


def to_polars(frame: Any) -> pl.DataFrame:
    """A frame of any known kind as a Polars frame in memory.

    Args:
        frame: A Polars DataFrame or LazyFrame, a pandas, Dask or cuDF DataFrame, or anything that speaks Arrow (a
            Table, a RecordBatch, a reader). A pandas index that has a name becomes a column; one without is dropped.

    Returns:
        Aware times are in UTC with microseconds, categories are strings, pandas' NaN is null. Naive times are left as
        they are: only their owner can say which zone was meant.

    Raises:
        Invalid: Not a frame, or one with columns that have no name or the same one.
    """
    return collect(to_lazy(frame))


def to_lazy(frame: Any) -> pl.LazyFrame:
    """Like `to_polars`, leaving lazy what is lazy."""
    if isinstance(frame, pl.LazyFrame):
        lazy = frame
    elif isinstance(frame, pl.DataFrame):
        lazy = frame.lazy()
    elif _is_a(frame, "pandas", "DataFrame"):
        lazy = _from_pandas(frame).lazy()
    elif _is_a(frame, "dask.dataframe", "DataFrame"):
        return to_lazy(frame.compute())
    elif _is_a(frame, "cudf", "DataFrame"):
        lazy = _from_arrow(frame.to_arrow()).lazy()
    elif isinstance(frame, pa.Table | pa.RecordBatch | pa.RecordBatchReader) or hasattr(frame, "__arrow_c_stream__"):
        lazy = _from_arrow(frame).lazy()
    else:
        raise Invalid(
            f"{type(frame).__name__} is not a frame",
            hint="give a Polars, pandas or Dask DataFrame, or an Arrow table",
        )
    changes = [
        pl.col(name).cast(target)
        for name, dtype in lazy.collect_schema().items()
        if (target := _kept_as(dtype)) is not None
    ]
    return lazy.with_columns(changes) if changes else lazy


def to_pandas(frame: pl.LazyFrame | pl.DataFrame) -> pd.DataFrame:
    """A pandas frame. Whole numbers and booleans with nulls keep their type (pandas' nullable ones), never floats."""
    collected = collect(frame.lazy())
    result = collected.to_pandas()
    for name, dtype in collected.schema.items():
        if (dtype.is_integer() or dtype == pl.Boolean) and collected[name].null_count():
            result[name] = _nullable(collected[name])
    return result


def to_arrow(frame: pl.LazyFrame | pl.DataFrame) -> pa.Table:
    """An Arrow table; buffers are shared where the types allow."""
    return collect(frame.lazy()).to_arrow()


def batches(plan: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """The rows of a plan, frame after frame, computed as they are asked for; at least one frame, be it empty.

    Args:
        rows: Of one frame, about.
    """
    none = True
    for frame in collect_batches(plan, rows):
        none = False
        yield frame
    if none:
        yield pl.DataFrame(schema=plan.collect_schema())


def to_dask(parts: Sequence[pl.LazyFrame], schema: Mapping[str, pl.DataType] | None = None) -> dd.DataFrame:
    """A lazy Dask frame with one partition per part; a part is read when its partition is computed.

    Whole numbers and booleans are pandas' nullable types in every partition, so that partitions agree on their types
    whether or not they hold nulls.

    Args:
        schema: The parts' columns; read from the first part when not given.

    Raises:
        Invalid: There is no part.
    """
    if not parts:
        raise Invalid("a Dask frame needs at least one part")
    import dask.dataframe as dd

    columns = dict(schema if schema is not None else parts[0].collect_schema())
    meta = _partition(pl.DataFrame(schema=columns).lazy())
    made: dd.DataFrame = dd.from_map(  # type: ignore[no-untyped-call]
        _partition, list(parts), meta=meta, enforce_metadata=False
    )
    return made


def mapped(frame: Any, function: Callable[[pl.DataFrame], pl.DataFrame]) -> dd.DataFrame | None:
    """A Dask frame with a function applied to each of its partitions, where and when those are computed.

    Args:
        frame: Anything.
        function: Of rows that need no others; it has to be pickled for workers on other machines.

    Returns:
        None where it is no Dask frame of pandas, or does not say the types of its columns.
    """
    if not _is_a(frame, "dask.dataframe", "DataFrame") or not _is_a(frame._meta, "pandas", "DataFrame"):
        return None
    empty = to_polars(frame._meta)
    if pl.Null in empty.schema.values():
        return None
    made: dd.DataFrame = frame.map_partitions(
        _mapped, function, dict(empty.schema), meta=_partition(function(empty).lazy())
    )
    return made.clear_divisions()  # type: ignore[no-any-return, no-untyped-call, unused-ignore]


def to_cudf(frame: pl.LazyFrame | pl.DataFrame) -> Any:
    """A `cudf.DataFrame`: the rows in the memory of the GPU, with every type as it is.

    Raises:
        Unavailable: There is no GPU, or cuDF is not installed.
    """
    require("a cuDF frame", "cudf")
    import cudf

    return cudf.DataFrame.from_arrow(collect(frame.lazy()).to_arrow(compat_level=pl.CompatLevel.oldest()))


def to_dask_cudf(parts: Sequence[pl.LazyFrame], schema: Mapping[str, pl.DataType] | None = None) -> Any:
    """A lazy `dask_cudf.DataFrame` with one partition per part; a part is read when its partition is computed.

    Args:
        schema: The parts' columns; read from the first part when not given.

    Raises:
        Invalid: There is no part.
        Unavailable: There is no GPU, or cuDF or dask_cudf is not installed.
    """
    if not parts:
        raise Invalid("a Dask frame needs at least one part")
    require("a dask_cudf frame", "cudf", "dask_cudf")
    import dask.dataframe as dd
    import dask_cudf  # noqa: F401  (teaches Dask what a partition of cuDF is)

    columns = dict(schema if schema is not None else parts[0].collect_schema())
    return dd.from_map(to_cudf, list(parts), meta=to_cudf(pl.DataFrame(schema=columns)), enforce_metadata=False)  # type: ignore[no-untyped-call]


def _is_a(thing: object, module: str, name: str) -> bool:
    """Whether it is of that class, without loading the module: what was never imported has no instances."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(thing, getattr(loaded, name))


def _partition(part: pl.LazyFrame) -> pd.DataFrame:
    collected = collect(part)
    result = collected.to_pandas()
    for name, dtype in collected.schema.items():
        if dtype.is_integer() or dtype == pl.Boolean:
            result[name] = _nullable(collected[name])
    return result


def _mapped(part: Any, function: Callable[[pl.DataFrame], pl.DataFrame], schema: dict[str, pl.DataType]) -> Any:
    rows = to_polars(part)
    untyped = {name: schema[name] for name, kind in rows.schema.items() if kind == pl.Null}
    return _partition(function(rows.cast(untyped)).lazy())  # type: ignore[arg-type]


def _nullable(column: pl.Series) -> Any:
    import pandas as pd

    mask = column.is_null().to_numpy(writable=True)
    if column.dtype == pl.Boolean:
        return pd.arrays.BooleanArray(column.fill_null(False).to_numpy(writable=True), mask)
    return pd.arrays.IntegerArray(column.fill_null(0).to_numpy(writable=True), mask)


def _from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    import pandas as pd

    named = [name for name in frame.index.names if name is not None]
    if named:
        frame = frame.reset_index(level=named)
    columns = [str(name) for name in frame.columns]
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        raise Invalid(f"the frame has more than one column named '{doubled[0]}'")
    # Aware columns cross as naive UTC: pandas warns when Arrow takes their values with the zone still on.
    aware = [name for name, dtype in zip(columns, frame.dtypes, strict=True) if isinstance(dtype, pd.DatetimeTZDtype)]
    frame = frame.set_axis(columns, axis="columns")
    frame = frame.assign(**{name: frame[name].dt.tz_convert("UTC").dt.tz_localize(None) for name in aware})
    try:
        made = _from_arrow(pa.Table.from_pandas(frame, preserve_index=False))
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise Invalid(
            f"a column of the pandas frame mixes types: {str(error).strip().splitlines()[0]}",
            hint="convert it first, e.g. frame[c].astype('string')",
        ) from error
    return made.with_columns(pl.col(aware).dt.replace_time_zone("UTC"))


def _from_arrow(frame: Any) -> pl.DataFrame:
    try:
        made = pl.from_arrow(frame)
    except (TypeError, pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise Invalid(f"the Arrow data cannot be read: {str(error).strip().splitlines()[0]}") from error
    if isinstance(made, pl.Series) and isinstance(made.dtype, pl.Struct) and not isinstance(frame, pa.ChunkedArray):
        return made.struct.unnest()  # a stream of rows of a library that Polars does not know
    if isinstance(made, pl.Series):
        raise Invalid("an Arrow array is one column, not a frame", hint="make a table of it: pa.table({'name': array})")
    return made


def _kept_as(dtype: pl.DataType) -> pl.DataType | None:
    """What a column's type is changed to on the way in; None to leave it."""
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None and dtype != _TIME:
        return _TIME
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is None and dtype.time_unit != "us":
        return pl.Datetime("us")
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.String()
    return None
