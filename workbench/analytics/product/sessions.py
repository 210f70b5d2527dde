"""Sessions: a subject's events with no longer pause than a gap between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from workbench.analytics.product.activity import members, of_group
from workbench.analytics.product.chains import AT
from workbench.analytics.product.durations import bin_of
from workbench.analytics.product.events import EventColumns
from workbench.analytics.product.walking import CODE, Walk
from workbench.compute import SUBJECT_HASH, grains
from workbench.foundation.errors import Invalid, unknown

__all__ = ["SessionList", "SessionSummary", "Sessions"]

LONGEST_GAP: Final = 30 * 86_400 * 1_000_000
_BEGAN, _ENDED, _EVENTS = "began", "ended", "events"


@dataclass(frozen=True)
class Sessions:
    """What is a session.

    A session ends when the subject's next event comes more than `gap` after the one before; one exactly `gap` after it
    still belongs to it. It belongs to the period that it began in.

    Attributes:
        gap: Microseconds.
        attributes: Columns of which a session has the value of its first event.
    """

    columns: EventColumns
    gap: int = 30 * 60 * 1_000_000
    attributes: tuple[str, ...] = ()

    def check(self, schema: Mapping[str, pl.DataType], dataset: str) -> None:
        """
        Raises:
            Invalid: A gap of zero, negative or enormous length, or an unknown column.
        """
        self.columns.check(schema, dataset)
        if not 0 < self.gap <= LONGEST_GAP:
            raise Invalid(f"a session's gap is longer than nothing and at most 30 days, not {self.gap / 1e6:,.0f} s")
        for name in self.attributes:
            if name not in schema:
                raise unknown("column for an attribute of sessions called", name, schema, error=Invalid)

    def of(self, rows: pl.LazyFrame, *, chronological: bool = False, compiled: bool = False) -> pl.LazyFrame:
        """A row per session: `SUBJECT_HASH`, `began`, `ended` (microseconds since 1970), `events`, the attributes.

        Args:
            chronological: The rows are sorted runs, in each of which a subject's rows are later than in those before.
            compiled: Rows lie in sorted runs, and compiled code may be a step of the plan.
        """
        at = pl.col(self.columns.time)
        known = rows.filter(pl.col(SUBJECT_HASH).is_not_null() & at.is_not_null())
        order = [SUBJECT_HASH] if chronological else [SUBJECT_HASH, *self.columns.order]
        tie = [] if chronological or not self.attributes else [self.columns.order[1]]
        chosen = known.select(
            SUBJECT_HASH,
            self.columns.time,
            *dict.fromkeys(name for name in (*tie, *self.attributes) if name != self.columns.time),
        )
        order = [name for name in order if name != self.columns.order[1] or tie]  # ties matter to attributes only
        at = at.cast(pl.Datetime("us", "UTC")).cast(pl.Int64)
        if compiled and (code := CODE()) is not None:
            walk = Walk(code, tuple(order[1:]) if tie else (), chronological or not tie)
            needed = chosen.select(SUBJECT_HASH, at.alias(AT), *dict.fromkeys((*walk.order, *self.attributes)))
            return walk.sessions(needed, self.gap, (_BEGAN, _ENDED, _EVENTS), self.attributes)
        events = chosen.sort(order, maintain_order=True).with_columns(
            at.alias(_BEGAN), pl.int_range(pl.len(), dtype=pl.Int64).alias(".row")
        )
        before = pl.col(_BEGAN).shift(1)
        same = pl.col(SUBJECT_HASH) == pl.col(SUBJECT_HASH).shift(1)
        begins = (~same | (pl.col(_BEGAN) - before > self.gap)).fill_null(value=True)
        first = events.with_columns(
            begins.alias(".begins"),
            before.alias(".before"),
            pl.col(_BEGAN).last().alias(".last"),
            pl.len().cast(pl.Int64).alias(".rows"),
        ).filter(".begins")
        # What ends a session stands on the row before the next one's first: no group-by, as rows are in order.
        return first.select(
            SUBJECT_HASH,
            _BEGAN,
            pl.col(".before").shift(-1).fill_null(pl.col(".last")).alias(_ENDED),
            (pl.col(".row").shift(-1).fill_null(pl.col(".rows")) - pl.col(".row")).alias(_EVENTS),
            *self.attributes,
        )


@dataclass(frozen=True)
class SessionSummary:
    """Sessions by period and attributes: how many, of how many subjects, how many events, how long.

    Attributes:
        start: Sessions that began at or after this time; None for all.
        end: Sessions that began before this time.
        grain: By the period in which they began; None for all together.
        times: By bins of duration too, which medians are made from; a subject then counts once for each group still.
    """

    sessions: Sessions
    grain: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    time_zone: str = "UTC"
    week_start: int = 1
    times: bool = False

    by_subject = True
    ordered = True

    @property
    def name(self) -> str:
        return "sessions"

    def check(self, schema: Mapping[str, pl.DataType], dataset: str) -> None:
        """
        Raises:
            Invalid: See `Sessions.check`.
        """
        self.sessions.check(schema, dataset)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Per period, attributes and bin: sessions, subjects, bounces (of one event), events, microseconds."""
        return self._counted(self.sessions.of(rows))

    def subjects(self, **of: object) -> SessionSubjects:
        """The analysis that returns who is behind a row.

        Args:
            of: `period` and attributes, by column; what is not said may be anything.

        Raises:
            Invalid: The result has no such column.
        """
        for name in of:
            if name not in self._keys:
                raise unknown("column that sessions are told apart by called", name, self._keys, error=Invalid)
        return SessionSubjects(self, tuple(of.items()))

    def partial_of_runs(self, rows: pl.LazyFrame, *, chronological: bool, compiled: bool = False) -> pl.LazyFrame:
        return self._counted(self.sessions.of(rows, chronological=chronological, compiled=compiled))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The same columns, with each group once; sorted by them."""
        sums = [pl.col(name).sum() for name in ("sessions", "subjects", "bounces", _EVENTS, "took")]
        if not self._keys:
            return partials.select(sums)
        return partials.group_by(self._keys).agg(sums).sort(self._keys, nulls_last=True)

    @property
    def _keys(self) -> list[str]:
        return [*(["period"] if self.grain else []), *self.sessions.attributes, *(["bin"] if self.times else [])]

    def _of_time(self, found: pl.LazyFrame) -> pl.LazyFrame:
        """The sessions that count, with the period that each began in."""
        began = pl.col(_BEGAN).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        if self.start is not None:
            found = found.filter(began >= self.start)
        if self.end is not None:
            found = found.filter(began < self.end)
        if self.grain is None:
            return found
        period = grains.truncate(
            began, pl.Datetime("us", "UTC"), self.grain, time_zone=self.time_zone, week_start=self.week_start
        )
        return found.with_columns(period.alias("period"))

    def _counted(self, found: pl.LazyFrame) -> pl.LazyFrame:
        took = pl.col(_ENDED) - pl.col(_BEGAN)
        found = self._of_time(found).with_columns(self._first_in_group().alias(".first"))
        if self.times:
            found = found.with_columns(bin_of(took).alias("bin"))
        sums = [
            pl.len().cast(pl.Int64).alias("sessions"),
            pl.col(".first").sum().cast(pl.Int64).alias("subjects"),
            (pl.col(_EVENTS) == 1).sum().cast(pl.Int64).alias("bounces"),
            pl.col(_EVENTS).sum(),
            took.sum().alias("took"),
        ]
        return found.group_by(self._keys).agg(sums) if self._keys else found.select(sums)

    def _first_in_group(self) -> pl.Expr:
        """Whether a session is its subject's first in a period, and of its attributes: there the subject counts."""
        keys = [SUBJECT_HASH, *(["period"] if self.grain else [])]
        if self.sessions.attributes:
            return pl.struct(*keys, *self.sessions.attributes).is_first_distinct()
        # Sessions are sorted by subject and time, so those of one period follow each other.
        return pl.any_horizontal((pl.col(key) != pl.col(key).shift(1)).fill_null(value=True) for key in keys)


