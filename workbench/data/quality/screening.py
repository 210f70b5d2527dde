"""Parting rows that fit a suite from those that do not, and saying of each of the latter why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.quality.around import Around
from workbench.data.quality.checking import judged, planned
from workbench.data.quality.expected import Finding, OfRows, Prepared, missing
from workbench.data.quality.looking import with_beside
from workbench.data.quality.model import Outcome, QualityResult, gate
from workbench.data.quality.python import Python
from workbench.data.quality.suite import Suite
from workbench.foundation.errors import Invalid

__all__ = ["REASONS", "Parted", "Screening", "parted", "screened"]

REASONS = "_reasons"
"""The column that says of a row that was held back why: the expectations it breaks, each with the values it has."""

_LONGEST = 200


@dataclass(frozen=True)
class Parted:
    """Rows that fit, and rows that do not.

    Attributes:
        fits: Those that break no expectation that the rows together do not meet.
        held: The others, with `REASONS`.
        reasons: Expectation -> how many rows break it.
        result: What the check of all rows found.
    """

    fits: pl.DataFrame
    held: pl.DataFrame
    reasons: dict[str, int]
    result: QualityResult


@dataclass(frozen=True)
class Screening:
    """Which of some rows do not fit, before they are parted, which may be done piece by piece.

    Attributes:
        result: What the check of all rows found.
        whole: What was found of expectations that are not about single rows, or could not be computed.
        breaks: A column for each expectation about single rows that is not met, named by its place in `broken`: which
            rows break it. None where there is none.
        broken: Those expectations, and their columns.
    """

    result: QualityResult
    whole: tuple[Outcome, ...]
    breaks: pl.DataFrame | None
    broken: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def refusals(self) -> tuple[Outcome, ...]:
        """What stops the rows as a whole, as holding some of them back does not mend it."""
        return tuple(one for one in self.whole if not one.passed and one.severity == "error")

    @property
    def bad(self) -> pl.Series | None:
        """Which rows do not fit; None where all do."""
        return None if self.breaks is None else self.breaks.select(pl.any_horizontal(pl.all())).to_series()

    def but(self, spared: pl.Series) -> Screening:
        """The same, where some rows are not looked at.

        Args:
            spared: Which.
        """
        if self.breaks is None:
            return self
        breaks = self.breaks.select(pl.all() & ~spared)
        return replace(self, breaks=breaks if breaks.select(pl.any_horizontal(pl.all().any())).item() else None)

    def part(self, rows: pl.DataFrame, first: int = 0) -> Parted:
        """Parts rows from those that do not fit, and says of each of these why.

        Args:
            rows: All of them, or some that follow on each other.
            first: The number of the first one.
        """
        if self.breaks is None:
            return Parted(rows, rows.clear().with_columns(pl.lit(None, dtype=_TYPE).alias(REASONS)), {}, self.result)
        breaks = self.breaks.slice(first, rows.height)
        bad = breaks.select(pl.any_horizontal(pl.all())).to_series()
        held, broken, schema = rows.filter(bad), breaks.filter(bad), dict(rows.schema)
        why = [
            pl.when(broken[f"{place}"]).then(pl.struct(pl.lit(said).alias("expectation"), _values(schema, columns)))
            for place, (said, columns) in enumerate(self.broken)
        ]
        counts = {said: int(broken[f"{place}"].sum()) for place, (said, _) in enumerate(self.broken)}
        return Parted(
            fits=rows.filter(~bad),
            held=held.with_columns(pl.concat_list(why).list.drop_nulls().cast(_TYPE).alias(REASONS)),
            reasons={said: count for said, count in counts.items() if count},
            result=self.result,
        )


def parted(frame: Any, suite: Suite, around: Around, *, singly: bool = False) -> Parted:
    """Parts rows by the expectations of severity `error` about single rows that are not met.

    A row that breaks one which holds in as many rows as it is to (`mostly`) fits.

    Args:
        singly: What is expected of the rows as a whole is left out.

    Raises:
        CheckFailed: An expectation about the rows as a whole is not met, or one cannot be computed.
        Invalid: Not a frame, or it has a column named as that of the reasons.
    """
    rows = frames.to_polars(frame)
    found = screened(rows.lazy(), suite, around, singly=singly)
    gate(replace(found.result, outcomes=found.whole))
    return found.part(rows)


def screened(rows: pl.LazyFrame, suite: Suite, around: Around, *, singly: bool = False) -> Screening:
    """Tells rows that do not fit from the others; of all rows at once those columns are in memory that it looks at.

    Args:
        singly: What is expected of the rows as a whole is left out.

    Raises:
        Invalid: They have a column named as that of the reasons.
    """
    schema = dict(rows.collect_schema())
    if REASONS in schema:
        raise Invalid(f"the rows have a column '{REASONS}', which is what says why a row is held back")
    of_one = tuple(one for one in suite.expectations if not singly or isinstance(one, OfRows | Python))
    asked = suite.model_copy(update={"expectations": of_one})
    plans = planned(rows, asked, around)
    if singly:  # what a function says of all rows is said of those they came with, too
        kept = [n for n, plan in enumerate(plans) if isinstance(plan, Finding) or _of_rows(plan)]
        asked = asked.model_copy(update={"expectations": tuple(of_one[n] for n in kept)})
        plans = [plans[n] for n in kept]
    result = judged(rows, asked, plans)
    of_rows = [_of_rows(plan) and not one.problem for plan, one in zip(plans, result.outcomes, strict=True)]
    whole = tuple(outcome for outcome, single in zip(result.outcomes, of_rows, strict=True) if not single)
    broken: dict[str, tuple[pl.Expr, tuple[str, ...]]] = {}
    for plan, outcome, single in zip(plans, result.outcomes, of_rows, strict=True):
        if single and not outcome.passed and outcome.severity == "error":
            assert isinstance(plan, Prepared)
            assert plan.fails is not None
            broken[outcome.said] = plan.fails, outcome.columns
    if not broken:
        return Screening(result, whole, None, ())
    filled = with_beside(rows, (plan for plan in plans if isinstance(plan, Prepared))).with_columns(missing(schema))
    breaks = filled.select(fails.alias(f"{place}") for place, (fails, _) in enumerate(broken.values())).collect(
        engine="in-memory"
    )
    return Screening(result, whole, breaks, tuple((said, columns) for said, (_, columns) in broken.items()))


def _of_rows(plan: Prepared | Finding) -> bool:
    return isinstance(plan, Prepared) and plan.fails is not None


_TYPE = pl.List(pl.Struct({"expectation": pl.String, "values": pl.String}))


def _values(schema: dict[str, pl.DataType], columns: tuple[str, ...]) -> pl.Expr:
    """The values that an expectation is about, as text: `carrier=null`."""
    shown = [name for name in dict.fromkeys(columns) if not schema[name].is_nested() and schema[name] != pl.Binary]
    texts = [
        pl.concat_str(pl.lit(f"{name}="), pl.col(name).cast(pl.String).fill_null("null").str.slice(0, _LONGEST))
        for name in shown
    ]
    return (pl.concat_str(texts, separator=", ") if texts else pl.lit("")).alias("values")
