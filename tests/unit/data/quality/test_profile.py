"""A profile says what plain loops over the rows say, of all of them or of a sample, in memory that does not grow."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.data.lake import Lake
from workbench.data.quality import Profile, Quality, profiled
from workbench.data.quality.profiling import LONGEST
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security

NUMBERS = st.none() | st.sampled_from([-2.0, 0.0, 0.5, 1.0, 7.25, math.nan, math.inf, -math.inf]) | st.floats(-1e9, 1e9)
WHOLE = st.none() | st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1)
TEXTS = st.none() | st.sampled_from(["", " a", "ab", "ÄÖ-1", "日本語", "x" * 9]) | st.text(max_size=4)
DAYS = st.none() | st.dates() | st.dates(date(2013, 1, 1), date(2013, 1, 9))
START = datetime(2013, 1, 1, tzinfo=UTC)
TIMES = st.none() | st.integers(0, 10**11).map(lambda more: START + timedelta(microseconds=more))
ROWS = st.lists(st.tuples(NUMBERS, WHOLE, TEXTS, DAYS, TIMES), max_size=25)
SCHEMA = {
    "x": pl.Float64(), "n": pl.Int64(), "t": pl.String(), "d": pl.Date(), "at": pl.Datetime("us", "UTC")
}  # fmt: skip


@examples(60, 600)
@given(ROWS)
@example([(0.0, None, None, None, None), (2.225073858507e-311, None, None, None, None)])  # hardly any width at all
def test_it_says_what_loops_say(rows: list[tuple[Any, ...]]) -> None:
    found = profiled(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert (found.rows, found.looked_at, found.sampled) == (len(rows), len(rows), False)
    for place, one in enumerate(found.columns):
        values = [row[place] for row in rows if row[place] is not None and row[place] == row[place]]
        counted = Counter(values)
        assert one.missing == len(rows) - len(values)
        assert (one.distinct, one.distinct_exact) == (len(counted), True)
        most = sorted(counted.values(), reverse=True)[:10]
        assert [top.count for top in one.frequent] == (most if most and most[0] > 1 else [])
        assert all(counted[top.value] == top.count for top in one.frequent)
        told = one.numbers or one.times
        finite = [value for value in values if not (isinstance(value, float) and math.isinf(value))]
        if told is not None:
            assert (told.min, told.max) == ((min(finite), max(finite)) if finite else (None, None))
        if one.histogram is not None:
            _holds(one.histogram.edges, one.histogram.counts, finite)
        else:
            assert one.kind == "text" or not finite
    _numbers_hold(found, [row[0] for row in rows])
    _texts_hold(found, [row[2] for row in rows if row[2] is not None])
    _times_hold(found, sorted({row[3] for row in rows if row[3] is not None}))


def _holds(edges: tuple[Any, ...], counts: tuple[int, ...], values: list[Any]) -> None:
    assert len(edges) == len(counts) + 1
    assert sum(counts) == len(values)
    if not isinstance(values[0], float):  # where a float lies on an edge is the matter of its last digit
        for place, count in enumerate(counts):
            last = place == len(counts) - 1
            inside = [v for v in values if edges[place] <= v and (v < edges[place + 1] or last)]  # type: ignore[operator]
            assert len(inside) == count


def _numbers_hold(found: Profile, values: list[Any]) -> None:
    numbers = found["x"].numbers
    assert numbers is not None
    finite = [value for value in values if value is not None and math.isfinite(value)]
    assert numbers.infinite == sum(value is not None and math.isinf(value) for value in values)
    assert numbers.zeros == finite.count(0.0)
    assert numbers.negative == sum(value is not None and value < 0 for value in values)
    if finite:
        assert numbers.mean == pytest.approx(math.fsum(finite) / len(finite), rel=1e-9, abs=1e-6)
        wanted = np.quantile(finite, [point.share for point in numbers.quantiles])
        assert [point.value for point in numbers.quantiles] == pytest.approx(list(wanted), rel=1e-9, abs=1e-6)
    if len(finite) > 1:
        assert numbers.std == pytest.approx(statistics.stdev(finite), rel=1e-6, abs=1e-6)


def _texts_hold(found: Profile, values: list[str]) -> None:
    texts = found["t"].texts
    assert texts is not None
    lengths = [len(value) for value in values]
    assert (texts.shortest, texts.longest) == ((min(lengths), max(lengths)) if values else (None, None))
    assert texts.empty == values.count("")


def _times_hold(found: Profile, days: list[date]) -> None:
    times = found["d"].times
    assert times is not None
    if days:
        span = (days[-1] - days[0]).days + 1
        gaps = [((after - before).days, before, after) for before, after in pairwise(days)]
        longest = max((gap[0] for gap in gaps), default=1)
        assert (times.periods, times.without, times.grain) == (span, span - len(days), "day")
        if longest == 1:
            assert times.gap is None
        else:
            ends = [(b + timedelta(days=1), a - timedelta(days=1)) for size, b, a in gaps if size == longest]
            assert times.gap in ends


@examples(40, 400)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, WHOLE), min_size=0, max_size=30))
def test_correlations_are_those_of_the_pairs_that_have_both(rows: list[tuple[Any, ...]]) -> None:
    found = profiled(pl.DataFrame(rows, schema={"a": pl.Float64, "b": pl.Float64, "n": pl.Int64}, orient="row"))
    told = found.correlations
    for left in range(3):
        for right in range(left):
            both = [
                (float(row[left]), float(row[right]))
                for row in rows
                if all(row[one] is not None and math.isfinite(row[one]) for one in (left, right))
            ]
            assert told.pairs[left][right] == len(both)
            value = told.values[left][right]
            assert value == told.values[right][left]
            if value is not None:
                first, second = (np.array(side) for side in zip(*both, strict=True))
                wanted = np.corrcoef(first / abs(first).max(), second / abs(second).max())[0, 1]
                assert value == pytest.approx(wanted, abs=1e-4)


def test_columns_that_follow_each_other_are_found() -> None:
    x = np.random.default_rng(0).normal(size=5_000)
    found = profiled(pl.DataFrame({"x": x, "twice": 2 * x + 1e6, "against": -x, "flat": [3.0] * 5_000}))
    strongest = found.correlations.strongest(2)
    assert [abs(one.pearson) for one in strongest] == pytest.approx([1, 1], abs=1e-6)
    assert found.correlations.values[0][2] == pytest.approx(-1)
    assert found.correlations.values[3] == (None, None, None, None)


def test_of_many_rows_a_sample_is_looked_at_and_it_says_so() -> None:
    rng = np.random.default_rng(1)
    rows = pl.DataFrame({"n": rng.integers(0, 40_000, 200_000), "x": rng.normal(size=200_000), "few": [1, 2] * 100_000})
    found = profiled(rows, most=20_000, seed=7)
    assert found.sampled
    assert 19_000 < found.looked_at < 21_000
    assert f"a sample of {found.looked_at:,} rows (seed 7)" in found.sentence
    n, x, few = found.columns
    # Of all rows, whatever is looked at.
    assert n.numbers is not None
    assert x.histogram is not None
    assert (n.numbers.min, n.numbers.max) == (rows["n"].min(), rows["n"].max())
    assert sum(x.histogram.counts) == 200_000
    # Told by a sketch, within three standard deviations.
    assert not n.distinct_exact
    assert n.distinct == pytest.approx(rows["n"].n_unique(), rel=0.025)
    assert x.distinct == pytest.approx(200_000, rel=0.025)
    assert few.distinct == 2
    assert x.numbers is not None
    median = next(point.value for point in x.numbers.quantiles if point.share == 0.5)
    assert abs(median) < 0.04
    assert sum(top.count for top in few.frequent) == found.looked_at
    again = profiled(rows, most=20_000, seed=7)
    assert (again.columns, again.correlations) == (found.columns, found.correlations)
    assert profiled(rows, most=20_000, seed=8).columns != found.columns


def test_texts_say_what_they_look_like() -> None:
    rows = pl.DataFrame(
        {
            "mail": [f"u{number}@example.org" for number in range(100)],
            "code": ["UA-1545", "AA-0001"] * 50,
            "day": ["2013-01-31"] * 95 + ["soon"] * 5,
            "long": ["x" * LONGEST + str(number % 50) for number in range(100)],
        }
    )
    mail, code, day, long = profiled(rows).columns
    assert mail.texts is not None
    assert code.texts is not None
    assert day.texts is not None
    assert [hint.what for hint in mail.texts.hints] == ["email address"]
    assert [(hint.what, hint.count) for hint in code.texts.shapes] == [("AA-9999", 100)]
    assert [(hint.what, hint.count) for hint in day.texts.hints] == [("date", 95)]
    # Cut for the list of the most frequent ones, whole for how many there are.
    assert [(len(top.value), top.count) for top in long.frequent] == [(LONGEST, 100)]
    assert (long.distinct, long.distinct_exact) == (50, False)


def test_odd_columns_have_a_profile_too() -> None:
    rows = pl.DataFrame(
        {
            "nothing": [None] * 3,
            "list": [[1], None, []],
            "big": pl.Series([2**64 - 1, 0, None], dtype=pl.UInt64),
            "price": pl.Series(["1.5", "2.5", None]).cast(pl.Decimal(10, 2)),
            "kind": pl.Series(["a", "a", None], dtype=pl.Categorical),
            "far": pl.Series([400_000_000_000_000_000] * 2 + [0]).cast(pl.Datetime("us", "UTC")),
            "0": [True, None, None],
            "number": ["same", "name", ""],
            'quo"te': [1e308, -1e308, 0.0],
        }
    )
    found = profiled(rows)
    assert [one.name for one in found.columns] == rows.columns
    assert [one.kind for one in found.columns[:5]] == ["other", "other", "integer", "number", "text"]
    assert found["far"].times is not None
    assert found["far"].times.max == "+14645-06-30T15:06:40Z"  # which Python has no time for
    assert found["far"].frequent[0].value == "+14645-06-30T15:06:40Z"
    assert json.dumps(found.as_dict(str))
    assert "9 columns" in repr(found)
    with pytest.raises(Invalid, match="did you mean 'price'"):
        found["prise"]


@pytest.mark.parametrize("rows", [pl.DataFrame(), pl.DataFrame(schema=SCHEMA), pl.DataFrame({"a": [None]})])
def test_little_has_a_profile_too(rows: pl.DataFrame) -> None:
    found = profiled(rows)
    assert (found.rows, len(found.columns)) == (rows.height, rows.width)
    assert found._repr_html_()


def test_a_dataset_is_profiled_under_the_readers_policy(
    make_quality: Callable[..., Quality], lake: Lake, security: Security, admin: Actor
) -> None:
    lake.create("flights", pl.DataFrame({"id": [1, 2, 3], "carrier": ["UA", None, "AA"]}), admin)
    lake.append("flights", pl.DataFrame({"id": [4], "carrier": ["UA"]}), admin)
    whole = make_quality().profile("flights")
    assert (whole.dataset, whole.version, whole.rows) == ("flights", 1, 4)
    assert make_quality().profile("flights", version=0).rows == 3
    policy = Policy(dataset="flights", role=Role.VIEWER, row_filter="id > 1", columns={"carrier": "'***'"})
    security.set_policy(policy, by=admin.principal)
    found = make_quality(Actor(Principal("vic", Role.VIEWER))).profile("flights")
    assert found.rows == 3
    assert [(top.value, top.count) for top in found["carrier"].frequent] == [("***", 3)]
    assert "UA" not in repr(found) + found._repr_html_() + str(found.as_dict())
    with pytest.raises(NotFound, match="did you mean 'flights'"):
        make_quality().profile("flihgts")
    with pytest.raises(Invalid, match="name the dataset"):
        make_quality().profile(pl.DataFrame({"a": [1]}), version=3)
