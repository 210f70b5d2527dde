"""A small shop's events, laid out for events and not, and what `wb.product` is asked of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from workbench import Workbench
from workbench.analytics.product import EventColumns, ProductResult, Step
from workbench.data.lake import EventLayout

COLUMNS = EventColumns("who", "what", "at", "id")
STEPS = ["view", "cart", "buy"]
WINDOW = timedelta(days=7)
Events = dict[str, list[tuple[datetime, str, str | None]]]


def made() -> pl.DataFrame:
    """About a thousand events of 150 subjects in March 2024, 20 countries and none among them."""
    chance = random.Random(7)
    rows: list[tuple[Any, ...]] = []
    for n in range(150):
        at = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(days=chance.random() * 25)
        country = f"country {min(19, int(chance.expovariate(0.3)))}" if chance.random() > 0.2 else None
        for _ in range(chance.randint(1, 12)):
            what = chance.choices([*STEPS, "help"], [6, 3, 2, 1])[0]
            rows.append((f"s{n}", what, at, len(rows), country, n % 3))
            at += timedelta(seconds=chance.expovariate(1 / chance.choice([300, 3_600, 90_000])))
    chance.shuffle(rows)
    schema = {"who": pl.String, "what": pl.String, "at": pl.Datetime("us", "UTC"), "id": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"country": pl.String, "team": pl.Int64}, orient="row")


ROWS = made()


def by_subject() -> Events:
    found: Events = {}
    for who, what, at, _, country, _ in ROWS.sort("at", "id").iter_rows():
        found.setdefault(who, []).append((at, what, country))
    return found


def fill(wb: Workbench) -> None:
    half = ROWS.height // 2
    laid = wb.datasets.create("events", ROWS.head(half), layout=EventLayout("who", "at", "what", "id"))
    laid.append(ROWS.tail(ROWS.height - half))
    wb.datasets.create("plain", ROWS)


QUESTIONS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "funnel": ("funnel", (STEPS,), {}),
    "funnel by country": ("funnel", (STEPS,), {"breakdown": "country", "top": 6}),
    "funnel by 20 countries": ("funnel", (STEPS,), {"breakdown": "country", "top": 30}),
    "funnel by week": ("funnel", (STEPS,), {"grain": "week"}),
    "funnel by week and country": ("funnel", (STEPS,), {"grain": "week", "breakdown": "country", "top": 30}),
    "retention": ("retention", ("view",), {"periods": 4}),
    "retention by month": ("retention", ("view", "buy"), {"grain": "day", "kind": "recurring"}),
    "stickiness": ("stickiness", ("view",), {}),
    "stickiness or more": ("stickiness", (Step("buy", where="team > 0"),), {"cumulative": True}),
    "lifecycle": ("lifecycle", ("view",), {}),
    "paths": ("paths", (), {"gap": "1 day", "top": 2}),
    "paths to buy": ("paths", (), {"gap": "1 day", "end_at": "buy"}),
    "sessions": ("sessions", (), {}),
    "sessions by country": ("sessions", (), {"by": ["country"], "grain": None}),
    "sessions by week and country": ("sessions", (), {"by": ["country"], "grain": "week"}),
    "duplicates": ("duplicates", (), {"id": "team", "by": ["what"], "amount": "team"}),
    "duplicates by week and country": ("duplicates", (), {"id": "team", "by": ["country"], "grain": "week"}),
    "sessions by team": ("sessions", (), {"by": ["team"], "grain": "week"}),
}


def asked(wb: Workbench, question: str, dataset: str = "events", **more: Any) -> ProductResult:
    name, given, options = QUESTIONS[question]
    columns = None if dataset == "events" else COLUMNS
    found = getattr(wb.product, name)(dataset, *given, columns=columns, **options, **more)
    assert isinstance(found, ProductResult)
    return found


def reached(events: list[tuple[datetime, str, str | None]]) -> list[tuple[datetime, int, datetime]]:
    """Each step that a subject came to: when first, the event that it began with, and when it did the step before.

    An attempt may begin with any view; of all that come to a step the latest counts.
    """
    ways = [[(n, n, at) for n, (at, what, _) in enumerate(events) if what == STEPS[0]]]
    for step in STEPS[1:]:
        ways.append(
            [
                (n, began, events[before][0])
                for n, (at, what, _) in enumerate(events)
                for before, began, _ in ways[-1]
                if what == step and before < n and at - events[began][0] <= WINDOW
            ]
        )
    found = []
    for step_ways in filter(None, ways):
        first = min(n for n, _, _ in step_ways)
        here = [way for way in step_ways if way[0] == first]
        found.append((events[first][0], max(way[1] for way in here), max(way[2] for way in here)))
    return found


def country_of(events: list[tuple[datetime, str, str | None]]) -> str | None:
    """Where the attempt that came furthest began."""
    return events[reached(events)[-1][1]][2]