@dataclass(frozen=True)
class SessionSubjects:
    """Who had a session of a period and of attributes: `SUBJECT_HASH` and the subject, one row each."""

    summary: SessionSummary
    of: tuple[tuple[str, object], ...]

    name = "subjects of sessions"
    by_subject = True
    ordered = True

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        found = self.summary._of_time(self.summary.sessions.of(rows))
        found = of_group(found, self.of, grain=self.summary.grain)
        return members(rows, found, self.summary.sessions.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.summary.sessions.columns.subject)


@dataclass(frozen=True)
class SessionList:
    """The sessions themselves, a row each, with their subject."""

    sessions: Sessions
    start: datetime | None = None
    end: datetime | None = None

    by_subject = True
    ordered = True

    @property
    def name(self) -> str:
        return "list of sessions"

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """`SUBJECT_HASH`, the subject, `began` and `ended` (UTC), `events`, the attributes."""
        columns = self.sessions.columns
        named = rows.select(SUBJECT_HASH, columns.subject).drop_nulls(SUBJECT_HASH).unique(SUBJECT_HASH)
        found = self.sessions.of(rows)
        times = [
            pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias(name) for name in (_BEGAN, _ENDED)
        ]
        found = found.with_columns(times)
        if self.start is not None:
            found = found.filter(pl.col(_BEGAN) >= self.start)
        if self.end is not None:
            found = found.filter(pl.col(_BEGAN) < self.end)
        joined = found.join(named, on=SUBJECT_HASH, how="left", maintain_order="left")
        return joined.select(SUBJECT_HASH, columns.subject, _BEGAN, _ENDED, _EVENTS, *self.sessions.attributes)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The same, sorted by the hash and time."""
        return partials.sort(SUBJECT_HASH, _BEGAN)
