"""How long loading takes, against what one would otherwise write, in one process and in turns.

    python -m benchmarks.load --rows 10_000_000 --runs 3 [--only csv|upsert|sync]

The CSV file is loaded as users load it (`wb.datasets.load`, `wb.etl.load` of a lazy frame) and by plain Polars: read
and write of the same bytes. An upsert is held against delta-rs's MERGE into the same rows in files of the same size.
Every answer is checked before anybody is timed.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from deltalake import DeltaTable, WriterProperties, write_deltalake

from workbench import Workbench

CITIES = ["Aarhus", "Bergen", "Gdansk", "Lisbon", "Malmo", "Porto", "Tartu", "Turku"]
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1e6)
UPSERTED = 100_000
PER_FILE = 1_000_000


def orders(begin: int, rows: int, seed: int = 1) -> pl.DataFrame:
    """Orders as a shop has them: an ascending number and time, a customer, a city, amounts, a text."""
    some = np.random.default_rng(seed + begin)
    number = np.arange(begin, begin + rows, dtype=np.int64)
    return pl.DataFrame(
        {
            "order_id": number,
            "ordered": pl.Series(START + number * 1_000_000).cast(pl.Datetime("us", "UTC")),
            "customer": some.integers(0, 1_000_000, rows),
            "city": pl.Series(some.choice(CITIES, rows)),
            "quantity": some.integers(1, 20, rows),
            "amount": some.integers(100, 100_000, rows) / 100,
            "reference": pl.Series(some.integers(0, 1 << 40, rows)).cast(pl.String) + "-ref",
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["csv", "upsert", "sync"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as folder:
        for name, part in (("csv", csv), ("upsert", upsert), ("sync", sync)):
            if asked.only in (None, name):
                part(Path(folder), asked.rows, asked.runs)


def opened(folder: Path) -> Workbench:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workbench.toml").write_text("")
    return Workbench.open(folder)


# --- CSV -> Delta


POLARS = (
    "import polars as pl; pl.read_csv({csv!r}, try_parse_dates=True).write_parquet({out!r}, compression='zstd',"
    " compression_level=3)"
)
SINK = (
    "import polars as pl; pl.scan_csv({csv!r}, try_parse_dates=True).sink_parquet({out!r}, compression='zstd',"
    " compression_level=3)"
)
OURS = "from workbench import Workbench; Workbench.open({home!r}).datasets.load({csv!r}, {name!r}, time_zone='UTC')"
LAZY = (
    "import polars as pl; from workbench import Workbench; Workbench.open({home!r}).etl.load("
    "pl.scan_csv({csv!r}, try_parse_dates=True), into={name!r}, mode='replace')"
)
TIMED = """
import time, resource, sys
import polars, pyarrow.csv, workbench
from workbench import Workbench
began = time.perf_counter()
{code}
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def csv(folder: Path, rows: int, runs: int) -> None:
    """Each contender in a process of its own, so that its greatest memory is its own."""
    path = folder / "orders.csv"
    with path.open("wb") as file:
        for begin in range(0, rows, PER_FILE):
            part = orders(begin, min(PER_FILE, rows - begin))
            part = part.with_columns(pl.col("ordered").dt.to_string("%Y-%m-%dT%H:%M:%SZ"))
            part.write_csv(file, include_header=begin == 0)
    print(f"\n{rows:,} rows of CSV ({path.stat().st_size / 1e6:,.0f} MB) into a dataset")
    opened(folder / "ws").close()
    said = {"csv": str(path), "home": str(folder / "ws"), "out": str(folder / "plain.parquet")}
    contenders = {
        "wb.datasets.load": OURS,
        "wb.etl.load, lazy": LAZY,
        "polars read + write": POLARS,
        "polars sink": SINK,
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for run in range(runs):
        for name, code in contenders.items():
            written = code.format(**said, name=f"t{run}{len(name)}")
            done = subprocess.run(
                [sys.executable, "-c", TIMED.format(code=written)], capture_output=True, text=True, check=True
            )
            taken[name].append(tuple(map(float, done.stdout.split()[-2:])))  # type: ignore[arg-type]
    with opened(folder / "ws") as wb:
        for dataset in wb.datasets.list():
            assert dataset.info.rows == rows, dataset
    plain = statistics.median(one for one, _ in taken["polars read + write"])
    for name, times in taken.items():
        middle = statistics.median(one for one, _ in times)
        peak = max(memory for _, memory in times)
        print(
            f"  {name:<28}{middle:>9.2f} s  {middle / plain:>6.2f}x of read + write{peak:>10,.0f} MB at most",
            flush=True,
        )
    shutil.rmtree(folder / "ws")
    path.unlink()


# --- upsert


def upsert(folder: Path, rows: int, runs: int) -> None:
    recent = np.arange(rows - UPSERTED // 2, rows + UPSERTED // 2, dtype=np.int64)
    random = np.sort(np.random.default_rng(7).choice(rows, UPSERTED, replace=False))
    print(f"\n{UPSERTED:,} keys upserted into {rows:,} rows")
    for title, keys in (("recent keys, half of them new", recent), ("random keys", random)):
        rows_in = orders(0, UPSERTED, seed=99).with_columns(
            order_id=pl.Series(keys), ordered=pl.Series(START + keys * 1_000_000).cast(pl.Datetime("us", "UTC"))
        )
        ours: list[float] = []
        theirs: dict[str, list[float]] = {"delta-rs MERGE": [], "delta-rs MERGE, zstd": []}
        for run in range(runs):
            home = folder / f"u{run}"
            with opened(home) as wb:
                _filled(wb, rows)
                ours.append(_seconds(partial(wb.etl.load, rows_in, into="orders", mode="upsert")))
                wanted = _told(wb.datasets["orders"].lazy())
            shutil.rmtree(home)
            for name, took in theirs.items():
                table = _delta(folder / "delta", rows)
                took.append(_seconds(partial(_merged, table, rows_in, zstd="zstd" in name)))
                assert _told(pl.scan_delta(str(folder / "delta"))) == wanted
                shutil.rmtree(folder / "delta")
        own = statistics.median(ours)
        print(f"  {title:<32}{own:>8.2f} s (wb.etl.load)")
        for name, took in theirs.items():
            middle = statistics.median(took)
            print(f"    {name:<30}{middle:>8.2f} s  ours takes {own / middle:.2f}x of it", flush=True)


def _filled(wb: Workbench, rows: int) -> None:
    batches = (orders(begin, min(PER_FILE, rows - begin)) for begin in range(0, rows, PER_FILE))
    wb.datasets.create("orders", next(batches), key="order_id")
    for batch in batches:
        wb.datasets["orders"].append(batch)


def _delta(folder: Path, rows: int) -> DeltaTable:
    for begin in range(0, rows, PER_FILE):
        write_deltalake(str(folder), orders(begin, min(PER_FILE, rows - begin)).to_arrow(), mode="append")
    return DeltaTable(str(folder))


def _merged(table: DeltaTable, rows: pl.DataFrame, *, zstd: bool) -> None:
    low, high = rows["order_id"].min(), rows["order_id"].max()
    properties = WriterProperties(compression="ZSTD", compression_level=3) if zstd else None
    (
        table.merge(
            rows.to_arrow(),
            # The bounds let it leave out files, as its documentation says; without them it reads every one.
            predicate=f"t.order_id = s.order_id AND t.order_id >= {low} AND t.order_id <= {high}",
            source_alias="s",
            target_alias="t",
            writer_properties=properties,
        )
        .when_matched_update_all()
        .when_not_matched_insert_all()
        .execute()
    )


def _told(rows: pl.LazyFrame) -> tuple[object, ...]:
    found = rows.select(
        pl.len(), pl.sum("order_id"), pl.sum("customer"), pl.sum("quantity"), (pl.col("amount") * 100).round().sum(),
        pl.col("order_id").n_unique().alias("keys"),
    )  # fmt: skip
    return found.collect(engine="streaming").row(0)


# --- sync


def sync(folder: Path, rows: int, runs: int) -> None:
    """New and changed rows: 1 % of the table, half of them new; and always as many, whatever the table."""
    print(f"\nupsert of new rows into {rows:,} rows")
    for title, count in (("1 % new rows", rows // 100), ("100,000 new rows", 100_000)):
        new = orders(rows, count)
        took = []
        for run in range(runs):
            home = folder / f"s{run}"
            with opened(home) as wb:
                _filled(wb, rows)
                took.append(_seconds(partial(wb.etl.load, new, into="orders", mode="upsert")))
                assert wb.lake.rows("orders") == rows + count
            shutil.rmtree(home)
        print(f"  {title:<24}{statistics.median(took):>8.3f} s for {count:,} rows", flush=True)


def _seconds(doing: Callable[[], object]) -> float:
    began = time.perf_counter()
    doing()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
    print(f"\npeak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
