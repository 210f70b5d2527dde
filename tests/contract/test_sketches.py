"""Approximate numbers: what plain Python gives, however rows are cut, and as close as they say and Apache's are."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
import xxhash
from datasketches import hll_sketch, kll_doubles_sketch
from engines_there import ON_DASK
from event_rows import COLUMNS, event_rows, ways
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from metric_events import BY, FAST, ROWS, Row, asked
from polars.testing import assert_frame_equal

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import Engine, LocalEngine, Parts

Named = Callable[[str], Engine]

DISTINCT = Measures((), (Measure("about", "count_distinct", "x", approximate=True),))
QUANTILES = tuple(
    Measure(f"q{percentile}", "percentile", "x", percentile=percentile, approximate=True)
    for percentile in (0.1, 25.0, 50.0, 95.0, 99.9)
)
EXACT = tuple(Measure(one.name, "percentile", "x", percentile=one.percentile) for one in QUANTILES)


def of_bytes(value: Any) -> bytes:
    """What of a value is hashed, as compute/hashing.py writes it down; of floats, their bits."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, float):
        return struct.pack("<d", value + 0.0)
    if isinstance(value, date):
        value = (value - date(1970, 1, 1)).days
    return struct.pack("<q", int(value))


def hyperloglog(values: Sequence[Any]) -> int:
    """Algorithm 6 of Ertl (2017), word by word, over registers of 12 bits and ranks of 40."""
    m, q = 4096, 40
    registers = [0] * m
    for value in values:
        bits = f"{xxhash.xxh64_intdigest(of_bytes(value)):064b}"
        rest = bits[12:52]
        rank = 1 + (len(rest) - len(rest.lstrip("0")))
        registers[int(bits[:12], 2)] = max(registers[int(bits[:12], 2)], rank)
    counts = [registers.count(rank) for rank in range(q + 2)]
    z = m * tau(1 - counts[q + 1] / m)
    for rank in range(q, 0, -1):
        z = 0.5 * (z + counts[rank])
    z += m * sigma(counts[0] / m)
    return math.floor(m * m / (2 * math.log(2) * z) + 0.5)


def sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x, before = x * x, z
        z, y = z + x * y, 2 * y
    return z


def tau(x: float) -> float:
    if x in (0, 1):
        return 0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x, before, y = math.sqrt(x), z, y / 2
        z -= (1 - x) ** 2 * y
    return z / 3


def cut(frame: pl.DataFrame, places: Sequence[int]) -> list[pl.DataFrame]:
    edges = [0, *sorted(min(place, frame.height) for place in places), frame.height]
    return [frame.slice(a, b - a) for a, b in pairwise(edges)]


VALUES: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "texts": (pl.String(), st.text(max_size=4)),
    "numbers": (pl.Int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)),
    "floats": (pl.Float64(), st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.5])),
    "days": (pl.Date(), st.dates(date(1960, 1, 1), date(2030, 1, 1))),
    "truths": (pl.Boolean(), st.booleans()),
}


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("engine", ["local", pytest.param("dask", marks=ON_DASK)])
@examples(12, 50)
@given(data=st.data(), places=st.lists(st.integers(0, 60), max_size=3))
def test_a_distinct_count_is_the_one_of_the_paper_however_rows_are_cut(
    engine_named: Named, engine: str, kind: str, data: st.DataObject, places: list[int]
) -> None:
    dtype, values = VALUES[kind]
    drawn = data.draw(st.lists(st.none() | values, max_size=60))
    frame = pl.DataFrame({"x": pl.Series(drawn, dtype=dtype)})
    found = engine_named(engine).run(DISTINCT, Parts.of(*cut(frame, places))).frame.item()
    assert found == hyperloglog([value for value in drawn if value is not None])
    assert found == LocalEngine().run(DISTINCT, Parts.of(frame)).frame.item()


def drawn(kind: str, distinct: int, seed: int) -> pl.Series:
    """Whole numbers of which about so many differ: each once, or as often as its place in a zipf's tail has it."""
    chance = np.random.default_rng(seed)
    if kind == "uniform":
        return pl.Series(chance.permutation(distinct) * 7919 + seed)
    return pl.Series(chance.zipf(1.2, min(distinct * 2, 1_000_000)) % (8 * distinct) + seed * 10**9)


