from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from workbench.data.lake import Datasets, Lake
from workbench.data.sql import Limits, SqlDoor
from workbench.foundation.errors import Forbidden, Invalid, NotFound, WorkbenchError
from workbench.governance.runs import Actor, Runs

NOON = dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def door(lake: Lake, datasets: Datasets) -> SqlDoor:
    flights = pl.DataFrame(
        {"carrier": ["UA", "AA", "UA"], "delay": [1, None, 5], "time": [NOON, NOON, None], "ßpalte": ["x", "y", None]}
    )
    datasets.create("flights", flights)
    datasets.create("air-lines", pl.DataFrame({"carrier": ["UA", "AA"], "name": ["United", "American"]}))
    return SqlDoor(lake, Limits(60, 2_000))


def ask(door: SqlDoor, statement: str, actor: Actor, **more: Any) -> pa.Table:
    return door.query(statement, actor, **more).to_arrow()


def test_a_select_joins_datasets_by_name(door: SqlDoor, admin: Actor) -> None:
    table = ask(
        door,
        'SELECT name, sum(delay) AS total, count(*) AS n FROM flights JOIN "air-lines" USING (carrier)'
        " GROUP BY name ORDER BY name",
        admin,
    )
    assert table.to_pylist() == [{"name": "American", "total": None, "n": 1}, {"name": "United", "total": 6, "n": 2}]


def test_a_text_in_double_quotes_is_told_from_a_column(door: SqlDoor, admin: Actor) -> None:
    with pytest.raises(Invalid, match="no column 'UA'") as caught:
        ask(door, 'SELECT * FROM flights WHERE carrier = "UA"', admin)
    assert "single quotes: 'UA'" in str(caught.value.hint)
    with pytest.raises(Invalid, match="did you mean 'delay'") as caught:
        ask(door, "SELECT dely FROM flights", admin)
    assert caught.value.hint is None


def test_times_are_utc_with_microseconds_whatever_the_statement_makes(door: SqlDoor, admin: Actor) -> None:
    table = ask(
        door,
        "SELECT time, date_trunc('hour', time) AS hour, TIMESTAMP '2013-01-01 05:00' AS plain FROM flights LIMIT 1",
        admin,
    )
    assert [field.type for field in table.schema] == [pa.timestamp("us", "UTC")] * 3
    assert table["plain"][0].as_py() == dt.datetime(2013, 1, 1, 5, tzinfo=dt.UTC)


def test_parameters_are_bound(door: SqlDoor, admin: Actor) -> None:
    query = "SELECT count(*) AS n FROM flights WHERE carrier = $carrier"
    assert ask(door, query, admin, parameters={"carrier": "UA"}).to_pylist() == [{"n": 2}]
    assert ask(door, query, admin, parameters={"carrier": "' OR 1=1 --"}).to_pylist() == [{"n": 0}]
    assert ask(door, "SELECT ? + 1 AS x", admin, parameters=[1]).to_pylist() == [{"x": 2}]
    with pytest.raises(Invalid, match="carrier"):
        ask(door, query, admin)


def test_common_table_expressions_may_hide_a_dataset_or_be_recursive(door: SqlDoor, admin: Actor) -> None:
    hidden = "WITH flights AS (SELECT * FROM flights WHERE carrier = 'UA') SELECT count(*) AS n FROM flights"
    assert ask(door, hidden, admin).to_pylist() == [{"n": 2}]
    counted = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT max(n) AS n FROM r"
    assert ask(door, counted, admin).to_pylist() == [{"n": 5}]


def test_sums_of_whole_numbers_are_whole_numbers_unless_too_large(door: SqlDoor, admin: Actor) -> None:
    assert ask(door, "SELECT sum(delay) AS s FROM flights", admin).schema.field("s").type == pa.int64()
    large = ask(door, "SELECT 9223372036854775807::HUGEINT + 1 AS s", admin)
    assert large.to_pylist() == [{"s": Decimal(2**63)}]


def test_columns_of_the_same_name_are_told_apart(door: SqlDoor, admin: Actor) -> None:
    assert len(set(ask(door, "SELECT 1 AS a, 2 AS a, 3 AS b", admin).column_names)) == 3


