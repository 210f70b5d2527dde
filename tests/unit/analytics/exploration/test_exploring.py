"""Looking at a dataset: what a view gives, whatever the columns are called and hold, and what is kept of it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.analytics.exploration import Condition, Group, View, condition
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound
from workbench.governance.security import Principal, Role

ODD = "a \"b\" 'c'"
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def frame(rows: int = 400) -> pl.DataFrame:
    numbers = range(rows)
    return pl.DataFrame(
        {
            "shop": [("north", "O'Hara's", "50% \\ off", None)[at % 4] for at in numbers],
            ODD: [float(at % 13) / 3 for at in numbers],
            "price": [None if at % 11 == 0 else math.nan if at % 17 == 0 else at * 0.5 for at in numbers],
            "units": [at % 7 for at in numbers],
            "cost": [Decimal(at % 5) / 4 for at in numbers],
            "at": [BEGIN + timedelta(hours=7 * at) if at % 9 else None for at in numbers],
            "day": [BEGIN.date() + timedelta(days=at % 40) for at in numbers],
            "back": [bool(at % 3) if at % 5 else None for at in numbers],
            "empty": [None] * rows,
            "list": [[at] for at in numbers],
        },
        schema_overrides={"cost": pl.Decimal(10, 2), "empty": pl.Float64},
    )


FRAME = frame()


@pytest.fixture
def shop(wb: Workbench) -> Workbench:
    wb.datasets.create("sales-2024", FRAME)
    return wb


def rows(wb: Workbench, *where: Condition) -> int:
    found = wb.exploration.look(View("sales-2024", where))
    assert found.frame.item() == found.matched
    return found.matched


NAN = pl.col("price").is_not_nan()
ASKED: list[tuple[str, Any, str, pl.Expr]] = [
    ("shop", "is", "north", pl.col("shop") == "north"),
    ("shop", "is", "north, O'Hara's", pl.col("shop").is_in(["north", "O'Hara's"])),
    ("shop", "is", '"50% \\ off"', pl.col("shop") == "50% \\ off"),
    ("shop", "is not", "north", pl.col("shop").is_null() | (pl.col("shop") != "north")),
    ("shop", "contains", "HARA'", pl.col("shop") == "O'Hara's"),
    ("shop", "contains", "%", pl.col("shop") == "50% \\ off"),
    ("shop", "is missing", "", pl.col("shop").is_null()),
    (ODD, "at least", "2.5", pl.col(ODD) >= 2.5),
    ("price", "at least", "30", (pl.col("price") >= 30) & NAN),
    ("price", "at most", "30", pl.col("price") <= 30),
    ("price", "is missing", "", pl.col("price").is_null() | pl.col("price").is_nan()),
    ("price", "is there", "", pl.col("price").is_not_null() & NAN),
    ("units", "is", "1, 3", pl.col("units").is_in([1, 3])),
    ("units", "is not", "-1", pl.lit(True)),
    ("cost", "at least", "0.75", pl.col("cost") >= Decimal("0.75")),
    ("at", "is", "2024-01-03", pl.col("at").dt.date() == date(2024, 1, 3)),
    ("at", "at most", "2024-01-03", pl.col("at").dt.date() <= date(2024, 1, 3)),
    ("at", "at least", "2024-01-03 05:30", pl.col("at") >= datetime(2024, 1, 3, 5, 30, tzinfo=UTC)),
    ("day", "at most", "2024-01-03", pl.col("day") <= date(2024, 1, 3)),
    ("back", "is", "yes", pl.col("back")),
    ("empty", "is missing", "", pl.lit(True)),
    ("list", "is there", "", pl.lit(True)),
]


@pytest.mark.parametrize(("column", "operator", "text", "meant"), ASKED)
def test_a_condition_leaves_the_rows_that_it_says(
    shop: Workbench, column: str, operator: Any, text: str, meant: pl.Expr
) -> None:
    asked = condition(column, FRAME.schema[column], operator, text)
    assert asked is not None
    assert rows(shop, asked) == FRAME.filter(meant).height


@pytest.mark.parametrize(
    ("column", "operator", "text", "said"),
    [
        ("units", "is", "many", "'many' cannot be a value of 'units'"),
        ("units", "contains", "1", "no question to 'units' 'contains'"),
        ("units", "at least", "1e400", "cannot be a value"),
        ("at", "at least", "yesterday", "cannot be a value of 'at'"),
        ("back", "is", "perhaps", "cannot be a value of 'back'"),
        ("list", "is", "1", "no question to 'list'"),
    ],
)
def test_what_is_no_value_of_a_column_is_said(column: str, operator: Any, text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        condition(column, FRAME.schema[column], operator, text)


def test_nothing_typed_yet_is_no_condition() -> None:
    assert condition("shop", pl.String(), "is", " ") is None


VIEWS = [
    View("sales-2024", by=(Group("shop"),)),
    View("sales-2024", aggregation="mean", of="price", by=(Group("shop"),)),
    View("sales-2024", aggregation="sum", of="units", by=(Group("shop"), Group("back"))),
    View("sales-2024", aggregation="sum", of="cost", by=(Group("back"),)),
    View("sales-2024", aggregation="median", of=ODD, by=(Group("units"),)),
    View("sales-2024", aggregation="count_distinct", of="shop", by=(Group("day", grain="week"),)),
    View("sales-2024", aggregation="count_distinct", of="price", by=(Group("back"),)),
    View("sales-2024", aggregation="max", of="price", by=(Group("at", grain="month"), Group("shop"))),
    View("sales-2024", aggregation="min", of="price", by=(Group("at", grain="hour"),)),
    View("sales-2024", aggregation="count", of="price", by=(Group(ODD, band=0.5),)),
    View("sales-2024", aggregation="count", by=(Group("price", band=20),)),
    View("sales-2024", aggregation="count", by=(Group("units", band=2), Group("shop"))),
    View("sales-2024", aggregation="sum", of="empty", by=(Group("shop"),)),
    View("sales-2024", aggregation="mean", of="price"),
]


def told(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Rows in one order, times as instants, and figures to nine digits, whatever type they are of."""

    def plain(value: Any) -> Any:
        return f"{float(value):.9g}" if isinstance(value, int | float | Decimal) else str(value)[:19]

    return sorted(tuple(map(plain, row)) for row in found.rows())


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.named + " by " + ", ".join(g.column for g in view.by))
def test_what_is_kept_says_what_was_seen(shop: Workbench, view: View) -> None:
    """As a query, and as a metric, which is computed by other code."""
    where = (Condition("units", "is not", (5,)), Condition("at", "at least", (date(2024, 1, 5),)))
    view = View(view.dataset, where, view.aggregation, view.of, view.by)
    seen = shop.exploration.look(view)
    assert seen.frame.height > 0
    shop.exploration.keep_query(view, "seen")
    assert shop.queries.run("seen").to_polars().equals(seen.frame)

    metric = shop.exploration.keep_metric(view, "kept")
    by = [dimension.name for dimension in metric.dimensions]
    found = shop.metrics.query("kept", by=by, grain=metric.grain).frame
    timed = [group.column for group in view.by if group.grain]
    expected = seen.frame.drop_nulls(timed)  # a metric over time leaves out what has none
    names = [*timed, *(group.column for group in view.by if not group.grain), view.named]
    there = told(expected.select(names))
    # A metric's filter leaves a group whose rows it takes all away, with nothing in it.
    groups = {row[:-1] for row in there}
    figures = [row for row in told(found.drop_nulls(["time"] if timed else [])) if row[:-1] in groups]
    assert figures == there
    assert all(row[-1] in ("0", "None") for row in told(found) if row[:-1] not in groups)


