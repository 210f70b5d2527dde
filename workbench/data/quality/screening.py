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
from workbench.data.quality.model import QualityResult, gate
from workbench.data.quality.python import Python
from workbench.data.quality.suite import Suite
from workbench.foundation.errors import Invalid

__all__ = ["REASONS", "Parted", "parted"]

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
    if REASONS in rows.columns:
        raise Invalid(f"the rows have a column '{REASONS}', which is what says why a row is held back")
    lazy = rows.lazy()
    of_one = tuple(one for one in suite.expectations if not singly or isinstance(one, OfRows | Python))
    asked = suite.model_copy(update={"expectations": of_one})
    plans = planned(lazy, asked, around)
    if singly:  # what a function says of all rows is said of those they came with, too
        kept = [n for n, plan in enumerate(plans) if isinstance(plan, Finding) or _of_rows(plan)]
        asked = asked.model_copy(update={"expectations": tuple(of_one[n] for n in kept)})
        plans = [plans[n] for n in kept]
    result = judged(lazy, asked, plans)
    of_rows = [_of_rows(plan) and not one.problem for plan, one in zip(plans, result.outcomes, strict=True)]
    whole = tuple(outcome for outcome, single in zip(result.outcomes, of_rows, strict=True) if not single)
    gate(replace(result, outcomes=whole))
    schema = dict(rows.schema)
    broken: dict[str, tuple[pl.Expr, tuple[str, ...]]] = {}
    for plan, outcome, single in zip(plans, result.outcomes, of_rows, strict=True):
        if single and not outcome.passed and outcome.severity == "error":
            assert isinstance(plan, Prepared)
            assert plan.fails is not None
            broken[outcome.said] = plan.fails, outcome.columns
    if not broken:
        return Parted(rows, rows.clear().with_columns(pl.lit(None, dtype=_TYPE).alias(REASONS)), {}, result)
    filled = with_beside(lazy, (plan for plan in plans if isinstance(plan, Prepared))).with_columns(missing(schema))
    breaks = filled.select(fails.alias(f"{place}") for place, (fails, _) in enumerate(broken.values())).collect(
        engine="in-memory"
    )
    why = [
        pl.when(breaks[f"{place}"]).then(pl.struct(pl.lit(said).alias("expectation"), _values(schema, columns)))
        for place, (said, (_, columns)) in enumerate(broken.items())
    ]
    told = rows.with_columns(pl.concat_list(why).list.drop_nulls().cast(_TYPE).alias(REASONS))
    bad = breaks.select(pl.any_horizontal(pl.all())).to_series()
    return Parted(
        fits=rows.filter(~bad),
        held=told.filter(bad),
        reasons={said: int(breaks[f"{place}"].sum()) for place, said in enumerate(broken)},
        result=result,
    )


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
