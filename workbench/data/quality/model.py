"""What a check found, and what a gate makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Literal

import polars as pl

from workbench.charts import Table
from workbench.foundation.errors import CheckFailed
from workbench.foundation.wording import counted, do

__all__ = [
    "Held", "Kept", "Kind", "Outcome", "QualityResult", "Redriven", "Screened", "State", "Tried", "gate"
]  # fmt: skip

# What is said of these is not said of each row.
_OF_ALL = {"arrived", "fresh", "no_rows", "row_count", "shift", "type"}


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation.

    Attributes:
        said: The expectation as a clause: "carrier is never null".
        expect: Its kind, such as "not_null".
        columns: What it is about.
        severity: error or warn.
        passed: Whether enough rows fit.
        failed: How many rows do not fit; all of them where the expectation cannot be checked at all.
        rows: How many rows there are.
        problem: Why it could not be checked, or what was found instead, as a clause; empty where rows say it.
        sample: Up to five rows that do not fit, as the asker may see them. Not kept in the catalog.
        note: The expectation's own note.
    """

    said: str
    expect: str
    columns: tuple[str, ...]
    severity: Literal["error", "warn"]
    passed: bool
    failed: int
    rows: int
    problem: str = ""
    sample: tuple[dict[str, Any], ...] = ()
    note: str = ""

    @property
    def share(self) -> float:
        """The share of rows that do not fit, 0 to 1."""
        return self.failed / self.rows if self.rows else float(not self.passed)

    @property
    def sentence(self) -> str:
        """What was expected and what was found."""
        if self.problem:
            return f"{self.said}, but {self.problem}"
        if not self.failed:
            fit = "the one row fits" if self.rows == 1 else f"all {self.rows:,} rows fit"
            return self.said if self.expect in _OF_ALL else f"{self.said}: {fit}"
        if self.expect == "no_rows":
            found = f"{self.said}, but {self.failed:,} {do(self.failed)}"
            return f"{found}, e.g. {_example(self)}" if self.sample else found
        many = f"{self.failed:,} of {counted(self.rows, 'row')} {do(self.failed)} not fit"
        found = f"{self.said}: {many} ({_percent(self.share)})"
        return f"{found}, e.g. {_example(self)}" if self.sample else found


@dataclass(frozen=True)
class QualityResult:
    """Everything one check found, failures and passes alike.

    Attributes:
        suite: The name of the expectations.
        dataset: What was checked, or None for a frame.
        version: The dataset's version.
        rows: How many rows were checked.
        outcomes: One per expectation, in the suite's order.
        checked: When, in UTC.
        seconds: How long it took.
        run: The run it was done in.
    """

    suite: str
    outcomes: tuple[Outcome, ...]
    rows: int
    checked: datetime
    seconds: float
    dataset: str | None = None
    version: int | None = None
    run: str | None = None

    @property
    def passed(self) -> bool:
        """Whether every expectation of severity error is met."""
        return not self.failures

    @property
    def failures(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if not outcome.passed and outcome.severity == "error")

    @property
    def warnings(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if not outcome.passed and outcome.severity == "warn")

    @property
    def subject(self) -> str:
        """What was checked, by name."""
        if self.dataset is None:
            return "the frame"
        return f"'{self.dataset}'" + ("" if self.version is None else f" version {self.version}")

    @property
    def verdict(self) -> str:
        """One line that says how it went."""
        count = len(self.outcomes)
        met = count - len(self.failures) - len(self.warnings)
        warned = f", {len(self.warnings)} of the others only warn" if self.warnings else ""
        word = "passed" if self.passed else "failed"
        return f"{self.subject} {word}: {met} of {count} expectations met over {counted(self.rows, 'row')}{warned}"

    def table(self, title: str = "") -> Table:
        """One row per expectation."""
        frame = pl.DataFrame(
            {
                "expectation": [outcome.said for outcome in self.outcomes],
                "result": [_word(outcome) for outcome in self.outcomes],
                "failed": [outcome.failed for outcome in self.outcomes],
                "share": [outcome.share for outcome in self.outcomes],
                "found": [outcome.problem or _example(outcome) for outcome in self.outcomes],
            },
            schema={
                "expectation": pl.String, "result": pl.String, "failed": pl.Int64, "share": pl.Float64,
                "found": pl.String,
            },
        )  # fmt: skip
        return Table(
            title or f"Quality of {self.subject.replace(chr(39), '')}",
            frame,
            labels={"failed": "Rows that do not fit", "found": "Found"},
            formats={"failed": ",d", "share": ".2%"},
        )

    def __repr__(self) -> str:
        lines = [f"  {_word(outcome):<6} {outcome.sentence}" for outcome in self.outcomes]
        return "\n".join([self.verdict, *lines])

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.verdict)}</p>{self.table()._repr_html_()}"


