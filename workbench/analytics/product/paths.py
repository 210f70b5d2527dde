"""Paths: which event follows which within a session, place by place.

After PostHog (https://posthog.com/docs/product-analytics/paths): a session ends with a pause, an event that repeats the
one before it is folded into it, a path begins at the first `start_at` or ends at the first `end_at` of its session.
A session has one path at most, so that paths add up; the subjects behind two edges do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from workbench.analytics.product.activity import counting, members
from workbench.analytics.product.events import EventColumns
from workbench.compute import SUBJECT_HASH, expressions
from workbench.foundation.errors import Invalid, whole

__all__ = ["OTHER", "PathSubjects", "Paths"]

OTHER: Final = "(other)"
"""What stands for the rarer events of a place."""

LONGEST_GAP = timedelta(days=366)
MOST_STEPS = 50
MOST_NAMES = 200

_SESSION, _ROW, _PLACE, _END = ".session", ".row", ".place", ".end"
_EDGE = ["position", "source", "target"]


@dataclass(frozen=True)
class Paths:
    """How many paths, of how many subjects, lead from one event to the next.

    Attributes:
        since: Rows before it do not count.
        until: Rows at or after it do not count.
        events: The events that paths are made of, as if there were no others; None for all.
        where: SQL condition over one row's columns; the others do not count either.
        gap: A longer pause than this between two events of a subject ends a session.
        start_at: Paths begin at the first event of this name; sessions without one have no path.
        end_at: Paths end at the first event of this name, with `start_at` at the first one after that; sessions without
            one have no path.
        max_steps: How many events of a path are looked at: its first ones, or the last ones where it only has an end.
            With both ends, paths of more events are left out.
        fold_repeats: An event of the same name as the one before it in its session is not looked at.
        minimum_share: Events that fewer of the paths through a place have there are put together as `OTHER`: 0 to 1.
        top: So many events of a place, the commonest, are told apart at most; the others are `OTHER`.

    Raises:
        Invalid: A bound that is none: see above.
    """

    columns: EventColumns
    since: datetime
    until: datetime
    events: tuple[str, ...] | None = None
    where: str | None = None
    gap: timedelta = timedelta(minutes=30)
    start_at: str | None = None
    end_at: str | None = None
    max_steps: int = 5
    fold_repeats: bool = True
    minimum_share: float = 0.0
    top: int = 20

    name = "paths"
    by_subject = True
    ordered = True

    def __post_init__(self) -> None:
        whole(*(self.events or ()), self.start_at, self.end_at)
        for moment in (self.since, self.until):
            if moment.tzinfo is None:
                raise Invalid(f"the time {moment.isoformat()} has no time zone", hint="give it one, e.g. tzinfo=UTC")
        if self.since >= self.until:
            raise Invalid(f"the end {self.until.isoformat()} is not after the start {self.since.isoformat()}")
        if not timedelta(0) < self.gap <= LONGEST_GAP:
            raise Invalid(f"the gap between sessions is more than nothing and at most 366 days, not {self.gap}")
        if not 2 <= self.max_steps <= MOST_STEPS:
            raise Invalid(f"a path has 2 to {MOST_STEPS} steps, not {self.max_steps}")
        if not 0 <= self.minimum_share < 1:
            raise Invalid(f"the minimum share is from 0 to below 1, not {self.minimum_share}")
        if not 1 <= self.top <= MOST_NAMES:
            raise Invalid(f"a place of paths has 1 to {MOST_NAMES} events, not {self.top}")
        for end in (self.start_at, self.end_at):
            if self.events is not None and end is not None and end not in self.events:
                raise Invalid(f"paths cannot start or end at '{end}', which is not among their events")

    def check(self, schema: pl.Schema, dataset: str) -> None:
        """
        Raises:
            Invalid: A column or condition does not fit the dataset.
        """
        self.columns.check(schema, dataset)
        self._counts(schema)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Paths and subjects of every edge, nothing put together yet."""
        return (
            self._edges(rows)
            .group_by(_EDGE)
            .agg(
                pl.len().cast(pl.Int64).alias("paths"), pl.col(SUBJECT_HASH).n_unique().cast(pl.Int64).alias("subjects")
            )
        )

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """Columns: position, source, target, paths, subjects; by position, the commonest first.

        Position 1 is the step from a path's first event to its second; where a path only has an end, -1 is the step
        into that. Subjects are null where source or target is `OTHER`: a subject may be behind several of the edges
        that are put together.
        """
        edges = partials.group_by(_EDGE).agg(pl.col("paths", "subjects").sum())
        kept = self._kept(edges)
        for side, place in (("source", pl.col("position")), ("target", pl.col("position") + 1)):
            named = kept.select(pl.col(_PLACE), pl.col("event").alias(side), pl.lit(True).alias(f".{side}"))
            edges = edges.with_columns(place.cast(pl.Int32).alias(_PLACE)).join(named, on=[_PLACE, side], how="left")
            there = pl.col(f".{side}").fill_null(False)
            edges = edges.with_columns(pl.when(there).then(side).otherwise(pl.lit(OTHER)).alias(side))
        folded = (pl.col("source") == OTHER) | (pl.col("target") == OTHER)
        return (
            edges.group_by(_EDGE)
            .agg(pl.col("paths", "subjects").sum())
            .with_columns(pl.when(~folded).then("subjects").alias("subjects"))
            .sort("position", "paths", "source", "target", descending=[False, True, False, False])
        )

    def subjects(self, table: pl.DataFrame, position: int, source: str, target: str) -> PathSubjects:
        """The analysis that returns who is behind an edge.

        Args:
            table: The result that the edge is in: it says what `OTHER` stands for.

        Raises:
            Invalid: The result has no such edge.
        """
        there = table.filter(pl.col("position") == position)
        if there.filter((pl.col("source") == source) & (pl.col("target") == target)).is_empty():
            raise Invalid(f"the paths have no step {position} from '{source}' to '{target}'")
        sources, targets = (tuple(sorted(set(there[side]) - {OTHER})) for side in ("source", "target"))
        return PathSubjects(self, position, source, target, sources, targets)

    def _kept(self, edges: pl.LazyFrame) -> pl.LazyFrame:
        """The events of each place that keep their names.

        Of the paths through a place, those that begin there have no edge into it, and those that end there none out.
        """
        into = edges.select((pl.col("position") + 1).alias(_PLACE), pl.col("target").alias("event"), "paths")
        out = edges.select(pl.col("position").alias(_PLACE), pl.col("source").alias("event"), "paths")
        sides = [side.group_by(_PLACE, "event").agg(pl.col("paths").sum()) for side in (into, out)]
        nodes = pl.concat(sides).group_by(_PLACE, "event").agg(pl.col("paths").max())
        rank = pl.int_range(pl.len()).over(_PLACE, order_by=[-pl.col("paths"), pl.col("event")])
        share = pl.col("paths") / pl.col("paths").sum().over(_PLACE)
        kept = (share >= self.minimum_share) & (rank < self.top) & (pl.col("event") != OTHER)
        return nodes.filter(kept).with_columns(pl.col(_PLACE).cast(pl.Int32))

    def _counts(self, schema: pl.Schema) -> pl.Expr:
        since = pl.lit(self.since, dtype=pl.Datetime("us", "UTC"))
        found = counting(self.columns, self.until) & (pl.col(self.columns.time) >= since)
        event = pl.col(self.columns.event)
        found = found & (event.is_not_null() if self.events is None else event.is_in(list(self.events)))
        if self.where is None:
            return found
        return found & expressions.parse_filter(self.where, schema, "the condition of the paths").fill_null(False)

    def _edges(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """`SUBJECT_HASH`, position (Int32), source and target of every step of every path."""
        schema = rows.collect_schema()
        events = rows.filter(self._counts(schema)).select(
            SUBJECT_HASH, *dict.fromkeys([*self.columns.order, self.columns.event])
        )
        # Keeping the order of equals lets the sort see that rows come in runs that are sorted already.
        keys = dict.fromkeys([SUBJECT_HASH, *self.columns.order, self.columns.event])
        events = events.sort(*keys, maintain_order=True)
        time, event = pl.col(self.columns.time), pl.col(self.columns.event)
        of_another = pl.col(SUBJECT_HASH).ne_missing(pl.col(SUBJECT_HASH).shift(1))
        begins = of_another | (time - time.shift(1) > pl.lit(self.gap, dtype=pl.Duration("us")))
        events = events.with_columns(begins.cast(pl.Int64).cum_sum().alias(_SESSION))
        same = pl.col(_SESSION) == pl.col(_SESSION).shift(1)
        if self.fold_repeats:
            events = events.filter((same & (event == event.shift(1))).fill_null(False).not_())
        if self.start_at is not None:
            events = events.filter(_so_far(event == self.start_at) > 0)
        events = events.select(SUBJECT_HASH, _SESSION, event.alias("source")).with_row_index(_ROW)
        place = pl.col(_ROW).cast(pl.Int64) - _at_first(pl.col(_ROW).cast(pl.Int64))
        target = pl.when(same.shift(-1)).then(pl.col("source").shift(-1))
        events = events.with_columns(place.cast(pl.Int32).alias(_PLACE), target.alias("target"))
        return self._cut(events).select(SUBJECT_HASH, *_EDGE)

    def _cut(self, events: pl.LazyFrame) -> pl.LazyFrame:
        """The steps that are looked at, with their positions."""
        place = pl.col(_PLACE)
        position = place + 1
        if self.end_at is None:
            events = events.filter(position < self.max_steps)
        else:
            at_end = pl.col("source") == self.end_at
            if self.start_at is not None:
                at_end = at_end & (place > 0)
            before = _so_far(at_end) - at_end.cast(pl.Int64)
            ends_here = pl.when(at_end).then(_SESSION).backward_fill() == pl.col(_SESSION)
            steps = pl.when(at_end).then(_ROW).backward_fill().cast(pl.Int64) - pl.col(_ROW).cast(pl.Int64)
            events = events.with_columns((place + steps.cast(pl.Int32)).alias(_END))
            events = events.filter(ends_here & (before == 0))
            if self.start_at is None:
                position = place - pl.col(_END)
                events = events.filter((position > -self.max_steps) & (position < 0))
            else:
                events = events.filter((pl.col(_END) < self.max_steps) & (place < pl.col(_END)))
        return events.filter(pl.col("target").is_not_null()).with_columns(position.alias("position"))


@dataclass(frozen=True)
class PathSubjects:
    """Who is behind one edge: `SUBJECT_HASH` and the subject, one row each.

    Attributes:
        sources: The events that are told apart as sources of steps at the position; the others are `OTHER`.
        targets: The same for targets.
    """

    paths: Paths
    position: int
    source: str
    target: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]

    name = "subjects of paths"
    by_subject = True
    ordered = True

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        found = self.paths._edges(rows).filter(
            (pl.col("position") == self.position)
            & _is("source", self.source, self.sources)
            & _is("target", self.target, self.targets)
        )
        return members(rows, found, self.paths.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.paths.columns.subject)


def _at_first(value: pl.Expr) -> pl.Expr:
    """What a value is in the first row of each row's session."""
    first = pl.col(_SESSION).ne_missing(pl.col(_SESSION).shift(1))
    return pl.when(first).then(value).forward_fill()


def _so_far(hit: pl.Expr) -> pl.Expr:
    """How many hits each row's session has had, with that row: a running count, without looking any session up."""
    counted = hit.cast(pl.Int64).cum_sum()
    return counted - _at_first(counted - hit.cast(pl.Int64))


def _is(side: str, event: str, told_apart: tuple[str, ...]) -> pl.Expr:
    return pl.col(side).is_in(list(told_apart)).not_() if event == OTHER else pl.col(side) == event
