"""Segments: named sets of subjects, found by what they did, and used to narrow what other analyses see."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from workbench.analytics.product.activity import counting
from workbench.analytics.product.conditions import Condition
from workbench.analytics.product.events import EventColumns
from workbench.compute import SUBJECT_HASH

__all__ = ["Segment", "Within"]


@dataclass(frozen=True)
class Segment:
    """The subjects that meet a condition: an analysis that returns them.

    Of the subjects with at least one row that counts; who has none is in no segment, whatever it asks.
    """

    columns: EventColumns
    condition: Condition

    name = "segment"
    by_subject = True
    ordered = False

    def check(self, schema: pl.Schema, dataset: str) -> None:
        """
        Raises:
            Invalid: A column or condition does not fit the dataset.
        """
        self.columns.check(schema, dataset)
        marked = pl.LazyFrame(schema={**schema, SUBJECT_HASH: pl.Int64})
        self.condition.looks_at(self.columns, schema)
        self.condition.prepared(marked, ".in", self.columns, schema)

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """`SUBJECT_HASH` and the subject, one row each."""
        schema = rows.collect_schema()
        counted = rows.filter(counting(self.columns))
        if not self.condition.of_nobody:
            counted = counted.filter(self.condition.looks_at(self.columns, schema))
        prepared = self.condition.prepared(counted, ".in", self.columns, schema)
        found = prepared.group_by(SUBJECT_HASH).agg(pl.col(self.columns.subject).min(), *self.condition.kept(".in"))
        return found.filter(self.condition.holds(".in")).select(SUBJECT_HASH, self.columns.subject)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """By subject."""
        return partials.sort(self.columns.subject)


@dataclass(frozen=True, eq=False)
class Within:
    """A shape of rows: only those of the members of a segment, or of whoever a cell of a result counts.

    Attributes:
        members: With the column `SUBJECT_HASH`: what `Segment`, or the subjects of a cell, returned.
    """

    members: pl.DataFrame

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        hashes = self.members.select(SUBJECT_HASH).lazy()
        return rows.join(hashes, on=SUBJECT_HASH, how="semi", maintain_order="left")