def test_a_name_that_is_taken_is_not_taken_again(shop: Workbench) -> None:
    view = VIEWS[0]
    shop.exploration.keep_query(view, "seen")
    shop.exploration.keep_metric(view, "seen")
    with pytest.raises(Conflict):
        shop.exploration.keep_query(view, "seen")
    with pytest.raises(Conflict, match="there is a metric 'seen' already"):
        shop.exploration.keep_metric(view, "seen")
    with pytest.raises(Invalid):
        shop.exploration.keep_metric(view, "No name")


def test_who_may_only_look_keeps_nothing(shop: Workbench) -> None:
    viewer = shop.acting_as(Principal("vera", Role.VIEWER))
    assert not viewer.exploration.keeps
    assert viewer.exploration.look(VIEWS[0]).frame.height == 4
    for keep in (viewer.exploration.keep_query, viewer.exploration.keep_metric):
        with pytest.raises(Forbidden):
            keep(VIEWS[0], "seen")


def test_points_are_sampled_only_where_there_are_many_and_always_alike(wb: Workbench) -> None:
    many = pl.DataFrame({"x": range(50_000), "y": [float(at % 100) for at in range(50_000)]})
    wb.datasets.create("many", many)
    view = View("many", aggregation=None, of="y", by=(Group("x"),))
    seen = wb.exploration.look(view)
    assert (seen.sampled, seen.frame.height, seen.matched) == (True, 2_000, 50_000)
    assert seen.told == "A sample of 2,000 points, drawn at random from 50,000 of 50,000 rows."
    assert "A sample of 2,000" in seen.chart().note
    assert wb.exploration.look(view).frame.equals(seen.frame)
    assert 20_000 < seen.frame["x"].mean() < 30_000  # type: ignore[operator]
    few = wb.exploration.look(View("many", (Condition("x", "at most", (9,)),), None, "y", (Group("x"),)))
    assert (few.sampled, few.frame.height, few.matched, few.total) == (False, 10, 10, 50_000)
    with pytest.raises(Invalid, match="points are no metric"):
        wb.exploration.keep_metric(view, "points")


