from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from workbench import Workbench
from workbench.data.quality import Freshness, Outcome, QualityResult, trends
from workbench_server.endpoint import MAX_SAFE_INTEGER, Answer, Body, Endpoint, Query
from workbench_server.values import written

__all__ = ["ENDPOINTS"]


class ProfileQuery(Query):
    version: int | None = Field(None, ge=0, le=MAX_SAFE_INTEGER, description="Which version; by default the newest.")
    rows: int | None = Field(None, ge=1, le=1_000_000, description="How many rows are held at a time, at most.")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="What a sample is drawn with.")


class FrequentValue(Answer):
    value: Any = Field(description="See Column for how values are written.")
    count: int = Field(description="Of the rows that were looked at.")


class HistogramBins(Answer):
    """How many of all rows have a value between two edges, the first included; in the last bin both are."""

    edges: list[Any] = Field(description="One more than there are bins.")
    counts: list[int]


class QuantileValue(Answer):
    share: float
    value: float


class NumberFacts(Answer):
    min: Any = Field(description="A number, or text where that loses digits; null without a finite value.")
    max: Any
    mean: float | None
    std: float | None
    quantiles: list[QuantileValue] = Field(description="Of the rows that were looked at.")
    zeros: int
    negative: int
    infinite: int


class TextHint(Answer):
    what: str = Field(description="A kind, such as 'email address', or a shape, such as 'AA-999'.")
    count: int = Field(description="Of the rows that were looked at.")


class TextFacts(Answer):
    shortest: int | None = Field(description="In characters.")
    longest: int | None
    mean_length: float | None
    empty: int
    padded: int = Field(description="With white space at one of its ends.")
    hints: list[TextHint]
    shapes: list[TextHint]


class TimeFacts(Answer):
    min: str | None
    max: str | None
    seconds: float = Field(description="From the least to the greatest.")
    grain: Literal["minute", "hour", "day"] = Field(description="How long the periods are.")
    periods: int = Field(description="From the first to the last.")
    without: int = Field(description="How many of these have no row.")
    gap: list[str] | None = Field(description="First and last period of the longest run of them without a row.")


class ColumnFacts(Answer):
    name: str
    type: str = Field(description="As Polars calls it.")
    kind: Literal["integer", "number", "text", "boolean", "date", "time", "other"]
    missing: int = Field(description="Null, or NaN; of all rows.")
    distinct: int | None
    distinct_exact: bool = Field(description="False where it is told by a sketch, within about 2 %.")
    frequent: list[FrequentValue] = Field(description="Empty where no value occurs twice.")
    histogram: HistogramBins | None
    numbers: NumberFacts | None
    texts: TextFacts | None
    times: TimeFacts | None


class CorrelationMatrix(Answer):
    columns: list[str]
    values: list[list[float | None]] = Field(description="Pearson's; a row per column, in the same order.")
    pairs: list[list[int]] = Field(description="How many rows have both values.")


class DatasetProfile(Answer):
    """What a dataset looks like, as the asker's policy shows it."""

    dataset: str
    version: int
    rows: int
    looked_at: int = Field(description="How many rows quantiles, frequent values, hints and correlations are of.")
    sampled: bool = Field(description="Whether these are fewer than all.")
    seed: int
    sentence: str = Field(description="The same in words.")
    columns: list[ColumnFacts]
    correlations: CorrelationMatrix
    made: datetime
    seconds: float


class QualityQuery(Query):
    limit: int = Field(50, ge=1, le=200, description="How many checks, at most.")


class CheckOutcome(Answer):
    """What became of one expectation."""

    said: str = Field(description="The expectation as a clause.")
    expect: str = Field(description="Its kind.")
    columns: list[str]
    severity: Literal["error", "warn"]
    passed: bool
    failed: int = Field(description="How many rows do not fit.")
    rows: int
    share: float = Field(description="Of rows that do not fit.")
    problem: str = Field(description="Why it could not be checked, or what was found instead; else empty.")
    sentence: str = Field(description="What was expected and what was found.")
    note: str


class CheckSummary(Answer):
    """One check."""

    suite: str
    version: int | None
    checked: datetime
    rows: int
    passed: bool = Field(description="Whether every expectation of severity error was met.")
    met: int = Field(description="How many expectations were met.")
    failures: int = Field(description="How many of severity error were not.")
    warnings: int = Field(description="How many of severity warn were not.")
    verdict: str = Field(description="The same in words.")
    seconds: float
    run: str | None


class CheckResult(CheckSummary):
    outcomes: list[CheckOutcome]


class CheckList(Answer):
    """What checks of a dataset found, newest first: those by people who see the same of it as whoever asks."""

    items: list[CheckResult]


class TrendPoint(Answer):
    checked: datetime
    version: int | None
    passed: bool
    failed: int
    rows: int


class ExpectationTrend(Answer):
    """How one expectation fared over time, oldest check first."""

    said: str
    expect: str
    columns: list[str]
    severity: Literal["error", "warn"]
    points: list[TrendPoint]


class DatasetQuality(Answer):
    """What checks of a dataset found: those by people who see the same of it as whoever asks."""

    dataset: str
    latest: CheckResult | None = Field(description="The newest check; null where there was none.")
    history: list[CheckSummary] = Field(description="Newest first; the newest check is among them.")
    trends: list[ExpectationTrend]
    held: int | None = Field(description="Rows that are held back; null for whom they are not.")


class ProposedSuite(Answer):
    """A suite of expectations to be edited and saved."""

    dataset: str
    yaml: str


