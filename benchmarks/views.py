"""How long a view takes to refresh after its dataset grew by one percent: carried on, and computed whole.

    python -m benchmarks.views --rows 1_000_000 --runs 3

Both are held against the SQL run in full before anybody is timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.load import orders
from workbench import Workbench

VIEWS = {
    "large": "SELECT order_id, ordered, city, amount * quantity AS total FROM orders WHERE quantity > 15",
    "by_city": "SELECT city, quantity, count(*) AS orders, sum(amount) AS revenue, max(ordered) AS last"
    " FROM orders GROUP BY city, quantity",
    "by_customer": "SELECT customer, count(*) AS orders, sum(quantity) AS pieces FROM orders GROUP BY customer",
    "named": "SELECT order_id, region FROM orders JOIN regions USING (city) WHERE quantity > 15",
}
PER_FILE = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "workbench.toml").write_text("")
        os.chdir(home)
        with Workbench.open(home) as wb:
            measure(wb, given.rows, given.runs)


def measure(wb: Workbench, rows: int, runs: int) -> None:
    """Prints, per view, the median seconds of both ways, and how many times faster it is carried on."""
    first = orders(0, min(PER_FILE, rows))
    dataset = wb.datasets.create("orders", first)
    for begin in range(first.height, rows, PER_FILE):
        dataset.append(orders(begin, min(PER_FILE, rows - begin)))
    cities = first["city"].unique().sort()
    wb.datasets.create("regions", pl.DataFrame({"city": cities, "region": np.arange(len(cities)) % 3}))
    for name, sql in VIEWS.items():
        wb.views.define(name, sql)
        wb.views.refresh(name)
    took: dict[str, dict[str, list[float]]] = {name: {"whole": [], "carried on": []} for name in VIEWS}
    there = rows
    for run in range(runs):
        dataset.append(orders(there, rows // 100))
        there += rows // 100
        for name in VIEWS:
            seconds, done = timed(lambda name=name: wb.views.refresh(name))  # type: ignore[misc]
            assert done.way in ("rows", "groups"), done  # type: ignore[attr-defined]
            took[name]["carried on"].append(seconds)
            if not run:
                check(wb, name)
            took[name]["whole"].append(timed(lambda name=name: wb.views.refresh(name, anew=True))[0])  # type: ignore[misc]
    for name, both in took.items():
        whole, carried = (statistics.median(both[way]) for way in ("whole", "carried on"))
        print(f"{name:<12} whole {whole:6.2f} s   carried on {carried:6.2f} s   {whole / carried:5.1f} times faster")


def check(wb: Workbench, name: str) -> None:
    """The view is its SQL."""
    kept, whole = wb.datasets.get(name).to_polars(), wb.sql(VIEWS[name]).to_polars()
    key = kept.columns[:2]
    assert kept.height == whole.height
    for one, other in zip(kept.sort(key), whole.sort(key), strict=True):
        same = one.is_close(other, rel_tol=1e-9) if one.dtype.is_float() else one.eq_missing(other)
        assert same.all(), name


def timed(work: Callable[[], object]) -> tuple[float, object]:
    begin = time.perf_counter()
    done = work()
    return time.perf_counter() - begin, done


if __name__ == "__main__":
    main()
