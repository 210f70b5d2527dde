from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from workbench.compute import frames
from workbench.data.lake import Datasets, Lake
from workbench.data.sql import Limits, SqlDoor, SqlResult
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor

ROWS = pl.DataFrame({"year": [2013, None], "name": ["<b>", None]})


@pytest.fixture
def result() -> SqlResult:
    return SqlResult(ROWS.to_arrow())


def test_rows_are_given_out_as_every_kind_of_frame(result: SqlResult) -> None:
    assert (len(result), result.columns) == (2, ["year", "name"])
    assert result.to_polars().equals(ROWS)
    assert isinstance(result.to_arrow(), pa.Table)
    pandas = result.to_pandas()
    assert isinstance(pandas, pd.DataFrame)
    assert pandas["year"].dtype == "Int64"
    assert result.to_dicts() == [{"year": 2013, "name": "<b>"}, {"year": None, "name": None}]


def test_whoever_speaks_arrow_takes_the_rows_as_they_are(result: SqlResult, datasets: Datasets) -> None:
    assert pl.DataFrame(result).equals(ROWS)
    assert pa.table(result).num_rows == 2
    assert frames.to_polars(result).equals(ROWS)
    assert datasets.create("t", result).to_polars().equals(ROWS)


def test_it_reads_well_and_escapes_what_comes_from_outside(result: SqlResult) -> None:
    assert repr(result).splitlines()[0] == "2 rows; 2 columns"
    assert "2013" in repr(result)
    html = result._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "the first 2 rows (cut at the limit: there are more); 1 column" in repr(
        SqlResult(pa.table({"n": range(2)}), cut=True)
    )
    many = repr(SqlResult(pa.table({"n": range(2000)})))
    assert many.startswith("2,000 rows, the first 10 of them; 1 column\n")
    assert " 9 " in many
    assert "1999" not in many


def test_a_type_that_polars_does_not_have_is_shown_and_refused_as_a_frame(lake: Lake, admin: Actor) -> None:
    result = SqlDoor(lake, Limits(60, 2_000)).query("SELECT INTERVAL 3 MONTH AS term", admin)
    assert "months=3" in repr(result)
    with pytest.raises(Invalid):
        result.to_polars()
    assert result.to_dicts()[0]["term"].months == 3
