"""Five real places that rows come from, which change, and say by themselves what they hold: for comparing with what a
sync made of it.
"""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
import redis
from mariadb_server import mariadb_connection
from redis_server import RedisServer
from scripted_api import Asked, Reply, serving
from sqlalchemy.engine import make_url

from workbench import Workbench

__all__ = ["Api", "Folder", "MariaDb", "Place", "Postgres", "RedisStream", "five_places"]

Rows = Counter[tuple[Any, ...]]
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
ODD = ("plain", "O'Brien", 'says "hm", twice', "Łódź 🛒", "a\nline's end", "semi;colon\\", "", "NULL")
COLUMNS = ("id", "name", "amount", "at")


@dataclass
class Place(ABC):
    """One source: how it is changed, and what it holds.

    Attributes:
        name: Of the source and of its dataset.
        moments: Failpoints that a sync of it passes once there is a dataset.
        numbers: Ids that were given so far.
        tick: Minutes since the beginning of time, for what is changed next.
    """

    name: str
    url: str
    settings: dict[str, Any]
    moments: tuple[str, ...]
    numbers: int = 0
    tick: int = 0

    def add(self, wb: Workbench) -> None:
        wb.sources.add(self.name, self.url, into=self.name, **self.settings)

    def row(self, chance: Random, number: int | None = None) -> tuple[int, str, Decimal, datetime]:
        """A row that is new or, with a number, comes in the place of another."""
        if number is None:
            number, self.numbers = self.numbers, self.numbers + 1
        amount = Decimal(chance.randrange(-1_000_000, 1_000_000)) / 100
        return number, f"{chance.choice(ODD)} {number}", amount, BEGIN + timedelta(minutes=self.tick)

    @abstractmethod
    def change(self, chance: Random, rows: int) -> None:
        """Something new, and where there is such a thing something changed and something that is gone."""

    @abstractmethod
    def more(self, chance: Random) -> None:
        """What comes while a sync is dead."""

    @abstractmethod
    def rows(self) -> Rows:
        """What the source holds, by its own driver."""

    def held(self, wb: Workbench) -> Rows:
        """What the dataset holds."""
        return Counter(wb.datasets[self.name].to_polars().select(COLUMNS).rows())

    def close(self) -> None:
        """Hands back what a test holds of it."""
        return


