"""Breaking an answer down: each subject has one value of a property, that of its first or its last event of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import polars as pl

from workbench.analytics.product.activity import counting
from workbench.analytics.product.events import EventColumns, Step
from workbench.compute import SUBJECT_HASH, expressions
from workbench.foundation.errors import Invalid, unknown

__all__ = [
    "OTHER",
    "VALUE",
    "Breakdown",
    "ValueCell",
    "largest_first",
    "told_apart",
    "value_keys",
    "value_of",
    "valued",
    "with_top",
]

OTHER: Final = "(other)"
"""What stands for the values that are not told apart."""
VALUE: Final = "breakdown"


@dataclass(frozen=True)
class ValueCell:
    """Which subjects: those of a value.

    Attributes:
        others_than: Where it has values, the subjects whose value is none of these, in place of `value`.
    """

    value: str | None = None
    others_than: tuple[str | None, ...] = ()

    @property
    def holds(self) -> pl.Expr:
        if not self.others_than:
            return pl.col(VALUE).eq_missing(pl.lit(self.value, dtype=pl.String))
        named = pl.col(VALUE).is_in([one for one in self.others_than if one is not None])
        return named.fill_null(value=None in self.others_than).not_()


@dataclass(frozen=True)
class Breakdown:
    """Which value a subject has.

    Attributes:
        by: A column, or a SQL expression over one row's columns.
        attribution: "first": that of the subject's first event of the step; "last": of its last one. A missing value
            is a value, too.
    """

    by: str
    attribution: Literal["first", "last"] = "first"

    @classmethod
    def of(cls, by: str | None, attribution: Literal["first", "last"], top: int) -> Breakdown | None:
        """
        Raises:
            Invalid: Fewer values than none are to be told apart.
        """
        if top < 0:
            raise Invalid(f"a breakdown tells none or more values apart, not {top}")
        return None if by is None else cls(by, attribution)

    def check(self, schema: Mapping[str, pl.DataType], what: str) -> None:
        """
        Raises:
            Invalid: An unknown attribution or column, or an expression that is none.
        """
        if self.attribution not in ("first", "last"):
            raise unknown("attribution", str(self.attribution), ("first", "last"), error=Invalid)
        value_of(self.by, schema, what)

    def given_to(
        self, found: pl.LazyFrame, rows: pl.LazyFrame, columns: EventColumns, step: Step, until: datetime
    ) -> pl.LazyFrame:
        """What was found of subjects, with the column `VALUE`.

        Args:
            found: With the column `SUBJECT_HASH`; subjects who did the step before `until`.
            rows: All rows of these subjects are among them.
        """
        schema = rows.collect_schema()
        value = value_of(self.by, schema, "result").alias(VALUE)
        done = rows.filter(counting(columns, until) & step.rows(columns, schema))
        # Of events that nothing else tells apart the value itself says which comes first, whatever order they lie in.
        order = list(dict.fromkeys(columns.order))
        theirs = done.select(SUBJECT_HASH, *order, value).sort(SUBJECT_HASH, *order, VALUE, nulls_last=True)
        beside = pl.col(SUBJECT_HASH).shift(1 if self.attribution == "first" else -1)
        values = theirs.filter(pl.col(SUBJECT_HASH).ne_missing(beside)).select(SUBJECT_HASH, VALUE)
        return found.join(values, on=SUBJECT_HASH, how="left", maintain_order="left")


def value_keys(breakdown: Breakdown | None) -> list[str]:
    """What an analysis is told apart by besides its own keys."""
    return [] if breakdown is None else [VALUE]


def valued(
    breakdown: Breakdown | None,
    found: pl.LazyFrame,
    rows: pl.LazyFrame,
    columns: EventColumns,
    step: Step,
    until: datetime,
) -> pl.LazyFrame:
    """See `Breakdown.given_to`; as it was found where nothing is broken down."""
    return found if breakdown is None else breakdown.given_to(found, rows, columns, step, until)


def value_of(by: str, schema: Mapping[str, pl.DataType], what: str) -> pl.Expr:
    """The value that a row is broken down by, as text.

    Raises:
        Invalid: An unknown column, or an expression that is none.
    """
    if by in schema:
        found = pl.col(by)
    elif by.isidentifier():
        raise unknown(f"column to break the {what} down by called", by, schema, error=Invalid)
    else:
        found = expressions.parse(by, schema, f"the breakdown of the {what}")
    return found.cast(pl.String)


def with_top(counts: pl.LazyFrame, sizes: pl.LazyFrame, top: int) -> pl.LazyFrame:
    """The same rows in their order, with `OTHER` for all but the largest values.

    A value that is itself called so is one of the others, so that what stands there is of whoever is asked for by it.

    Args:
        sizes: `VALUE` and "subjects": how large each value is.
    """
    few = pl.col(".few")
    named = sizes.with_columns((pl.len() <= top).alias(".few")).filter(few | pl.col(VALUE).ne_missing(OTHER))
    ranked = named.sort("subjects", VALUE, descending=[True, False], nulls_last=True)
    kept = ranked.filter(few | (pl.int_range(pl.len()) < top)).select(VALUE, pl.lit(value=True).alias(".kept"))
    marked = counts.join(kept, on=VALUE, how="left", nulls_equal=True, maintain_order="left")
    stays = pl.col(".kept").fill_null(value=False)
    return marked.with_columns(pl.when(stays).then(VALUE).otherwise(pl.lit(OTHER)).alias(VALUE)).drop(".kept")


def largest_first(table: pl.LazyFrame, sizes: pl.LazyFrame) -> pl.LazyFrame:
    """By the size of each value, the largest first and `OTHER` last; rows of one value stay in their order."""
    placed = table.join(
        sizes.select(VALUE, pl.col("subjects").alias(".size")), on=VALUE, how="left", nulls_equal=True,
        maintain_order="left",
    )  # fmt: skip
    other = (pl.col(VALUE) == OTHER).fill_null(value=False)
    return placed.sort(other, -pl.col(".size"), VALUE, nulls_last=True, maintain_order=True).drop(".size")


def told_apart(table: pl.DataFrame, sizes: pl.Expr, top: int, sums: Sequence[str] = ("subjects",)) -> pl.DataFrame:
    """A result by value, with `OTHER` for all but the largest ones; one that is not broken down is itself.

    Args:
        sizes: Whether a row's subjects are of those that say how large its value is.
        sums: The columns that add up.
    """
    if VALUE not in table.columns:
        return table
    keys = [name for name in table.columns if name not in sums]
    cut = with_top(table.lazy(), _sizes(table.lazy(), sizes), top)
    cut = cut.group_by(keys, maintain_order=True).agg(pl.col(sums).sum())
    placed = largest_first(cut, _sizes(cut, sizes)).select(table.columns)
    return placed.collect(engine="in-memory")


def _sizes(table: pl.LazyFrame, of: pl.Expr) -> pl.LazyFrame:
    return table.filter(of).group_by(VALUE).agg(pl.col("subjects").sum())
