"""Checking rows against a suite: one pass that counts, and one more for examples where something failed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.quality.around import Around, Nothing
from workbench.data.quality.expected import SAMPLES, Finding, Prepared, free, missing
from workbench.data.quality.kinds import Expectation
from workbench.data.quality.model import Outcome, QualityResult
from workbench.data.quality.suite import Suite
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Forbidden, Invalid, NotFound, nearest

__all__ = ["check", "judged", "planned", "with_beside"]

_UNTOLD = object()


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
    measures = {
        f"{place}.{part}": measure
        for place, plan in enumerate(plans)
        if isinstance(plan, Prepared)
        for part, measure in enumerate(plan.measures)
    }
    whole = with_beside(rows, plans)
    found = _measured(whole.with_columns(missing(rows.collect_schema())), measures)
    findings = []
    for place, plan in enumerate(plans):
        if isinstance(plan, Finding):
            findings.append(Finding(found["rows"], plan.problem))
        else:
            values = [found.get(f"{place}.{part}", _UNTOLD) for part in range(len(plan.measures))]
            untold = Finding(found["rows"], "it cannot be computed of some of the values")
            findings.append(untold if _UNTOLD in values else plan.judge(values, found["rows"]))
    broken = {
        place: plan
        for place, plan in enumerate(plans)
        if isinstance(plan, Prepared)
        and plan.fails is not None
        and findings[place].failed
        and not findings[place].problem
    }
    samples = _samples(whole, suite, broken, rows.collect_schema())
    outcomes = tuple(
        _outcome(expectation, finding, found["rows"], samples.get(place, finding.sample))
        for place, (expectation, finding) in enumerate(zip(suite.expectations, findings, strict=True))
    )
    return QualityResult(
        suite=suite.name,
        outcomes=outcomes,
        rows=found["rows"],
        checked=utcnow(),
        seconds=time.perf_counter() - begin,
    )


def _measured(rows: pl.LazyFrame, measures: Mapping[str, pl.Expr]) -> dict[str, Any]:
    """What the measures give, in one plan; where it fails, each by itself, and without those that fail alone."""
    count = pl.len().cast(pl.Int64).alias("rows")

    def measured(named: Mapping[str, pl.Expr]) -> dict[str, Any]:
        plan = rows.select(count, *(measure.alias(name) for name, measure in named.items()))
        return plan.collect(engine="in-memory").row(0, named=True)

    try:
        return measured(measures)
    except pl.exceptions.PolarsError:
        found = measured({})  # this fails, too, where the rows cannot be read
    for name, measure in measures.items():
        # The message may quote a value, and what was found is kept for people who may not see it.
        with suppress(pl.exceptions.PolarsError):
            found |= measured({name: measure})
    return found


def with_beside(rows: pl.LazyFrame, plans: Iterable[Prepared | Finding]) -> pl.LazyFrame:
    """The rows with the columns that plans look at beside them."""
    beside = [plan.beside for plan in plans if isinstance(plan, Prepared) and plan.beside is not None]
    return pl.concat([rows, pl.DataFrame(beside).lazy()], how="horizontal") if beside else rows


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


def _samples(
    rows: pl.LazyFrame, suite: Suite, broken: Mapping[int, Prepared], schema: Mapping[str, pl.DataType]
) -> dict[int, tuple[dict[str, Any], ...]]:
    """The first rows that break each rule, as they are: their number, the columns concerned, and what names the row."""
    if not broken:
        return {}
    keys = [
        name for expectation in suite.expectations if expectation.expect == "unique" for name in expectation.columns
    ]
    known = set(rows.collect_schema())
    number = free("row", known)
    written = {name: free(f"{name} as it is", known) for name, dtype in schema.items() if dtype.is_float()}
    numbered = rows.with_row_index(number).with_columns(
        *missing(schema), *(pl.col(name).alias(other) for name, other in written.items())
    )
    plans = []
    for place, plan in broken.items():
        assert plan.fails is not None
        shown = dict.fromkeys([*(plan.shown or suite.expectations[place].columns_needed), *keys])
        columns = [pl.col(written.get(name, name)).alias(name) for name in shown if name in known]
        plans.append(numbered.filter(plan.fails).head(SAMPLES).select(number, *columns))
    collected = pl.collect_all(plans, engine="in-memory")
    return {place: tuple(sample.to_dicts()) for place, sample in zip(broken, collected, strict=True)}


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
