"""What subjects are chosen by: what they did, how often, when first, what their last event says, and combinations.

A condition is computed in one pass: columns per row, an aggregation of these per subject, and then true or false. A
subject without a row that a condition looks at is judged as well: it did everything no times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Final, Literal, Protocol, get_args

import polars as pl

from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.lifecycle import LifecycleState
from workbench.analytics.product.periods import DAYS, Every
from workbench.compute import SUBJECT_HASH, expressions
from workbench.foundation.errors import Invalid, unknown, whole

__all__ = ["All", "AnyOf", "Condition", "Did", "FirstDid", "InState", "Listed", "Not", "OneEvent", "Window"]

Schema = Mapping[str, pl.DataType]
Compared = Literal["at least", "at most", "exactly"]

_TIME = pl.Datetime("us", "UTC")
MOST_TIMES: Final = 1_000_000_000


class Condition(Protocol):
    """What is true or false of a subject. `at` is the prefix of the columns that a condition may make."""

    @property
    def of_nobody(self) -> bool:
        """Whether it holds for a subject without any row that it looks at."""
        ...

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        """Which rows it needs; never null."""
        ...

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        """The rows with its columns."""
        ...

    def kept(self, at: str) -> list[pl.Expr]:
        """What is aggregated of its columns per subject."""
        ...

    def holds(self, at: str) -> pl.Expr:
        """Whether it holds, by what was aggregated; never null."""
        ...


@dataclass(frozen=True)
class Window:
    """From `since` on and before `until`; None leaves a side open.

    Raises:
        Invalid: A time without a zone, or an end that is not after the start.
    """

    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise Invalid(f"the time {moment.isoformat()} has no time zone", hint="give it one, e.g. tzinfo=UTC")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise Invalid(f"the end {self.until.isoformat()} is not after the start {self.since.isoformat()}")

    def has(self, time: pl.Expr) -> pl.Expr:
        sides = [pl.lit(True)]
        if self.since is not None:
            sides.append(time >= pl.lit(self.since, dtype=_TIME))
        if self.until is not None:
            sides.append(time < pl.lit(self.until, dtype=_TIME))
        return reduce(pl.Expr.and_, sides)


ALWAYS: Final = Window()


@dataclass(frozen=True)
class Did:
    """Who did a step so many times; rows are counted, so a row that stands there twice counts twice.

    Attributes:
        times: From 0 on; "at least" from 1 on. "At most" and "exactly 0" hold for who never did it, too.
    """

    step: Step
    compared: Compared = "at least"
    times: int = 1
    window: Window = ALWAYS

    def __post_init__(self) -> None:
        if self.compared not in get_args(Compared):
            raise unknown("comparison", str(self.compared), get_args(Compared), error=Invalid)
        least = 1 if self.compared == "at least" else 0
        if not least <= self.times <= MOST_TIMES:
            raise Invalid(f"a step is done {self.compared} {least} to {MOST_TIMES:,} times, not {self.times}")

    @property
    def of_nobody(self) -> bool:
        return self.compared == "at most" or (self.compared == "exactly" and self.times == 0)

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        return self.step.rows(columns, schema) & self.window.has(pl.col(columns.time))

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        return rows.with_columns(self.looks_at(columns, schema).alias(at))

    def kept(self, at: str) -> list[pl.Expr]:
        return [pl.col(at).sum().cast(pl.Int64)]

    def holds(self, at: str) -> pl.Expr:
        if self.compared == "at least":
            return pl.col(at) >= self.times
        return pl.col(at) <= self.times if self.compared == "at most" else pl.col(at) == self.times


@dataclass(frozen=True)
class FirstDid:
    """Who did a step for the very first time in a window."""

    step: Step
    window: Window

    @property
    def of_nobody(self) -> bool:
        return False

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        return self.step.rows(columns, schema)

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        return rows.with_columns(pl.when(self.looks_at(columns, schema)).then(columns.time).alias(at))

    def kept(self, at: str) -> list[pl.Expr]:
        return [pl.col(at).min()]

    def holds(self, at: str) -> pl.Expr:
        return pl.col(at).is_not_null() & self.window.has(pl.col(at)).fill_null(False)


@dataclass(frozen=True)
class OneEvent:
    """Whose first or last time of a step, in a window, meets a condition.

    Of several at one time the order of the columns says which it is; of those that have none, one has to meet it.

    Attributes:
        which: "first" or "last".
        where: SQL condition over that row's columns.
    """

    which: Literal["first", "last"]
    step: Step
    where: str
    window: Window = ALWAYS

    def __post_init__(self) -> None:
        if self.which not in ("first", "last"):
            raise unknown("one of a subject's events", str(self.which), ("first", "last"), error=Invalid)

    @property
    def of_nobody(self) -> bool:
        return False

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        return self.step.rows(columns, schema) & self.window.has(pl.col(columns.time))

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        what = f"the condition of the {self.which} '{self.step.title}'"
        rows = rows.with_columns(self.looks_at(columns, schema).alias(at))
        for name in columns.order:
            among = pl.when(at).then(name)
            extreme = among.max() if self.which == "last" else among.min()
            rows = rows.with_columns(extreme.over(SUBJECT_HASH).alias(f"{at}.extreme"))
            rows = rows.with_columns((pl.col(at) & pl.col(name).eq_missing(pl.col(f"{at}.extreme"))).alias(at))
        meets = expressions.parse_filter(self.where, schema, what).fill_null(False)
        return rows.with_columns((pl.col(at) & meets).alias(at)).drop(f"{at}.extreme")

    def kept(self, at: str) -> list[pl.Expr]:
        return [pl.col(at).any()]

    def holds(self, at: str) -> pl.Expr:
        return pl.col(at)


@dataclass(frozen=True)
class InState:
    """Who is new, returning, resurrecting or dormant in the period that a day or time is in; see `Lifecycle`."""

    state: LifecycleState
    step: Step
    period: datetime | date
    every: Every = DAYS

    def __post_init__(self) -> None:
        if self.state not in get_args(LifecycleState):
            raise unknown("state of a lifecycle", str(self.state), get_args(LifecycleState), error=Invalid)
        self.every.number_of(self.period)

    @property
    def of_nobody(self) -> bool:
        return False

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        return self.step.rows(columns, schema)

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        this = self.every.number_of(self.period)
        number, done = self.every.number(columns.time, schema), self.looks_at(columns, schema)
        return rows.with_columns(
            (done & (number == this)).alias(f"{at}.now"),
            (done & (number == this - 1)).alias(f"{at}.before"),
            (done & (number < this)).alias(f"{at}.ever"),
        )

    def kept(self, at: str) -> list[pl.Expr]:
        return [pl.col(f"{at}.{what}").any() for what in ("now", "before", "ever")]

    def holds(self, at: str) -> pl.Expr:
        now, before, ever = (pl.col(f"{at}.{what}") for what in ("now", "before", "ever"))
        match self.state:
            case "new":
                return now & ~ever
            case "returning":
                return now & before
            case "resurrecting":
                return now & ever & ~before
        return before & ~now


@dataclass(frozen=True)
class Listed:
    """Subjects by name; those without any row are nobody.

    Raises:
        Invalid: Texts and whole numbers, or something else, in one list.
    """

    subjects: tuple[str, ...] | tuple[int, ...]

    def __post_init__(self) -> None:
        kinds = {type(subject) for subject in self.subjects}
        if not kinds <= {str} and not kinds <= {int}:
            raise Invalid("a list of subjects has either texts or whole numbers", hint="put texts in quotes")
        if any(isinstance(subject, int) and not -(2**63) <= subject < 2**63 for subject in self.subjects):
            raise Invalid("a list of subjects has a whole number of more than 64 bits")
        whole(*(subject for subject in self.subjects if isinstance(subject, str)))

    @property
    def of_nobody(self) -> bool:
        return False

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        if not self.subjects:
            return pl.lit(False)
        if (schema[columns.subject] == pl.String) != isinstance(self.subjects[0], str):
            raise Invalid(f"the subject '{columns.subject}' is {schema[columns.subject]}, and the list has others")
        return pl.col(columns.subject).is_in(list(self.subjects)).fill_null(False)

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        return rows.with_columns(self.looks_at(columns, schema).alias(at))

    def kept(self, at: str) -> list[pl.Expr]:
        return [pl.col(at).any()]

    def holds(self, at: str) -> pl.Expr:
        return pl.col(at)


@dataclass(frozen=True)
class _Joined:
    """Several conditions; see the two that say how they are joined."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not self.conditions:
            raise Invalid("a combination of conditions needs at least one")

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        return reduce(pl.Expr.or_, (condition.looks_at(columns, schema) for condition in self.conditions))

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        for n, condition in enumerate(self.conditions):
            rows = condition.prepared(rows, f"{at}.{n}", columns, schema)
        return rows

    def kept(self, at: str) -> list[pl.Expr]:
        return [kept for n, condition in enumerate(self.conditions) for kept in condition.kept(f"{at}.{n}")]

    def _held(self, at: str) -> Sequence[pl.Expr]:
        return [condition.holds(f"{at}.{n}") for n, condition in enumerate(self.conditions)]


