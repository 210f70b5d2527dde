"""Rollups: defining them, when one is used and what is said when none is, and what a refresh makes anew."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.analytics.metrics.schedules import due
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, WorkbenchError
from workbench.governance.runs import Actor, RunKind
from workbench.governance.security import Policy, Principal, Role

METRICS = """
- {name: sold, dataset: sales, aggregation: count, time: at, dimensions: &by [shop, {name: large, sql: "price > 5"},
   price, {name: town, sql: place__town}], joins: &joins [{name: place, dataset: shops, on: {shop: shop}}]}
- {name: revenue, dataset: sales, aggregation: sum, column: price, time: at, dimensions: *by, joins: *joins}
- {name: buyers, dataset: sales, aggregation: count_distinct, column: who, time: at, dimensions: *by, joins: *joins}
- {name: share, type: ratio, numerator: buyers, denominator: sold}
- {name: again, type: conversion, base_metric: sold, conversion_metric: buyers, entity: who}
- {name: shops, dataset: shops, aggregation: count, dimensions: [town]}
"""
DAILY = {"name": "daily", "metrics": ["sold", "share"], "dimensions": ["shop", "large"], "time_zone": "UTC"}


def sales(*rows: tuple[int, int, str, int]) -> pl.DataFrame:
    """Rows of month, day, shop, price."""
    return pl.DataFrame(
        [(datetime(2013, month, day, 12, tzinfo=UTC), shop, price, f"w{price}") for month, day, shop, price in rows],
        schema={"at": pl.Datetime("us", "UTC"), "shop": pl.String, "price": pl.Int64, "who": pl.String},
        orient="row",
    )


@pytest.fixture
def shop(wb: Workbench, workspace: Path) -> Workbench:
    (workspace / "metrics").mkdir()
    (workspace / "metrics" / "sales.yaml").write_text(METRICS)
    wb.datasets.create("shops", pl.DataFrame({"shop": ["a", "b"], "town": ["Rome", "Bath"]}))
    wb.datasets.create("sales", sales((1, 1, "a", 1), (1, 2, "b", 9), (2, 1, "a", 9), (3, 1, "b", 9)))
    return wb


def made(wb: Workbench, **more: Any) -> Workbench:
    wb.metrics.rollups.define({**DAILY, **more})
    wb.metrics.rollups.refresh("daily")
    return wb


def why(wb: Workbench, *metrics: str, **asked: Any) -> str:
    """Why no rollup answered, or the name of the one that did."""
    (one,) = wb.metrics.query(list(metrics), **asked).passes
    return one.rollup or one.why_no_rollup


def test_a_query_is_answered_by_a_rollup_that_keeps_what_it_asks(shop: Workbench) -> None:
    assert why(shop, "sold") == ""
    shop.metrics.rollups.define(DAILY)
    assert why(shop, "sold") == "rollup 'daily' was never made"
    shop.metrics.rollups.refresh("daily")
    asked: list[dict[str, Any]] = [
        {},
        {"by": "shop", "grain": "week"},
        {"by": ["large"], "where": "shop = 'a' AND large", "between": ("2013-01-01", "2013-03-01")},
        {"grain": "month", "compare": "previous period", "between": ("2013-02-01", "2013-03-01")},
    ]
    for one in asked:
        found = shop.metrics.query(["sold", "buyers", "share"], rollups="only", **one)
        assert {each.rollup for each in found.passes} == {"daily"}
        assert found.frame.equals(shop.metrics.query(["sold", "buyers", "share"], rollups="off", **one).frame)
        assert found.versions["sales"] == 0
    assert "rollup   daily" in shop.metrics.query("sold").explain()


@pytest.mark.parametrize(
    ("metric", "asked", "said"),
    [
        ("revenue", {}, "does not keep the metric 'revenue'"),
        ("sold", {"by": "price"}, "has no dimension 'price'"),
        ("sold", {"where": "price = 1"}, "has no dimension 'price'"),
        ("sold", {"where": "at IS NULL"}, "has no dimension 'at'"),
        ("sold", {"by": "town"}, "has no dimension 'town'"),
        ("sold", {"grain": "hour"}, "is by day, of which no hour can be made"),
        ("sold", {"grain": "day", "time_zone": "Asia/Tokyo"}, "has the days of UTC, not of Asia/Tokyo"),
        (
            "sold",
            {"between": ("2013-01-01T06:00:00Z", "2013-02-01")},
            "is by day, and the time range starts inside one, at 2013-01-01T06:00:00+00:00",
        ),
    ],
)
def test_what_is_said_where_none_fits(shop: Workbench, metric: str, asked: dict[str, Any], said: str) -> None:
    made(shop)
    assert why(shop, metric, **asked) == f"rollup 'daily' {said}"
    with pytest.raises(Invalid, match="no rollup of 'sales' answers this: rollup 'daily'") as refused:
        shop.metrics.query(metric, rollups="only", **asked)
    assert said in str(refused.value)


def test_what_no_rollup_can_answer_is_refused_where_only_they_may(shop: Workbench) -> None:
    with pytest.raises(Invalid, match="no rollup of 'shops' answers this: there is none"):
        shop.metrics.query("shops", rollups="only")
    with pytest.raises(Invalid, match="is a conversion, which is no sum of parts"):
        shop.metrics.query("again", rollups="only")


def test_weeks_and_months_make_what_they_nest_in(shop: Workbench) -> None:
    made(shop, grain="week", week_start=7)
    assert why(shop, "sold", grain="week", week_start=7) == "daily"
    assert why(shop, "sold", grain="week") == "rollup 'daily' has weeks that start on day 7, not 1"
    assert why(shop, "sold", grain="year") == "rollup 'daily' is by week, of which no year can be made"
    made(shop, grain="month")
    assert why(shop, "sold", grain="year", between=("2013-01-01", "2014-01-01")) == "daily"
    assert "ends inside one" in why(shop, "sold", between=("2013-01-01", "2013-01-15"))


def test_a_day_that_comes_twice_has_no_bounds(shop: Workbench) -> None:
    """St John's put its clocks back at one minute past midnight: an hour of the day before came after the midnight."""
    made(shop, time_zone="America/St_Johns")
    asked = {"time_zone": "America/St_Johns", "between": ("2007-11-04", "2013-06-01")}
    assert "starts inside one" in why(shop, "sold", **asked)
    assert why(shop, "sold", **{**asked, "between": ("2007-11-03", "2013-06-01")}) == "daily"


