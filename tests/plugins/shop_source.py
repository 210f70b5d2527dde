"""A shop's table in SQLite, as a source of rows for tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from workbench import Workbench

Put = Callable[..., None]
UPSERT: dict[str, Any] = {"table": "orders", "mode": "upsert", "key": "id", "cursor": "n"}
APPEND: dict[str, Any] = {"table": "orders", "mode": "append", "cursor": "n"}


@pytest.fixture
def put(workspace: Path) -> Put:
    """Puts rows into the source's table; `None` for v deletes one."""
    database = sqlite3.connect(workspace / "shop.db", isolation_level=None)
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, v TEXT, n INTEGER, at TIMESTAMP)")

    def into(*rows: tuple[int, str | None, int], at: datetime | None = None) -> None:
        for number, v, n in rows:
            database.execute("DELETE FROM orders WHERE id = ?", (number,))
            if v is not None:
                moment = (at or datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n)).strftime("%Y-%m-%d %H:%M:%S")
                database.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", (number, v, n, moment))

    return into


def add(wb: Workbench, **settings: Any) -> None:
    wb.sources.add("orders", "sqlite:///shop.db", into="orders", **{"time_zone": "UTC", **settings})


def held(wb: Workbench) -> list[tuple[Any, ...]]:
    return sorted(wb.datasets.get("orders").to_polars().select("id", "v").rows())