@dataclass(frozen=True)
class All(_Joined):
    """Who meets every one of the conditions."""

    @property
    def of_nobody(self) -> bool:
        return all(condition.of_nobody for condition in self.conditions)

    def holds(self, at: str) -> pl.Expr:
        return reduce(pl.Expr.and_, self._held(at))


@dataclass(frozen=True)
class AnyOf(_Joined):
    """Who meets at least one of the conditions."""

    @property
    def of_nobody(self) -> bool:
        return any(condition.of_nobody for condition in self.conditions)

    def holds(self, at: str) -> pl.Expr:
        return reduce(pl.Expr.or_, self._held(at))


@dataclass(frozen=True)
class Not:
    """Who does not meet the condition."""

    condition: Condition

    @property
    def of_nobody(self) -> bool:
        return not self.condition.of_nobody

    def looks_at(self, columns: EventColumns, schema: Schema) -> pl.Expr:
        return self.condition.looks_at(columns, schema)

    def prepared(self, rows: pl.LazyFrame, at: str, columns: EventColumns, schema: Schema) -> pl.LazyFrame:
        return self.condition.prepared(rows, at, columns, schema)

    def kept(self, at: str) -> list[pl.Expr]:
        return self.condition.kept(at)

    def holds(self, at: str) -> pl.Expr:
        return ~self.condition.holds(at)
