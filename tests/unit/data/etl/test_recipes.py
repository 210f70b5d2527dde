"""Transforms in a file: the same words, the same code, and every mistake with its place."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench import Workbench
from workbench.compute import frames
from workbench.data import etl
from workbench.data.etl import Quarantine, Recipe
from workbench.data.etl.recipes import TRANSFORMS
from workbench.foundation.errors import Conflict, Invalid, NotFound

FILE = """
description: What the airline sends, ready to be loaded.
reads: landed
into: flights
key: flight
transforms:
  - tidy: {columns: [carrier], case: upper}
  - cast: {columns: {flight: integer}, on_failure: quarantine}
  - deduplicate: {by: flight, order: -delay}
  - fill_nulls: {columns: [delay], how: median, flag: true}
  - categorize: {column: carrier, values: [UA, AA], otherwise: quarantine}
  - join: {right: airlines, on: {carrier: code}}
  - derive: {columns: {late: delay > 15}}
  - band: {column: delay, into: how_late, edges: [0, 15], labels: [early, on time, late]}
  - log: {column: delay, base: 2, plus: 100}
  - rename: {names: {name: airline}}
""".replace("key: flight\n", "key: [flight]\n")

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ua", " AA ", "UA", "ZZ", None]),
        st.sampled_from(["1", "2", "3", " 4", "five", None]),
        st.none() | st.integers(-50, 90),
    ),
    max_size=15,
)
AIRLINES = pl.DataFrame({"code": ["UA", "AA"], "name": ["United", "American"]})


def landed(rows: list[Any]) -> pl.DataFrame:
    schema = {"carrier": pl.String, "flight": pl.String, "delay": pl.Float64}
    return pl.DataFrame([(c, f, None if d is None else float(d)) for c, f, d in rows], schema=schema, orient="row")


def by_hand(frame: Any, quarantine: Quarantine) -> Any:
    """The same as the file says, from a notebook."""
    frame = etl.tidy(frame, "carrier", case="upper")
    frame = etl.cast(frame, flight="integer", on_failure="quarantine", quarantine=quarantine)
    frame = etl.deduplicate(frame, by="flight", order="-delay")
    frame = etl.fill_nulls(frame, "delay", how="median", flag=True)
    frame = etl.categorize(frame, "carrier", values=["UA", "AA"], otherwise="quarantine", quarantine=quarantine)
    frame = etl.join(frame, AIRLINES, {"carrier": "code"})
    frame = etl.derive(frame, late="delay > 15")
    frame = etl.band(frame, "delay", into="how_late", edges=[0, 15], labels=["early", "on time", "late"])
    frame = etl.log(frame, "delay", base=2, plus=100)
    return etl.rename(frame, name="airline")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_a_file_and_the_calls_give_the_same(tmp_path: Path, rows: list[Any]) -> None:
    path = tmp_path / "flights.yaml"
    path.write_text(FILE)
    written, called = Quarantine(), Quarantine()
    recipe = Recipe.load(path)
    made = recipe.apply(landed(rows), read={"airlines": AIRLINES}.__getitem__, quarantine=written)
    assert made.equals(by_hand(landed(rows), called))
    assert written.rows.equals(called.rows)
    listed = Recipe.of(yaml.safe_load(FILE)["transforms"])
    again = listed.apply(landed(rows), read={"airlines": AIRLINES}.__getitem__, quarantine=Quarantine())
    assert again.equals(made)


def test_a_frame_of_any_kind_comes_back_as_one() -> None:
    rows = landed([("ua", "1", 3), ("AA", "2", None), ("UA", "x", 4), ("ZZ", "4", 20)])
    expected = by_hand(rows, Quarantine())
    kinds: dict[type, Any] = {
        pl.DataFrame: rows,
        pl.LazyFrame: rows.lazy(),
        pa.Table: rows.to_arrow(),
        pd.DataFrame: rows.to_pandas(),
        dd.DataFrame: dd.from_pandas(rows.to_pandas(), npartitions=2),
    }
    for kind, given_ in kinds.items():
        recipe = Recipe.of(yaml.safe_load(FILE)["transforms"])
        made = recipe.apply(given_, read={"airlines": AIRLINES}.__getitem__, quarantine=Quarantine())
        assert isinstance(made, kind)
        assert frames.to_polars(made).to_dicts() == expected.to_dicts()
    assert made.npartitions == 2


def test_rows_of_dask_stay_where_they_are_until_a_transform_needs_others(caplog: pytest.LogCaptureFixture) -> None:
    rows = landed([("ua", "1", 3), ("AA", "2", None), ("UA", "3", 4), (None, "4", 20)])
    read: list[int] = []

    def part(number: int) -> pd.DataFrame:
        read.append(number)
        return rows[number : number + 1].to_pandas()

    frame = dd.from_map(part, range(4), meta=rows.clear().to_pandas())
    steps: list[Any] = [
        {"tidy": {"columns": ["carrier"], "case": "upper"}},
        {"cast": {"columns": {"flight": "integer"}}},
        {"fill_nulls": {"values": {"delay": 0}}},
        {"join": {"right": "airlines", "on": {"carrier": "code"}}},
        {"where": {"condition": "flight <> 3"}},
    ]
    recipe = Recipe.of(steps)
    made = recipe.apply(frame, read={"airlines": AIRLINES}.__getitem__)
    assert (isinstance(made, dd.DataFrame), made.npartitions, read) == (True, 4, [])
    expected = recipe.apply(rows, read={"airlines": AIRLINES}.__getitem__)
    assert frames.to_polars(made).to_dicts() == expected.to_dicts()
    assert {str(kind) for kind in made.dtypes} == {str(kind) for kind in made.compute().dtypes}
    assert "computed on this machine" not in caplog.text
    grouped = Recipe.of([*steps, {"group": {"by": "name", "columns": {"delay": "sum(delay)"}}}])
    found = grouped.apply(frame, read={"airlines": AIRLINES}.__getitem__)
    assert frames.to_polars(found).rows() == [("American", 0.0), ("United", 3.0), (None, 20.0)]
    wrong = Recipe.of([{"cast": {"columns": {"carrier": "integer"}}}]).apply(frame, read={}.__getitem__)
    with pytest.raises(Invalid, match=r"transform 1 .cast.: 1 value of 'carrier' cannot be read as integer"):
        wrong.compute()


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("- {cats: {columns: {a: integer}}}", "line 2: there is no transform 'cats'; did you mean 'cast'?"),
        ("- cast: {columns: {a: integr}}", "line 2: transform 'cast' has the columns.a 'integr'; did you mean"),
        ("- cast: {column: {a: integer}}", "'cast' has the unknown field 'column'; did you mean 'columns'?"),
        ("- drop_nulls\n  - cast: {on_failure: nul}", "line 3: transform 'cast' has the on_failure 'nul'"),
        ("- join: {right: airlines}", "line 2: transform 'join' needs 'on'"),
        ("- where: {condition: 'delay >> 5 AND'}", "line 2: transform 'where' has a condition that is not a SQL"),
        ("- where: {condition: a > 1 && b = 2}", "conditions are joined with AND, OR and NOT"),
        ("- derive:\n      columns:\n        a: b / 2\n        long: lenght(n)", "line 5: transform 'derive' has an"),
        ("- derive: {columns: {long: lenght(name)}}", "unsupported function 'lenght'"),
        ("- derive: {columns: {all: sum(a)}}", "has an expression that uses 'sum', which looks across rows"),
        ("- bins: {column: a, into: b, count: many}", "line 2: transform 'bins' has a wrong 'count'"),
        ("- cast: {columns: {on_failure: text}}", "has a column 'on_failure', which it takes for an option"),
        ("- {cast: {}, join: {}}", "line 2: transform 1 is one name with what it takes"),
        ("- drop_nulls: {quarantine: x}", "unknown field 'quarantine'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(tmp_path: Path, lines: str, says: str) -> None:
    path = tmp_path / "flights.yaml"
    path.write_text(f"transforms:\n  {lines}\n")
    with pytest.raises(Invalid) as caught:
        Recipe.load(path)
    assert says in str(caught.value)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "flights.yaml"
    path.write_text("raeds: x\nmode: replcae\ntransforms:\n  - cats\n  - join: {right: a}\n")
    with pytest.raises(Invalid) as caught:
        Recipe.load(path)
    for says in ("has 4 mistakes", "'raeds'; did you mean 'reads'", "'replace'", "'cats'", "needs 'on'"):
        assert says in str(caught.value)
    path.write_text("transforms: []\n")
    with pytest.raises(Invalid, match="transforms"):
        Recipe.load(path)


def test_what_does_not_fit_the_frame_is_told_with_the_transform(tmp_path: Path) -> None:
    path = tmp_path / "flights.yaml"
    path.write_text("transforms:\n  - drop_nulls\n  - cast: {columns: {fligth: integer}}\n")
    with pytest.raises(NotFound, match=r"line 3, transform 2 .cast.: no column 'fligth'; did you mean 'flight'"):
        Recipe.load(path).apply(landed([]), read={}.__getitem__)
    steps = [{"cast": {"columns": {"flight": "integer"}, "on_failure": "quarantine"}}]
    with pytest.raises(Invalid, match=r"^the transforms, transform 1 .cast.: .*there is no quarantine"):
        Recipe.of(steps).apply(landed([]), read={}.__getitem__)


def test_every_transform_can_be_written_down_and_is_exported() -> None:
    for name, function in TRANSFORMS.items():
        assert getattr(etl, name) is function
        with pytest.raises(Invalid, match=f"transform '{name}' has the unknown field 'nothing'"):
            Recipe.of([{name: {"nothing": 1}}])
        assert inspect.getdoc(function)


def test_a_file_is_applied_from_dataset_to_dataset(wb: Workbench, workspace: Path) -> None:
    (workspace / "transforms").mkdir()
    (workspace / "transforms" / "flights.yaml").write_text(FILE)
    wb.datasets.create("airlines", AIRLINES)
    rows = landed([("ua", "1", 3), ("AA", "2", None), ("UA", "x", 4), ("ZZ", "4", 20)])
    wb.datasets.create("landed", rows)
    applied = wb.transforms.apply("flights")
    assert (applied.loaded.added, applied.quarantined, len(applied.held)) == (2, 2, 2)
    assert "2 rows in quarantine" in repr(applied)
    assert wb.datasets["flights"].to_polars().sort("flight").equals(by_hand(rows, Quarantine()).sort("flight"))
    assert wb.datasets["flights"].info.key == ("flight",)
    reasons = {reason for one in wb.quality.held.list("flights") for reason in one.reasons}
    assert reasons == {"'flight' cannot be read as integer", "'carrier' is none of the values"}
    assert {one.origin for one in applied.held} == {"transforms/flights.yaml of landed"}
    again = wb.transforms.apply("flights")
    assert (again.loaded.version, again.held) == (applied.loaded.version, applied.held)
    wb.datasets["landed"].overwrite(rows[:2])
    again = wb.transforms.apply("flights")
    assert (again.quarantined, wb.quality.held.list("flights")) == (0, [])
    assert {one.state for one in wb.quality.held.list("flights", every=True)} == {"replaced"}
    made = wb.transforms.run(rows.to_pandas(), "flights", quarantine=Quarantine())
    assert isinstance(made, pd.DataFrame)
    with pytest.raises(NotFound, match="did you mean 'flights'"):
        wb.transforms.get("flihgts")


def test_rows_that_were_taken_out_go_on_where_they_were(wb: Workbench, workspace: Path) -> None:
    (workspace / "transforms").mkdir()
    path = workspace / "transforms" / "flights.yaml"
    path.write_text(FILE)
    wb.datasets.create("airlines", AIRLINES)
    wb.datasets.create("landed", landed([("ua", "1", 3), ("UA", "x", 4), ("ZZ", "4", 20)]))
    held = {one.how["step"]: one for one in wb.transforms.apply("flights").held if one.how}
    cast, sorted_out = (held[step] for step in sorted(held))
    assert wb.quality.held.redrive(cast.id).held == (cast,)
    mended = wb.quality.held.rows(cast.id).with_columns(flight=pl.lit("7"))
    done = wb.quality.held.redrive(cast.id, mended)
    assert (done.loaded, done.held) == (1, ())
    assert sorted(wb.datasets["flights"].to_polars()["flight"]) == [1, 7]
    path.write_text(FILE.replace("values: [UA, AA]", "values: [UA, AA, ZZ]"))
    assert wb.quality.held.redrive(sorted_out.id).loaded == 1
    assert sorted(wb.datasets["flights"].to_polars()["flight"]) == [1, 4, 7]
    with pytest.raises(Conflict, match="already"):
        wb.quality.held.redrive(sorted_out.id)


def test_rows_of_other_transforms_are_left_where_they_are(wb: Workbench, workspace: Path) -> None:
    (workspace / "transforms").mkdir()
    path = workspace / "transforms" / "flights.yaml"
    path.write_text(FILE)
    wb.datasets.create("airlines", AIRLINES)
    wb.datasets.create("landed", landed([("ua", "1", 3), ("UA", "x", 4)]))
    (held,) = wb.transforms.apply("flights").held
    path.write_text(FILE.replace("transforms:\n", "transforms:\n  - drop_nulls\n"))
    with pytest.raises(Conflict, match="has other transforms by now"):
        wb.quality.held.redrive(held.id)
    assert [one.id for one in wb.quality.held.list("flights")] == [held.id]