@pytest.mark.parametrize(
    ("statement", "error", "says"),
    [
        ("SELECT * FROM flihgts", NotFound, "did you mean 'flights'"),
        ("SELECT carier FROM flights", Invalid, "did you mean 'carrier'"),
        ("SELECT f.carier FROM flights f", Invalid, "did you mean 'carrier'"),
        ("SELEC 1", Invalid, "does not parse"),
        ("", Invalid, "no statement"),
        ("SELECT 1; SELECT 2", Invalid, "2 statements"),
        ("SELECT 1; DROP TABLE flights", Invalid, "2 statements"),
        ("SELECT carrier + delay FROM flights", Invalid, "cannot be answered"),
        ("SELECT nosuch(1)", Invalid, "nosuch"),
        ("SELECT 'x'::INT", Invalid, "cannot be answered"),
    ],
)
def test_a_wrong_statement_is_one_sentence(
    door: SqlDoor, admin: Actor, statement: str, error: type[WorkbenchError], says: str
) -> None:
    with pytest.raises(error) as caught:
        ask(door, statement, admin)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM (SELECT * FROM read_blob('{file}'))",
        "WITH x AS (SELECT * FROM read_csv('{file}')) SELECT * FROM x",
        "SELECT (SELECT max(column0) FROM read_csv('{file}'))",
        "SELECT * FROM flights WHERE carrier IN (SELECT content FROM read_text('{file}'))",
        "SELECT * FROM sqlite_scan('{file}', 'flights')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('flights')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM pragma_table_info('flights')",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM duckdb_tables",
        "COPY flights TO '{file}'",
        "COPY (SELECT 1) TO '{file}'",
        "ATTACH '{file}' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "EXPORT DATABASE '{file}'",
        "IMPORT DATABASE '{file}'",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "CREATE SECRET (TYPE S3)",
        "INSERT INTO flights VALUES (1)",
        "UPDATE flights SET delay = 0",
        "DELETE FROM flights",
        "DROP TABLE flights",
        "EXPLAIN ANALYZE SELECT 1",
        "SHOW TABLES",
        "SUMMARIZE flights",
        "VACUUM",
        "BEGIN",
        "PREPARE x AS SELECT 1",
        "SELECT * FROM frame",
        "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT getvariable('x') FROM read_json('{file}')",
        "FROM parquet_metadata('{file}')",
        "SELECT * FROM 'https://example.org/a.parquet'",
        "SELECT getenv('HOME')",
        "SELECT carrier FROM flights WHERE carrier = current_setting('memory_limit')",
        "SELECT json_serialize_plan('SELECT * FROM read_csv(''{file}'')')",
        "SELECT write_log('x')",
        "SELECT * FROM flights AT (VERSION => (SELECT max(content) FROM read_text('{file}')))",
        "SET memory_limit = '100GB'",
        "SET temp_directory = '/tmp'",
        "DETACH memory",
        "USE memory",
        "CHECKPOINT",
    ],
)
def test_there_is_no_way_out_to_files_settings_or_other_tables(
    door: SqlDoor, admin: Actor, tmp_path: Path, statement: str
) -> None:
    frame = pl.DataFrame({"a": [1]})
    secret = tmp_path / "secret.csv"
    secret.write_text("column0\nhush\n")
    with pytest.raises((Forbidden, Invalid, NotFound)) as caught:
        ask(door, statement.format(file=secret), admin)
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)
    assert secret.read_text() == "column0\nhush\n"
    assert frame.height == 1


def test_inside_a_run_sql_reads_the_sealed_version_and_records_it(
    door: SqlDoor, lake: Lake, runs: Runs, in_run: Callable[[], Actor], admin: Actor
) -> None:
    inside = in_run()
    count = "SELECT count(*) AS n FROM flights"
    assert ask(door, count, inside).to_pylist() == [{"n": 3}]
    lake.append("flights", lake.read("flights", admin), admin)
    assert ask(door, count, inside).to_pylist() == [{"n": 3}]
    assert ask(door, count, admin).to_pylist() == [{"n": 6}]
    assert [(edge.name, edge.version) for edge in runs.edges(str(inside.run))] == [("flights", "0")]


def test_an_empty_dataset_can_be_asked(door: SqlDoor, datasets: Datasets, admin: Actor) -> None:
    datasets.create("empty", {"a": pl.Int64, "t": pl.Datetime("us", "UTC")})
    assert ask(door, "SELECT count(*) AS n, max(t) AS t FROM empty", admin).to_pylist() == [{"n": 0, "t": None}]
