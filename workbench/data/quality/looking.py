"""Looking at rows once for all expectations: their columns are decoded, and all that is asked is computed of these.

Which rows do not fit is kept as a column of bits, so that examples of them are there without another look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.data.quality.expected import SAMPLES, Prepared, free, missing

__all__ = ["Looked", "look", "with_beside"]


@dataclass(frozen=True)
class Looked:
    """What was seen of the rows.

    Attributes:
        height: How many there are.
        found: Place of a plan -> what its measures gave, or how many rows fail; without those that cannot be computed.
    """

    height: int
    found: Mapping[int, list[Any]]
    _frame: pl.DataFrame
    _masks: Mapping[int, pl.Series]

    def sample(self, place: int, plan: Prepared, columns: Iterable[str]) -> tuple[dict[str, Any], ...]:
        """The first rows that do not fit, as they are: their number, and these columns."""
        assert plan.fails is not None
        mask = self._masks.get(place)
        if mask is None:
            mask = self._frame.with_columns(missing(self._frame.schema)).select(plan.fails).to_series()
        at = mask.arg_true().head(SAMPLES)
        shown = self._frame.select(name for name in columns if name in self._frame.schema)[at]
        return tuple(shown.insert_column(0, at.alias(free("row", shown.schema))).to_dicts())


def look(rows: pl.LazyFrame, plans: Mapping[int, Prepared], columns: Collection[str]) -> Looked:
    """Carries out plans over the rows.

    Args:
        columns: What may be asked for of rows that do not fit.

    Raises:
        PolarsError: The rows cannot be read.
    """
    asked = [plan.fails for plan in plans.values() if plan.fails is not None]
    asked += [measure for plan in plans.values() for measure in plan.measures]
    needed = {name for expression in asked for name in expression.meta.root_names()} | set(columns)
    rows = with_beside(rows, plans.values())
    frame, height = _taken(rows, [name for name in rows.collect_schema() if name in needed])
    given = frame.with_columns(missing(frame.schema)).lazy()
    masks = {place: plan.fails for place, plan in plans.items() if plan.fails is not None and not plan.measures}
    measures = {place: plan.measures for place, plan in plans.items() if plan.measures}
    of_rows, of_all = _computed(given, masks, measures)
    found: dict[int, list[Any]] = {place: [] for place in plans}  # what asks for nothing is judged all the same
    for place in (*masks, *measures):
        del found[place]
    found |= of_all | {place: [int(mask.sum())] for place, mask in of_rows.items()}
    return Looked(height, found, frame, of_rows)


def with_beside(rows: pl.LazyFrame, plans: Iterable[Prepared]) -> pl.LazyFrame:
    """The rows with the columns that plans look at beside them."""
    beside = [plan.beside for plan in plans if plan.beside is not None]
    return pl.concat([rows, pl.DataFrame(beside).lazy()], how="horizontal") if beside else rows


def _taken(rows: pl.LazyFrame, names: list[str]) -> tuple[pl.DataFrame, int]:
    """The columns of these names, without those whose values cannot be computed, and how many rows there are."""
    if names:
        with suppress(pl.exceptions.PolarsError):
            frame = rows.select(names).collect(engine="streaming")
            return frame, frame.height
    height = int(rows.select(pl.len()).collect(engine="streaming").item())  # fails where the rows cannot be read
    frame = pl.DataFrame()
    for name in names:
        with suppress(pl.exceptions.PolarsError):
            frame = frame.with_columns(rows.select(name).collect(engine="streaming").to_series())
    return frame, height


def _computed(
    rows: pl.LazyFrame, masks: Mapping[int, pl.Expr], measures: Mapping[int, tuple[pl.Expr, ...]]
) -> tuple[dict[int, pl.Series], dict[int, list[Any]]]:
    """What is asked of each row and of all; all at once, and where that fails each by itself."""
    of_rows = {place: rows.select(fails.alias("fails")) for place, fails in masks.items()}
    of_all = {
        place: rows.select(one.alias(f"{part}") for part, one in enumerate(parts)) for place, parts in measures.items()
    }
    plans = {**of_rows, **of_all}
    try:
        done = dict(zip(plans, pl.collect_all(list(plans.values()), engine="in-memory"), strict=True))
    except pl.exceptions.PolarsError:
        done = {}
        for place, plan in plans.items():
            # The message may quote a value, and what was found is kept for people who may not see it.
            with suppress(pl.exceptions.PolarsError):
                done[place] = plan.collect(engine="in-memory")
    return (
        {place: done[place].to_series() for place in of_rows if place in done},
        {place: list(done[place].row(0)) for place in of_all if place in done},
    )
