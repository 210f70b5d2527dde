"""Every analysis on every engine, over rows cut in every way, equals plain Python and numpy over all rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from engines_there import ON_DASK
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.metrics import Key, Measure, Measures, Window
from workbench.compute import Engine, Parts

SCHEMA = {
    "k": pl.String(),
    "g": pl.Int64(),
    "t": pl.Datetime("us", "UTC"),
    "i": pl.Int32(),
    "f": pl.Float64(),
    "s": pl.String(),
    "b": pl.Boolean(),
}
START = datetime(2013, 3, 9, 22, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")

Row = dict[str, Any]
Named = Callable[[str], Engine]
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, -1e-9, 1e9, float("nan")]),
    st.floats(-1e12, 1e12, allow_nan=False),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.sampled_from(["a", "b", "c", None]),
            "g": st.sampled_from([1, 2, None]),
            "t": st.none() | st.integers(0, 5 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds)),
            "i": st.none() | st.integers(-5, 5) | st.integers(-(2**31), 2**31 - 1),
            "f": st.none() | FLOATS,
            "s": st.none() | st.sampled_from(["x", "y", ""]),
            "b": st.none() | st.booleans(),
        }
    ),
    max_size=40,
)

MEASURES = (
    Measure("rows", "count"),
    Measure("known", "count", "i"),
    Measure("some", "count", filter="i > 0 OR s = 'x'"),
    Measure("total", "sum", "i"),
    Measure("amount", "sum", "f"),
    Measure("average", "mean", "f"),
    Measure("average_true", "mean", "f", filter="b"),
    Measure("average_whole", "mean", "i"),
    Measure("trues", "sum", "b"),
    Measure("least", "min", "f"),
    Measure("first", "min", "t"),
    Measure("last_text", "max", "s"),
    Measure("kinds", "count_distinct", "s"),
    Measure("numbers", "count_distinct", "f", filter="i IS NOT NULL"),
    Measure("middle", "median", "f"),
    Measure("p95", "percentile", "f", percentile=95.0),
    Measure("p33", "percentile", "i", filter="b", percentile=33.3),
    Measure("opening", "first", "f", time="t"),
    Measure("closing", "last", "s", time="t"),
    Measure("closing_tied", "last", "f", time="t", tie="i"),
    Measure("opening_tied", "first", "s", filter="b", time="t", tie="g"),
)
FILTERS: dict[str, Callable[[Row], bool | None]] = {
    "i > 0 OR s = 'x'": lambda row: (row["i"] is not None and row["i"] > 0) or row["s"] == "x",
    "b": lambda row: row["b"],
    "i IS NOT NULL": lambda row: row["i"] is not None,
}
KEYS: dict[str, tuple[tuple[Key, ...], Callable[[Row], tuple[Hashable, ...]]]] = {
    "none": ((), lambda row: ()),
    "text": ((Key("k", "k"),), lambda row: (row["k"],)),
    "two": ((Key("k", "k"), Key("g", "g")), lambda row: (row["k"], row["g"])),
    "expression": ((Key("sign", sql="i > 0"),), lambda row: (None if row["i"] is None else row["i"] > 0,)),
    "local day": (
        (Key("time", "t", grain="day", time_zone="America/New_York"), Key("k", "k")),
        lambda row: (None if row["t"] is None else row["t"].astimezone(NEW_YORK).date(), row["k"]),
    ),
}


def known(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None and not (isinstance(value, float) and math.isnan(value))]


def computed(measure: Measure, rows: Sequence[Row]) -> Any:
    """One number of one group, as simply as it can be said."""
    counted = [row for row in rows if measure.filter is None or FILTERS[measure.filter](row)]
    if measure.column is None:
        return len(counted)
    if measure.aggregation in ("first", "last"):
        return of_order(measure, counted)
    values = known(row[measure.column] for row in counted)
    match measure.aggregation:
        case "count":
            return len(values)
        case "count_distinct":
            return len(set(values))
        case "sum" | "mean" if values and isinstance(values[0], float):
            total = sum(map(Fraction, values))
            return float(total / len(values) if measure.aggregation == "mean" else total)
        case "sum":
            return sum(values) if values else None
        case "mean":
            return sum(values) / len(values) if values else None
        case "min":
            return min(values) if values else None
        case "max":
            return max(values) if values else None
    return float(np.quantile(np.array(values, dtype=float), float(measure.quantile or 0))) if values else None


def of_order(measure: Measure, rows: Sequence[Row]) -> Any:
    """The value of the row that comes first or last: by time, then by the tie (a missing one last), then by value."""
    there = [row for row in rows if known([row[measure.column or ""]]) and row["t"] is not None]
    best: Row | None = None
    for row in there:
        if best is None or _before(row, best, measure):
            best = row
    return None if best is None else best[measure.column or ""]


def _before(row: Row, other: Row, measure: Measure) -> bool:
    for name in (measure.time, measure.tie, measure.column):
        if name is None or row[name] == other[name]:
            continue
        if row[name] is None or other[name] is None:
            return other[name] is None
        return bool(row[name] < other[name]) == (measure.aggregation == "first")
    return False


def oracle(rows: Sequence[Row], key: Callable[[Row], tuple[Hashable, ...]], grouped: bool) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Row]] = {} if grouped else {(): []}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return {name: [computed(measure, members) for measure in MEASURES] for name, members in groups.items()}


def cut(frame: pl.DataFrame, places: Sequence[int]) -> list[pl.DataFrame]:
    edges = [0, *sorted(min(place, frame.height) for place in places), frame.height]
    return [frame.slice(a, b - a) for a, b in pairwise(edges)]


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-15, abs_tol=1e-20)
    return bool(found == expected)


@pytest.mark.parametrize(
    ("engine", "by"), [*(("local", by) for by in KEYS), pytest.param("dask", "local day", marks=ON_DASK)]
)
@examples(20, 80)
@given(rows=ROWS, places=st.lists(st.integers(0, 40), max_size=4))
def test_measures_equal_plain_python_however_the_rows_are_cut(
    engine_named: Named, engine: str, by: str, rows: list[Row], places: list[int]
) -> None:
    keys, key = KEYS[by]
    frame = pl.DataFrame(rows, schema=SCHEMA)
    expected = oracle(rows, key, grouped=bool(keys))
    result = engine_named(engine).run(Measures(keys, MEASURES), Parts.of(*cut(frame, places))).frame
    assert result.columns == [*(part.name for part in keys), *(measure.name for measure in MEASURES)]
    assert result.height == len(expected)
    for row in result.rows():
        name, numbers = row[: len(keys)], row[len(keys) :]
        for measure, found, wanted in zip(MEASURES, numbers, expected[name], strict=True):
            assert same(found, wanted), (name, measure, found, wanted)


@pytest.mark.parametrize("engine", ["local", pytest.param("dask", marks=ON_DASK)])
@examples(15, 60)
@given(rows=ROWS, places=st.lists(st.integers(0, 40), max_size=4), seed=st.randoms(use_true_random=False))
def test_every_bit_is_the_same_in_whatever_order_and_parts_the_rows_come(
    engine_named: Named, engine: str, rows: list[Row], places: list[int], seed: Any
) -> None:
    keys, _ = KEYS["two"]
    shuffled = list(rows)
    seed.shuffle(shuffled)
    run = engine_named(engine).run
    one = run(Measures(keys, MEASURES), Parts.of(pl.DataFrame(rows, schema=SCHEMA))).frame
    other = run(Measures(keys, MEASURES), Parts.of(*cut(pl.DataFrame(shuffled, schema=SCHEMA), places))).frame
    assert repr(one.rows()) == repr(other.rows())
    assert one.schema == other.schema


@pytest.mark.parametrize("engine", ["local", pytest.param("dask", marks=ON_DASK)])
@pytest.mark.parametrize("parts", [1, 3])
def test_no_rows_give_no_group_and_one_row_of_totals(engine_named: Named, engine: str, parts: int) -> None:
    empty = [pl.DataFrame(schema=SCHEMA)] * parts
    by_key = engine_named(engine).run(Measures((Key("k", "k"),), MEASURES), Parts.of(*empty))
    assert by_key.frame.is_empty()
    assert by_key.use.parts == parts
    total = engine_named(engine).run(Measures((), MEASURES), Parts.of(*empty)).frame
    assert total.select("rows", "known", "kinds", "total", "average", "p95").rows() == [(0, 0, 0, None, None, None)]


@pytest.mark.parametrize("engine", ["local", pytest.param("dask", marks=ON_DASK)])
@pytest.mark.parametrize("parts", [1, 3])
def test_where_and_window_keep_the_rows_they_say(engine_named: Named, engine: str, parts: int) -> None:
    times = [START + timedelta(hours=hour) for hour in range(48)]
    frame = pl.DataFrame({"t": times, "i": range(48)}, schema_overrides={"t": SCHEMA["t"]})
    sign = Key("even", sql="i % 2 = 0")
    analysis = Measures(
        (), (Measure("rows", "count"),), where="even AND i < 40", window=Window("t", times[3], times[46]), named=(sign,)
    )
    cuts = [] if parts == 1 else [7, 30]
    assert engine_named(engine).run(analysis, Parts.of(*cut(frame, cuts))).frame["rows"].to_list() == [18]
