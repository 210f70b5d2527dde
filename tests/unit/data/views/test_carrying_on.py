"""After any changes of its datasets, a refreshed view is its SQL; where rows were only added, by these alone."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from examples import examples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from workbench import Workbench

SCHEMA = {"id": pl.Int64, "k": pl.String, "f": pl.Float64, "v": pl.Int64, "x": pl.Float64}
VIEWS = {
    "lin": "SELECT id, k, v * 2 AS w, x FROM t WHERE v > -2 OR v IS NULL",
    "grp": "SELECT k, f, count(*) AS n, count(x) AS c, sum(x) AS s, avg(x) AS m, sum(v) AS total, min(v) AS lo,"
    " max(x) AS hi, bool_or(v > 3) AS any FROM t GROUP BY k, f",
    "all_of_it": "SELECT count(*) AS n, sum(v) AS total, max(k) AS last FROM t",
    "joined": "SELECT t.k, u.name, count(*) AS n, sum(t.v) AS total FROM t LEFT JOIN u ON t.k = u.k GROUP BY ALL",
}
ROW = st.tuples(
    st.sampled_from([None, "a", "b", "c"]),
    st.sampled_from([None, 0.0, -0.0, 1.5, math.nan]),
    st.sampled_from([None, -5, 0, 1, 4, 2**40]),
    st.sampled_from([None, 0.1, -2.5, 1e9, math.nan, math.inf]),
)
ROWS = st.lists(ROW, min_size=1, max_size=5)
STEP = st.one_of(
    st.tuples(st.just("append"), ROWS),
    st.tuples(st.just("upsert"), ROWS),
    st.tuples(st.just("overwrite"), ROWS),
    st.tuples(st.just("optimize"), st.just([])),
    st.tuples(st.just("nothing"), st.just([])),
)


def frame(rows: list[Any], first: int) -> pl.DataFrame:
    return pl.DataFrame([(first + n, *row) for n, row in enumerate(rows)], schema=SCHEMA, orient="row")


def plain(value: Any) -> Any:
    """NaN is itself, 0.0 is -0.0, and floats of sums that were added up in another order are alike."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else (value if math.isinf(value) else float(f"{value:.9g}") + 0.0)
    return value