def test_a_rollup_of_some_rows_answers_who_asks_for_these(shop: Workbench) -> None:
    made(shop, filter="shop = 'a' AND price > 0")
    assert "is of the rows where shop = 'a' AND price > 0" in why(shop, "sold")
    assert why(shop, "sold", where="price > 0 AND large AND shop = 'a'") == "daily"
    assert "is of the rows" in why(shop, "sold", where="price > 0 OR shop = 'a'")


def test_only_the_months_whose_files_changed_are_made_anew(shop: Workbench) -> None:
    made(shop)
    before = {chunk.month: chunk.files for chunk in shop.metrics.rollups.refresh("daily").chunks}
    assert set(before) == {None, date(2013, 1, 1), date(2013, 2, 1), date(2013, 3, 1)}
    shop.datasets.get("sales").append(sales((2, 9, "a", 3)))
    shop.datasets.get("sales").append(sales((4, 1, "b", 1)))
    assert why(shop, "sold") == "daily"  # what changed is computed from its rows, the rest is the rollup's
    with pytest.raises(Invalid, match="stands for version 0 of 'sales', and version 2 is read: refresh it"):
        shop.metrics.query("sold", rollups="only")
    january = shop.metrics.query("sold", between=("2013-01-01", "2013-02-01"), rollups="only")
    assert january.frame.item() == 2  # that month did not change
    after = {chunk.month: chunk.files for chunk in shop.metrics.rollups.refresh("daily").chunks}
    same = {month for month in after if before.get(month) == after[month]}
    assert same == {None, date(2013, 1, 1), date(2013, 3, 1)}
    assert shop.metrics.query("sold", rollups="only").frame.item() == 6


def test_a_fold_changes_nothing(shop: Workbench) -> None:
    shop.datasets.get("sales").append(sales((2, 9, "a", 3)))
    made(shop)
    files = shop.metrics.rollups.refresh("daily").chunks
    shop.datasets.get("sales").optimize()
    assert shop.metrics.query("sold", rollups="only").versions == {"sales": 2}
    assert shop.metrics.rollups.refresh("daily").chunks == files
    assert shop.metrics.rollups.summary("daily").version == 2


