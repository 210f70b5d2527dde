"""How long the API takes to list datasets where there are 5,000, and how much memory its process holds.

    python -m benchmarks.api_list [--datasets 5000] [--requests 300]

A real `api` process is asked over one kept connection, as a panel asks. The floor is the same process's `health`, which
does next to nothing: what a request costs by itself. Medians in milliseconds; the promise is a p50 of at most 15 ms.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import psutil

from workbench import Workbench
from workbench.governance.security import Policy, Role

QUESTIONS = {
    "floor: health": "health",
    "first page of 50": "datasets",
    "page of 50, newest first": "datasets?sort=-updated",
    "search for a word": "datasets?search=orders_42",
    "page of 500": "datasets?limit=500",
    "one dataset": "datasets/orders_42",
}
PROMISED = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=5_000)
    parser.add_argument("--requests", type=int, default=300)
    given = parser.parse_args()
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; {given.datasets} datasets"
    )
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "workspace"
        token = _workspace(home, given.datasets)
        command = [sys.executable, "-m", "workbench_server.api", "--home", str(home), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                assert server.stdout is not None
                address = urlsplit(server.stdout.readline().removeprefix("listening on ").strip())
                _measure(str(address.hostname), int(address.port or 0), token, given.requests)
                print(f"\nmemory of the process: {psutil.Process(server.pid).memory_info().rss / 1e6:.0f} MB")
            finally:
                server.terminate()


def _measure(host: str, port: int, token: str, requests: int) -> None:
    connection = http.client.HTTPConnection(host, port, timeout=600)
    taken: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for path in QUESTIONS.values():  # what is read once is read now
        _ask(connection, path, token)
    for _ in range(requests):
        for name, path in QUESTIONS.items():
            began = time.perf_counter()
            _ask(connection, path, token)
            taken[name].append((time.perf_counter() - began) * 1000)
    print(f"\n{'':<28}{'p50 ms':>9}{'p95':>9}{'lowest':>9}")
    for name, times in taken.items():
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{name:<28}{statistics.median(times):>9.1f}{p95:>9.1f}{min(times):>9.1f}")
    median = statistics.median(taken["first page of 50"])
    print(f"\nfirst page: {median:.1f} ms; promised: {PROMISED:.0f} ms")


def _ask(connection: http.client.HTTPConnection, path: str, token: str) -> None:
    connection.request("GET", f"/workbench/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body


def _workspace(home: Path, datasets: int) -> str:
    """So many small datasets, and the token of a viewer whom a policy restricts in one of them."""
    home.mkdir()
    (home / "workbench.toml").write_text("")
    with Workbench.open(home) as wb:
        frame = pl.DataFrame({"id": [1, 2], "day": ["2013-01-01", "2013-01-02"], "total": [1.5, 2.5]})
        for number in range(datasets):
            wb.datasets.create(f"orders_{number}", frame, description=f"Orders of shop {number} by day")
        owner = wb.actor.principal
        wb.security.add_user("vera", Role.VIEWER, by=owner)
        wb.security.set_policy(Policy(dataset="orders_0", role=Role.VIEWER, row_filter="id = 1"), by=owner)
        return wb.identities.create_token("vera", by=owner).secret


if __name__ == "__main__":
    main()