def rows_of(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted((tuple(plain(value) for value in row) for row in found.rows()), key=repr)


def check_all(wb: Workbench) -> None:
    for name, sql in VIEWS.items():
        kept = wb.datasets.get(name).to_polars()
        whole = wb.sql(sql).to_polars()
        assert kept.schema == whole.schema
        assert rows_of(kept) == rows_of(whole), name


def test_a_view_is_its_sql_whatever_happened(wb: Workbench) -> None:
    wb.datasets.create("u", pl.DataFrame({"k": ["a", "b"], "name": ["Ann", None]}))
    wb.datasets.create("t", frame([], 0), key="id")
    for name, sql in VIEWS.items():
        wb.views.define(name, sql)
    used = 0

    @settings(examples(3, 60), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.lists(STEP, min_size=1, max_size=3))
    def goes_on(steps: list[tuple[str, list[Any]]]) -> None:
        nonlocal used
        added = True
        for what, rows in steps:
            dataset = wb.datasets.get("t")
            if what == "append":
                dataset.append(frame(rows, used))
                used += len(rows)
            elif what == "upsert":
                added = False
                dataset.upsert(frame(rows, max(0, used - 2)))
                used += len(rows)
            elif what == "overwrite":
                added = False
                dataset.overwrite(frame(rows, used))
                used += len(rows)
            elif what == "optimize":
                wb.lake.optimize("t", wb.actor)
        for name in VIEWS:
            done = wb.views.refresh(name)
            if added and done.version != 1:
                assert done.way in ("rows", "groups", "unchanged"), (name, steps, done)
        check_all(wb)

    goes_on()


def test_what_came_is_all_that_is_computed(wb: Workbench) -> None:
    """Of a view of groups only the files with a group that changed are rewritten, and rows are only appended."""
    wb.datasets.create("t", frame([("a", 1.0, 1, 0.5), ("b", None, 2, None)], 0), key="id")
    wb.views.define("lin", VIEWS["lin"])
    wb.views.define("grp", VIEWS["grp"])
    first = {name: wb.views.refresh(name) for name in ("lin", "grp")}
    assert [one.way for one in first.values()] == ["whole", "whole"]
    wb.datasets.get("t").append(frame([("a", 1.0, 7, 1.5), ("z", math.nan, None, None)], 2))
    lin, grp = wb.views.refresh("lin"), wb.views.refresh("grp")
    assert repr(lin) == "refreshed: 2 rows appended, since t got rows after version 0"
    assert repr(grp) == "refreshed: 2 groups changed, since t got rows after version 0"
    assert grp.read == {"t": 1}
    assert [one.operation for one in wb.lake.versions("lin", wb.actor)] == ["append", "overwrite", "create"]
    assert [one.operation for one in wb.lake.versions("grp", wb.actor)] == ["upsert", "overwrite", "create"]
    assert wb.datasets.get("grp").diff(1, 2, key=[]).added == 2
    edges = {(edge.direction, edge.name, edge.version) for edge in wb.runs.edges(grp.run)}
    assert edges == {("read", "t", "1"), ("write", "grp", "2")}
    assert repr(wb.views.refresh("grp")) == "as it was, since t had nothing new"
    assert wb.lake.version("grp") == 2


@pytest.mark.parametrize("way", ["left", "right"])
def test_a_join_is_carried_on_by_the_side_that_may_grow(wb: Workbench, way: str) -> None:
    wb.datasets.create("t", pl.DataFrame({"k": ["a", "b"], "v": [1, 2]}))
    wb.datasets.create("u", pl.DataFrame({"k": ["a"], "name": ["Ann"]}))
    wb.views.define("joined", "SELECT k, v, name FROM t LEFT JOIN u USING (k)")
    wb.views.refresh("joined")
    if way == "left":
        wb.datasets.get("t").append(pl.DataFrame({"k": ["a", "c"], "v": [3, 4]}))
        assert wb.views.refresh("joined").way == "rows"
    else:
        wb.datasets.get("u").append(pl.DataFrame({"k": ["b"], "name": ["Bob"]}))
        done = wb.views.refresh("joined")
        assert repr(done) == (
            "refreshed: whole (2 rows), because u got rows, where it stands so that they may change others"
        )
    whole = wb.sql("SELECT k, v, name FROM t LEFT JOIN u USING (k)").to_polars()
    assert rows_of(wb.datasets.get("joined").to_polars()) == rows_of(whole)


def test_why_it_is_computed_whole(wb: Workbench) -> None:
    start = frame([("a", 1.0, 1, 0.5), ("b", None, 2, None)], 0)
    dataset = wb.datasets.create("t", start, key="id")
    wb.datasets.create("u", pl.DataFrame({"k": ["a"], "name": ["Ann"]}))
    wb.views.define("grp", "SELECT k, count(*) AS n FROM t JOIN u USING (k) GROUP BY k")

    def why() -> str:
        explained = wb.views.explain("grp")
        done = wb.views.refresh("grp")
        assert (explained.way, explained.why) == (done.way, done.why)
        assert done.way == "whole"
        return done.why

    assert why() == "it is computed for the first time"
    dataset.upsert(frame([("c", 1.0, 1, 0.5)], 0))
    assert why() == "t had rows rewritten or taken out in version 1"
    dataset.append(frame([("a", 1.0, 1, 0.5)], 7))
    wb.datasets.get("u").append(pl.DataFrame({"k": ["b"], "name": ["Bob"]}))
    assert why() == "t and u got rows, and only one may at a time"
    wb.datasets.get("u").append(pl.DataFrame({"k": ["d"], "name": ["Dan"], "old": [3]}), evolve=True)
    assert why() == "u got other columns in version 2"
    wb.datasets.get("grp").append(pl.DataFrame({"k": ["zz"], "n": [5]}))
    assert why() == f"{wb.actor.principal.name} changed its dataset in version 5 (append)"
    assert wb.datasets.get("grp").to_polars().sort("k").rows() == [("a", 1), ("b", 1)]
    wb.datasets.delete("u")
    wb.datasets.create("u", pl.DataFrame({"k": ["a"], "name": ["Ann"]}))
    assert why() == "'u' is another dataset than before"
    wb.views.define("grp", "SELECT k, count(*) AS n, max(v) AS v FROM t JOIN u USING (k) GROUP BY k")
    assert why() == "its SQL is another than before"
    assert wb.datasets.get("grp").to_polars().columns == ["k", "n", "v"]
    assert wb.views.refresh("grp", anew=True).why == "that was asked for"
    dataset.append(frame([("a", 1.0, 1, 0.5)], 9))
    dataset.append(frame([("a", 1.0, 1, 0.5)], 10))
    wb.lake.optimize("t", wb.actor)
    assert wb.views.refresh("grp").way == "groups"  # laid out anew, the same rows; what came is read where it came
    dataset.append(frame([("a", 1.0, 1, 0.5)], 11))
    wb.lake.optimize("t", wb.actor)
    wb.datasets.clean("t", keep_days=0)
    assert why().startswith("t had files cleaned away that its new rows came in")
    wb.datasets.delete("grp")
    assert why() == "it is computed for the first time"
    wb.views.define("chance", "SELECT k, random() AS r FROM t")
    wb.views.refresh("chance")
    assert wb.views.refresh("chance").why == "it calls random(), which may give something else each time"


def test_a_sum_that_outgrows_its_column(wb: Workbench) -> None:
    most = 2**63 - 1
    wb.datasets.create("t", pl.DataFrame({"k": ["a"], "v": [most]}))
    wb.views.define("grp", "SELECT k, sum(v) AS s FROM t GROUP BY k")
    wb.views.refresh("grp")
    wb.datasets.get("t").append(pl.DataFrame({"k": ["a"], "v": [most]}))
    done = wb.views.refresh("grp")
    assert (done.way, done.why) == ("whole", "its values do not fit the types that its columns had")
    assert int(wb.datasets.get("grp").to_polars()["s"][0]) == 2 * most
