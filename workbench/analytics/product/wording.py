"""What results say to people: titles, labels, charts, and the words for each number."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from workbench.analytics.product.funnel import Funnel, FunnelCell
from workbench.analytics.product.lifecycle import Lifecycle
from workbench.analytics.product.paths import Paths
from workbench.analytics.product.results import ProductResult, Words
from workbench.analytics.product.retention import Retention
from workbench.analytics.product.sessions import SessionSummary
from workbench.analytics.product.stickiness import Stickiness
from workbench.charts import Chart
from workbench.compute import Analysis
from workbench.foundation.errors import Invalid

__all__ = ["of_funnel", "of_lifecycle", "of_paths", "of_retention", "of_sessions", "of_stickiness"]

_SHARE, _COUNT, _AMOUNT = ".1%", ",d", ",.1f"
_MOST_SERIES = 8
_MOST_EDGES = 20


def of_funnel(funnel: Funnel) -> Words:
    titles = [step.title for step in funnel.steps]
    by = " by " + funnel.breakdown if funnel.breakdown else ""

    def draw(result: ProductResult) -> Chart:
        frame = result.frame
        if funnel.grain is not None:
            last = frame.filter(pl.col("step") == len(titles))
            return result.drawn("line", "period", "share_of_first", frame=last, color=_series(last, "breakdown"))
        places = [f"{n}. {title}" for n, title in enumerate(titles, 1)]
        named = pl.col("step").replace_strict(range(1, len(places) + 1), places, return_dtype=pl.String)
        frame = frame.with_columns(named.alias("event"))
        if funnel.breakdown:
            frame = frame.with_columns(pl.col("breakdown").fill_null("(none)"))
            frame = _few(frame, "breakdown")
        return result.drawn(
            "bar", "event", "share_of_first", frame=frame, color="breakdown" if funnel.breakdown else None
        )

    def cell(
        _: ProductResult,
        *,
        step: int,
        dropped: bool = False,
        breakdown: Any = ...,
        period: date | datetime | None = None,
    ) -> tuple[Analysis, str]:
        if not 1 <= step <= len(titles):
            raise Invalid(f"the funnel has the steps 1 to {len(titles)}, not {step}")
        if breakdown is not ... and not funnel.breakdown:
            raise Invalid("the funnel is not broken down", hint="ask it with breakdown=")
        if period is not None and not funnel.grain:
            raise Invalid("the funnel is not cut into periods", hint="ask it with grain=")
        far = "came no further than" if dropped else "came to"
        what = f"who {far} step {step}, {titles[step - 1]}" + (f", of {breakdown}" if breakdown is not ... else "")
        some = FunnelCell(step, dropped, None if breakdown is ... else breakdown, breakdown is ..., period)
        return funnel.members(some), what

    return Words(
        title=f"From {titles[0]} to {titles[-1]} within {_length(funnel.window)}{by}",
        labels={
            "breakdown": _spoken(funnel.breakdown or ""), "period": _spoken(funnel.grain or ""), "step": "Step",
            "event": "Event", "subjects": "Subjects", "share_of_first": "Share of the first step",
            "share_of_previous": "Share of the step before", "mean_seconds": "Mean time since the first step",
            "median_seconds": "Median time since the first step", "mean_wait": "Mean time since the step before",
            "median_wait": "Median time since the step before",
        },
        units=dict.fromkeys(("mean_seconds", "median_seconds", "mean_wait", "median_wait"), "s"),
        formats={
            "subjects": _COUNT, "share_of_first": _SHARE, "share_of_previous": _SHARE,
            **dict.fromkeys(("mean_seconds", "median_seconds", "mean_wait", "median_wait"), ",.0f"),
        },
        note="Medians of times are within 1 % of the true ones.",
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_retention(asked: Retention) -> Words:
    def draw(result: ProductResult) -> Chart:
        frame = result.frame.filter(pl.col("complete") & (pl.col("size") > 0))
        text = pl.col("cohort").cast(pl.String).alias("cohort")
        return result.drawn("heatmap", "offset", "cohort", frame=frame.with_columns(text), color="share")

    def cell(_: ProductResult, *, cohort: date | datetime, offset: int) -> tuple[Analysis, str]:
        what = f"who began in the {asked.every.grain} of {cohort} and came back {offset} {asked.every.grain}s later"
        return asked.subjects(cohort, offset), what

    return Words(
        title=f"Who came back to {asked.back.title} after {asked.start.title}, by {asked.every.grain}",
        labels={
            "cohort": f"{_spoken(asked.every.grain)} of {asked.start.title}",
            "offset": f"{_spoken(asked.every.grain)}s since", "size": "Began", "subjects": "Came back",
            "complete": "Period is over", "share": "Share that came back",
        },
        formats={"size": _COUNT, "subjects": _COUNT, "share": ".0%"},
        note=f"{_spoken(asked.every.grain)}s that are not over yet are left out of the chart.",
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_stickiness(asked: Stickiness) -> Words:
    def cell(_: ProductResult, *, periods: int) -> tuple[Analysis, str]:
        more = " or more" if asked.cumulative else ""
        return asked.subjects(periods), f"who did {asked.step.title} in {periods}{more} {asked.every.grain}s"

    return Words(
        title=f"In how many {asked.every.grain}s subjects did {asked.step.title}",
        labels={"periods": f"{_spoken(asked.every.grain)}s", "subjects": "Subjects", "share": "Share of all"},
        formats={"subjects": _COUNT, "share": _SHARE},
        draw=lambda result: result.drawn("bar", "periods", "subjects", frame=result.frame.head(60)),
        cell=cell,
    )


def of_lifecycle(asked: Lifecycle) -> Words:
    def draw(result: ProductResult) -> Chart:
        # Who stayed away is drawn below the line: the bars above it are who was there.
        away = pl.when(pl.col("state") == "dormant").then(-pl.col("subjects")).otherwise(pl.col("subjects"))
        return result.drawn("line", "period", "subjects", frame=result.frame.with_columns(away), color="state")

    def cell(_: ProductResult, *, period: date | datetime, state: str) -> tuple[Analysis, str]:
        chosen: Any = state
        return asked.subjects(period, chosen), f"who was {state} in the {asked.every.grain} of {period}"

    return Words(
        title=f"Lifecycle of who did {asked.step.title}, by {asked.every.grain}",
        labels={"period": _spoken(asked.every.grain), "state": "State", "subjects": "Subjects", "complete": "Is over"},
        formats={"subjects": _COUNT},
        note="Who became dormant is drawn below zero.",
        draw=draw,
        cell=cell,
    )


def of_paths(asked: Paths) -> Words:
    def draw(result: ProductResult) -> Chart:
        edge = pl.format("{}. {} to {}", pl.col("position"), pl.col("source"), pl.col("target")).alias("edge")
        commonest = result.frame.sort("paths", descending=True, maintain_order=True).head(_MOST_EDGES)
        return result.drawn("bar", "edge", "paths", frame=commonest.select(edge, "paths"))

    def cell(result: ProductResult, *, position: int, source: str, target: str) -> tuple[Analysis, str]:
        what = f"who went from {source} to {target} at place {position}"
        return asked.subjects(result.frame, position, source, target), what

    ends = (f" from {asked.start_at}" if asked.start_at else "") + (f" to {asked.end_at}" if asked.end_at else "")
    return Words(
        title=f"Paths{ends}",
        labels={
            "position": "Place", "source": "From", "target": "To", "paths": "Paths", "subjects": "Subjects",
            "edge": "Step",
        },
        formats={"paths": _COUNT, "subjects": _COUNT},
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_sessions(asked: SessionSummary) -> Words:
    attributes = asked.sessions.attributes

    def draw(result: ProductResult) -> Chart:
        x = "period" if asked.grain else attributes[0] if attributes else None
        if x is None:
            raise Invalid("one row is no chart", hint="ask with grain= or by=")
        color = attributes[0] if asked.grain and attributes else None
        frame = result.frame if color is None else _few(result.frame, color)
        return result.drawn("line" if asked.grain else "bar", x, "sessions", frame=frame, color=color)

    def cell(_: ProductResult, **of: Any) -> tuple[Analysis, str]:
        said = " and ".join(f"{name} {value}" for name, value in of.items())
        return asked.subjects(**of), "who had a session" + (f" of {said}" if said else "")

    return Words(
        title=f"Sessions with pauses of at most {_length(asked.sessions.gap)}",
        labels={
            "period": _spoken(asked.grain or ""), "sessions": "Sessions", "subjects": "Subjects", "events": "Events",
            "events_per_session": "Events per session", "bounce_rate": "Sessions of one event",
            "mean_seconds": "Mean length", "median_seconds": "Median length",
            **{name: _spoken(name) for name in attributes},
        },
        units={"mean_seconds": "s", "median_seconds": "s"},
        formats={
            "sessions": _COUNT, "subjects": _COUNT, "events": _COUNT, "events_per_session": _AMOUNT,
            "bounce_rate": _SHARE, "mean_seconds": ",.0f", "median_seconds": ",.0f",
        },
        note="Medians are within 1 % of the true ones.",
        draw=draw,
        cell=cell,
    )  # fmt: skip


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _length(microseconds: int) -> str:
    seconds = microseconds / 1e6
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}" + ("" if seconds == size else "s")
    return f"{seconds:g} seconds"


def _few(frame: pl.DataFrame, series: str) -> pl.DataFrame:
    """The rows of the first few series, as many as can be told apart."""
    kept = frame[series].unique(maintain_order=True).head(_MOST_SERIES).to_list()
    return frame.filter(pl.col(series).is_in([one for one in kept if one is not None]))


def _series(frame: pl.DataFrame, name: str) -> str | None:
    return name if name in frame.columns and frame[name].n_unique() <= _MOST_SERIES else None
