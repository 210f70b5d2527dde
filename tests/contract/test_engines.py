"""What every engine owes its callers, whatever it runs on."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import EngineUse, Parts, engines
from workbench.foundation.errors import Invalid

ROWS = pl.DataFrame({"k": ["a", None, "a"], "x": [1.5, 2.5, None]})
BY_K = Measures((Key("k", "k"),), (Measure("rows", "count"), Measure("mean", "mean", "x")))


@pytest.fixture(params=["local"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("parts", [1, 3])
def test_it_says_how_it_ran(engine: str, parts: int) -> None:
    computed = engines.get(engine).run(BY_K, Parts.of(*[ROWS.lazy(), ROWS.clear().lazy(), ROWS.lazy()][:parts]))
    assert isinstance(computed.use, EngineUse)
    assert (computed.use.engine, computed.use.parts, computed.use.rows_out) == (engine, parts, 2)
    assert not computed.use.fell_back
    assert computed.use.compute_seconds > 0


def test_a_part_may_be_a_file(engine: str, tmp_path: object) -> None:
    paths = [f"{tmp_path}/{n}.parquet" for n in range(3)]
    for path in paths:
        ROWS.write_parquet(path)
    computed = engines.get(engine).run(BY_K, Parts.of(*(pl.scan_parquet(path) for path in paths)))
    assert computed.frame.rows() == [("a", 6, 1.5), (None, 3, 2.5)]


def test_the_same_question_gives_the_same_bits_again(engine: str) -> None:
    many = pl.DataFrame({"k": [str(n % 7) for n in range(50_000)], "x": [1.0 / (n + 1) for n in range(50_000)]})
    analysis = Measures((Key("k", "k"),), (Measure("sum", "sum", "x"), Measure("mean", "mean", "x")))
    answers = [engines.get(engine).run(analysis, Parts.of(many.lazy())).frame for _ in range(5)]
    assert all(answer.equals(answers[0]) for answer in answers)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([], "got no rows"),
        ([ROWS.lazy(), ROWS.select("k").lazy()], "do not have the same columns"),
        ([ROWS.rename({"x": "y"}).lazy()], "does not fit its rows|no column"),
    ],
)
def test_what_cannot_be_run_is_refused(engine: str, parts: list[pl.LazyFrame], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        engines.get(engine).run(BY_K, Parts.of(*parts))
