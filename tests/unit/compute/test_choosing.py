"""The engine that chooses: which, and the sentence that says why."""

from __future__ import annotations

import socket

import polars as pl
import pytest

from workbench.analytics.metrics import Measure, Measures
from workbench.compute import AutoEngine, Part, Parts, choosing, clusters, engine_at, gpu
from workbench.foundation.errors import NotFound

COUNT = Measures((), (Measure("rows", "count"),))
ROWS = pl.DataFrame({"x": [1, 2, 3]})


def sized(rows: int) -> Parts:
    return Parts((Part(files=("a.parquet",), rows=rows), Part(files=("b.parquet",), rows=rows)))


@pytest.mark.parametrize(
    ("scheduler", "rows", "engine", "why"),
    [
        ("", 10, "local", "20 rows are fewer than the 50,000,000 from which"),
        ("tcp://a:1", 10, "local", "20 rows are fewer than the 20,000,000 from which"),
        ("tcp://a:1", 10_000_000, "dask", "dask: 20,000,000 rows, and tcp://a:1 is named"),
    ],
)
def test_it_chooses_by_size_and_by_what_is_named(scheduler: str, rows: int, engine: str, why: str) -> None:
    chosen, said = AutoEngine(scheduler=scheduler).choose(sized(rows))
    assert chosen.name == engine
    assert why in said


def test_many_rows_go_to_a_gpu_only_where_there_is_one() -> None:
    chosen, said = AutoEngine().choose(sized(30_000_000))
    lacks = gpu.missing()
    assert chosen.name == ("gpu" if lacks is None else "local")
    assert (lacks or "there is a GPU") in said


def test_what_cannot_travel_stays_here() -> None:
    computed = AutoEngine(scheduler="tcp://a:1").run(COUNT, Parts.of(ROWS.lazy()))
    assert (computed.use.engine, computed.use.fell_back) == ("local", False)
    assert computed.use.why == "local: the rows are a plan of this process"


def test_a_scheduler_that_does_not_answer_is_passed_over_and_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choosing, "DASK_ROWS", 1)
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    engine = AutoEngine(scheduler=address)
    first = engine.run(COUNT, Parts.of(ROWS, ROWS))
    assert first.frame.item() == 6
    assert (first.use.engine, first.use.fell_back) == ("local", True)
    assert first.use.why == f"local: the Dask scheduler at {address} does not answer"
    second = AutoEngine(scheduler=address).run(COUNT, Parts.of(ROWS, ROWS))
    assert second.use.engine == "local"
    assert "did not answer a moment ago" in second.use.why


def test_settings_name_an_engine_and_a_scheduler() -> None:
    assert [engine_at(name).name for name in ("auto", "dask", "dask-cuda")] == ["auto", "dask", "dask-cuda"]
    assert engine_at("dask", "tcp://a:1") is not engine_at("dask")
    assert engine_at("local", "tcp://a:1") is engine_at("local")
    with pytest.raises(NotFound, match="did you mean 'dask'"):
        engine_at("dsak")
