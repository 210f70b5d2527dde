"""What the questions of product analytics are asked with: the arguments of `wb.product`, by the same names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.analytics import product
from workbench_server.endpoint import Body

__all__ = [
    "DuplicatesQuestion",
    "DuplicatesSubjects",
    "EventColumns",
    "FunnelQuestion",
    "FunnelSubjects",
    "LifecycleQuestion",
    "LifecycleSubjects",
    "PathsQuestion",
    "PathsSubjects",
    "Question",
    "RetentionQuestion",
    "RetentionSubjects",
    "SessionsQuestion",
    "SessionsSubjects",
    "Shown",
    "StickinessQuestion",
    "StickinessSubjects",
    "Who",
]

Moment = date | datetime
Shown = Annotated[int, Field(ge=1, le=10_000, description="At most so many subjects; how many there are is told.")]


class Step(Body):
    """Events of one name, or of any, that meet a condition."""

    event: str | None = Field(None, description="The event's name; null for any.")
    where: str | None = Field(None, description="SQL condition over one row's columns.")
    label: str = Field("", description="What the answer calls it; by default the event's name.")


class Exclusion(Body):
    """Events that end a subject's attempt when they come between two steps."""

    step: str | Step = Field(description="An event's name, or one with a condition.")
    after: int = Field(1, description="The step, from 1, that they come after.")
    before: int | None = Field(None, description="A later one that they come before; by default the next.")


class EventColumns(Body):
    """Which columns are subject, event and time, where the dataset does not say."""

    subject: str = Field(description="Who did it.")
    event: str = Field(description="What was done.")
    time: str = Field(description="When.")
    id: str | None = Field(None, description="Tells events apart; breaks ties.")


class Question(Body):
    dataset: str = Field(description="The dataset's name.")
    between: tuple[str | None, str | None] | None = Field(
        None, description="From and before, as dates or times; null for an open end. By default all there is."
    )
    within: str | dict[str, Any] | None = Field(None, description="A cohort's name, or conditions: only its subjects.")
    columns: EventColumns | None = Field(
        None, description="Which columns are subject, event and time; by default those of the dataset's layout."
    )
    time_zone: str = Field("UTC", description="Whose midnight starts a day.")
    version: int | None = Field(None, ge=0, description="Of the dataset; by default the newest.")

    def arguments(self) -> dict[str, Any]:
        """What `wb.product` is called with, beside the dataset."""
        given = {name: getattr(self, name) for name in Question.model_fields if name != "dataset"}
        columns = None if self.columns is None else product.EventColumns(**self.columns.model_dump())
        return given | {"columns": columns}


class Calendar(Question):
    """A question that is cut into periods."""

    week_start: int = Field(1, ge=1, le=7, description="1 (Monday) to 7 (Sunday).")


class FunnelQuestion(Calendar):
    steps: list[str | Step] = Field(description="Two or more, in order: an event's name, or one with a condition.")
    window: str = Field("7 days", description="Within which all steps have to follow the first: 30 minutes.")
    step_windows: list[str | None] | None = Field(
        None, description="Within which each step has to follow the one before: one entry less than steps."
    )
    order: Literal["ordered", "strict", "any"] = Field("ordered", description="strict: no other event in between.")
    entry: Literal["any", "first"] = Field("any", description="Which first step a subject may begin with.")
    exclusions: list[str | Step | Exclusion] = Field(
        [], description="What ends an attempt; by itself, between the first step and the last."
    )
    breakdown: str | None = Field(None, description="A column, or a SQL expression over one row's columns.")
    attribution: Literal["first", "last"] | int = Field("first", description="Whose value counts: which step's.")
    top: int = Field(10, ge=0, le=1_000, description="So many values are told apart; the rest is '(other)'.")
    grain: str | None = Field(None, description="Entries by hour, day, week, month, quarter or year.")

    def arguments(self) -> dict[str, Any]:
        given = {
            name: getattr(self, name)
            for name in ("window", "step_windows", "order", "entry", "breakdown", "attribution", "top", "grain")
        }
        exclusions = [
            product.Exclusion(_step(one.step), one.after, one.before) if isinstance(one, Exclusion) else _step(one)
            for one in self.exclusions
        ]
        own = {"steps": [_step(one) for one in self.steps], "exclusions": exclusions, "week_start": self.week_start}
        return super().arguments() | given | own


class Valued(Calendar):
    """A question in which each subject has one value of a property."""

    breakdown: str | None = Field(None, description="A column, or a SQL expression over one row's columns.")
    attribution: Literal["first", "last"] = Field(
        "first", description="Whose value is a subject's: that of its first such event, or its last."
    )
    top: int = Field(10, ge=0, le=1_000, description="So many values are told apart; the rest is '(other)'.")

    def arguments(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("breakdown", "attribution", "top", "week_start")}
        return super().arguments() | own


class RetentionQuestion(Valued):
    start: str | Step = Field(description="What puts a subject into the cohort of its period.")
    back: str | Step | None = Field(None, description="What counts as coming back; by default the same.")
    grain: Literal["hour", "day", "week", "month"] = Field("week", description="How time is cut.")
    periods: int = Field(12, description="How many periods of a cohort are looked at, its own included.")
    kind: Literal["first time", "recurring"] = Field("first time", description="Its very first start, or every one.")
    counting: Literal["on", "on or after"] = Field("on", description="In that period, or in it or a later one.")

    def arguments(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in ("grain", "periods", "kind", "counting")}
        back = None if self.back is None else _step(self.back)
        return super().arguments() | given | {"start": _step(self.start), "back": back}


