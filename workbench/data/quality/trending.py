"""What checks found over time, expectation by expectation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workbench.data.quality.model import Outcome, QualityResult

__all__ = ["Point", "Trend", "trends"]


@dataclass(frozen=True)
class Point:
    """How an expectation fared in one check.

    Attributes:
        checked: When, in UTC.
        version: The dataset's.
        passed: Whether enough rows fitted.
        failed: How many rows did not.
        rows: How many there were.
    """

    checked: datetime
    version: int | None
    passed: bool
    failed: int
    rows: int


@dataclass(frozen=True)
class Trend:
    """How an expectation fared over time.

    Attributes:
        said: The expectation as a clause; one that was changed is another one.
        expect: Its kind.
        columns: What it is about.
        severity: As it was last.
        points: Oldest first.
    """

    said: str
    expect: str
    columns: tuple[str, ...]
    severity: Literal["error", "warn"]
    points: tuple[Point, ...]


def trends(results: Sequence[QualityResult]) -> list[Trend]:
    """The expectations of the newest result first, in its order, then those that only older ones have.

    Args:
        results: Newest first.
    """
    points: dict[tuple[str, str], list[Point]] = {}
    latest: dict[tuple[str, str], Outcome] = {}
    for result in results:
        for outcome in result.outcomes:
            known = (result.suite, outcome.said)
            latest.setdefault(known, outcome)
            point = Point(result.checked, result.version, outcome.passed, outcome.failed, outcome.rows)
            points.setdefault(known, []).append(point)
    return [
        Trend(outcome.said, outcome.expect, outcome.columns, outcome.severity, tuple(reversed(points[known])))
        for known, outcome in latest.items()
    ]
