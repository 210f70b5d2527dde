"""The engine of a GPU: what it says where there is none, and what it makes of a plan that cannot run there."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import DaskEngine, GpuEngine, LocalEngine, Parts, frames, gpu
from workbench.foundation.errors import Unavailable

ROWS = pl.DataFrame({"k": ["a", "b", None], "x": [1.5, None, 2.5]})
BY_K = Measures((Key("k", "k"),), (Measure("rows", "count"), Measure("sum", "sum", "x")))
WHERE_NONE_IS = pytest.mark.skipif(gpu.missing() is None, reason="says what is said where there is no GPU; here is one")


@WHERE_NONE_IS
def test_without_a_gpu_the_engine_says_what_to_install() -> None:
    with pytest.raises(Unavailable, match="the engine 'gpu' cannot be had here: ") as refused:
        GpuEngine().run(BY_K, Parts.of(ROWS))
    assert "analytics-workbench[gpu]" in str(refused.value.hint)


@WHERE_NONE_IS
def test_without_a_gpu_its_cluster_says_what_to_install() -> None:
    with pytest.raises(Unavailable, match="the engine 'dask-cuda' cannot be had here: ") as refused:
        DaskEngine(gpu=True).run(BY_K, Parts.of(ROWS))
    assert "analytics-workbench[gpu]" in str(refused.value.hint)


@WHERE_NONE_IS
def test_without_a_gpu_a_frame_of_cudf_is_refused() -> None:
    with pytest.raises(Unavailable, match="a cuDF frame cannot be had here"):
        frames.to_cudf(ROWS)
    with pytest.raises(Unavailable, match="a dask_cudf frame cannot be had here"):
        frames.to_dask_cudf([ROWS.lazy()])


class StandIn(ModuleType):
    """In the place of cudf-polars: Polars hands it a plan, and it fails as cudf-polars 26.10 does (read in its source).

    What is tested is what Polars makes of that, and what the engine makes of Polars. That plans run on a card is not:
    the tests marked `gpu` are for that.
    """

    def __init__(self, *, refuses: Exception | None = None, fails: Exception | None = None) -> None:
        super().__init__("cudf_polars")
        self._refuses, self._fails = refuses, fails

    def execute_with_cudf(self, plan: Any, _begun: int | None = None, *, config: pl.GPUEngine) -> None:
        assert config.config["raise_on_fail"]
        assert config.config["executor"] == "in-memory"
        if self._refuses is not None:
            raise self._refuses
        plan.set_udf(self._run)

    def _run(self, *_given: object) -> pl.DataFrame:
        assert self._fails is not None
        raise self._fails


REFUSED = NotImplementedError(
    "Query execution with GPU not possible: unsupported operations.\nThe errors were:\n"
    "- NotImplementedError: group_by_dynamic\n- NotImplementedError: Grouped rolling",
    [NotImplementedError("group_by_dynamic")],
)
OUT_OF_MEMORY = MemoryError("std::bad_alloc: out_of_memory: CUDA error at: rmm/mr/cuda_async_memory_resource.hpp")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(gpu, "_memory", lambda: None)
    return monkeypatch


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (StandIn(refuses=REFUSED), "cudf-polars cannot run it (group_by_dynamic; Grouped rolling)"),
        (StandIn(fails=NotImplementedError("casting to it")), "cudf-polars cannot run it (casting to it)"),
        (StandIn(fails=OUT_OF_MEMORY), "a part does not fit in the memory of the GPU"),
    ],
    ids=["refused", "given up midway", "out of memory"],
)
def test_a_plan_that_cannot_run_there_runs_on_the_cpu_and_that_is_said(
    stand_in: pytest.MonkeyPatch, module: StandIn, why: str
) -> None:
    stand_in.setitem(sys.modules, "cudf_polars", module)
    computed = GpuEngine().run(BY_K, Parts.of(ROWS, ROWS))
    assert computed.frame.equals(LocalEngine().run(BY_K, Parts.of(ROWS, ROWS)).frame)
    assert (computed.use.engine, computed.use.fell_back) == ("gpu", True)
    assert computed.use.why == f"2 plans ran on the CPU: {why}"
    with pytest.raises(Unavailable, match=re.escape(why)):
        GpuEngine(strict=True).run(BY_K, Parts.of(ROWS, ROWS))


@pytest.mark.parametrize("error", [ValueError("a value of its own"), MemoryError("the machine has no more")], ids=repr)
def test_an_error_that_is_not_the_cards_is_not_tried_again(stand_in: pytest.MonkeyPatch, error: Exception) -> None:
    stand_in.setitem(sys.modules, "cudf_polars", StandIn(fails=error))
    with pytest.raises(type(error), match=str(error)):
        GpuEngine().run(BY_K, Parts.of(ROWS))


@pytest.mark.gpu
def test_the_memory_is_the_asynchronous_pool_and_never_managed() -> None:
    import rmm.mr

    GpuEngine(strict=True).run(BY_K, Parts.of(ROWS))
    assert isinstance(rmm.mr.get_current_device_resource(), rmm.mr.CudaAsyncMemoryResource)


@pytest.mark.gpu
def test_frames_of_cudf_go_there_and_back() -> None:
    rows = ROWS.with_columns(pl.lit(1_700_000_000_000_000).cast(pl.Datetime("us", "UTC")).alias("t"), n=pl.lit(3))
    assert frames.to_polars(frames.to_cudf(rows)).equals(rows)
    assert frames.to_polars(frames.to_dask_cudf([rows.lazy(), rows.lazy()])).equals(pl.concat([rows, rows]))