@pytest.mark.parametrize("kind", ["uniform", "zipf"])
@pytest.mark.parametrize("distinct", [100, 3_000, 20_000, 100_000, 1_000_000])
def test_a_distinct_count_is_as_close_as_it_says_and_as_that_of_apache(kind: str, distinct: int) -> None:
    values = drawn(kind, distinct, seed=distinct)
    exact = values.n_unique()
    found = LocalEngine().run(DISTINCT, Parts.of(*cut(values.to_frame("x"), [distinct // 3]))).frame.item()
    apache = hll_sketch(12)
    for value in values.unique().to_list():
        apache.update(value)
    assert abs(found - exact) <= max(3 * 0.01625 * exact, 1)
    assert apache.get_lower_bound(3) * (1 - 3 * 0.01625) <= found <= apache.get_upper_bound(3) * (1 + 3 * 0.01625)


def test_its_errors_are_spread_as_the_standard_error_says() -> None:
    """Sixty counts of 5,000, where most estimators are worst: between linear counting and the harmonic mean."""
    frames = [drawn("uniform", 5_000, seed).to_frame("x").with_columns(n=pl.lit(seed)) for seed in range(60)]
    by = Measures((Key("n", "n"),), DISTINCT.measures)
    found = LocalEngine().run(by, Parts.of(*frames)).frame["about"].to_numpy() / 5_000 - 1
    assert abs(found.mean()) < 0.01625 / math.sqrt(60) * 3
    assert found.std() < 0.01625 * 1.3


FLOATS = st.floats(allow_nan=False) | st.floats(-1e3, 1e3) | st.sampled_from([0.0, -0.0, 1.0, 1e-310, math.inf])


@examples(40, 160)
@given(values=st.lists(st.none() | FLOATS, max_size=40), places=st.lists(st.integers(0, 40), max_size=3))
@example(values=[836.8826007124678, 1.0, -5e-324, 836.8826007124678, -416.09244074933633, 0.0], places=[38, 38])
def test_a_quantile_is_at_most_one_percent_off_however_rows_are_cut(
    values: list[float | None], places: list[int]
) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64()})
    about = LocalEngine().run(Measures((), QUANTILES), Parts.of(*cut(frame, places))).frame
    assert repr(about.rows()) == repr(LocalEngine().run(Measures((), QUANTILES), Parts.of(frame)).frame.rows())
    there = sorted(value for value in values if value is not None)
    for measure in QUANTILES:
        found = about[measure.name].item()
        if not there:
            assert found is None
            continue
        place = (len(there) - 1) * float(measure.quantile or 0)
        low, high = there[math.floor(place)], there[min(math.floor(place) + 1, len(there) - 1)]
        share = place - math.floor(place)
        if math.isinf(low) or math.isinf(high):
            assert low == high or not share or math.isinf(found) or math.isnan(found)
            continue
        wanted = low * (1 - share) + high * share
        one_sign = low * high >= 0
        allowed = 0.01 * (abs(wanted) if one_sign else max(abs(low), abs(high)))
        assert abs(found - wanted) <= allowed * (1 + 1e-6) + 1e-290


@pytest.mark.parametrize("spread", ["lognormal", "pareto", "normal", "whole"])
def test_a_quantile_is_as_close_as_that_of_apache(spread: str) -> None:
    chance = np.random.default_rng(7)
    values = {
        "lognormal": chance.lognormal(3, 2, 100_000),
        "pareto": chance.pareto(1.1, 100_000),
        "normal": chance.normal(0, 50, 100_000),
        "whole": chance.integers(100, 100_000, 100_000),
    }[spread]
    frame = pl.DataFrame({"x": values})
    about, exact = (
        LocalEngine().run(Measures((), measures), Parts.of(*cut(frame, [30_000]))).frame.row(0, named=True)
        for measures in (QUANTILES, EXACT)
    )
    apache = kll_doubles_sketch(200)
    apache.update(values.astype(float))
    off = 3 * apache.normalized_rank_error(False)  # it draws by chance: three times its error holds every time
    for measure in QUANTILES:
        share = float(measure.quantile or 0)
        found, wanted = about[measure.name], exact[measure.name]
        assert abs(found - wanted) <= 0.01 * abs(wanted) * (1 + 1e-6)
        if not off < share < 1 - off:
            continue
        least, most = (apache.get_quantile(share + step) for step in (-off, off))
        assert least - 0.01 * abs(least) <= found <= most + 0.01 * abs(most)


@examples(15, 60)
@given(rows=event_rows(), places=st.lists(st.integers(0, 40), min_size=2, max_size=5), keyed=st.booleans())
def test_partials_that_are_put_together_stand_for_all_of_them(
    rows: pl.DataFrame, places: list[int], keyed: bool
) -> None:
    analysis = Measures((Key("country", "country"),) if keyed else (), MIXED)
    partials = [analysis.partial(part.lazy()).collect() for part in cut(rows, places)]
    some = analysis.combine(pl.concat(partials[:2]).lazy()).collect()
    assert some.schema == partials[0].schema
    found = analysis.merge(pl.concat([some, *partials[2:]]).lazy()).collect()
    assert repr(found.rows()) == repr(LocalEngine().run(analysis, Parts.of(rows)).frame.rows())


MIXED = (
    Measure("rows", "count"),
    Measure("amount", "sum", "amount"),
    Measure("people", "count_distinct", "who"),
    Measure("about", "count_distinct", "who", approximate=True),
    Measure("buyers", "count_distinct", "who", filter="what = 'b'"),
    Measure("kinds", "count_distinct", "what"),
    Measure("middle", "median", "amount"),
    Measure("about_middle", "median", "amount", approximate=True),
)


def naive(rows: pl.DataFrame, by: Sequence[str]) -> dict[Any, tuple[Any, ...]]:
    groups: dict[Any, list[dict[str, Any]]] = {} if by else {(): []}
    for row in rows.iter_rows(named=True):
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return {key: of_group(members) for key, members in groups.items()}


def of_group(rows: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
    people = {row["who"] for row in rows} - {None}
    amounts = [row["amount"] for row in rows if row["amount"] is not None]
    return (
        len(rows),
        sum(amounts) if amounts else None,
        len(people),
        len(people),
        len({row["who"] for row in rows if row["what"] == "b"} - {None}),
        len({row["what"] for row in rows} - {None}),
        float(np.median(amounts)) if amounts else None,
    )


@pytest.mark.parametrize("by", [(), ("country",), ("country", "what")])
@examples(20, 80)
@given(rows=event_rows())
def test_where_parts_are_cut_by_subject_its_numbers_add_up(by: tuple[str, ...], rows: pl.DataFrame) -> None:
    analysis = Measures(tuple(Key(name, name) for name in by), MIXED).cut_by(COLUMNS.subject)
    assert analysis.by_subject
    expected = naive(rows, by)
    elsewhere = LocalEngine().run(analysis.cut_by(None), Parts.of(rows)).frame
    for parts in ways(rows):
        found = LocalEngine().run(analysis, parts).frame
        assert_frame_equal(found, elsewhere)
        numbers = {row[: len(by)]: row[len(by) : -1] for row in found.rows()}
        assert numbers == expected


def test_a_subject_s_values_do_not_travel() -> None:
    people = pl.DataFrame({"who": [f"p{n}" for n in range(10_000)], "day": [n % 3 for n in range(10_000)]})
    exact = Measures((Key("day", "day"),), (Measure("people", "count_distinct", "who"),))
    (part,) = next(ways(people.with_columns(what=pl.lit("a"), at=None))).parts
    assert exact.partial(part.lazy()).collect().height == 10_000
    assert exact.cut_by("who").partial(part.lazy()).collect().height == 3


@BY
@pytest.mark.parametrize("metric", ["users_all", "users_mtd", "users_3d"])
@FAST
@given(rows=ROWS)
def test_windows_over_sketches_are_those_over_values(metric: str, by: tuple[str, ...], rows: list[Row]) -> None:
    """The three people that there are have registers of their own, so that the estimate is the number."""
    assert asked(rows, f"about_{metric}", by, "day") == asked(rows, metric, by, "day")


@BY
@FAST
@given(rows=ROWS)
def test_conversions_of_an_approximate_count_are_those_of_the_exact_one(by: tuple[str, ...], rows: list[Row]) -> None:
    assert asked(rows, "about_same_kind", by, "day") == asked(rows, "same_kind", by, "day")
