"""A Voila process over a small workspace, started and ended for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import psutil
from waiting import wait_until

from workbench import Workbench

SECRET = "a-secret-of-the-server"


def flights() -> pl.DataFrame:
    """Thirty days of made-up flights with the columns that the demo's metrics and dashboard ask for."""
    rows = []
    for day in range(30):
        for number in range(12 + day % 5):
            start = datetime(2013, 1, 1, 11, tzinfo=UTC) + timedelta(days=day, hours=number)
            late = (day * 7 + number * 5) % 50 - 8
            cancelled = (day + number) % 17 == 0
            rows.append(
                {
                    "time_hour": start,
                    "flight_date": start.date(),
                    "carrier": ("UA", "B6", "DL")[number % 3],
                    "carrier_name": ("United Air Lines Inc.", "JetBlue Airways", "Delta Air Lines Inc.")[number % 3],
                    "origin": ("JFK", "EWR")[number % 2],
                    "origin_name": ("John F Kennedy Intl", "Newark Liberty Intl")[number % 2],
                    "dest": "LAX",
                    "route": "JFK to LAX",
                    "month": start.month,
                    "hour": start.hour - 5 if start.hour >= 5 else start.hour + 19,
                    "manufacturer": "BOEING",
                    "precip_band": "dry",
                    "wind_band": "up to 10 mph",
                    "visib_band": "over 9 mi",
                    "dep_time": None if cancelled else number,
                    "dep_delay": None if cancelled else float(late),
                    "arr_delay": None if cancelled else float(late - 4),
                }
            )
    return pl.DataFrame(rows, schema_overrides={"time_hour": pl.Datetime("us", "UTC")}, infer_schema_length=None)


def write_dashboard(home: Path, name: str, title: str, *code: str, role: str | None = None) -> Path:
    written: dict[str, object] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": title},
        *({**written, "id": f"code-{number}", "source": source} for number, source in enumerate(code)),
    ]
    metadata = {"workbench": {"role": role}} if role else {}
    path = home / "notebooks/dashboards" / f"{name}.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}))
    return path


@dataclass
class Server:
    """A running Voila process."""

    home: Path
    url: str
    process: subprocess.Popen[str]
    log: Path

    def cookie(self, user: str) -> str:
        with Workbench.open(self.home) as wb:
            return wb.identities.cookie(user)

    def get(self, path: str, user: str | None = None, *, method: str = "GET", **headers: str) -> tuple[int, str]:
        """An answer's status and text; nothing is followed."""
        if user is not None:
            headers["Cookie"] = f"workbench={self.cookie(user)}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.url}{path}", headers=headers, method=method)
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def kernels(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self.process.pid).children() if child.status() != "zombie"]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def start(home: Path, log: Path, *, pool: int, **environment: str) -> Server:
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench_voila", "--home", str(home), "--port", "0", "--pool", str(pool)],
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            env=os.environ | {"A_SECRET_KEY": SECRET} | environment,
        )
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said.startswith("listening on "):
        process.kill()
        process.wait()
        raise AssertionError(log.read_text() or "it said nothing")
    return Server(home, said.split()[-1], process, log)


def stop(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(30)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    finally:
        assert server.process.stdout is not None
        server.process.stdout.close()


def warm(server: Server, count: int) -> None:
    """Waits until so many kernels have done their imports and wait for a viewer."""
    health = "/workbench/api/v1/health"
    wait_until(
        lambda: json.loads(server.get(health)[1])["kernels_ready"] >= count, seconds=150, what="making kernels ready"
    )
