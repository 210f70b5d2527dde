"""Partials put together before all of them are there stand for the same rows."""

from __future__ import annotations

import pickle
import subprocess
import sys

import polars as pl
import pytest
from every_analysis import EVENTS, SAMPLES, Sample

from workbench.compute import Combining, LocalEngine, Parts, tasks
from workbench.compute.dask_engine import Sent

# Their rows are cut anyhow.
COMBINING = [one for one in SAMPLES if isinstance(one.analysis, Combining) and not one.analysis.by_subject]


def collect(plan: pl.LazyFrame, *, ordered: bool) -> pl.DataFrame:
    return plan.collect(engine="in-memory" if ordered else "streaming")


@pytest.mark.parametrize("sample", COMBINING, ids=lambda sample: sample.name)
def test_combined_partials_merge_to_the_same(sample: Sample) -> None:
    assert isinstance(sample.analysis, Combining)
    partials = [sample.analysis.partial(EVENTS.slice(start, 500).lazy()).collect() for start in range(0, 3_000, 500)]
    left, right = (tasks.combined(sample.analysis, some, collect) for some in (partials[:2], partials[2:]))
    whole = tasks.combined(sample.analysis, [left, right], collect)
    assert whole.schema == partials[0].schema
    expected = LocalEngine().run(sample.analysis, sample.whole()).frame
    for some in ([left, right], [whole], [left, *partials[2:]]):
        assert repr(tasks.merged(sample.analysis, some, collect).rows()) == repr(expected.rows())


@pytest.mark.parametrize("sample", COMBINING, ids=lambda sample: sample.name)
def test_the_local_engine_puts_together_what_waits(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = LocalEngine().run(sample.analysis, sample.whole()).frame
    monkeypatch.setattr(tasks, "WAITING_ROWS", 1)
    parts = Parts.of(*(EVENTS.slice(start, 100) for start in range(0, 3_000, 100)))
    assert repr(LocalEngine().run(sample.analysis, parts).frame.rows()) == repr(whole.rows())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_analysis_can_be_sent(sample: Sample) -> None:
    assert pickle.loads(pickle.dumps(sample.analysis)) == sample.analysis


def test_rows_come_back_as_they_were() -> None:
    odd = EVENTS.with_columns(
        pl.lit(2**100).cast(pl.Int128).alias("wide"),
        pl.lit("1.25").cast(pl.Decimal(20, 2)).alias("money"),
        pl.struct("id", "count").alias("both"),
        pl.concat_list("id", "count").alias("list"),
        pl.lit(None).alias("nothing"),
    )
    sent = pickle.loads(pickle.dumps(Sent.of(odd, ["a reason"])))
    assert sent.frame().equals(odd)
    assert sent.frame().schema == odd.schema
    assert sent.fell_back == ("a reason",)
    assert sys.getsizeof(sent) > odd.estimated_size() / 4, "Dask is told how large it is"


def test_neither_dask_nor_a_gpu_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, workbench.app; print([name for name in ('distributed', 'dask', 'rmm') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
