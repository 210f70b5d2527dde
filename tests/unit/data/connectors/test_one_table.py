"""What a source of one table has from `OneTable`."""

from __future__ import annotations

import pyarrow as pa
import pytest

from workbench.data.connectors import OneTable, Source, read_reader
from workbench.foundation.errors import Invalid, NotFound

SCHEMA = pa.schema([("k", pa.int64())])


class Numbers(OneTable):
    """So many numbers, as a table or piece by piece."""

    url, name = "numbers://", "numbers"

    def __init__(self, rows: int, *, pieces: int = 0) -> None:
        self._rows = pa.table({"k": range(rows)}, SCHEMA)
        self._pieces = pieces

    def read(self) -> pa.Table | pa.RecordBatchReader:
        return self._rows.to_reader(self._pieces) if self._pieces else self._rows


@pytest.mark.parametrize(("pieces", "sizes"), [(0, [4, 4, 2]), (5, [4, 1, 4, 1])])
def test_its_rows_are_cut_into_batches(pieces: int, sizes: list[int]) -> None:
    source = Numbers(10, pieces=pieces)
    assert isinstance(source, Source)
    batches = list(source.batches(table="numbers", batch_rows=4))
    assert [batch.num_rows for batch in batches] == sizes
    assert pa.Table.from_batches(batches)["k"].to_pylist() == list(range(10))


@pytest.mark.parametrize("pieces", [0, 5])
def test_without_rows_it_has_its_columns(pieces: int) -> None:
    source = Numbers(0, pieces=pieces)
    assert source.schema() == SCHEMA
    assert read_reader(source).read_all().equals(SCHEMA.empty_table())


def test_a_query_and_another_table_are_refused_and_it_is_read_whenever_it_is_asked_for() -> None:
    source = Numbers(1)
    for ask in (source.schema, lambda **said: list(source.batches(**said))):
        with pytest.raises(Invalid, match="takes no query"):
            ask(query="SELECT 1")
        with pytest.raises(NotFound, match="did you mean 'numbers'"):
            ask(table="number")
    assert source.fingerprint() == ""