class StickinessQuestion(Valued):
    step: str | Step = Field(description="An event's name, or one with a condition.")
    grain: Literal["hour", "day", "week", "month"] = Field("day", description="How time is cut.")
    cumulative: bool = Field(False, description="In so many periods or more.")

    def arguments(self) -> dict[str, Any]:
        own = {"step": _step(self.step), "grain": self.grain, "cumulative": self.cumulative}
        return super().arguments() | own


class LifecycleQuestion(Valued):
    step: str | Step = Field(description="An event's name, or one with a condition.")
    grain: Literal["hour", "day", "week", "month"] = Field("week", description="How time is cut.")

    def arguments(self) -> dict[str, Any]:
        own = {"step": _step(self.step), "grain": self.grain}
        return super().arguments() | own


class PathsQuestion(Question):
    start_at: str | None = Field(None, description="Only what follows this event.")
    end_at: str | None = Field(None, description="Only what leads to this event.")
    events: list[str] | None = Field(None, description="Only these events.")
    where: str | None = Field(None, description="SQL condition over one row's columns.")
    gap: str = Field("30 minutes", description="A longer pause ends a session.")
    max_steps: int = Field(5, description="How many places of a session are looked at.")
    minimum_share: float = Field(0.0, description="Edges with a smaller share of all paths are left out.")
    top: int = Field(20, description="So many events are told apart at each place.")

    def arguments(self) -> dict[str, Any]:
        own = PathsQuestion.model_fields.keys() - Question.model_fields.keys()
        return super().arguments() | {name: getattr(self, name) for name in own}


class SessionsQuestion(Calendar):
    gap: str = Field("30 minutes", description="A longer pause ends a session.")
    by: list[str] = Field([], description="Columns of which a session's first event's value counts.")
    grain: str | None = Field("day", description="By the period in which they began; null for all together.")

    def arguments(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in ("gap", "by", "grain", "week_start")}
        return super().arguments() | given


class DuplicatesQuestion(Calendar):
    id: str | None = Field(
        None, description="The column whose value a resent event has again; by default the layout's."
    )
    by: list[str] = Field([], description="Columns of which the value of the row that is kept counts.")
    amount: str | None = Field(None, description="A column of numbers that is added up.")
    grain: str | None = Field(None, description="By the period of the row that is kept; null for all together.")

    def arguments(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in ("id", "by", "amount", "grain", "week_start")}
        return super().arguments() | given


class Who(Body):
    """Which number's subjects; what is not said may be anything."""

    def cell(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class FunnelNumber(Who):
    step: int = Field(description="Who came to this step.")
    dropped: bool = Field(False, description="Only who came no further.")
    breakdown: str | None = Field(None, description="Only of this value; null for the missing one.")
    period: Moment | None = Field(None, description="The start of the period.")


class RetentionNumber(Who):
    cohort: Moment = Field(description="The start of the period in which they began.")
    offset: int = Field(description="Periods since.")
    breakdown: str | None = Field(None, description="Only of this value; null for the missing one.")


class StickinessNumber(Who):
    periods: int = Field(description="In how many.")
    breakdown: str | None = Field(None, description="Only of this value; null for the missing one.")


class LifecycleNumber(Who):
    period: Moment = Field(description="The start of the period.")
    state: Literal["new", "returning", "resurrecting", "dormant"] = Field(description="In the period.")
    breakdown: str | None = Field(None, description="Only of this value; null for the missing one.")


class PathsNumber(Who):
    position: int = Field(description="The place of the step in its path.")
    source: str = Field(description="The event before.")
    target: str = Field(description="The event after.")


class SessionsNumber(Who):
    period: Moment | None = Field(None, description="The start of the period.")
    by: dict[str, Any] = Field({}, description="Values of the columns that the sessions are told apart by.")

    def cell(self) -> dict[str, Any]:
        return ({} if self.period is None else {"period": self.period}) | self.by


class DuplicatesNumber(Who):
    period: Moment | None = Field(None, description="The start of the period.")
    by: dict[str, Any] = Field({}, description="Values of the columns that the duplicates are told apart by.")

    def cell(self) -> dict[str, Any]:
        return ({} if self.period is None else {"period": self.period}) | self.by


class FunnelSubjects(FunnelQuestion):
    cell: FunnelNumber = Field(description="Which number.")
    limit: Shown = 100


class RetentionSubjects(RetentionQuestion):
    cell: RetentionNumber = Field(description="Which number.")
    limit: Shown = 100


class StickinessSubjects(StickinessQuestion):
    cell: StickinessNumber = Field(description="Which number.")
    limit: Shown = 100


class LifecycleSubjects(LifecycleQuestion):
    cell: LifecycleNumber = Field(description="Which number.")
    limit: Shown = 100


class PathsSubjects(PathsQuestion):
    cell: PathsNumber = Field(description="Which number.")
    limit: Shown = 100


class SessionsSubjects(SessionsQuestion):
    cell: SessionsNumber = Field(description="Which number.")
    limit: Shown = 100


class DuplicatesSubjects(DuplicatesQuestion):
    cell: DuplicatesNumber = Field(description="Which number.")
    limit: Shown = 100


def _step(said: str | Step) -> product.Step:
    return product.Step(said) if isinstance(said, str) else product.Step(**said.model_dump())
