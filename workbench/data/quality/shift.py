"""Whether values are distributed as they were: over bins of a reference, which is a version or another dataset.

Numbers have bins between quantiles of the reference, one below its least value and one above its greatest; texts and
truth values one for each of the most frequent values of the reference, and one for all others. With p the share of
values in a bin, and q the same of the reference:

- PSI, the population stability index: the sum over bins of (p - q) * ln(p / q), where shares below 0.0001 are taken for
  that. (Siddiqi, Credit Risk Scorecards, 2006: under 0.1 little has changed, over 0.25 much.)
- KS, the statistic of Kolmogorov and Smirnov at the bins' ends: the greatest difference between the cumulated p and the
  cumulated q. That of all values is never less, and only what happens inside of one bin is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from workbench.data.quality.around import Around
from workbench.data.quality.expected import Finding, OfWhole, Prepared
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Shift", "ks", "psi"]

LEAST_SHARE = 0.0001
_ROUNDING = 1e-12  # a difference of 0.1 + 0.2 is not over 0.3


class Shift(OfWhole):
    """Values are distributed as those of a reference; missing ones are left out on both sides."""

    expect: Literal["shift"]
    column: str
    dataset: str | None = None
    version: Annotated[int, Field(ge=0)] | None = None
    psi: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    ks: Annotated[float, Field(gt=0, le=1)] | None = None
    bins: Annotated[int, Field(ge=2, le=100)] = 10

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.dataset is None and self.version is None:
            raise ValueError("needs a dataset, a version or both to compare with")
        if self.psi is None and self.ks is None:
            raise ValueError("needs a bound: psi, ks or both")
        return self

    @property
    def statement(self) -> str:
        of = [] if self.dataset is None else [f"'{self.dataset}'"]
        of += [] if self.version is None else [f"version {self.version}"]
        bounds = [f"{name} at most {most:g}" for name, most in (("PSI", self.psi), ("KS", self.ks)) if most is not None]
        return f"{self.column} is distributed as in {' '.join(of)} ({' and '.join(bounds)})"

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
        reference = around.rows_of(self.dataset, self.version)
        known = reference.collect_schema()
        if self.column not in known:
            raise unknown("column of the reference", self.column, known, error=Invalid)
        here, there = schema[self.column], known[self.column]
        numbers = here.is_numeric() and there.is_numeric()
        if not numbers and (here != there or here not in (pl.String, pl.Boolean)):
            raise Invalid(f"that cannot be told: {self.column} is {here}, and in the reference {there}")
        if not numbers and self.ks is not None:
            raise Invalid(f"{self.column} is {here}, whose values have no order for ks; use psi")
        values = reference.select(_values(pl.col(self.column), numbers).alias("value")).drop_nulls()
        bounds = _quantiles(values, self.bins) if numbers else _most_frequent(values, self.bins)
        if not bounds:
            raise Invalid("the reference has no values")
        there_column, here_column = pl.col("value"), _values(pl.col(self.column), numbers)
        counted = values.select(measure.alias(f"{at}") for at, measure in enumerate(_measures(there_column, bounds)))
        before = _shares(counted.collect(engine="streaming").row(0), numbers)

        def judge(found: Sequence[Any], rows: int) -> Finding:
            return self._judged(_shares(found, numbers), before)

        return Prepared(judge, tuple(_measures(here_column, bounds)))

    def _judged(self, now: list[float], before: list[float]) -> Finding:
        if not now:
            return Finding(problem="there are no values to compare")
        over = [
            f"{name} is {value:.3g}"
            for name, most, value in (("PSI", self.psi, psi(now, before)), ("KS", self.ks, ks(now, before)))
            if most is not None and value > most + _ROUNDING
        ]
        return Finding(problem=" and ".join(over))


def psi(now: Sequence[float], before: Sequence[float]) -> float:
    """The population stability index of shares in the same bins."""
    floored = [(max(p, LEAST_SHARE), max(q, LEAST_SHARE)) for p, q in zip(now, before, strict=True)]
    return math.fsum((p - q) * math.log(p / q) for p, q in floored)


def ks(now: Sequence[float], before: Sequence[float]) -> float:
    """The greatest difference of cumulated shares in the same bins, which are in order."""
    return max(abs(p - q) for p, q in zip(accumulate(now), accumulate(before), strict=True))


def _values(column: pl.Expr, numbers: bool) -> pl.Expr:
    return column.cast(pl.Float64).fill_nan(None) if numbers else column


def _quantiles(values: pl.LazyFrame, bins: int) -> list[float]:
    """The least value, the greatest, and those that part the others into bins of about as many."""
    wanted = [pl.col("value").quantile(part / bins, interpolation="lower").alias(f"{part}") for part in range(bins + 1)]
    return sorted({value for value in values.select(wanted).collect(engine="streaming").row(0) if value is not None})


def _most_frequent(values: pl.LazyFrame, bins: int) -> list[str | bool]:
    """The most frequent values; of those that are as frequent, the first in order."""
    counted = values.group_by("value").len().sort(["len", "value"], descending=[True, False]).head(bins)
    return counted.collect(engine="streaming")["value"].to_list()


def _measures(column: pl.Expr, bounds: Sequence[Any]) -> list[pl.Expr]:
    """How many values there are, and how many up to each bound; of texts and truth values, how many are it."""
    if isinstance(bounds[0], float):
        counts = [column < bounds[0], *(column <= bound for bound in bounds)]
    else:
        counts = [column == bound for bound in bounds]
    return [column.count().cast(pl.Int64), *(count.sum().cast(pl.Int64) for count in counts)]


def _shares(counted: Sequence[int], numbers: bool) -> list[float]:
    """The share of values in each bin; none where there are no values."""
    total, *counts = counted
    if not total:
        return []
    if numbers:
        counts = [upto - before for before, upto in zip([0, *counts], [*counts, total], strict=True)]
    else:
        counts = [*counts, total - sum(counts)]
    return [count / total for count in counts]
