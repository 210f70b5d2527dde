"""Metrics of every type over generated events, and how a test asks for them without a lake."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from examples import examples
from hypothesis import strategies as st

from workbench.analytics.metrics import Window
from workbench.analytics.metrics.answering import Answering
from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.planning import Plan, Question, dimension_of
from workbench.analytics.metrics.sources import Sources
from workbench.compute import Engine, Parts, engines

ZONE = "America/New_York"
START = datetime(2013, 1, 26, 22, tzinfo=UTC)
SCHEMA = {
    "user": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "kind": pl.String(),
    "amount": pl.Float64(),
    "what": pl.String(),
}
DEFINITIONS = """
- {name: events, dataset: events, aggregation: count, time: at, dimensions: &by [kind]}
- {name: users, dataset: events, aggregation: count_distinct, column: user, time: at, dimensions: *by}
- {name: amount, dataset: events, aggregation: sum, column: amount, filter: amount > 0, time: at, dimensions: *by}
- {name: middle, dataset: events, aggregation: median, column: amount, time: at, dimensions: *by}
- {name: closing, dataset: events, aggregation: last, column: user, tie: what, time: at, dimensions: *by}
- {name: users_all, type: cumulative, metric: users}
- {name: users_mtd, type: cumulative, metric: users, grain_to_date: month}
- {name: users_3d, type: cumulative, metric: users, window: 3 days}
- {name: users_1m, type: cumulative, metric: users, window: 1 month, period_agg: last}
- {name: amount_mtd, type: cumulative, metric: amount, grain_to_date: month, period_agg: average}
- {name: middle_wtd, type: cumulative, metric: middle, grain_to_date: week}
- {name: closing_3d, type: cumulative, metric: closing, window: 3 days}
- {name: visits, dataset: events, aggregation: count, filter: what = 'visit', time: at, dimensions: *by}
- {name: buys, dataset: events, aggregation: count, filter: what = 'buy', time: at, dimensions: *by}
- {name: conversions, type: conversion, base_metric: visits, conversion_metric: buys, entity: user, window: 2 days,
   calculation: conversions}
- {name: conversion_rate, type: conversion, base_metric: visits, conversion_metric: buys, entity: user, window: 2 days}
- {name: buyers, dataset: events, aggregation: count_distinct, column: user, filter: what = 'buy', time: at}
- {name: same_kind, type: conversion, base_metric: visits, conversion_metric: buyers, entity: user,
   calculation: conversions, constant_properties: [kind]}
- {name: about_users, dataset: events, aggregation: count_distinct, column: user, approximate: true, time: at,
   dimensions: *by}
- {name: about_users_all, type: cumulative, metric: about_users}
- {name: about_users_mtd, type: cumulative, metric: about_users, grain_to_date: month}
- {name: about_users_3d, type: cumulative, metric: about_users, window: 3 days}
- {name: about_buyers, dataset: events, aggregation: count_distinct, column: user, filter: what = 'buy', time: at,
   approximate: true}
- {name: about_same_kind, type: conversion, base_metric: visits, conversion_metric: about_buyers, entity: user,
   calculation: conversions, constant_properties: [kind]}
- name: growth
  type: derived
  expr: (events - earlier) / earlier
  inputs: [{metric: events, alias: earlier, offset: 1 week}]
- name: per_buy
  type: derived
  expr: COALESCE(growth, 0) + amount / bought
  inputs: [{metric: events, alias: bought, filter: what = 'buy'}]
- name: last_month
  type: derived
  expr: amount
  inputs: [{metric: amount, offset: 1 month}]
"""

Row = dict[str, Any]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "user": st.sampled_from(["ann", "bob", "cyd", None]),
            "at": st.none()
            | st.integers(0, 45 * 24).map(lambda hours: START + timedelta(hours=hours))
            | st.sampled_from([START, START + timedelta(days=3), datetime(2013, 3, 10, 6, 59, 59, tzinfo=UTC)]),
            "kind": st.sampled_from(["a", "b", None]),
            "amount": st.none() | st.sampled_from([0.1, 0.2, -1.0, 3.0]),
            "what": st.sampled_from(["visit", "buy", None]),
        }
    ),
    max_size=30,
)
BY = pytest.mark.parametrize("by", [(), ("kind",)])
FAST = examples(12, 50)


class Frames(Sources):
    """Rows that are at hand, in place of a lake's."""

    def __init__(self, **frames: pl.DataFrame) -> None:
        self._parts = {name: Parts.of(frame.lazy()) for name, frame in frames.items()}
        self._schemas = {}
        self.versions = dict.fromkeys(frames, 1)

    def subject(self, dataset: str) -> str | None:
        return None

    def telling(self, dataset: str) -> AbstractContextManager[None]:
        return nullcontext()

    def _cut(self, dataset: str, window: Window | None = None, subject: str | None = None) -> Parts:
        return self._parts[dataset]


@cache
def known() -> Definitions:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "events.yaml").write_text(DEFINITIONS)
        definitions = Definitions.load(Path(folder))
    assert definitions.problems == ()
    return definitions


Between = tuple[Any, Any] | None


def asked(
    rows: Sequence[Row],
    metric: str,
    by: Sequence[str] = (),
    grain: str | None = None,
    between: Between = None,
    engine: Engine | None = None,
) -> dict[Any, Any]:
    """Key -> the metric's figure."""
    metrics = [known().get(metric)]
    dimensions = tuple(dimension_of(metrics, name) for name in by)
    question = Question(dimensions, grain, None, (), ZONE, 1)
    sources = Frames(events=pl.DataFrame(rows, schema=SCHEMA))
    frame = Answering(sources, engine or engines.get("local"), question, Plan.of(metrics, known())).frame(between)
    frame = frame.select(*question.names, metric)
    if grain == "hour":  # two times of one zone are equal to Python where its clock shows the same
        frame = frame.with_columns(pl.col("time").dt.convert_time_zone("UTC"))
    found = {row[:-1]: row[-1] for row in frame.rows()}
    assert len(found) == frame.height
    return found


def local(time: datetime) -> date:
    return time.astimezone(ZoneInfo(ZONE)).date()


def same(found: dict[Any, Any], expected: dict[Any, Any]) -> bool:
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), key
    return True
