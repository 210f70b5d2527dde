"""`wb.product`: what subjects do over time, asked of any dataset of events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import polars as pl

from workbench.analytics.product import wording
from workbench.analytics.product.answering import Answering, Between
from workbench.analytics.product.breakdown import VALUE, Breakdown, told_apart
from workbench.analytics.product.events import EventColumns, Step, several
from workbench.analytics.product.funnel import Attribution, Exclusion, Funnel, Order
from workbench.analytics.product.funnel_table import FunnelTable
from workbench.analytics.product.lifecycle import Lifecycle
from workbench.analytics.product.paths import Paths
from workbench.analytics.product.periods import Every, Grain
from workbench.analytics.product.questions import Questions
from workbench.analytics.product.resends import Duplicates
from workbench.analytics.product.results import ProductResult
from workbench.analytics.product.retention import Counting, Kind, Retention
from workbench.analytics.product.session_table import session_table
from workbench.analytics.product.sessions import Sessions, SessionSummary
from workbench.analytics.product.stickiness import Stickiness
from workbench.compute import moments

__all__ = ["Product"]

Length = timedelta | str


class Product(Answering, Questions):
    """Product analytics, as one actor sees it.

    Every question takes the dataset's name first, and these:

    - `between`: (start, end) of the events' time, end exclusive; None leaves a side open. Dates begin at midnight of
      `time_zone`. By default from the first event to the last.
    - `within`: the name of a cohort, or conditions as a mapping (see `wb.product.cohorts`): only these subjects.
    - `columns`: which columns are subject, event and time; not needed where the dataset is laid out for events.
    - `version`: of the dataset; by default the newest, or the one that a run is sealed to.

    A step is an event's name, or a `Step` with a condition. Each result says who is behind a number (`.subjects(...)`),
    draws itself (`.chart()`) and says how it was computed (`.explain()`).

    Attributes:
        cohorts: Saved cohorts.
    """

    def anew(self) -> Product:
        """The same questions, computed now, whatever was computed before: `wb.product.anew().funnel(...)`."""
        return Product(self._asking.anew(), self.cohorts)

    def funnel(
        self,
        dataset: str,
        steps: Sequence[str | Step],
        *,
        window: Length = "7 days",
        step_windows: Sequence[Length | None] | None = None,
        order: Order = "ordered",
        entry: Literal["any", "first"] = "any",
        exclusions: Sequence[Exclusion | str | Step] = (),
        breakdown: str | None = None,
        attribution: Attribution = "first",
        top: int = 10,
        grain: str | None = None,
        between: Between = None,
        within: Any = None,
        columns: EventColumns | None = None,
        time_zone: str = "UTC",
        week_start: int = 1,
        version: int | None = None,
    ) -> ProductResult:
        """How many subjects take one step after the other.

        `wb.product.funnel("events", ["view", "cart", "buy"], window="7 days", breakdown="country")`

        Args:
            steps: Two or more; the same one may stand there twice.
            window: Within which all steps have to follow the first.
            step_windows: Within which each step has to follow the one before: one entry less than steps.
            order: "ordered", "strict" (no other event in between) or "any".
            entry: "any": a subject may begin with every event of the first step, and counts as far as it ever comes;
                "first": it begins with its first one, once.
            exclusions: Events that end an attempt when they come between steps; by themselves, between the first step
                and the last.
            breakdown: A column, or a SQL expression over one row's columns.
            attribution: Whose value counts: that of the "first" step, of the "last" one a subject came to, or of a step
                by its number.
            top: So many values are told apart; the others are "(other)".
            grain: Entries by period, for a trend.

        Returns:
            See `FunnelTable.merge`. `subjects(step=2)` are those who came to a step, `subjects(step=2,
            dropped=True)` those who came no further; also with `breakdown=` and `period=`.

        Raises:
            NotFound: No such dataset or cohort.
            Invalid: What makes no funnel: see `Funnel.check`.
        """
        Breakdown.of(breakdown, "first", top)
        columns = self._asking.columns(dataset, columns)
        start, end = moments.between_of(between, time_zone)
        made = tuple(map(Step.of, several(steps, "the steps of a funnel")))
        length = moments.length_of(window, "the funnel's window")
        funnel = Funnel(
            columns=columns,
            steps=made,
            window=moments.microseconds(length),
            step_windows=tuple(
                None if one is None else moments.microseconds(moments.length_of(one, "a window between steps"))
                for one in step_windows or ()
            ),
            order=order,
            entry=entry,
            exclusions=tuple(
                one if isinstance(one, Exclusion) else Exclusion(Step.of(one), 1, len(made))
                for one in several(exclusions, "the exclusions of a funnel")
            ),
            start=start,
            end=end,
            breakdown=breakdown,
            attribution=attribution,
            grain=grain,
            time_zone=time_zone,
            week_start=week_start,
            times=True,
        )
        reach = (start, None if end is None else moments.later(end, length))
        parts, number = self._parts(dataset, columns, reach, within, version)
        return self._result(
            FunnelTable(funnel, top),
            dataset,
            parts,
            number,
            lambda table: table,
            lambda asked: wording.of_funnel(asked.funnel),
            within,
        )

    def retention(
        self,
        dataset: str,
        start: str | Step,
        back: str | Step | None = None,
        *,
        grain: Grain = "week",
        periods: int = 12,
        kind: Kind = "first time",
        counting: Counting = "on",
        breakdown: str | None = None,
        attribution: Literal["first", "last"] = "first",
        top: int = 10,
        between: Between = None,
        within: Any = None,
        columns: EventColumns | None = None,
        time_zone: str = "UTC",
        week_start: int = 1,
        version: int | None = None,
    ) -> ProductResult:
        """Of those who began in a period, how many came back in the periods after it.

        `wb.product.retention("events", "login", grain="week")`

        Args:
            start: What puts a subject into the cohort of its period.
            back: What counts as coming back; by default the same.
            grain: hour, day, week or month.
            periods: How many periods of a cohort are looked at, its own included.
            kind: "first time": a subject is in the cohort of its very first start; "recurring": in that of every one.
            counting: "on": came back in that period; "on or after": in it or a later one.
            breakdown: A column, or a SQL expression over one row's columns: each subject counts for one value of it.
            attribution: Its value is that of the subject's "first" start or its "last" one.
            top: So many values are told apart, those with the most subjects; the others are "(other)".

        Returns:
            A row per cohort and offset: cohort (its period's start), offset, size, subjects, complete (the period is
            over), share; of each value of the `breakdown`. `subjects(cohort=date(2025, 1, 6), offset=1)`, also with
            `breakdown=`.

        Raises:
            NotFound: No such dataset or cohort.
            Invalid: A step or option does not fit.
        """
        columns = self._asking.columns(dataset, columns)
        every = Every(grain, time_zone, week_start)
        parts, number = self._parts(dataset, columns, (None, None), within, version)
        since, until = self._span(dataset, columns, (parts, number), between, time_zone)
        began = Step.of(start)
        asked = Retention(
            columns, began, began if back is None else Step.of(back), since, until, periods, kind, counting, every,
            Breakdown.of(breakdown, attribution, top),
        )  # fmt: skip
        share = pl.when(pl.col("size") > 0).then(pl.col("subjects") / pl.col("size")).alias("share")
        return self._result(
            asked,
            dataset,
            parts,
            number,
            lambda table: told_apart(table, pl.col("offset") == 0, top, ["subjects", "size"]).with_columns(share),
            wording.of_retention,
            within,
        )

    def stickiness(
        self,
        dataset: str,
        step: str | Step,
        *,
        grain: Grain = "day",
        cumulative: bool = False,
        breakdown: str | None = None,
        attribution: Literal["first", "last"] = "first",
        top: int = 10,
        between: Between = None,
        within: Any = None,
        columns: EventColumns | None = None,
        time_zone: str = "UTC",
        week_start: int = 1,
        version: int | None = None,
    ) -> ProductResult:
        """In how many periods each subject did a step.

        Args:
            breakdown: As for `retention`, by the steps in that time.

        Returns:
            A row per number of periods, of each value of the `breakdown`: periods, subjects, share (of the value's
            subjects). `subjects(periods=3)`.
        """
        columns = self._asking.columns(dataset, columns)
        window = moments.between_of(between, time_zone)
        parts, number = self._parts(dataset, columns, window, within, version)
        since, until = self._span(dataset, columns, (parts, number), between, time_zone)
        every, by = Every(grain, time_zone, week_start), Breakdown.of(breakdown, attribution, top)
        asked = Stickiness(columns, Step.of(step), since, until, cumulative, every, by)
        whole = pl.col("subjects").max() if cumulative else pl.col("subjects").sum()
        if by is not None:
            whole = whole.over(VALUE)
        sizes = pl.col("periods") == 1 if cumulative else pl.lit(value=True)
        share = pl.when(whole > 0).then(pl.col("subjects") / whole).alias("share")
        return self._result(
            asked,
            dataset,
            parts,
            number,
            lambda table: told_apart(table, sizes, top).with_columns(share),
            wording.of_stickiness,
            within,
        )

    def lifecycle(
        self,
        dataset: str,
        step: str | Step,
        *,
        grain: Grain = "week",
        breakdown: str | None = None,
        attribution: Literal["first", "last"] = "first",
        top: int = 10,
        between: Between = None,
        within: Any = None,
        columns: EventColumns | None = None,
        time_zone: str = "UTC",
        week_start: int = 1,
        version: int | None = None,
    ) -> ProductResult:
        """How many subjects are new, returning, resurrecting and dormant, period by period.

        Args:
            breakdown: As for `retention`, by all of a subject's steps.

        Returns:
            A row per period and state, of each value of the `breakdown`: period (its start), state, subjects, complete.
            `subjects(period=date(2025, 1, 6), state="new")`.
        """
        columns = self._asking.columns(dataset, columns)
        parts, number = self._parts(dataset, columns, (None, None), within, version)
        since, until = self._span(dataset, columns, (parts, number), between, time_zone)
        every, by = Every(grain, time_zone, week_start), Breakdown.of(breakdown, attribution, top)
        asked = Lifecycle(columns, Step.of(step), since, until, None, every, by)
        there = pl.col("state") != "dormant"
        return self._result(
            asked, dataset, parts, number, lambda table: told_apart(table, there, top), wording.of_lifecycle, within
        )

    def paths(
        self,
        dataset: str,
        *,
        start_at: str | None = None,
        end_at: str | None = None,
        events: Sequence[str] | None = None,
        where: str | None = None,
        gap: Length = "30 minutes",
        max_steps: int = 5,
        minimum_share: float = 0.0,
        top: int = 20,
        between: Between = None,
        within: Any = None,
        columns: EventColumns | None = None,
        time_zone: str = "UTC",
        version: int | None = None,
    ) -> ProductResult:
        """Which event follows which within a session, place by place; see `Paths` for its arguments.

        Returns:
            A row per edge: position, source, target, paths, subjects.
            `subjects(position=1, source="view", target="cart")`.
        """
        columns = self._asking.columns(dataset, columns)
        window = moments.between_of(between, time_zone)
        parts, number = self._parts(dataset, columns, window, within, version)
        since, until = self._span(dataset, columns, (parts, number), between, time_zone)
        asked = Paths(
            columns, since, until, None if events is None else tuple(events), where,
            moments.length_of(gap, "the sessions' gap"), start_at, end_at, max_steps, True, minimum_share, top,
        )  # fmt: skip
        return self._result(asked, dataset, parts, number, lambda table: table, wording.of_paths, within)

    def sessions(
        self,
        dataset: str,
        *,
        gap: Length = "30 minutes",
        by: Sequence[str] = (),
        grain: str | None = "day",
        between: Between = None,
        within: Any = None,
        columns: EventColumns | None = None,
        time_zone: str = "UTC",
        week_start: int = 1,
        version: int | None = None,
    ) -> ProductResult:
        """How many sessions there are, and how long: events of a subject with no longer pause than `gap`.

        Args:
            by: Columns of which a session's first event's value counts.
            grain: By the period in which they began; None for all together.

        Returns:
            A row per period and value: sessions, subjects, events, events_per_session, bounce_rate (sessions of one
            event), mean_seconds, median_seconds.
        """
        columns = self._asking.columns(dataset, columns)
        start, end = moments.between_of(between, time_zone)
        what = Sessions(columns, moments.microseconds(moments.length_of(gap, "the sessions' gap")), tuple(by))
        asked = SessionSummary(what, grain, start, end, time_zone, week_start, times=True)
        parts, number = self._parts(dataset, columns, (None, None), within, version)
        return self._result(
            asked, dataset, parts, number, lambda counts: session_table(asked, counts), wording.of_sessions, within
        )

    def duplicates(
        self,
        dataset: str,
        *,
        id: str | None = None,
        by: Sequence[str] = (),
        amount: str | None = None,
        grain: str | None = None,
        between: Between = None,
        within: Any = None,
        columns: EventColumns | None = None,
        time_zone: str = "UTC",
        week_start: int = 1,
        version: int | None = None,
    ) -> ProductResult:
        """How many rows are resends: of a subject's rows with one id the latest counts; see `Duplicates`.

        `wb.product.duplicates("events", by=["event"], amount="amount")`

        Args:
            id: The column whose value a resent event has again; by default that of the dataset's layout.
            by: Columns of which the value of the row that is kept counts.
            amount: A column of numbers that is added up: of the rows that are kept, and of their duplicates.
            grain: By the period of the row that is kept; `between` goes by that row, too.

        Returns:
            A row per period and value: rows, kept, ids, duplicates, share (of rows), subjects (with duplicates), and
            with an amount `amount` and `resent_amount`. `subjects(event="buy")`.
        """
        columns = self._asking.columns(dataset, columns)
        start, end = moments.between_of(between, time_zone)
        asked = Duplicates(columns, id, tuple(by), amount, grain, start, end, time_zone, week_start)
        parts, number = self._parts(dataset, columns, (None, None), within, version)
        return self._result(asked, dataset, parts, number, lambda table: table, wording.of_duplicates, within)
