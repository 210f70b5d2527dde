"""What results say to people: titles, labels, charts, and the words for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from workbench.analytics.product.breakdown import OTHER, VALUE, ValueCell
from workbench.analytics.product.funnel import Funnel, FunnelCell
from workbench.analytics.product.lifecycle import Lifecycle
from workbench.analytics.product.paths import Paths
from workbench.analytics.product.resends import AMOUNT, RESENT, Duplicates
from workbench.analytics.product.results import LiveWords, ProductResult
from workbench.analytics.product.retention import Retention, weighted_mean
from workbench.analytics.product.session_table import lengths_of_sessions
from workbench.analytics.product.sessions import SessionSummary
from workbench.analytics.product.stickiness import Stickiness
from workbench.charts import Chart
from workbench.compute import Analysis
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.wording import counted

__all__ = [
    "among",
    "of_duplicates",
    "of_funnel",
    "of_lifecycle",
    "of_paths",
    "of_retention",
    "of_sessions",
    "of_stickiness",
]

_SHARE, _COUNT, _AMOUNT = ".1%", ",d", ",.1f"
_MOST_SERIES = 8
_MOST_EDGES = 20
_MOST_PERIODS = 40
_NONE = "(none)"


def of_funnel(funnel: Funnel) -> LiveWords:
    titles = [step.title for step in funnel.steps]
    along = " and ".join(filter(None, (funnel.breakdown, funnel.grain)))
    by = f" by {along}" if along else ""

    def draw(result: ProductResult) -> Chart:
        frame, few = _few(result.frame, "breakdown" if funnel.breakdown else None)
        color = "breakdown" if funnel.breakdown else None
        if funnel.grain is not None:
            last = frame.filter(pl.col("step") == len(titles)).drop("step")
            open_still = f"Who began in the last {_length(funnel.window)} of the data may still go on."
            said = f"Share that came to {titles[-1]}"
            return result.drawn(
                "line", "period", "share_of_first", frame=last, color=color, note=f"{open_still} {few}".strip(),
                labels={"share_of_first": said},
            )  # fmt: skip
        places = [f"{n}. {title}" for n, title in enumerate(titles, 1)]
        named = pl.col("step").replace_strict(range(1, len(places) + 1), places, return_dtype=pl.String)
        frame = frame.with_columns(named.alias("event"))
        if color is None:
            return result.drawn("bar", "event", "share_of_first", frame=frame)
        # All values have the whole of their first step: bars that say nothing.
        note = f"{places[0]} is 100% of each. {few}".strip()
        later = frame.filter(pl.col("step") > 1)
        return result.drawn("bar", "event", "share_of_first", frame=later, color=color, note=note)

    def cell(
        result: ProductResult,
        *,
        step: int,
        dropped: bool = False,
        breakdown: Any = ...,
        period: date | datetime | None = None,
    ) -> tuple[Analysis, str]:
        if not 1 <= step <= len(titles):
            raise Invalid(f"the funnel has the steps 1 to {len(titles)}, not {step}")
        if period is not None and not funnel.grain:
            raise Invalid("the funnel is not cut into periods", hint="ask it with grain=")
        others = _others(result, funnel.breakdown, breakdown, "funnel")
        if period is not None and period not in result.frame["period"].to_list():
            raise Invalid(f"the funnel has no {funnel.grain} that begins at {period}")
        far = "came no further than" if dropped else "came to"
        what = f"who {far} step {step}, {titles[step - 1]}"
        if breakdown is not ...:
            what += f", of {funnel.breakdown} {_NONE if breakdown is None else breakdown}"
        what += f", in the {funnel.grain} of {period}" if period is not None else ""
        some = FunnelCell(step, dropped, None if breakdown is ... else breakdown, breakdown is ..., period, others)
        return funnel.members(some), what

    return LiveWords(
        title=f"From {titles[0]} to {titles[-1]} within {_length(funnel.window)}{by}",
        labels={
            "breakdown": _spoken(funnel.breakdown or ""), "period": _spoken(funnel.grain or ""), "step": "Step",
            "event": "Event", "subjects": "Subjects", "share_of_first": "Share of first step",
            "share_of_previous": "Share of step before", "mean_seconds": "Mean since first step",
            "median_seconds": "Median since first step", "mean_wait": "Mean since step before",
            "median_wait": "Median since step before",
        },
        durations=("mean_seconds", "median_seconds", "mean_wait", "median_wait"),
        formats={"subjects": _COUNT, "share_of_first": _SHARE, "share_of_previous": _SHARE},
        note="Medians of times are within 1 % of the true ones.",
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_retention(asked: Retention) -> LiveWords:
    def draw(result: ProductResult) -> Chart:
        frame = result.frame.filter(pl.col("complete") & (pl.col("size") > 0))
        if frame.is_empty():
            raise Invalid(f"there is nothing to draw yet: no {asked.every.grain} is over", hint="ask a finer grain")
        if asked.breakdown is not None:
            named, few = _few(result.frame.filter(pl.col("offset") > 0), VALUE)
            values = named.partition_by(VALUE, maintain_order=True)
            means = [weighted_mean(own).with_columns(pl.lit(own[VALUE][0]).alias(VALUE)) for own in values]
            note = f"The mean of all cohorts, by their sizes. {few}".strip()
            return result.drawn("line", "offset", "share", frame=pl.concat(means), color=VALUE, note=note)
        note = f"{_spoken(asked.every.grain)}s that are not over yet are left out."
        later = frame.filter(pl.col("offset") > 0)
        if later.height:  # the whole of a cohort would take all shades from the shares that differ
            frame, note = later, f"At 0 it is 100%. {note}"
        return result.drawn("heatmap", "offset", "cohort", frame=frame, color="share", note=note)

    def cell(
        result: ProductResult, *, cohort: date | datetime, offset: int, breakdown: Any = ...
    ) -> tuple[Analysis, str]:
        what = (
            f"who began in the {asked.every.grain} of {cohort} and came back {counted(offset, asked.every.grain)} later"
        )
        value, of = _value(result, asked, breakdown)
        return asked.subjects(cohort, offset, value), what + of

    did = asked.start.title if asked.back == asked.start else f"{asked.back.title} after {asked.start.title}"
    return LiveWords(
        title=f"Retention by {asked.every.grain}: {did}{_by(asked)}",
        labels={
            **_value_label(asked),
            "cohort": f"{_spoken(asked.every.grain)} of {'the first ' if asked.kind == 'first time' else ''}"
            f"{asked.start.title}",
            "offset": f"{_spoken(asked.every.grain)}s since", "size": "Began", "subjects": "Came back",
            "complete": "Period is over", "share": "Share that came back",
        },
        formats={"size": _COUNT, "subjects": _COUNT, "share": ".0%"},
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_stickiness(asked: Stickiness) -> LiveWords:
    def draw(result: ProductResult) -> Chart:
        last = result.frame.filter(pl.col("subjects") > 0)["periods"].max()
        if last is None:
            raise Invalid(f"there is nothing to draw: nobody did {asked.step.title}")
        frame = result.frame.filter(pl.col("periods") <= last)
        if asked.breakdown is not None:
            named, few = _few(frame, VALUE)
            return result.drawn("line", "periods", "share", frame=named, color=VALUE, note=few)
        return result.drawn("bar", "periods", "subjects", frame=frame)

    def cell(result: ProductResult, *, periods: int, breakdown: Any = ...) -> tuple[Analysis, str]:
        said = f"{periods} or more {asked.every.grain}s" if asked.cumulative else counted(periods, asked.every.grain)
        value, of = _value(result, asked, breakdown)
        return asked.subjects(periods, value), f"who did {asked.step.title} in {said}{of}"

    return LiveWords(
        title=f"In how many {asked.every.grain}s: {asked.step.title}{_by(asked)}",
        labels={
            **_value_label(asked),
            "periods": f"{_spoken(asked.every.grain)}s" + (" or more" if asked.cumulative else ""),
            "subjects": "Subjects", "share": "Share of all",
        },
        formats={"subjects": _COUNT, "share": _SHARE},
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_lifecycle(asked: Lifecycle) -> LiveWords:
    def draw(result: ProductResult) -> Chart:
        # Who stayed away is drawn below the line: the bars above it are who was there.
        away = pl.when(pl.col("state") == "dormant").then(-pl.col("subjects")).otherwise(pl.col("subjects"))
        over = result.frame.filter("complete")
        note = "Who became dormant is drawn below zero."
        if over.height:
            note += f" {_spoken(asked.every.grain)}s that are not over yet are left out."
        if asked.breakdown is not None:
            there = (over if over.height else result.frame).filter(pl.col("state") != "dormant")
            active = there.group_by(VALUE, "period", maintain_order=True).agg(pl.col("subjects").sum())
            named, few = _few(active, VALUE)
            note = f"Who was there: new, returning or resurrecting. {few}".strip()
            return result.drawn("line", "period", "subjects", frame=named, color=VALUE, note=note)
        frame = (over if over.height else result.frame).with_columns(away)
        barred = frame["period"].n_unique() <= _MOST_PERIODS
        return result.drawn(
            "bar" if barred else "line", "period", "subjects", frame=frame, color="state", note=note, stacked=barred
        )

    def cell(
        result: ProductResult, *, period: date | datetime, state: str, breakdown: Any = ...
    ) -> tuple[Analysis, str]:
        chosen: Any = state
        value, of = _value(result, asked, breakdown)
        return asked.subjects(period, chosen, value), f"who was {state} in the {asked.every.grain} of {period}{of}"

    return LiveWords(
        title=f"Lifecycle by {asked.every.grain}: {asked.step.title}{_by(asked)}",
        labels={
            **_value_label(asked),
            "period": _spoken(asked.every.grain), "state": "State", "subjects": "Subjects",
            "complete": "Period is over",
        },
        formats={"subjects": _COUNT},
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_paths(asked: Paths) -> LiveWords:
    def draw(result: ProductResult) -> Chart:
        edge = pl.format("{}. {} → {}", pl.col("position"), pl.col("source"), pl.col("target")).alias("edge")
        commonest = result.frame.sort("paths", descending=True, maintain_order=True).head(_MOST_EDGES)
        count = len(result)
        note = f"The {_MOST_EDGES} commonest of {count:,} steps are drawn." if count > _MOST_EDGES else ""
        return result.drawn("bar", "edge", "paths", frame=commonest.select(edge, "paths"), note=note)

    def cell(result: ProductResult, *, position: int, source: str, target: str) -> tuple[Analysis, str]:
        what = f"who went from {source} to {target} at place {position}"
        return asked.subjects(result.frame, position, source, target), what

    ends = (f" from {asked.start_at}" if asked.start_at else "") + (f" to {asked.end_at}" if asked.end_at else "")
    return LiveWords(
        title=f"Paths{ends}: which event follows which within {_length(asked.gap // timedelta(microseconds=1))}",
        labels={
            "position": "Place", "source": "From", "target": "To", "paths": "Paths", "subjects": "Subjects",
            "edge": "Step",
        },
        formats={"paths": _COUNT, "subjects": _COUNT},
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_sessions(asked: SessionSummary) -> LiveWords:
    attributes = asked.sessions.attributes

    def draw(result: ProductResult) -> Chart:
        x = "period" if asked.grain else attributes[0] if attributes else None
        if x is None:
            return result.drawn("bar", "length", "sessions", frame=lengths_of_sessions(result.answer.frame))
        return _counts(result, x, "sessions", asked.grain, attributes)

    def cell(result: ProductResult, **of: Any) -> tuple[Analysis, str]:
        analysis, said = asked.subjects(**of), _of(result, "sessions", of)
        return analysis, "who had a session" + (f" of {said}" if said else "")

    return LiveWords(
        title=f"Sessions with pauses of at most {_length(asked.sessions.gap)}",
        labels={
            "period": _spoken(asked.grain or ""), "length": "Length",
            "sessions": "Sessions", "subjects": "Subjects", "events": "Events",
            "events_per_session": "Events per session", "bounce_rate": "Sessions of one event",
            "mean_seconds": "Mean length", "median_seconds": "Median length",
            **{name: _spoken(name) for name in attributes},
        },
        durations=("mean_seconds", "median_seconds"),
        formats={
            "sessions": _COUNT, "subjects": _COUNT, "events": _COUNT, "events_per_session": _AMOUNT,
            "bounce_rate": _SHARE,
        },
        note="Medians are within 1 % of the true ones.",
        draw=draw,
        cell=cell,
    )  # fmt: skip


def of_duplicates(asked: Duplicates) -> LiveWords:
    def draw(result: ProductResult) -> Chart:
        if not asked.keys:
            raise Invalid("duplicates of all rows together are one row, no chart", hint="ask with grain= or by=")
        return _counts(result, asked.keys[0], "duplicates", asked.grain, asked.by)

    def cell(result: ProductResult, **of: Any) -> tuple[Analysis, str]:
        analysis, said = asked.subjects(**of), _of(result, "rows", of)
        return analysis, "who has events that came more than once" + (f", of {said}" if said else "")

    return LiveWords(
        title=f"Rows that came again with the same {_spoken(asked.told_by).lower()}",
        labels={
            "period": _spoken(asked.grain or ""), "rows": "Rows", "kept": "Rows that count", "ids": "Ids",
            "duplicates": "Duplicates", "share": "Share of rows", "subjects": "Subjects with duplicates",
            AMOUNT: _spoken(asked.amount or ""), RESENT: f"{_spoken(asked.amount or '')} of duplicates",
            **{name: _spoken(name) for name in asked.by},
        },
        formats={**dict.fromkeys(("rows", "kept", "ids", "duplicates", "subjects"), _COUNT), "share": _SHARE},
        note="Of an id's rows the latest counts; those before it are duplicates.",
        draw=draw,
        cell=cell,
    )  # fmt: skip


def _counts(result: ProductResult, x: str, amount: str, grain: str | None, by: Sequence[str]) -> Chart:
    """How many there are: along time a line for each value, else a bar for each, the most on top."""
    if len(by) > 1:
        raise Invalid(f"{amount} by more than one column are a table, no chart", hint="ask with one column in by=")
    color = by[0] if grain and by else None
    frame, few = _few(result.frame, color, amount)
    if not grain:
        frame = frame.with_columns(pl.col(x).cast(pl.String).fill_null(_NONE))
        frame = frame.sort(amount, descending=True, maintain_order=True)
    return result.drawn("line" if grain else "bar", x, amount, frame=frame, color=color, note=few)


def _of(result: ProductResult, what: str, of: Mapping[str, Any]) -> str:
    """The values that a number is told by, in words; "" for none.

    Raises:
        Invalid: No row of the result has them.
    """
    said = " and ".join(f"{name} {value}" for name, value in of.items())
    found = (pl.col(name).eq_missing(pl.lit(value)) for name, value in of.items())
    if of and result.frame.filter(*found).is_empty():
        raise Invalid(f"there are no {what} of {said}")
    return said


Valued = Retention | Stickiness | Lifecycle


def _by(asked: Valued) -> str:
    return "" if asked.breakdown is None else f" by {asked.breakdown.by}"


def _value_label(asked: Valued) -> dict[str, str]:
    return {} if asked.breakdown is None else {VALUE: _spoken(asked.breakdown.by)}


def _value(result: ProductResult, asked: Valued, value: Any) -> tuple[ValueCell | None, str]:
    """Which subjects a value of the breakdown means, and how that is said; of all values where none is given."""
    by = None if asked.breakdown is None else asked.breakdown.by
    others = _others(result, by, value, asked.name)
    if value is ...:
        return None, ""
    return ValueCell(value, others), f", of {by} {_NONE if value is None else value}"


def _others(result: ProductResult, by: str | None, value: Any, what: str) -> tuple[str | None, ...]:
    """The values that are told apart, where one asks for those that are not.

    Raises:
        Invalid: The result is not broken down, or has no such value.
    """
    if value is ...:
        return ()
    if by is None:
        raise Invalid(f"the {what} is not broken down", hint="ask it with breakdown=")
    shown = result.frame[VALUE].unique(maintain_order=True).to_list()
    if value not in shown:
        known = [str(one) for one in shown if one is not None]
        raise unknown(f"value of {by} in the {what}", str(value), known, error=Invalid)
    return tuple(one for one in shown if one != OTHER) if value == OTHER else ()


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _length(microseconds: int) -> str:
    seconds = microseconds / 1e6
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}" + ("" if seconds == size else "s")
    return f"{seconds:g} seconds"


def _few(frame: pl.DataFrame, series: str | None, by: str = "subjects") -> tuple[pl.DataFrame, str]:
    """The rows of the largest series, as many as can be told apart, and what to say where these are not all."""
    if series is None:
        return frame, ""
    named = frame.with_columns(pl.col(series).cast(pl.String).fill_null(_NONE))
    sizes = named.group_by(series, maintain_order=True).agg(pl.col(by).sum())
    if sizes.height <= _MOST_SERIES:
        return named, ""
    kept = sizes.sort(by, descending=True, maintain_order=True).head(_MOST_SERIES)[series].to_list()
    return named.filter(pl.col(series).is_in(kept)), f"The {_MOST_SERIES} largest of {sizes.height:,} are drawn."


def among(words: LiveWords, within: Any) -> LiveWords:
    """The words of a question that is asked of some subjects only."""
    if within is None:
        return words
    some = within.replace("_", " ") if isinstance(within, str) else "some"
    return replace(words, title=f"{words.title}, among {some}")
