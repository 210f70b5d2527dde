"""The engine of this process: parts, their failures, and what it says about itself."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.compute import EngineUse, LocalEngine, Parts, engines
from workbench.foundation.errors import Invalid, NotFound


class Total:
    """Rows and their sum, per key."""

    name = "total"
    by_subject = False
    ordered = False

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.group_by("k").agg(pl.len().alias("n"), pl.col("x").sum())

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        return partials.group_by("k").agg(pl.col("n").sum(), pl.col("x").sum()).sort("k")


ROWS = pl.DataFrame({"k": ["a", "b", "a", "c"], "x": [1, 2, 3, 4]})


@pytest.mark.parametrize("cuts", [[4], [1, 3], [0, 2, 0, 2], [1, 1, 1, 1]])
def test_the_result_does_not_depend_on_how_rows_are_cut(cuts: list[int]) -> None:
    parts, start = [], 0
    for size in cuts:
        parts.append(ROWS.slice(start, size).lazy())
        start += size
    computed = LocalEngine().run(Total(), Parts.of(*parts))
    assert computed.frame.rows() == [("a", 2, 4), ("b", 1, 2), ("c", 1, 4)]
    assert computed.use.parts == len(cuts)
    assert computed.use.rows_out == 3


def test_it_says_what_it_used() -> None:
    use = LocalEngine().run(Total(), Parts.of(ROWS.lazy())).use
    assert isinstance(use, EngineUse)
    assert (use.engine, use.polars, use.fell_back) == ("local", pl.__version__, False)
    assert use.load_seconds >= 0
    assert use.compute_seconds > 0
    assert use.to_dict()["engine"] == "local"


def test_no_part_at_all_is_refused() -> None:
    with pytest.raises(Invalid, match="'total' got no rows"):
        LocalEngine().run(Total(), Parts.of())


def test_parts_of_different_columns_are_refused() -> None:
    with pytest.raises(Invalid, match="do not have the same columns"):
        LocalEngine().run(Total(), Parts.of(ROWS.lazy(), ROWS.select("k").lazy()))


def test_rows_without_what_the_analysis_names_are_refused_in_one_line() -> None:
    with pytest.raises(Invalid, match="does not fit its rows") as refused:
        LocalEngine().run(Total(), Parts.of(ROWS.select("k").lazy()))
    assert "\n" not in str(refused.value)


def test_engines_are_found_by_name() -> None:
    assert "local" in engines.names()
    assert engines.get("local").name == "local"
    with pytest.raises(NotFound, match="did you mean 'local'"):
        engines.get("locl")