def test_another_definition_or_column_makes_it_anew(shop: Workbench, workspace: Path) -> None:
    made(shop)
    shop.metrics.rollups.define({**DAILY, "dimensions": ["shop"]})
    said = "rollup 'daily' was made with another definition, or of other columns, and has to be made anew"
    assert why(shop, "sold") == said
    assert shop.metrics.rollups.summary("daily").status == "outdated"
    assert shop.metrics.rollups.refresh("daily").rows
    assert why(shop, "sold") == "daily"
    text = METRICS.replace("aggregation: count, time: at", "aggregation: count, filter: price > 1, time: at")
    (workspace / "metrics" / "sales.yaml").write_text(text)
    assert why(shop, "sold") == said
    shop.metrics.rollups.refresh("daily")
    assert shop.metrics.query("sold", rollups="only").frame.item() == 3
    shop.datasets.get("sales").overwrite(sales((1, 1, "a", 1)).cast({"price": pl.Float64}), evolve=True)
    assert why(shop, "sold") == said
    shop.metrics.rollups.refresh("daily")
    assert shop.metrics.query("sold", rollups="only").frame.item() == 0


def test_a_joined_dataset_that_changed_makes_it_anew(shop: Workbench) -> None:
    made(shop, dimensions=["town"])
    assert why(shop, "sold", by="town") == "daily"
    shop.datasets.get("shops").overwrite(pl.DataFrame({"shop": ["a", "b"], "town": ["Rome", "York"]}))
    assert why(shop, "sold", by="town") == (
        "rollup 'daily' was made with another version of 'shops' than the one that is read"
    )
    shop.metrics.rollups.refresh("daily")
    assert shop.metrics.query("sold", by="town", rollups="only").frame["town"].to_list() == ["Rome", "York"]


def test_a_dataset_of_the_same_name_is_another_one(shop: Workbench) -> None:
    made(shop)
    shop.datasets.delete("sales")
    shop.datasets.create("sales", sales((5, 1, "a", 1)))
    assert why(shop, "sold") == "rollup 'daily' was never made"
    shop.metrics.rollups.refresh("daily")
    assert shop.metrics.query("sold", rollups="only").frame.item() == 1


@pytest.mark.parametrize("harm", ["gone", "cut", "scrambled"])
def test_a_damaged_file_is_passed_over_and_mended(shop: Workbench, harm: str) -> None:
    made(shop)
    for path in (shop.settings.lake_root / "_rollups").glob("daily/*/2013*.parquet"):
        whole = path.read_bytes()
        if harm == "gone":
            path.unlink()
        else:
            path.write_bytes(whole[:-9] if harm == "cut" else bytes(len(whole)))
    assert why(shop, "sold").startswith("rollup 'daily' has ")
    assert shop.metrics.query("sold").frame.item() == 4
    shop.metrics.rollups.refresh("daily", anew=True)
    assert shop.metrics.query("sold", rollups="only").frame.item() == 4


def test_a_run_reads_the_version_that_it_pinned(shop: Workbench) -> None:
    run = shop.runs.start(RunKind.NOTEBOOK, "n", actor=shop.actor, parameters={}).id
    inside = Workbench(shop.settings, shop.catalog, Actor(shop.actor.principal, run))
    assert inside.metrics.query("sold").frame.item() == 4
    shop.datasets.get("sales").append(sales((1, 9, "a", 3)))
    made(shop)
    found = inside.metrics.query("sold")
    assert (found.frame.item(), found.versions, found.passes[0].rollup) == (4, {"sales": 0}, "daily")
    assert [(edge.name, edge.version) for edge in shop.runs.edges(run) if edge.kind == "dataset"] == [("sales", "0")]


def test_who_sees_less_is_answered_from_the_rows_and_cannot_make_one(shop: Workbench) -> None:
    made(shop)
    shop.security.set_policy(
        Policy(dataset="sales", role=Role.ANALYST, row_filter="shop = 'a'"), by=shop.actor.principal
    )
    for role in (Role.VIEWER, Role.ANALYST):
        seen = shop.acting_as(Principal("ann", role))
        found = seen.metrics.query("sold", by="shop")
        assert found.frame.rows() == [("a", 2)]
        assert "a policy says which the asker may see" in found.passes[0].why_no_rollup
        with pytest.raises(Forbidden):
            seen.metrics.rollups.refresh("daily")
    assert why(shop, "sold") == "daily"


