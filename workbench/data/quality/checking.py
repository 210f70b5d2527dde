"""Checking rows against a suite: one pass that counts, and one more for examples where something failed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import polars as pl

from workbench.compute import expressions, frames
from workbench.data.quality.expectations import Expectation, HasType, Holds, RowCount, RowRule
from workbench.data.quality.model import Outcome, QualityResult
from workbench.data.quality.suite import Suite
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Invalid, nearest

__all__ = ["check"]

SAMPLES = 5


def check(frame: Any, suite: Suite) -> QualityResult:
    """Checks every expectation of a suite, all failures in one result.

    Args:
        frame: A frame of any kind that `compute.frames` reads.

    Raises:
        Invalid: Not a frame.
    """
    begin = time.perf_counter()
    rows = frames.to_lazy(frame)
    schema = dict(rows.collect_schema())
    problems = [_problem(expectation, schema) for expectation in suite.expectations]
    rules = {
        place: expectation.fails().fill_null(False)
        for place, expectation in enumerate(suite.expectations)
        if not problems[place] and isinstance(expectation, RowRule)
    }
    counts = rows.select(
        pl.len().cast(pl.Int64).alias("rows"), *(fails.sum().cast(pl.Int64).alias(f"{n}") for n, fails in rules.items())
    )
    found = counts.collect(engine="in-memory").row(0, named=True)
    broken = {place: fails for place, fails in rules.items() if found[f"{place}"]}
    samples = _samples(rows, suite, broken)
    outcomes = tuple(
        _outcome(expectation, problems[place], found["rows"], found.get(f"{place}", 0), samples.get(place, ()))
        for place, expectation in enumerate(suite.expectations)
    )
    return QualityResult(
        suite=suite.name,
        outcomes=outcomes,
        rows=found["rows"],
        checked=utcnow(),
        seconds=time.perf_counter() - begin,
    )


def _problem(expectation: Expectation, schema: Mapping[str, pl.DataType]) -> str:
    """Why an expectation cannot be checked on these columns; empty if it can."""
    for name in expectation.columns_needed:
        if name not in schema:
            guess = nearest(name, schema)
            return f"there is no column '{name}'" + (f"; did you mean '{guess}'?" if guess else "")
    if isinstance(expectation, HasType):
        dtype = schema[expectation.column]
        return "" if expectation.fits(dtype) else f"it is {dtype}"
    if isinstance(expectation, RowCount):
        return ""
    try:
        if isinstance(expectation, Holds):
            expressions.parse_filter(expectation.sql, schema, "the expectation")
        pl.DataFrame(schema=schema).select(expectation.fails())
    except Invalid as error:
        return str(error)
    except pl.exceptions.PolarsError as error:
        types = ", ".join(f"{name} is {schema[name]}" for name in expectation.columns_needed)
        return f"that cannot be told: {types} ({' '.join(str(error).split())[:120]})"
    return ""


def _samples(rows: pl.LazyFrame, suite: Suite, broken: Mapping[int, pl.Expr]) -> dict[int, tuple[dict[str, Any], ...]]:
    """The first rows that break each rule: their number, the columns concerned, and what names the row."""
    if not broken:
        return {}
    keys = [
        name for expectation in suite.expectations if expectation.expect == "unique" for name in expectation.columns
    ]
    known = set(rows.collect_schema())
    numbered = rows.with_row_index("row")
    plans = []
    for place, fails in broken.items():
        shown = dict.fromkeys([*suite.expectations[place].columns_needed, *keys])
        plans.append(numbered.filter(fails).head(SAMPLES).select("row", *(name for name in shown if name in known)))
    collected = pl.collect_all(plans, engine="in-memory")
    return {place: tuple(sample.to_dicts()) for place, sample in zip(broken, collected, strict=True)}


def _outcome(
    expectation: Expectation, problem: str, rows: int, failed: int, sample: tuple[dict[str, Any], ...]
) -> Outcome:
    passed = not problem and (failed == 0 or 1 - failed / rows >= expectation.mostly)
    if problem:
        failed = rows
    elif isinstance(expectation, RowCount):
        passed = expectation.fits(rows)
        problem = "" if passed else f"there {'is' if rows == 1 else 'are'} {rows:,}"
    return Outcome(
        said=expectation.said,
        expect=expectation.expect,
        columns=expectation.columns_needed,
        severity=expectation.severity,
        passed=passed,
        failed=failed,
        rows=rows,
        problem=problem,
        sample=sample,
        note=expectation.note,
    )
