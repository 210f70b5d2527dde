"""Orders in a table of a database, or in files, as a source that syncs are killed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import create_engine, text

__all__ = ["SYNC", "Row", "Table", "in_files", "write"]

Row = tuple[int, str, str, int]
SYNC = "wb.sources.sync('orders')"


class Table:
    """The source's table, in SQLite or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)
        self.run("CREATE TABLE orders (id INTEGER PRIMARY KEY, v TEXT, at TEXT, gone INTEGER)")

    def run(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return list(found) if found.returns_rows else []

    def put(self, rows: list[Row]) -> None:
        for number, v, at, gone in rows:
            self.run("DELETE FROM orders WHERE id = :id", id=number)
            self.run("INSERT INTO orders VALUES (:id, :v, :at, :gone)", id=number, v=v, at=at, gone=gone)

    def rows(self, kind: str) -> list[tuple[Any, ...]]:
        where = "WHERE gone = 0" if kind == "upsert" else ""
        return sorted(tuple(row) for row in self.run(f"SELECT id, v, at, gone FROM orders {where}"))


def write(home: Path, name: str, rows: list[tuple[int, str]]) -> None:
    pl.DataFrame(rows, schema=["id", "v"], orient="row").write_csv(home / "in" / name)


def in_files(home: Path) -> list[tuple[Any, ...]]:
    found = []
    for path in (home / "in").glob("*.csv"):
        found += [(*row, path.name) for row in pl.read_csv(path).rows()]
    return sorted(found)
