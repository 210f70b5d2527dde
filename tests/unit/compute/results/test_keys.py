"""What a result is kept by tells apart all that it depends on, and nothing else."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from every_analysis import SAMPLES, Sample
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import Late, Part, Parts, code_of, key_of
from workbench.data.lake.parting import Restricted
from workbench.governance.security import Policy, Role

MEASURES = Measures((), (Measure("n", "count"),))
FRAME = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
PART = Part(files=("one", "two"), schema={"a": pl.Int64(), "b": pl.String()}, rows=2)
VIEWER = Policy(dataset="d", role=Role.VIEWER, row_filter="a = 1")


def key(*parts: Part, analysis: Any = MEASURES, code: str = "1", by_subject: bool = False) -> str | None:
    return key_of(analysis, Parts(parts or (PART,), by_subject), code)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_analysis_has_a_key_that_other_processes_find_too(sample: Sample) -> None:
    parts = sample.whole()
    found = key_of(sample.analysis, parts, "1")
    assert found is not None
    sent, rows = pickle.loads(pickle.dumps((sample.analysis, parts)))
    assert key_of(sent, rows, "1") == found
    assert key_of(sample.analysis, Parts.of(sample.rows.head(1)), "1") != found


def test_all_analyses_have_keys_of_their_own() -> None:
    assert len({key(analysis=sample.analysis) for sample in SAMPLES}) == len(SAMPLES)


def test_what_a_result_depends_on_is_told_apart() -> None:
    parts = [
        (PART,),
        (PART, PART),
        (replace(PART, files=("one",)),),
        (replace(PART, files=("two", "one")),),
        (replace(PART, schema={"a": pl.Int64(), "b": pl.Binary()}),),
        (replace(PART, hashes=(0, 5)),),
        (replace(PART, without=(5,)),),
        (replace(PART, frames=(FRAME,)),),
        (replace(PART, frames=(FRAME.with_columns(pl.col("a") + 1),)),),
        (replace(PART, frames=(FRAME.cast({"a": pl.Int32}),)),),
        (replace(PART, frames=(FRAME, FRAME)),),
        (PART.shaped(Restricted(VIEWER)),),
        (PART.shaped(Restricted(VIEWER.model_copy(update={"row_filter": "a = 2"}))),),
        (PART.shaped(Restricted(VIEWER.model_copy(update={"columns": {"b": "NULL"}}))),),
        (PART.shaped(Restricted(VIEWER), Restricted(VIEWER)),),
        (Part.of(pl.LazyFrame({"a": [1]})),),
        (Part.of(pl.LazyFrame({"a": [2]})),),
        (Part.of(pl.LazyFrame({"a": [1]}).filter(pl.col("a") > 0)),),
    ]
    found = [key(*one) for one in parts]
    found += [key(code="2"), key(by_subject=True), key(analysis=replace(MEASURES, where="a = 1"))]
    assert None not in found
    assert len(set(found)) == len(found)


def test_the_same_said_again_has_the_same_key() -> None:
    again = Part(files=("one", "two"), schema={"a": pl.Int64(), "b": pl.String()}, rows=2)
    assert key(again) == key()
    assert key(PART.shaped(Restricted(VIEWER.model_copy()))) == key(PART.shaped(Restricted(VIEWER)))


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates(date(1970, 1, 1))
    | st.datetimes(timezones=st.just(UTC))
    | st.timedeltas(timedelta(0)),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def kinds(value: Any) -> Any:
    """The value with its kinds: Python has 1 == 1.0 == True, and 0.0 == -0.0."""
    if isinstance(value, tuple):
        return ("several", *map(kinds, value))
    if isinstance(value, dict):
        return ("mapping", *((kinds(name), kinds(one)) for name, one in value.items()))
    return type(value).__name__, repr(value)


@given(VALUES, VALUES)
def test_values_have_one_key_if_they_are_the_same(one: Any, other: Any) -> None:
    keys = [key(PART.shaped(Late(value, lambda: Restricted(VIEWER)))) for value in (one, other)]
    assert (keys[0] == keys[1]) == (kinds(one) == kinds(other))


@dataclass(frozen=True)
class Foreign:
    """An analysis of another distribution."""

    name = "foreign"
    by_subject = False
    ordered = False

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        return partials


def test_what_cannot_be_told_apart_has_no_key() -> None:
    assert key(analysis=Foreign()) is None, "nobody knows when its code changes"
    assert key(PART.shaped(lambda rows: rows)) is None
    assert key(analysis=replace(MEASURES, keys=(Key("a", object()),))) is None  # type: ignore[arg-type]


def test_code_that_changes_in_any_file_is_other_code(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "inner" / "b.py").write_text("1")
    seen = {code_of([tmp_path])}
    (tmp_path / "inner" / "b.py").write_text("2")
    seen.add(code_of([tmp_path]))
    (tmp_path / "c.py").write_text("")
    seen.add(code_of([tmp_path]))
    assert len(seen) == 3
    assert code_of([tmp_path]) in seen
