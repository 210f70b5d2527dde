"""What every engine owes its callers, whatever it runs on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from engines_there import ENGINES
from every_analysis import SAMPLES, Sample
from polars.testing import assert_frame_equal

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import Engine, EngineUse, LocalEngine, Parts, engines
from workbench.foundation.errors import Invalid

ROWS = pl.DataFrame({"k": ["a", None, "a"], "x": [1.5, 2.5, None]})
BY_K = Measures((Key("k", "k"),), (Measure("rows", "count"), Measure("mean", "mean", "x")))
# By how much of its value a float may differ on a GPU, which adds and interpolates in an order of its own.
ON_GPU = 1e-12

Named = Callable[[str], Engine]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, engine_named: Named) -> Engine:
    return engine_named(request.param)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_analysis_gives_the_same_however_its_rows_come(
    sample: Sample, name: str, engine_named: Named, tmp_path: Path
) -> None:
    engine = engine_named(name)
    expected = LocalEngine().run(sample.analysis, sample.whole()).frame
    assert expected.height, "a sample has a result"
    tolerance = max(sample.tolerance, ON_GPU if name in ("gpu", "dask-cuda") else 0.0)
    for way, parts in sample.ways(tmp_path):
        computed = engine.run(sample.analysis, parts)
        found = computed.frame
        if way != "plans":  # which stay in their process, whatever it asks
            assert not computed.use.fell_back, computed.use.why
        if tolerance:
            assert_frame_equal(found, expected, check_exact=False, rel_tol=tolerance, abs_tol=0.0)
        else:
            assert found.schema == expected.schema, way
            assert repr(found.rows()) == repr(expected.rows()), way


def test_there_are_five_engines() -> None:
    assert {"auto", "local", "dask", "gpu", "dask-cuda"} <= set(engines.names())
    assert [engines.get(name).name for name in engines.names()] == engines.names()


@pytest.mark.parametrize("parts", [1, 3])
def test_it_says_how_it_ran(engine: Engine, parts: int) -> None:
    computed = engine.run(BY_K, Parts.of(*[ROWS, ROWS.clear(), ROWS][:parts]))
    assert isinstance(computed.use, EngineUse)
    ran = "local" if engine.name == "auto" else engine.name
    assert (computed.use.engine, computed.use.parts, computed.use.rows_out) == (ran, parts, 2)
    assert not computed.use.fell_back
    assert computed.use.polars == pl.__version__
    assert computed.use.compute_seconds > 0
    assert bool(computed.use.why) == (engine.name == "auto")


def test_a_part_may_be_a_file(engine: Engine, tmp_path: Path) -> None:
    paths = [f"{tmp_path}/{n}.parquet" for n in range(3)]
    for path in paths:
        ROWS.write_parquet(path)
    computed = engine.run(BY_K, Parts.of(*(pl.scan_parquet(path) for path in paths)))
    assert computed.frame.rows() == [("a", 6, 1.5), (None, 3, 2.5)]


def test_the_same_question_gives_the_same_bits_again(engine: Engine) -> None:
    many = pl.DataFrame({"k": [str(n % 7) for n in range(50_000)], "x": [1.0 / (n + 1) for n in range(50_000)]})
    analysis = Measures((Key("k", "k"),), (Measure("sum", "sum", "x"), Measure("mean", "mean", "x")))
    answers = [engine.run(analysis, Parts.of(many)).frame for _ in range(5)]
    assert all(answer.equals(answers[0]) for answer in answers)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([], "got no rows"),
        ([ROWS, ROWS.select("k")], "do not have the same columns"),
        ([ROWS.rename({"x": "y"})], "does not fit its rows|no column"),
        ([ROWS.rename({"x": "y"}), ROWS.rename({"x": "y"})], "does not fit its rows|no column"),
    ],
)
def test_what_cannot_be_run_is_refused(engine: Engine, parts: list[pl.DataFrame], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        engine.run(BY_K, Parts.of(*parts))
