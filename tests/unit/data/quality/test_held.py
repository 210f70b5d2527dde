"""Rows that do not fit are held back with reasons, and come in once they do: each exactly once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.lake import Lake
from workbench.data.quality import Quality, Suite
from workbench.foundation.errors import CheckFailed, Conflict, Forbidden, IntegrityError, Invalid, NotFound
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security

STRICT = """
dataset: flights
expectations:
  - {expect: not_null, column: carrier}
  - {expect: between, column: delay, max: 100}
  - {expect: between, column: delay, max: 50, severity: warn}
  - {expect: row_count, min: 2}
"""
SCHEMA = {"id": pl.Int64, "carrier": pl.String, "delay": pl.Float64}
ROWS = pl.DataFrame([(1, "UA", 5.0), (2, None, 900.0), (3, "AA", 200.0), (4, "DL", 60.0)], schema=SCHEMA, orient="row")


@pytest.fixture
def make(make_quality: Callable[..., Quality], lake: Lake, admin: Actor, tmp_path: Path) -> Callable[..., Quality]:
    (tmp_path / "expectations" / "flights.yaml").write_text(STRICT)
    lake.create("flights", ROWS.clear(), admin, key="id")
    return make_quality


def loosen(tmp_path: Path, text: str = "{expect: between, column: delay, max: 500}") -> None:
    (tmp_path / "expectations" / "flights.yaml").write_text(f"dataset: flights\nexpectations: [{text}]\n")


def ids(lake: Lake, admin: Actor) -> list[int]:
    return lake.read("flights", admin).collect().sort("id")["id"].to_list()


def test_rows_that_do_not_fit_are_held_with_reasons(make: Callable[..., Quality]) -> None:
    quality = make()
    screened = quality.screen(ROWS, into="flights")
    assert screened.rows["id"].to_list() == [1, 4]  # what only warns goes on
    held = screened.held
    assert held is not None
    assert (held.dataset, held.rows, held.state, held.suite) == ("flights", 2, "held", "flights")
    assert held.reasons == {"carrier is never null": 1, "delay is at most 100": 2}
    rows = quality.held.rows(held.id)
    assert rows.drop("_reasons").equals(ROWS.filter(pl.col("id").is_in([2, 3])))
    assert rows["_reasons"].to_list() == [
        [
            {"expectation": "carrier is never null", "values": "carrier=null"},
            {"expectation": "delay is at most 100", "values": "delay=900.0"},
        ],
        [{"expectation": "delay is at most 100", "values": "delay=200.0"}],
    ]
    assert [one.id for one in quality.held.list("flights")] == [held.id]
    assert [one.verdict for one in quality.history("flights")]


def test_what_is_expected_of_all_rows_still_stops_a_load(make: Callable[..., Quality]) -> None:
    with pytest.raises(CheckFailed, match="there are at least 2 rows, but there is 1"):
        make().screen(ROWS.head(1), into="flights")
    with pytest.raises(CheckFailed, match="there is no column 'carrier'"):
        make().screen(ROWS.drop("carrier"), into="flights")
    assert make().held.list() == []


def test_few_enough_rows_that_do_not_fit_go_on(make: Callable[..., Quality], tmp_path: Path) -> None:
    loosen(tmp_path, "{expect: not_null, column: carrier, mostly: 0.75}")
    assert make().screen(ROWS, into="flights").held is None


def test_the_same_rows_are_held_once_however_often_a_load_is_tried(make: Callable[..., Quality]) -> None:
    first, second = (make().screen(ROWS, into="flights").held for _ in range(2))
    assert first == second
    assert len(make().held.list()) == 1


def test_when_the_rule_is_mended_what_fits_comes_in(
    make: Callable[..., Quality], lake: Lake, admin: Actor, tmp_path: Path
) -> None:
    quality = make()
    held = quality.screen(ROWS, into="flights").held
    assert held is not None
    assert quality.held.redrive(held.id).loaded == 0
    loosen(tmp_path)
    done = quality.held.redrive(held.id)
    assert (done.loaded, ids(lake, admin)) == (1, [3])
    (still,) = done.held
    assert (still.rows, still.parent, list(still.reasons)) == (1, held.id, ["delay is at most 500"])
    with pytest.raises(Conflict, match="parted already"):
        quality.held.redrive(held.id)
    with pytest.raises(NotFound, match="parted"):
        quality.held.rows(held.id)
    assert [one.state for one in quality.held.list("flights", every=True)].count("loaded") == 1


def test_mended_rows_come_in(make: Callable[..., Quality], lake: Lake, admin: Actor) -> None:
    quality = make()
    held = quality.screen(ROWS, into="flights").held
    assert held is not None
    mended = quality.held.rows(held.id).with_columns(delay=pl.lit(1.0), carrier=pl.col("carrier").fill_null("XX"))
    with pytest.raises(Invalid, match="has 2 rows, and 1 are given"):
        quality.held.redrive(held.id, mended.head(1))
    assert quality.held.redrive(held.id, mended).held == ()
    assert ids(lake, admin) == [2, 3]
    assert quality.held.list() == []
    assert not list(Path(quality.held._files._folder).rglob("*.parquet"))


def test_rows_that_the_dataset_refuses_stay_held(
    make: Callable[..., Quality], lake: Lake, admin: Actor, tmp_path: Path
) -> None:
    quality = make()
    held = quality.screen(ROWS.with_columns(other=1), into="flights").held
    assert held is not None
    loosen(tmp_path, "{expect: row_count, min: 0}")
    with pytest.raises(Invalid, match="other"):
        quality.held.redrive(held.id)
    assert [(one.id, one.state) for one in quality.held.list()] == [(held.id, "held")]
    assert quality.held.redrive(held.id, quality.held.rows(held.id).drop("other")).loaded == 2
    assert ids(lake, admin) == [2, 3]


def test_rows_that_are_given_up_are_gone(make: Callable[..., Quality]) -> None:
    quality = make()
    held = quality.screen(ROWS, into="flights").held
    assert held is not None
    assert quality.held.discard(held.id).state == "discarded"
    assert quality.held.list() == []
    with pytest.raises(Conflict, match="discarded already"):
        quality.held.redrive(held.id)
    with pytest.raises(NotFound, match="no rows are held back as 'nothing'"):
        quality.held.get("nothing")


def test_a_file_that_is_gone_is_told_of(make: Callable[..., Quality]) -> None:
    quality = make()
    held = quality.screen(ROWS, into="flights").held
    assert held is not None
    for path in Path(quality.held._files._folder).rglob("*.parquet"):
        path.write_bytes(b"PAR1")
    with pytest.raises(IntegrityError, match=f"'{held.id}', held back from 'flights', cannot be read"):
        quality.held.redrive(held.id)


def test_held_rows_are_for_who_may_change_the_dataset_and_sees_all_of_it(
    make: Callable[..., Quality], security: Security, admin: Actor
) -> None:
    held = make().screen(ROWS, into="flights").held
    assert held is not None
    viewer, engineer = (Actor(Principal(name, role)) for name, role in [("vic", Role.VIEWER), ("ed", Role.ENGINEER)])
    assert make(engineer).held.get(held.id).rows == 2
    assert make(viewer).held.list() == []
    doors: list[Callable[[Quality], Any]] = [
        lambda quality: quality.held.list("flights"),
        lambda quality: quality.held.get(held.id),
        lambda quality: quality.held.rows(held.id),
        lambda quality: quality.held.redrive(held.id),
        lambda quality: quality.held.discard(held.id),
    ]
    for door in [*doors, lambda quality: quality.screen(ROWS, into="flights")]:
        with pytest.raises(Forbidden):
            door(make(viewer))
    security.set_policy(Policy(dataset="flights", role=Role.ENGINEER, row_filter="id < 2"), by=admin.principal)
    assert make(engineer).held.list() == []
    for door in doors:
        with pytest.raises(Forbidden, match="only for who sees all of it"):
            door(make(engineer))


CELLS = st.lists(st.tuples(st.sampled_from(["UA", "AA", None]), st.sampled_from([1.0, 60.0, 200.0, 900.0])), max_size=8)


@settings(examples(15, 100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CELLS, st.sampled_from([100, 500]))
def test_every_row_is_in_the_dataset_or_held(
    make_quality: Callable[..., Quality], lake: Lake, admin: Actor, tmp_path: Path, rows: list[Any], most: int
) -> None:
    quality = make_quality_once(make_quality)
    if lake.exists("flights"):
        lake.delete("flights", admin)
    lake.create("flights", ROWS.clear(), admin, key="id")
    frame = pl.DataFrame([(n, *row) for n, row in enumerate(rows)], schema=SCHEMA, orient="row")
    strict = {"dataset": "flights", "expectations": [
        {"expect": "not_null", "column": "carrier"}, {"expect": "between", "column": "delay", "max": 100}
    ]}  # fmt: skip
    loosen(tmp_path, f"{{expect: between, column: delay, max: {most}}}")
    screened = quality.screen(frame, into="flights", suite=Suite.model_validate(strict))
    lake.append("flights", screened.rows, admin)
    good = {n for n, (carrier, delay) in enumerate(rows) if carrier is not None and delay <= 100}
    assert set(ids(lake, admin)) == good
    if screened.held is not None:
        quality.held.redrive(screened.held.id)
    assert set(ids(lake, admin)) == good | {n for n, (_, delay) in enumerate(rows) if delay <= most}
    left = [n for one in quality.held.list("flights") for n in quality.held.rows(one.id)["id"]]
    assert sorted(left + ids(lake, admin)) == list(range(len(rows)))


_made: dict[int, Quality] = {}


def make_quality_once(make_quality: Callable[..., Quality]) -> Quality:
    """The fixture is one for all examples."""
    return _made.setdefault(id(make_quality), make_quality())
