"""What compiled code owes: to the last bit what the plans say that it stands for."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from event_rows import COLUMNS, frame_of, parts_of
from every_analysis import SAMPLES, Sample
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from two_ways import computing_by

from workbench.analytics.metrics import Key, Measure, Measures, picking
from workbench.analytics.product import Duplicates, Funnel, Step
from workbench.compute import LocalEngine, Part, Parts, compiled, partial_plan

MIDDLE, HIGH = Measure("middle", "median", "x"), Measure("high", "percentile", "x", percentile=95)
LOCAL = LocalEngine()


@pytest.mark.parametrize("name", ["compiled"])  # a column of the table of engines: see contract_table
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_analysis_gives_the_same_however_its_rows_come(sample: Sample, name: str, tmp_path: Path) -> None:
    expected = LOCAL.run(sample.analysis, sample.whole()).frame
    with computing_by("compiled code"):
        for way, parts in sample.ways(tmp_path):
            found = LOCAL.run(sample.analysis, parts).frame
            assert found.schema == expected.schema, f"{name}, {way}"
            assert repr(found.rows()) == repr(expected.rows()), f"{name}, {way}"


def test_it_stands_in_the_plans_of_what_goes_through_runs(tmp_path: Path) -> None:
    walked = []
    with computing_by("compiled code"):
        for sample in SAMPLES:
            runs = [parts for way, parts in sample.ways(tmp_path) if way == "runs by bounds"]
            plan = partial_plan(sample.analysis, runs[0].parts[0], compiled=True).explain() if runs else ""
            if "OPAQUE_PYTHON" in plan or ".python_udf()" in plan:
                walked.append(sample.analysis.name)
    assert {"funnel", "sessions", "retention", "duplicates"} <= set(walked)


TEXTS = st.sampled_from(["", "a", "b", "exactly12char", "a text that is longer than twelve bytes", "Łódź 🛒", None])
NUMBERS = st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -1.0, 1.0, 1e308, -1e308, 0.1, 0.2, None])
KEYS = st.lists(st.sampled_from(["text", "whole", "day", "flag"]), unique=True)


@examples(60, 300)
@given(
    st.lists(
        st.tuples(TEXTS, st.integers(-2, 2) | st.none(), st.dates() | st.none(), st.none() | st.booleans(), NUMBERS),
        max_size=40,
    ),
    KEYS,
    st.integers(1, 3),
    st.sampled_from([(MIDDLE,), (MIDDLE, HIGH), (Measure("low", "percentile", "x", percentile=0),)]),
    st.sampled_from([pl.Float64, pl.Float32, pl.Int64, pl.Int32, pl.Int8, pl.UInt16]),
)
@example([("a", 1, None, None, 1.0)] * 3, ["text"], 2, (MIDDLE, HIGH), pl.Float64)
@example([("a", 1, None, None, n) for n in (-math.inf, -1.0, 0.0, 1.0, math.inf)], [], 2, (MIDDLE, HIGH), pl.Int32)
def test_quantiles_are_picked_to_the_last_bit(
    rows: list[tuple[Any, ...]], keys: list[str], parts: int, measures: tuple[Measure, ...], dtype: type[pl.DataType]
) -> None:
    schema = {"text": pl.String, "whole": pl.Int32, "day": pl.Date, "flag": pl.Boolean, "x": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    if dtype().is_integer():
        most = 10**15 if dtype == pl.Int64 else dtype().max()
        least = -most if dtype == pl.Int64 else dtype().min()
        frame = frame.with_columns(pl.col("x").fill_nan(None).clip(least, most))
    frame = frame.with_columns(pl.col("x").cast(dtype))
    analysis = Measures(tuple(Key(name, name) for name in keys), measures)
    cut = Parts(tuple(Part.of(frame[at::parts]) for at in range(parts)))
    expected = LOCAL.run(analysis, Parts.of(frame)).frame
    with computing_by("compiled code"):
        computed = LOCAL.run(analysis, cut)
    assert bool(rows) == ("compiled code" in computed.use.why)
    assert computed.frame.schema == expected.schema
    assert repr(computed.frame.rows()) == repr(expected.rows())


def test_many_groups_are_left_to_the_plan() -> None:
    some = pl.DataFrame({"k": range(20_000), "x": [float(n) for n in range(20_000)]})
    analysis = Measures((Key("k", "k"),), (MIDDLE,))
    with computing_by("compiled code"):
        found = LOCAL.run(analysis, Parts.of(some))
    assert (found.use.why, found.frame.height) == ("", 20_000)
    assert found.frame["middle"].to_list() == [float(n) for n in range(20_000)]


def test_keys_may_be_numbers_that_no_signed_one_holds() -> None:
    rows = {"k": [2**64 - 1, 1, 2**64 - 1], "x": [1.0, 2.0, 4.0]}
    some = pl.DataFrame(rows, schema={"k": pl.UInt64, "x": pl.Float64})
    with computing_by("compiled code"):
        found = LOCAL.run(Measures((Key("k", "k"),), (MIDDLE,)), Parts.of(some)).frame
    assert found.rows() == [(1, 2.0), (2**64 - 1, 2.5)]


def test_a_group_may_have_many_values_that_are_the_same() -> None:
    some = pl.DataFrame({"x": [0.0] * 90_000 + [1.0 + n / 7 for n in range(10_000)]})
    with computing_by("compiled code"):
        found = LOCAL.run(Measures((), (MIDDLE, HIGH)), Parts.of(some, some.clear())).frame
    assert found.row(0) == (0.0, some["x"].quantile(0.95, "linear"))
    assert picking.fits(Parts.of(some))


def test_a_subject_may_have_many_events_in_many_runs() -> None:
    """More than are put in order one by one, and more runs than are gone through side by side."""
    rows = [("ada", "abc"[n % 3], datetime(2024, 3, 1 + n % 28, n % 24, tzinfo=UTC)) for n in range(4_000)]
    funnel = Funnel(COLUMNS, (Step("a"), Step("b"), Step("c")), 3 * 86_400_000_000)
    expected = LOCAL.run(funnel, parts_of(frame_of(rows))).frame
    with computing_by("compiled code"):
        for runs in (1, 7, 1_500):
            assert LOCAL.run(funnel, parts_of(frame_of(rows), cuts=1, runs=runs)).frame.equals(expected)


@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt64, pl.Int16, pl.String])
def test_ids_may_come_again_in_any_run_and_of_many_rows(dtype: type[pl.DataType]) -> None:
    """More rows than are looked at together, ids of either sign or above it, missing ones, one subject with many."""
    least, most = (-(2**15), 2**15) if dtype == pl.Int16 else (0, 2**16) if dtype == pl.UInt64 else (-(2**40), 2**40)
    step = (most - least) // 30_011
    ids = [None if n % 997 == 0 else least + n % 30_011 * step for n in range(40_000)]
    ids = [2**64 - 1 - one if dtype == pl.UInt64 and one else one for one in ids]
    at = [datetime(2024, 3, 1 + n % 28, n % 24, tzinfo=UTC) for n in range(40_000)]
    rows = pl.DataFrame(
        {"who": ["ada" if n % 3 else f"s{n % 700}" for n in range(40_000)], "what": "a", "at": at, "id": ids},
        schema={"who": pl.String, "what": pl.String, "at": pl.Datetime("us", "UTC"), "id": pl.Int128},
    ).with_columns(pl.col("id").cast(dtype))
    again = Duplicates(COLUMNS)
    expected = LOCAL.run(again, parts_of(rows)).frame
    assert expected["duplicates"].sum() > 1_000
    with computing_by("compiled code"):
        for runs in (1, 7, 1_500):
            assert LOCAL.run(again, parts_of(rows, cuts=1, runs=runs)).frame.equals(expected)


def test_it_is_loaded_behind_the_questions_of_a_process_once_they_are_worth_it() -> None:
    program = """
import threading
import polars as pl
from workbench.analytics.metrics import Measure, Measures, picking
from workbench.compute import LocalEngine, Parts, compiled

few, many = (pl.DataFrame({"x": [0.5]}).select(pl.col("x").repeat_by(n).explode()) for n in (10, compiled.WORTH))
analysis = Measures((), (Measure("middle", "median", "x"),))
for rows in (few, many, few):
    use = LocalEngine().run(analysis, Parts.of(rows)).use
    print(bool(use.why), any(one.name == "compiled" for one in threading.enumerate()))
    for one in threading.enumerate():
        if one.name == "compiled":
            one.join()
print(picking.CODE() is not None)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=240, env={**os.environ}
    )
    assert done.stdout.splitlines() == ["False False", "False True", "True False", "True"]


def test_a_compiler_that_does_not_fit_leaves_it_to_plans(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setattr(compiled, "_all", [])
    broken = compiled.Compiled("workbench.no_such_code")
    monkeypatch.setattr(compiled, "_begun", False)
    monkeypatch.setattr(compiled, "_rows", 0)
    compiled.noted(compiled.WORTH)
    for one in threading.enumerate():
        if one.name == "compiled":
            one.join()
    assert broken() is None
    assert "plans do the same" in caplog.text