class DayRows(Answer):
    day: date
    rows: int
    kept: bool | None = Field(description="Whether they are there in time for now; null where they are not due yet.")


class FreshnessItem(Answer):
    """Whether a dataset is as fresh as was promised."""

    dataset: str
    version: int
    promise: str = Field(description="As a clause.")
    kept: bool
    sentence: str = Field(description="What was promised and what was found.")
    days: list[DayRows] = Field(description="The latest days, newest first.")
    checked: datetime


class FreshnessList(Answer):
    items: list[FreshnessItem]


class FreshnessPromise(Body):
    column: str = Field(description="Of days or times.")
    by: str | None = Field(None, description="A time of day by which each day's rows are there: 08:00.")
    time_zone: str = Field("UTC", description="Whose day and time of day.")
    behind: int = Field(0, ge=0, le=366, description="The rows of so many days before: 1 for yesterday's.")
    rows: int = Field(1, ge=1, le=MAX_SAFE_INTEGER, description="How many rows a day has at least.")
    within: str | None = Field(None, description="Instead of `by`: the newest time is no longer ago, as '2 hours'.")


class PromiseRemoved(Answer):
    dataset: str


def profile(wb: Workbench, name: str, *, query: ProfileQuery) -> DatasetProfile:
    found = wb.quality.profile(name, version=query.version, most=query.rows, seed=query.seed)
    return DatasetProfile.model_validate({**found.as_dict(written), "sentence": found.sentence})


def quality(wb: Workbench, name: str, *, query: QualityQuery) -> DatasetQuality:
    found = wb.quality.history(name, limit=query.limit)
    held = wb.quality.held.waiting(name)
    return DatasetQuality(
        dataset=name,
        latest=_result(found[0]) if found else None,
        history=[CheckSummary(**_summary(one)) for one in found],
        trends=[ExpectationTrend.model_validate(asdict(one)) for one in trends(found)],
        held=None if held is None else held.rows,
    )


def checks(wb: Workbench, name: str, *, query: QualityQuery) -> CheckList:
    return CheckList(items=[_result(one) for one in wb.quality.history(name, limit=query.limit)])


def proposed(wb: Workbench, name: str) -> ProposedSuite:
    return ProposedSuite(dataset=name, yaml=wb.quality.propose(name))


def _result(result: QualityResult) -> CheckResult:
    return CheckResult(**_summary(result), outcomes=[_outcome(one) for one in result.outcomes])


def _summary(result: QualityResult) -> dict[str, Any]:
    same = ("suite", "version", "checked", "rows", "passed", "verdict", "seconds", "run")
    failures, warnings = len(result.failures), len(result.warnings)
    counts = {"met": len(result.outcomes) - failures - warnings, "failures": failures, "warnings": warnings}
    return {name: getattr(result, name) for name in same} | counts


def _outcome(outcome: Outcome) -> CheckOutcome:
    told = {name: getattr(outcome, name) for name in CheckOutcome.model_fields}
    return CheckOutcome(**told | {"columns": list(outcome.columns)})


def promises(wb: Workbench) -> FreshnessList:
    return FreshnessList(items=[_freshness(one) for one in wb.quality.promises.list()])


def freshness(wb: Workbench, name: str) -> FreshnessItem:
    return _freshness(wb.quality.promises.look(name))


def promised(wb: Workbench, name: str, *, body: FreshnessPromise) -> FreshnessItem:
    return _freshness(wb.quality.promises.make(name, **body.model_dump()))


def taken_back(wb: Workbench, name: str) -> PromiseRemoved:
    wb.quality.promises.remove(name)
    return PromiseRemoved(dataset=name)


def _freshness(one: Freshness) -> FreshnessItem:
    return FreshnessItem.model_validate(asdict(one))


ENDPOINTS = (
    Endpoint("freshness", "datasets", "read", FreshnessList, promises, "Promises of freshness: which are kept."),
    Endpoint(
        "datasets/{name}/freshness",
        "datasets",
        "read",
        FreshnessItem,
        freshness,
        "Whether a dataset is as fresh as was promised, day by day.",
    ),
    Endpoint(
        "datasets/{name}/freshness",
        "promises",
        "change",
        FreshnessItem,
        promised,
        "Promises how fresh a dataset is.",
        method="PUT",
        body=FreshnessPromise,
    ),
    Endpoint(
        "datasets/{name}/freshness",
        "promises",
        "change",
        PromiseRemoved,
        taken_back,
        "Takes the promise back.",
        method="DELETE",
    ),
    Endpoint(
        "datasets/{name}/quality",
        "datasets",
        "read",
        DatasetQuality,
        quality,
        "What checks of a dataset found, the newest and over time.",
        QualityQuery,
    ),
    Endpoint(
        "datasets/{name}/quality/checks",
        "datasets",
        "read",
        CheckList,
        checks,
        "What each of the latest checks of a dataset found, expectation by expectation.",
        QualityQuery,
    ),
    Endpoint(
        "datasets/{name}/quality/proposed",
        "datasets",
        "read",
        ProposedSuite,
        proposed,
        "Expectations proposed from what a dataset looks like, as YAML.",
        slow=True,
    ),
    Endpoint(
        "datasets/{name}/profile",
        "datasets",
        "read",
        DatasetProfile,
        profile,
        "What a dataset looks like: missing, distinct and most frequent values, ranges, gaps, correlations.",
        ProfileQuery,
        slow=True,
    ),
)
