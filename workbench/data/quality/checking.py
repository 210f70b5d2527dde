"""Checking rows against a suite: each expectation is planned, all are looked at at once, and each is judged."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.quality.around import Around, Nothing
from workbench.data.quality.expected import Finding, Prepared
from workbench.data.quality.kinds import Expectation
from workbench.data.quality.looking import look
from workbench.data.quality.model import Outcome, QualityResult
from workbench.data.quality.suite import Suite
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Forbidden, Invalid, NotFound, nearest

__all__ = ["check", "judged", "planned"]


def check(frame: Any, suite: Suite, around: Around | None = None) -> QualityResult:
    """Checks every expectation of a suite, all failures in one result.

    Args:
        frame: A frame of any kind that `compute.frames` reads.
        around: What the rows are compared with; nothing when not given, as `wb.quality.check` gives what there is.

    Raises:
        Invalid: Not a frame.
    """
    rows = frames.to_lazy(frame)
    return judged(rows, suite, planned(rows, suite, around or Nothing()))


def planned(rows: pl.LazyFrame, suite: Suite, around: Around) -> list[Prepared | Finding]:
    """How each expectation is looked at; a finding that says why, where it cannot be checked on these columns."""
    schema = dict(rows.collect_schema())
    return [_planned(expectation, schema, around, rows) for expectation in suite.expectations]


def judged(rows: pl.LazyFrame, suite: Suite, plans: Sequence[Prepared | Finding]) -> QualityResult:
    """Carries out what was planned for the expectations of a suite."""
    begin = time.perf_counter()
    prepared = {place: plan for place, plan in enumerate(plans) if isinstance(plan, Prepared)}
    keys = [name for one in suite.expectations if one.expect == "unique" for name in one.columns_needed]
    shown = {
        place: dict.fromkeys([*(plan.shown or suite.expectations[place].columns_needed), *keys])
        for place, plan in prepared.items()
        if plan.fails is not None
    }
    looked = look(rows, prepared, {name for columns in shown.values() for name in columns})
    findings = []
    for place, plan in enumerate(plans):
        if isinstance(plan, Finding):
            findings.append(Finding(looked.height, plan.problem))
        else:
            values = looked.found.get(place)
            untold = Finding(looked.height, "it cannot be computed of some of the values")
            findings.append(untold if values is None else plan.judge(values, looked.height))
    samples = {
        place: looked.sample(place, prepared[place], columns)
        for place, columns in shown.items()
        if findings[place].failed and not findings[place].problem
    }
    outcomes = tuple(
        _outcome(expectation, finding, looked.height, samples.get(place, finding.sample))
        for place, (expectation, finding) in enumerate(zip(suite.expectations, findings, strict=True))
    )
    return QualityResult(
        suite=suite.name,
        outcomes=outcomes,
        rows=looked.height,
        checked=utcnow(),
        seconds=time.perf_counter() - begin,
    )


def _planned(
    expectation: Expectation, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame
) -> Prepared | Finding:
    for name in expectation.columns_needed:
        if name not in schema:
            guess = nearest(name, schema)
            return Finding(problem=f"there is no column '{name}'" + (f"; did you mean '{guess}'?" if guess else ""))
    try:
        return expectation.prepared(schema, around, rows)
    except (Forbidden, Invalid, NotFound) as error:
        return Finding(problem=str(error))
    except pl.exceptions.PolarsError as error:
        types = ", ".join(f"{name} is {schema[name]}" for name in expectation.columns_needed)
        return Finding(problem=f"that cannot be told: {types} ({' '.join(str(error).split())[:120]})")


def _outcome(expectation: Expectation, finding: Finding, rows: int, sample: tuple[dict[str, Any], ...]) -> Outcome:
    return Outcome(
        said=expectation.said,
        expect=expectation.expect,
        columns=expectation.columns_needed,
        severity=expectation.severity,
        passed=not finding.problem and expectation.enough(finding.failed, rows),
        failed=finding.failed,
        rows=rows,
        problem=finding.problem,
        sample=sample,
        note=expectation.note,
    )