def test_more_groups_than_can_be_shown_are_cut_and_said(wb: Workbench) -> None:
    wb.datasets.create("wide", pl.DataFrame({"key": [f"{at:05d}" for at in range(6_000)]}))
    seen = wb.exploration.look(View("wide", by=(Group("key"),)))
    assert (seen.cut, seen.frame.height) == (True, 5_000)
    assert "The first 5,000 groups; there are more." in seen.told


def test_a_group_is_proposed_that_suits_the_values(shop: Workbench) -> None:
    explore = shop.exploration
    assert explore.group("sales-2024", "shop") == Group("shop")
    assert explore.group("sales-2024", "units") == Group("units")
    assert explore.group("sales-2024", "price") == Group("price", band=10)
    assert explore.group("sales-2024", "at").grain == "day"
    assert explore.group("sales-2024", "day").grain == "day"
    assert explore.group("sales-2024", "empty") == Group("empty")
    with pytest.raises(Invalid, match="cannot be grouped by 'list'"):
        explore.group("sales-2024", "list")
    with pytest.raises(Invalid, match="did you mean 'price'"):
        explore.group("sales-2024", "prise")


def test_every_way_to_draw_it_draws(shop: Workbench) -> None:
    drawn = set()
    for view in VIEWS:
        seen = shop.exploration.look(view)
        for look in seen.looks:
            chart = seen.chart(look)
            assert "<svg" in chart.svg()
            assert chart.alt
            drawn.add((len(view.by), look))
    assert drawn >= {(1, "bar"), (1, "line"), (2, "line"), (2, "bar"), (2, "heatmap")}
    with pytest.raises(Invalid, match="nothing to be drawn along"):
        shop.exploration.look(View("sales-2024")).chart()
    with pytest.raises(Invalid, match="it can as bar"):
        shop.exploration.look(VIEWS[0]).chart("line")


