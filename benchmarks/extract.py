"""Rows out of PostgreSQL: ours against ADBC and ConnectorX, which keep everything in memory, and what COPY alone takes.

    python -m benchmarks.extract postgresql://user@127.0.0.1/name --rows 5000000

The database gets a table `extract_benchmark`, which is dropped afterwards, and the user must be a superuser, since the
floor has the server write to its own /dev/null. ConnectorX, which takes no address of a socket, is no dependency of
ours: pip install connectorx.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterable

import psycopg
import pyarrow as pa
import pyarrow.compute as compute

from workbench.data.connectors import open_source
from workbench.data.connectors.databases import copying

TABLE = "extract_benchmark"
MAKE = f"""
CREATE TABLE {TABLE} AS SELECT
    n AS id, (n * 7919 % 100003)::int AS customer, (n % 1000000 / 100.0)::numeric(10, 2) AS amount,
    random() AS share, 'order number ' || n AS title, (ARRAY['new', 'paid', 'sent', 'back'])[1 + n % 4] AS state,
    timestamptz '2024-01-01' + n * interval '7 seconds' AS at, date '2024-01-01' + (n % 700)::int AS day,
    n % 3 = 0 AS gift
FROM generate_series(1::bigint, %s) AS n
"""
Told = tuple[int, int]
Contender = Callable[[], Told]


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("url", help="A PostgreSQL database")
    given.add_argument("--rows", type=int, default=5_000_000)
    given.add_argument("--runs", type=int, default=5)
    asked = given.parse_args()
    with psycopg.connect(asked.url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
        connection.execute(MAKE.replace("%s", str(asked.rows)))
        connection.execute(f"VACUUM ANALYZE {TABLE}")
        try:
            _contest(asked.url, asked.rows, asked.runs)
        finally:
            connection.execute(f"DROP TABLE {TABLE}")


def _contest(url: str, rows: int, runs: int) -> None:
    about = f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{about}, {rows:,} rows of 9 columns, {runs} runs in turns\n")
    list(open_source(url).batches(query=f"SELECT * FROM {TABLE} LIMIT 1000"))  # everything is loaded
    before = _peak_mb()
    _ours(url)
    print(f"{'memory that a reading of ours takes at its peak':<50}{_peak_mb() - before:>9.0f} MB")
    contenders: dict[str, Contender] = {
        "workbench": lambda: _ours(url),
        "ADBC": lambda: _adbc(url),
        "ConnectorX": lambda: _connectorx(url, 1),
        "ConnectorX, two connections": lambda: _connectorx(url, 2),
        "floor: COPY to the server's /dev/null": lambda: _floor(url, rows),
    }
    wanted = _ours(url)
    for name, contender in contenders.items():
        assert contender()[0] == wanted[0], name
        assert name.startswith("floor") or contender() == wanted, name
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, contender in contenders.items():
            taken[name].append(_seconds(contender))
    taken["workbench without ADBC, once"] = [_seconds(lambda: _row_by_row(url))]
    own = statistics.median(taken["workbench"])
    print(f"\n{'':<44}{'median s':>10}{'lowest':>9}{'highest':>9}{'ours to it':>12}")
    for name, times in taken.items():
        middle = statistics.median(times)
        print(f"{name:<44}{middle:>10.2f}{min(times):>9.2f}{max(times):>9.2f}{own / middle:>11.2f}x", flush=True)


def _ours(url: str) -> Told:
    return _told(open_source(url).batches(table=TABLE))


def _row_by_row(url: str) -> Told:
    there = copying.available
    copying.available = lambda: False  # type: ignore[assignment]
    try:
        return _ours(url)
    finally:
        copying.available = there


def _adbc(url: str) -> Told:
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {TABLE}")
        with cursor.fetch_record_batch() as reader:
            return _told(reader)


def _connectorx(url: str, connections: int) -> Told:
    import connectorx

    apart = {"partition_on": "id", "partition_num": connections} if connections > 1 else {}
    found = connectorx.read_sql(url, f"SELECT * FROM {TABLE}", return_type="arrow", **apart)
    return _told(found.to_batches())


def _floor(url: str, rows: int) -> Told:
    with psycopg.connect(url) as connection:
        connection.execute(f"COPY {TABLE} TO '/dev/null' (FORMAT binary)")
    return rows, 0


def _told(batches: Iterable[pa.RecordBatch]) -> Told:
    """How many rows there were, and the sum of their ids."""
    rows = total = 0
    for batch in batches:
        rows += batch.num_rows
        total += compute.sum(batch.column("id")).as_py() or 0
    return rows, total


def _seconds(contender: Contender) -> float:
    began = time.perf_counter()
    contender()
    return time.perf_counter() - began


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
