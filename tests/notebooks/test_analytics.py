"""The notebooks of product analytics on real data: what they show is what plain SQL over the same rows finds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from flights import ON_FLIGHTS, Ran

from workbench import Workbench
from workbench.governance.runs import Run

pytestmark = ON_FLIGHTS

TABLE = "application/vnd.workbench.table+json"


@pytest.fixture(scope="module")
def home(ran_flights: Ran, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two weeks of flights, for the notebooks to write to."""
    return Path(shutil.copytree(ran_flights.home, tmp_path_factory.mktemp("analytics") / "flights", symlinks=True))


def shown(run: Run) -> dict[str, list[list[Any]]]:
    """The rows of each table and chart that a run shows, by title; of a title shown twice the last."""
    notebook = json.loads((run.directory / "output.ipynb").read_text())
    outputs = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", []) if "data" in output]
    return {data[TABLE]["title"]: data[TABLE]["rows"] for data in outputs if TABLE in data}


def test_aircraft_and_their_delays(home: Path) -> None:
    with Workbench.open(home) as wb:
        run = wb.notebooks.run("notebooks/analytics/flights.ipynb")
        tables = shown(run)
        flights = wb.datasets["flights"].to_polars(["tailnum", "time_hour", "flight", "dep_time", "dep_delay"])
        sql = duckdb.connect()
        sql.register("flights", flights.to_arrow())
        late = (
            "WITH late AS (SELECT tailnum, time_hour AS at, row_number() OVER (PARTITION BY tailnum ORDER BY time_hour,"
            " flight) AS n FROM flights WHERE tailnum IS NOT NULL AND dep_time IS NOT NULL AND dep_delay > 15)"
        )
        step = "JOIN late {b} ON {b}.tailnum = a.tailnum AND {b}.n = a.n + {n} AND {b}.at - a.at <= INTERVAL 2 DAY"
        twice, thrice = step.format(b="b", n=1), step.format(b="c", n=2)
        expected = [
            sql.sql(f"{late} SELECT count(DISTINCT a.tailnum) FROM late a {joins}").fetchall()[0][0]
            for joins in ("", twice, f"{twice} {thrice}")
        ]
        again = wb.product.funnel("departures", ["delayed", "delayed", "delayed"], window="2 days")
        assert again.frame["subjects"].to_list() == expected
        assert wb.product.cohorts.get("late_three_times").size == expected[2]
        assert wb.datasets["departures"].info.layout is not None
        assert flights.height == wb.datasets["departures"].info.rows == 12_208
        rows = tables["From delayed to delayed within 2 days"]
        assert [row[:3] for row in rows] == [[n + 1, "delayed", expected[n]] for n in range(3)]
        assert sum(row[1] for row in tables["In how many days: delayed, among late three times"]) == expected[2]
        assert len(tables) == 6
        receipt = wb.runs.receipt(run.id)
        assert {edge.name for edge in receipt.read if edge.kind == "dataset"} == {"flights", "departures"}
        assert wb.notebooks.run("notebooks/analytics/flights.ipynb").status == "succeeded", "it can be run again"


def test_customers_who_come_back(home: Path) -> None:
    with Workbench.open(home) as wb:
        (stage,) = wb.pipelines.run("purchases").stages
        tables = shown(stage.run)
        sql = duckdb.connect()
        sql.register("bought", pl.read_csv(home / "sources" / "purchases.csv", try_parse_dates=True).to_arrow())
        cells = sql.sql(
            "WITH first AS (SELECT customer, date_trunc('month', min(day)) AS began FROM bought GROUP BY 1) "
            "SELECT began::VARCHAR, datediff('month', began, day), count(DISTINCT customer) "
            "FROM bought JOIN first USING (customer) GROUP BY ALL"
        ).fetchall()
        expected = {(began[:10], offset): count for began, offset, count in cells}
        retention = wb.product.retention("purchases", "purchase", grain="month", periods=18)
        found = {(str(row["cohort"]), row["offset"]): row["subjects"] for row in retention.frame.iter_rows(named=True)}
        assert {cell: found[cell] for cell in expected} == expected
        assert expected["1997-01-01", 0] == 7_846
        (second,) = sql.sql(
            "WITH ranked AS (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY day, purchase) AS n "
            "FROM bought) "
            "SELECT count(*) FROM ranked a JOIN ranked b ON a.customer = b.customer AND a.n = 1 AND b.n = 2 "
            "AND b.day - a.day <= 60"
        ).fetchall()
        rows = tables["From purchase to second purchase within 60 days"]
        assert [row[2] for row in rows] == [23_570, second[0]]
        assert wb.product.cohorts.get("bought_again").size == second[0]
        months = sql.sql(
            "SELECT months, count(*) FROM (SELECT customer, count(DISTINCT date_trunc('month', day)) AS months "
            "FROM bought GROUP BY 1) GROUP BY 1 ORDER BY 1"
        ).fetchall()
        worth = sql.sql(
            "WITH months AS (SELECT DISTINCT date_trunc('month', day) AS month FROM bought) "
            "SELECT month::VARCHAR, sum(dollars) FILTER (date_trunc('month', day) = month), sum(dollars), "
            "count(DISTINCT customer), sum(dollars) / count(DISTINCT customer) "
            "FROM months JOIN bought ON date_trunc('month', day) <= month GROUP BY 1 ORDER BY 1"
        ).fetchall()
        names = ["revenue", "revenue_to_date", "customers_to_date", "value_to_date"]
        months_of_worth = wb.metrics.query(names, grain="month").frame
        assert [str(month)[:10] for month in months_of_worth["time"]] == [row[0][:10] for row in worth]
        for at, name in enumerate(names, start=1):
            assert months_of_worth[name].to_list() == pytest.approx([row[at] for row in worth], rel=1e-12)
        assert worth[-1][1:] == pytest.approx((worth[-1][1], 2_500_315.63, 23_570, 2_500_315.63 / 23_570))
        by_basket = sql.sql(
            "WITH first AS (SELECT customer, date_trunc('month', min(day)) AS began, "
            "min_by(CASE WHEN cds <= 1 THEN '1 CD' WHEN cds <= 3 THEN '2 or 3 CDs' ELSE '4 or more CDs' END, "
            "(day, purchase)) AS basket FROM bought GROUP BY 1) "
            "SELECT basket, count(DISTINCT customer) FROM bought JOIN first USING (customer) "
            "WHERE datediff('month', began, day) = 1 GROUP BY 1"
        ).fetchall()
        broken = wb.product.retention("purchases", "purchase", grain="month", periods=18, breakdown="basket").frame
        came_back = broken.filter(pl.col("offset") == 1).group_by("breakdown").agg(pl.col("subjects").sum())
        assert dict(came_back.iter_rows()) == dict(by_basket)
        everybody = wb.product.stickiness("purchases", "purchase", grain="month").frame
        assert [row[:2] for row in everybody.rows() if row[1]] == months
