"""Every analysis there is, with rows to run it on: what the contract of the engines is held by.

An analysis is added with one line in `SAMPLES`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
from product_analyses import product_analyses

from workbench.analytics.metrics import Key, Measure, Measures, Window
from workbench.analytics.product import EventColumns
from workbench.compute import SUBJECT_HASH, Analysis, Part, Parts, hashed

START = datetime(2013, 3, 1, tzinfo=UTC)  # New York's clocks are put forward on the tenth
NAMES = ("visit", "search", "view", "cart", "buy", "share")


def _event(chance: random.Random, n: int) -> dict[str, object]:
    # Whole hours meet, so that subjects have events at one time; one in fifty rows has come twice.
    return {
        "user": None if n % 97 == 0 else f"u{int(chance.paretovariate(0.7)) % 150}",
        "event": chance.choice(NAMES),
        "time": None if n % 131 == 0 else START + timedelta(hours=chance.randrange(40 * 24)),
        "id": n - n % 50 if n % 50 == 1 else n,
        "country": chance.choice(("de", "fr", "us", None)),
        "count": chance.choice((None, 0, 1, 7, -3, 2**31 - 1)),
        "amount": chance.choice((None, 0.1, 0.2, 1e9, -0.0, math.nan, chance.random())),
    }


def _events(rows: int) -> pl.DataFrame:
    chance = random.Random(5)
    schema = {
        "user": pl.String(),
        "event": pl.String(),
        "time": pl.Datetime("us", "UTC"),
        "id": pl.Int64(),
        "country": pl.String(),
        "count": pl.Int64(),
        "amount": pl.Float64(),
    }
    return pl.DataFrame([_event(chance, n) for n in range(rows)], schema=schema)


EVENTS = _events(3_000)
"""Events of 150 users over forty days, in no order: ties, rows that came twice, nulls, NaN, a change of the clocks."""


@dataclass(frozen=True)
class Sample:
    """An analysis and rows for it.

    Attributes:
        rows: With the columns that the analysis names; without `SUBJECT_HASH`.
        subject: The column that rows are cut by, where the analysis is by subject.
        time: The column that runs are sorted by, after the subject's hash.
        tolerance: By how much of its value a float may differ between engines; 0 for to the last bit.
    """

    name: str
    analysis: Analysis
    rows: pl.DataFrame = field(default_factory=lambda: EVENTS)
    subject: str = "user"
    time: str = "time"
    tolerance: float = 0.0

    def whole(self) -> Parts:
        return Parts.of(self._prepared(), by_subject=self.analysis.by_subject)

    def ways(self, folder: Path) -> Iterator[tuple[str, Parts]]:
        """The same rows cut and kept in every way that an engine meets."""
        rows, by_subject = self._prepared(), self.analysis.by_subject
        yield "one frame", self.whole()
        yield "four frames and an empty one", Parts.of(*self._cut(rows), rows.clear(), by_subject=by_subject)
        yield "plans", Parts.of(*(part.lazy() for part in self._cut(rows)), by_subject=by_subject)
        files = [self._written(part, folder / f"{n}.parquet") for n, part in enumerate(self._cut(rows))]
        yield "a file each", Parts(tuple(self._part((path,), rows) for path in files), by_subject=by_subject)
        yield "all files in one part", Parts((self._part(tuple(files), rows),), by_subject=by_subject)
        if by_subject:
            yield "runs by bounds", Parts(tuple(self._bounded(rows, folder)), by_subject=True)
            yield "runs that follow each other", Parts(tuple(self._following(rows, folder)), by_subject=True)

    def _prepared(self) -> pl.DataFrame:
        return self.rows.with_columns(hashed(self.subject)) if self.analysis.by_subject else self.rows

    def _cut(self, rows: pl.DataFrame) -> list[pl.DataFrame]:
        if self.analysis.by_subject:
            return [rows.filter(pl.col(SUBJECT_HASH).fill_null(0) % 4 == rest) for rest in range(-3, 4)]
        edges = [0, 7, rows.height // 3, rows.height // 2, rows.height]
        return [rows.slice(start, end - start) for start, end in pairwise(edges)]

    def _bounded(self, rows: pl.DataFrame, folder: Path) -> Iterator[Part]:
        """Runs as they arrived, each with all subjects; parts are ranges of hashes, and one subject by itself."""
        runs = [
            self._written(rows.slice(start, 1_200), folder / f"run{start}.parquet")
            for start in range(0, rows.height, 1_200)
        ]
        alone = int(rows[SUBJECT_HASH].drop_nulls().mode().min())  # type: ignore[arg-type]
        lowest, highest = -(2**63), 2**63 - 1
        for start, end in ((lowest, -1), (0, 2**62), (2**62 + 1, highest)):
            yield Part(
                tuple(runs), dict(rows.schema), hashes=(start, end), without=(alone,), sorted=True, rows=rows.height
            )
        yield Part(tuple(runs), dict(rows.schema), hashes=(alone, alone), sorted=True, rows=rows.height)

    def _following(self, rows: pl.DataFrame, folder: Path) -> Iterator[Part]:
        """Runs of a stretch of time each, with all subjects; parts are ranges of hashes."""
        stretch = pl.col(self.time).rank("dense").fill_null(1) * 4 // (pl.col(self.time).rank("dense").max() + 1)
        cut = rows.with_columns(stretch.alias(".run")).partition_by(".run", as_dict=True, include_key=False)
        runs = [self._written(cut[key], folder / f"stretch{key[0]}.parquet") for key in sorted(cut)]
        for bounds in ((-(2**63), -1), (0, 2**63 - 1)):
            part = Part(tuple(runs), dict(rows.schema), hashes=bounds, sorted=True, rows=rows.height)
            yield replace(part, chronological=True)

    def _written(self, rows: pl.DataFrame, path: Path) -> str:
        order = [SUBJECT_HASH, self.time, *({"id"} & set(rows.columns))] if self.analysis.by_subject else []
        (rows.sort(order, maintain_order=True) if order else rows).write_parquet(path)
        return str(path)

    def _part(self, files: tuple[str, ...], rows: pl.DataFrame) -> Part:
        return Part(files, dict(rows.schema), sorted=self.analysis.by_subject, rows=rows.height)


_ADDED = (
    Measure("rows", "count"),
    Measure("some", "count", filter="count > 0 OR event = 'buy'"),
    Measure("total", "sum", "count"),
    Measure("amount", "sum", "amount"),
    Measure("average", "mean", "amount"),
    Measure("least", "min", "amount"),
    Measure("last", "max", "time"),
)
_COUNTED = (
    Measure("users", "count_distinct", "user"),
    Measure("buyers", "count_distinct", "user", filter="event = 'buy'"),
    Measure("middle", "median", "amount"),
    Measure("p95", "percentile", "count", percentile=95.0),
)
_ABOUT = (
    Measure("rows", "count"),
    Measure("about", "count_distinct", "user", approximate=True),
    Measure("amounts", "count_distinct", "amount", approximate=True, filter="event = 'buy'"),
    Measure("middle", "median", "amount", approximate=True),
    Measure("p95", "percentile", "count", percentile=95.0, approximate=True),
)
_COLUMNS = EventColumns("user", "event", "time", "id")
_COUNTRY = Key("country", "country")
_DAY = Key("time", "time", grain="day", time_zone="America/New_York")
_WEEK = Key("time", "time", grain="week", week_start=7)

SAMPLES = (
    *(Sample(name, analysis) for name, analysis in product_analyses(_COLUMNS, ("visit", "buy"), START).items()),
    Sample("measures: sums in all", Measures((), _ADDED)),
    Sample("measures: sums by day and country", Measures((_DAY, _COUNTRY), _ADDED)),
    Sample("measures: distinct, quantiles in all", Measures((), _COUNTED)),
    Sample("measures: distinct, quantiles by week", Measures((_WEEK,), _COUNTED)),
    Sample("measures: sketches in all", Measures((), _ABOUT[1:])),
    Sample("measures: sketches by week and country", Measures((_WEEK, _COUNTRY), _ABOUT)),
    Sample(
        "measures: distinct subjects that add up",
        Measures((_DAY,), (*_COUNTED[:2], *_ABOUT[:3]), subject="user"),
        EVENTS.drop_nulls("user"),
    ),
    Sample(
        "measures: both, where and window",
        Measures(
            (_COUNTRY,), (*_ADDED, *_COUNTED), "event <> 'visit'", Window("time", START + timedelta(days=9), None)
        ),
    ),
)