class Numbered(Place):
    """Rows that are found by their numbers."""

    def change(self, chance: Random, rows: int) -> None:
        """New rows, changed rows, and one that is gone."""
        self.tick += 1
        there = sorted(one[0] for one in self.rows())
        picked = chance.sample(there, min(len(there), rows // 4 + 1))
        self.put([self.row(chance) for _ in range(rows)] + [self.row(chance, number) for number in picked[1:]])
        for number in picked[:1]:
            self.tick += 1
            self.remove(number)

    def more(self, chance: Random) -> None:
        """Rows at the very time of those before."""
        self.put([self.row(chance) for _ in range(3)])

    @abstractmethod
    def put(self, rows: list[tuple[int, str, Decimal, datetime]]) -> None:
        """Adds rows, in place of those of the same numbers."""

    @abstractmethod
    def remove(self, number: int) -> None:
        """Takes a row away, as the source says so."""


FOLLOWED = (
    "source.staged",
    "source.proposed",
    "source.committed",
    "lake.commit.before_delta",
    "lake.commit.after_delta",
)


@dataclass
class Postgres(Numbered):
    """Rows that are deleted are gone without a word: keys are compared."""

    settings: dict[str, Any] = field(
        default_factory=lambda: {
            "table": "orders",
            "mode": "upsert",
            "key": "id",
            "cursor": "at",
            "deletions": "compare",
        }
    )
    moments: tuple[str, ...] = (*FOLLOWED, "source.keys.read", "lake.commit.after_fsync")

    def __post_init__(self) -> None:
        address = make_url(self.url)
        self._database = psycopg.connect(
            host=str(address.query["host"]), user="postgres", dbname=address.database, autocommit=True
        )
        self._database.execute(
            "CREATE TABLE orders (id integer PRIMARY KEY, name text, amount numeric(10, 2), at timestamptz)"
        )

    def put(self, rows: list[tuple[int, str, Decimal, datetime]]) -> None:
        with self._database.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO orders VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET"
                " name = excluded.name, amount = excluded.amount, at = excluded.at",
                rows,
            )

    def remove(self, number: int) -> None:
        self._database.execute("DELETE FROM orders WHERE id = %s", (number,))

    def rows(self) -> Rows:
        found = self._database.execute("SELECT id, name, amount, at FROM orders").fetchall()
        return Counter((*row[:3], row[3].astimezone(UTC)) for row in found)

    def close(self) -> None:
        self._database.close()


@dataclass
class MariaDb(Numbered):
    """Rows that are deleted are marked so."""

    settings: dict[str, Any] = field(
        default_factory=lambda: {
            "table": "orders",
            "mode": "upsert",
            "key": "id",
            "cursor": "at",
            "time_zone": "UTC",
            "deletions": "column",
            "deleted": "gone",
        }
    )
    moments: tuple[str, ...] = (*FOLLOWED, "lake.commit.after_catalog")

    def __post_init__(self) -> None:
        self._ask(
            "CREATE TABLE orders (id int PRIMARY KEY, name text, amount decimal(10, 2), at datetime(6), gone tinyint)"
        )

    def put(self, rows: list[tuple[int, str, Decimal, datetime]]) -> None:
        self._ask("REPLACE INTO orders VALUES (%s, %s, %s, %s, 0)", [(*row[:3], _bare(row[3])) for row in rows])

    def remove(self, number: int) -> None:
        at = _bare(BEGIN + timedelta(minutes=self.tick))
        self._ask("UPDATE orders SET gone = 1, at = %s WHERE id = %s", [(at, number)])

    def rows(self) -> Rows:
        found = self._ask("SELECT id, name, amount, at FROM orders WHERE gone = 0")
        return Counter((*row[:3], row[3].replace(tzinfo=UTC)) for row in found)

    def _ask(self, statement: str, rows: list[tuple[Any, ...]] | None = None) -> list[Any]:
        with closing(mariadb_connection(self.url)) as connection, connection.cursor() as cursor:
            cursor.executemany(statement, rows) if rows is not None else cursor.execute(statement)
            return list(cursor.fetchall())


@dataclass
class Api(Numbered):
    """Gives pages, wants to be asked slowly, answers 500, and hangs up in the middle.

    Attributes:
        failed: How often it did which of that.
    """

    settings: dict[str, Any] = field(
        default_factory=lambda: {"mode": "upsert", "key": "id", "cursor": "at", "deletions": "compare"}
    )
    moments: tuple[str, ...] = (*FOLLOWED, "source.keys.read")
    failed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._rows: dict[int, tuple[int, str, Decimal, datetime]] = {}
        self._asked = 0

    def put(self, rows: list[tuple[int, str, Decimal, datetime]]) -> None:
        self._rows |= {row[0]: row for row in rows}

    def remove(self, number: int) -> None:
        del self._rows[number]

    def rows(self) -> Rows:
        return Counter(self._rows.values())

    def held(self, wb: Workbench) -> Rows:
        return Counter((*row[:2], Decimal(row[2]), row[3]) for row in super().held(wb).elements())

    def answer(self, asked: Asked) -> Reply:
        """A page of the rows by their ids, or one of its moods."""
        self._asked += 1
        begin = int(asked.query.get("cursor", "0"))
        rows = sorted(self._rows.values())
        items = [
            {"id": id_, "name": name, "amount": str(amount), "at": at.isoformat()}
            for id_, name, amount, at in rows[begin : begin + 100]
        ]
        page = Reply({"items": items, "next": str(begin + 100) if begin + 100 < len(rows) else None})
        moods = {
            3: ("429", Reply({"error": "slowly"}, status=429, headers={"Retry-After": "1"})),
            7: ("500", Reply({"error": "oh"}, status=500)),
            11: ("cut", Reply(page.body, cut=60)),
        }
        mood, reply = moods.get(self._asked % 13, ("", page))
        if mood:
            self.failed[mood] += 1
        return reply


@dataclass
class RedisStream(Place):
    """Every message is a row of its own, and some are none."""

    settings: dict[str, Any] = field(default_factory=dict)
    moments: tuple[str, ...] = (
        *("etl.drain.quarantined", "etl.drain.kept", "etl.drain.acknowledged"),
        *("lake.commit.before_delta", "lake.commit.after_delta", "lake.commit.after_catalog"),
    )

    def __post_init__(self) -> None:
        where, _, key = self.url.partition("#stream=")
        self._key = key.partition("&")[0]
        self._server = redis.Redis.from_url(where, decode_responses=True)

    def change(self, chance: Random, rows: int) -> None:
        self.tick += 1
        self._send([self.row(chance) for _ in range(rows)])
        self._server.xadd(self._key, {"id": f"bad {self.tick}", "name": "no row"})

    def more(self, chance: Random) -> None:
        self._send([self.row(chance) for _ in range(3)])

    def _send(self, rows: list[tuple[int, str, Decimal, datetime]]) -> None:
        with self._server.pipeline() as pipeline:
            for id_, name, amount, at in rows:
                pipeline.xadd(self._key, {"id": id_, "name": name, "amount": str(amount), "at": at.isoformat()})
            pipeline.execute()

    def rows(self) -> Rows:
        return Counter(_said(fields) for _, fields in self._server.xrange(self._key))

    def held(self, wb: Workbench) -> Rows:
        batches = [wb.quality.held.rows(one.id)["content"] for one in wb.quality.held.list(self.name)]
        return super().held(wb) + Counter(_said(json.loads(content)) for batch in batches for content in batch)

    def close(self) -> None:
        self._server.close()


def _said(fields: dict[str, str]) -> tuple[Any, ...]:
    """A message as a row, or as it is where it is none."""
    if "at" not in fields:
        return tuple(fields.items())
    return int(fields["id"]), fields["name"], float(fields["amount"]), datetime.fromisoformat(fields["at"])


@dataclass
class Folder(Place):
    """Files that come, are written anew, and go."""

    settings: dict[str, Any] = field(default_factory=lambda: {"mode": "files", "deletions": "compare"})
    moments: tuple[str, ...] = (
        *("source.staged", "source.committed", "source.file.removed"),
        *("lake.commit.before_delta", "lake.commit.after_delta", "lake.commit.after_fsync"),
    )
    folder: Path = Path()

    def __post_init__(self) -> None:
        self.folder.mkdir()

    def change(self, chance: Random, rows: int) -> None:
        """A new file or two, a changed one, and one that is gone."""
        there = sorted(self.folder.glob("*.csv"))
        for path in chance.sample(there, min(len(there), 2))[1:]:
            self._write(path, [self.row(chance) for _ in range(rows)])
        if there:
            chance.choice(there).unlink()
        self.tick += 1
        for part in "ab":
            self._write(self.folder / f"{self.tick:04d}{part}.csv", [self.row(chance) for _ in range(rows // 2)])

    def more(self, chance: Random) -> None:
        self._write(self.folder / f"{self.tick:04d}more.csv", [self.row(chance) for _ in range(3)])

    def rows(self) -> Rows:
        found: Rows = Counter()
        for path in self.folder.glob("*.csv"):
            with path.open(newline="") as file:
                found.update(
                    (int(row["id"]), row["name"], float(row["amount"]), path.name) for row in csv.DictReader(file)
                )
        return found

    def held(self, wb: Workbench) -> Rows:
        rows = wb.datasets[self.name].to_polars().select("id", "name", "amount", "source_file").rows()
        return Counter(rows)

    def _write(self, path: Path, rows: list[tuple[int, str, Decimal, datetime]]) -> None:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS[:3])
            writer.writerows(row[:3] for row in rows)


def _bare(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


@contextmanager
def _api() -> Iterator[Api]:
    place = Api("api", "")
    with serving(place.answer) as site:
        options = "rows=items&pages=cursor&next=next&private=yes&types=amount:text,at:time"
        place.url = f"{site.address}/orders#{options}"
        yield place


@pytest.fixture
def five_places(
    workspace: Path, postgres_url: str, mariadb_url: str, redis_server: RedisServer, redis_url: str
) -> Iterator[list[Place]]:
    """PostgreSQL, MariaDB, an API, a Redis stream and a folder of files."""
    stream = RedisStream("redis", f"{redis_url}&types=id:integer,amount:number,at:time")
    with _api() as api:
        places = [
            Postgres("postgres", postgres_url),
            MariaDb("mariadb", mariadb_url),
            api,
            stream,
            Folder("folder", "in/*.csv", folder=workspace / "in"),
        ]
        yield places
        for place in places:
            place.close()