_MOST_SAID = 3
State = Literal["pending", "held", "loading", "loaded", "parted", "replaced", "discarded"]
Kind = Literal["suite", "transforms", "stream"]


@dataclass(frozen=True)
class Held:
    """Rows that were held back at once.

    Attributes:
        id: What it is asked for by.
        dataset: Where its rows were to go.
        suite: What they did not fit.
        rows: How many.
        reasons: Expectation -> how many of the rows break it.
        state: `pending` until the commit is made that its rows were left out of, which nobody is shown; `held`;
            `loading` where a try was cut off, which the next one ends; `loaded`; `parted` into what was loaded and what
            is held on; `replaced` by what the same transforms took out later, or the same source gave; `discarded`.
        run: In which they were held.
        principal: Who held them.
        held: When, in UTC.
        ended: When they were loaded, parted or discarded.
        parent: The batch that it is a part of.
        kind: Who held them, and says what fits when they are tried again: a `suite`, `transforms`, or who drained a
            `stream`.
        origin: What they came from: which transforms, and of which dataset; which stream or source; empty for rows that
            were given.
        how: What whoever held them has to know to try them again.
        turns: By which commits of the dataset it comes or goes, until that is recorded.
    """

    id: str
    dataset: str
    suite: str
    rows: int
    reasons: dict[str, int]
    state: State
    run: str | None
    principal: str
    held: datetime
    ended: datetime | None = None
    parent: str | None = None
    kind: Kind = "suite"
    origin: str = ""
    how: dict[str, Any] | None = None
    turns: dict[str, Any] | None = None


@dataclass(frozen=True)
class Waiting:
    """What is held back from a dataset by now.

    Attributes:
        rows: How many.
        since: When the first of them were held, in UTC; None where there are none.
        reasons: What is wrong -> how many of the rows, the most frequent first.
    """

    rows: int
    since: datetime | None
    reasons: dict[str, int]

    @property
    def sentence(self) -> str:
        """In words: "3 rows are held back: n is at most 3 (2), v is not null (1)"."""
        said = ", ".join(f"{reason} ({count:,})" for reason, count in list(self.reasons.items())[:_MOST_SAID])
        more = (
            f" and {counted(len(self.reasons) - _MOST_SAID, 'reason')} more" if len(self.reasons) > _MOST_SAID else ""
        )
        return f"{counted(self.rows, 'row')} {'is' if self.rows == 1 else 'are'} held back: {said}{more}"


@dataclass(frozen=True)
class Kept:
    """Rows that are to be held back.

    Attributes:
        rows: As they came, and `_reasons`.
        reasons: What is wrong -> how many of the rows.
        how: See `Held`.
    """

    rows: pl.DataFrame
    reasons: dict[str, int]
    how: dict[str, Any] | None = None


@dataclass(frozen=True)
class Tried:
    """Held rows that were tried again.

    Attributes:
        fits: What is to come in now, as the dataset has it.
        held: What still does not fit.
    """

    fits: pl.DataFrame
    held: tuple[Kept, ...]


@dataclass(frozen=True)
class Screened:
    """Rows on their way into a dataset.

    Attributes:
        rows: Those that fit.
        held: Those that are held back; None where all fit.
        result: What the check found.
    """

    rows: pl.DataFrame
    held: Held | None
    result: QualityResult


@dataclass(frozen=True)
class Redriven:
    """What became of a batch that was tried again.

    Attributes:
        loaded: How many rows are in the dataset now.
        version: The dataset's, where some are.
        held: The rows that are still held; none where all fit.
    """

    loaded: int
    version: int | None
    held: tuple[Held, ...]


def gate(result: QualityResult) -> QualityResult:
    """Lets a result pass that has no failed expectation of severity error.

    Returns:
        The result itself.

    Raises:
        CheckFailed: Names every failed expectation, its column, how many rows and one of them.
    """
    failures = result.failures
    if not failures:
        return result
    count = f"{len(failures)} of {len(result.outcomes)} expectations"
    said = "; ".join(outcome.sentence for outcome in failures)
    raise CheckFailed(
        f"{result.subject} does not meet {count}: {said}",
        hint=f"look at the rows, then mend the source or the suite '{result.suite}' in expectations/",
    )


def _word(outcome: Outcome) -> str:
    return "ok" if outcome.passed else "FAILED" if outcome.severity == "error" else "warns"


def _example(outcome: Outcome) -> str:
    """The first row that does not fit: its number, the columns concerned, and the key that finds it."""
    return ", ".join(f"{name}={_short(value)}" for name, value in outcome.sample[0].items()) if outcome.sample else ""


def _short(value: Any) -> str:
    text = value.isoformat() if hasattr(value, "isoformat") else "null" if value is None else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _percent(share: float) -> str:
    return f"{share:.2%}" if share >= 0.0001 else "under 0.01%"
