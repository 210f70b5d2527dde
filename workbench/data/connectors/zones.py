"""Times that do not say their zone, read as those of one."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from workbench.foundation.errors import Invalid

__all__ = ["in_zone", "stream_in_zone"]


def in_zone(frame: pl.DataFrame, names: Sequence[str], zone: str) -> pl.DataFrame:
    """Columns of times without a zone in UTC, as the clocks of a zone showed them.

    A clock that is set back shows an hour twice: its times are read as the first ones. One that is set forward leaves
    an hour out: whoever has a time of that hour wrote it by another clock, and is told so.

    Raises:
        Invalid: There is no such zone, or a time that none of its clocks showed; names the column and the time.
    """
    try:
        found = frame.with_columns(
            pl.col(name)
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.convert_time_zone("UTC")
            for name in names
        )
    except pl.exceptions.PolarsError as error:
        raise Invalid(f"times cannot be read as '{zone}': {str(error).splitlines()[0]}") from error
    for name in names:
        skipped = frame[name].filter(found[name].is_null() & frame[name].is_not_null())
        if len(skipped):
            more = f", and {len(skipped) - 1:,} more like it" if len(skipped) > 1 else ""
            raise Invalid(
                f"column '{name}' has the time {skipped[0]}{more}, which no clock of '{zone}' showed: it was set"
                " forward then",
                hint="were they written by another clock? time zone UTC has every time",
            )
    return found


def stream_in_zone(reader: pa.RecordBatchReader, zone: str) -> pa.RecordBatchReader:
    """`in_zone` for every time without a zone, a batch in memory at a time.

    Raises:
        Invalid: There is no such zone. Whoever reads on is told of times that none of its clocks showed.
    """

    def zoned(batch: pa.RecordBatch) -> pa.RecordBatch:
        found = in_zone(pl.DataFrame(batch.select(naive)), naive, zone).to_arrow()
        for name in naive:
            values = found.column(name).combine_chunks()
            batch = batch.set_column(batch.schema.get_field_index(name), name, values)
        return batch

    naive = [one.name for one in reader.schema if pa.types.is_timestamp(one.type) and one.type.tz is None]
    if not naive:
        return reader
    empty = zoned(pa.RecordBatch.from_pylist([], schema=reader.schema))
    return pa.RecordBatchReader.from_batches(empty.schema, map(zoned, reader))