def test_who_may_what(shop: Workbench) -> None:
    made(shop)
    viewer = shop.acting_as(Principal("vera", Role.VIEWER)).metrics.rollups
    for doing in (lambda: viewer.define(DAILY), lambda: viewer.refresh("daily"), lambda: viewer.remove("daily")):
        with pytest.raises(Forbidden, match="that takes the role analyst"):
            doing()
    assert why(shop, "sold") == "daily"
    shop.metrics.rollups.remove("daily")
    assert not (shop.settings.lake_root / "_rollups" / "daily").exists()
    assert why(shop, "sold") == ""
    with pytest.raises(NotFound, match="no rollup in the catalog called 'daily'"):
        shop.metrics.rollups.remove("daily")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"metrics": ["slod"]}, "did you mean 'sold'"),
        ({"metrics": ["again"]}, "rollup 'daily' cannot keep the metric 'again': conversions do not add up"),
        ({"metrics": ["sold", "shops"], "dimensions": []}, "cannot keep the metric 'shops', which has no time column"),
        ({"metrics": []}, "metrics"),
        ({"dimensions": ["shpo"]}, "did you mean 'shop'"),
        ({"grain": "minute"}, "grain"),
        ({"filter": "pirce > 1"}, "did you mean 'price'"),
        ({"filter": "price"}, "the filter of rollup 'daily' is not a condition"),
        ({"time_zone": "Mars"}, "no time zone 'Mars'"),
        ({"refresh": "often"}, "has the schedule 'often'"),
        ({"dimension": ["shop"]}, "did you mean 'dimensions'"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(shop: Workbench, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(WorkbenchError) as refused:
        shop.metrics.rollups.define({**DAILY, **wrong})
    assert said in str(refused.value)
    assert len(shop.metrics.rollups) == 0


def test_a_file_of_metrics_defines_rollups_too(shop: Workbench, workspace: Path) -> None:
    path = workspace / "metrics" / "sales.yaml"
    path.write_text(METRICS + "- {rollup: monthly, metrics: [sold], grain: month, refresh: every 1 h}\n")
    assert shop.metrics.problems == ()
    assert [one.rollup.name for one in shop.metrics.rollups] == ["monthly"]
    assert shop.metrics.rollups.refresh_due() == 1
    assert shop.metrics.rollups.refresh_due() == 0
    assert why(shop, "sold") == "monthly"
    with pytest.raises(Conflict, match="rollup 'monthly' is defined in a file"):
        shop.metrics.rollups.remove("monthly")
    path.write_text(METRICS + "- {rollup: monthly, metrics: [sold], gran: month}\n")
    (problem,) = shop.metrics.problems
    assert "line 9" in problem
    assert "did you mean 'grain'" in problem
    assert shop.metrics.rollups.refresh_due() == 0  # and what was kept of it is forgotten
    assert list((shop.settings.lake_root / "_rollups").iterdir()) == []


def test_one_that_cannot_be_made_does_not_keep_the_others_from_it(shop: Workbench) -> None:
    shop.metrics.rollups.define({**DAILY, "name": "a", "refresh": "every 1 h"})
    shop.metrics.rollups.define({**DAILY, "name": "b", "refresh": "every 1 h", "filter": "price > 1"})
    shop.datasets.get("sales").overwrite(sales((1, 1, "a", 1)).drop("price"), evolve=True)
    shop.metrics.rollups.define({**DAILY, "name": "c", "refresh": "every 1 h", "dimensions": ["shop"]})
    assert shop.metrics.rollups.refresh_due() == 1
    assert [one.status for one in shop.metrics.rollups] == ["never made", "never made", "current"]


@pytest.mark.parametrize(
    ("text", "since", "now", "is_due"),
    [
        ("every 1 h", "2013-01-01T10:00", "2013-01-01T10:59", False),
        ("every 1 h", "2013-01-01T10:00", "2013-01-01T11:00", True),
        ("every 2 days", "2013-01-01T10:00", "2013-01-03T09:00", False),
        ("0 6 * * *", "2013-01-01T06:00", "2013-01-02T05:59", False),
        ("0 6 * * *", "2013-01-01T06:00", "2013-01-02T06:00", True),
        ("*/15 * * * *", "2013-01-01T06:01", "2013-01-01T06:14", False),
        ("*/15 * * * *", "2013-01-01T06:01", "2013-01-01T06:15", True),
        ("0 6 * * mon-fri", "2013-01-04T07:00", "2013-01-07T05:00", False),
        ("0 6 * * mon-fri", "2013-01-04T07:00", "2013-01-07T06:00", True),
        ("0 0 1 * sun", "2013-01-02T00:00", "2013-01-05T23:00", False),
        ("0 0 1 * sun", "2013-01-02T00:00", "2013-01-06T00:00", True),
        ("0 0 * * 7", "2013-01-02T00:00", "2013-01-06T00:00", True),
        ("0 0 29 2 *", "2013-03-01T00:00", "2016-02-28T23:59", False),
        ("0 0 29 2 *", "2013-03-01T00:00", "2016-02-29T00:00", True),
    ],
)
def test_when_a_schedule_is_due(text: str, since: str, now: str, is_due: bool) -> None:
    times = [datetime.fromisoformat(time).replace(tzinfo=UTC) for time in (since, now)]
    assert due(text, times[0], times[1]) is is_due
