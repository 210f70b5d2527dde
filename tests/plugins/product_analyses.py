"""One of each of the analyses of product analytics, with all that makes their plans differ, for events of six weeks."""

from __future__ import annotations

from datetime import datetime, timedelta

from workbench.analytics.product import (
    Breakdown,
    Duplicates,
    EventColumns,
    Every,
    Exclusion,
    Funnel,
    FunnelCell,
    Lifecycle,
    Paths,
    Retention,
    Segment,
    SessionList,
    Sessions,
    SessionSummary,
    Step,
    Stickiness,
)
from workbench.analytics.product.breakdown import ValueCell
from workbench.analytics.product.conditions import All, AnyOf, Did, FirstDid, InState, Listed, Not, OneEvent, Window
from workbench.compute import Analysis

__all__ = ["product_analyses"]


def product_analyses(columns: EventColumns, events: tuple[str, str], since: datetime) -> dict[str, Analysis]:
    """By name.

    Args:
        columns: Of rows that have the column `country`, too.
        events: Two names that events have.
        since: Where the rows begin; they go on for about forty days.
    """
    begins, goes_on = (Step(event) for event in events)
    until = since + timedelta(days=39, hours=5)
    weeks = Every("week", "America/New_York", 7)
    second = since + timedelta(days=8)
    found: dict[str, Analysis] = {}
    steps = (begins, goes_on, begins)
    hour = 3_600_000_000
    funnels = {
        "ordered": Funnel(columns, steps, 72 * hour, breakdown="country", grain="week", times=True),
        "first entry": Funnel(columns, steps, 72 * hour, entry="first", start=second, attribution="last"),
        "strict": Funnel(columns, steps, 72 * hour, order="strict", breakdown="country", attribution=2),
        "any order": Funnel(columns, steps, 72 * hour, order="any", end=until),
        "windows, exclusions": Funnel(
            columns, (begins, goes_on), 72 * hour, (hour,), exclusions=(Exclusion(Step(None, "country = 'de'")),)
        ),
    }
    for name, funnel in funnels.items():
        found[f"funnel: {name}"] = funnel
        found[f"subjects of a funnel: {name}"] = funnel.members(FunnelCell(2, dropped=name == "strict"))
    for attributes in ((), ("country",)):
        sessions = Sessions(columns, 6 * hour, attributes)
        of = " by country" if attributes else ""
        found[f"sessions{of}"] = SessionSummary(sessions, "day", second, times=True)
        found[f"subjects of sessions{of}"] = SessionSummary(sessions, "day").subjects(period=second.date())
        found[f"list of sessions{of}"] = SessionList(sessions, start=second)
    for grain, by in ((None, (columns.event,)), ("week", ("country",))):
        resent = Duplicates(columns, by=by, amount=columns.id, grain=grain, start=second, time_zone="America/New_York")
        of = f" by {grain} and country" if grain else " by event"
        found[f"duplicates{of}"] = resent
        found[f"subjects of duplicates{of}"] = resent.subjects()
    for kind in ("first time", "recurring"):
        for counting in ("on", "on or after"):
            retention = Retention(columns, begins, goes_on, second, until, 5, kind, counting, weeks)  # type: ignore[arg-type]
            found[f"retention: {kind}, {counting}"] = retention
            found[f"subjects of retention: {kind}, {counting}"] = retention.subjects(second, 1)
    for cumulative in (False, True):
        stickiness = Stickiness(columns, begins, since, until, cumulative)
        found[f"stickiness: {'so many or more' if cumulative else 'so many'}"] = stickiness
        found[f"subjects of stickiness: {'so many or more' if cumulative else 'so many'}"] = stickiness.subjects(2)
    for grain in ("hour", "day", "month"):
        late = timedelta(hours=21) if grain == "hour" else timedelta(days=1)
        hours = timedelta(days=30) if grain == "hour" else timedelta(0)
        lifecycle = Lifecycle(columns, begins, since + hours, until, every=Every(grain))  # type: ignore[arg-type]
        found[f"lifecycle: {grain}"] = lifecycle
        found[f"subjects of a lifecycle: {grain}"] = lifecycle.subjects(until - late, "dormant")
    last = Breakdown("country", "last")
    broken: dict[str, Retention | Stickiness | Lifecycle] = {
        "retention": Retention(columns, begins, goes_on, second, until, 5, every=weeks, breakdown=Breakdown("country")),
        "stickiness": Stickiness(columns, begins, since, until, cumulative=True, breakdown=last),
        "lifecycle": Lifecycle(columns, begins, since, until, breakdown=last),
    }
    for name, analysis in broken.items():
        found[f"{name}: by country"] = analysis
    found["subjects of stickiness: by country"] = Stickiness(columns, begins, since, until, breakdown=last).subjects(
        2, ValueCell("de")
    )
    gap = timedelta(hours=30)
    found["paths: with a start"] = Paths(columns, since, until, gap=gap, start_at=events[0], top=2)
    found["paths: with an end"] = Paths(columns, since, until, gap=gap, end_at=events[1], minimum_share=0.1)
    found["paths: with both"] = Paths(columns, since, until, gap=gap, start_at=events[0], end_at=events[1])
    often = Did(begins, "at least", 2, Window(since, until))
    rarely = Did(Step(events[1], "country = 'de'"), "at most", 1)
    lately = OneEvent("last", Step(), "country = 'fr'")
    early = FirstDid(begins, Window(since, since + timedelta(days=9)))
    away = InState("dormant", goes_on, since + timedelta(days=20), weeks)
    found["segment: all"] = Segment(columns, All((often, Not(AnyOf((lately, Listed(("s0", "u3"))))))))
    found["segment: any"] = Segment(columns, AnyOf((rarely, early, away)))
    return found