def test_very_long_texts_are_cut_for_eyes_and_told_apart(wb: Workbench) -> None:
    long = "x" * 100_000
    wb.datasets.create("long", pl.DataFrame({"key": [f"{long}1", f"{long}2", "short"], "n": [1, 2, 3]}))
    seen = wb.exploration.look(View("long", aggregation="sum", of="n", by=(Group("key"),)))
    assert seen.frame["key"].str.len_chars().max() == 100_001
    shown = seen.chart().frame["key"]
    assert shown.n_unique() == 3
    assert shown.str.len_chars().max() < 100  # type: ignore[operator]
    preview = wb.exploration.rows("long")
    assert preview.frame["key"].str.len_chars().max() == 200
    assert len(preview.table()._repr_html_()) < 20_000


def test_the_first_rows_and_of_many_columns_the_first(wb: Workbench) -> None:
    wb.datasets.create("wide", pl.DataFrame({f"c{at}": [at, at + 1] for at in range(200)}))
    found = wb.exploration.rows("wide", [Condition("c7", "is", (8,))], first=["c150"], limit=5)
    assert found.frame.columns[:2] == ["c150", "c0"]
    assert (found.frame.width, found.columns, found.matched, found.total) == (30, 200, 1, 2)
    assert found.frame.row(0)[:3] == (151, 1, 2)


def test_a_dataset_without_rows_and_one_of_nothing_but_nulls(wb: Workbench) -> None:
    wb.datasets.create("none", FRAME.clear())
    wb.datasets.create("nulls", pl.DataFrame({"x": [None, None]}, schema={"x": pl.Float64}))
    assert wb.exploration.look(View("none")).frame.item() == 0
    for aggregation in ("sum", "mean", "median", "min", "max"):
        seen = wb.exploration.look(View("none", (), aggregation, "price", (Group("shop"),)))  # type: ignore[arg-type]
        assert seen.frame.is_empty()
        assert "no values to show" in seen.chart().alt
    seen = wb.exploration.look(View("nulls", (), "mean", "x", (Group("x"),)))
    assert seen.frame.rows() == [(None, None)]
    assert wb.exploration.group("nulls", "x") == Group("x")
    points = wb.exploration.look(View("none", (), None, "price", (Group("at"),)))
    assert (points.matched, points.frame.height) == (0, 0)


def test_a_dataset_that_is_gone_or_another_one_by_now(shop: Workbench) -> None:
    view = View("sales-2024", aggregation="mean", of="price")
    shop.datasets["sales-2024"].overwrite(pl.DataFrame({"cost": [1.0]}), evolve=True)
    with pytest.raises(Invalid, match="no column 'price'"):
        shop.exploration.look(view)
    shop.datasets.delete("sales-2024")
    with pytest.raises(NotFound, match="'sales-2024' was deleted"):
        shop.exploration.look(view)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (View("sales-2024", aggregation="mean", of="shop"), "there is no mean of 'shop'"),
        (View("sales-2024", aggregation="mean"), "a mean needs a column"),
        (View("sales-2024", by=(Group("shop"), Group("shop"))), "at most two columns, each once"),
        (View("sales-2024", by=(Group("shop", grain="day"),)), "there is no day of 'shop'"),
        (View("sales-2024", by=(Group("day", grain="hour"),)), "there is no hour of 'day'"),
        (View("sales-2024", by=(Group("units", band=0),)), "cannot be 0 wide"),
        (View("sales-2024", aggregation=None, of="shop", by=(Group("units"),)), "points need a column of numbers"),
        (View("sales-2024", aggregation=None, of="units", by=(Group("shop"),)), "points cannot lie along 'shop'"),
        (View("sales-2024", (Condition("list", "is", ("x",)),)), "'is' cannot be asked of 'list'"),
    ],
)
def test_what_cannot_be_asked_is_said(shop: Workbench, view: View, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        shop.exploration.look(view)
