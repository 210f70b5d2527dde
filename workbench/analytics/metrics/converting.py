"""Events that follow others: each conversion is given the nearest base event before it, of the same entity.

The rules of MetricFlow's conversion metrics (docs.getdbt.com/docs/build/conversion): a conversion belongs to the latest
base event at or before it that has the same entity and the same constant properties, if that is less than the window
ago; it is counted where that base event is, by its time and dimensions. A conversion has one base event, a base event
may have several conversions.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from workbench.analytics.metrics.measure import Key, Measure
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.spans import Span

__all__ = ["AT", "COUNTED", "ENTITY", "IS_BASE", "VALUE", "Conversions", "property_name"]

# The columns of the rows that come in; names with a dot are no dimension's.
ENTITY = ".entity"
AT = ".at"
IS_BASE = ".is base"
COUNTED = ".counted"
VALUE = ".value"
_ROW, _BASE, _BASE_AT = ".row", ".base", ".base at"


def property_name(place: int) -> str:
    """The column of a constant property."""
    return f".property {place}"


@dataclass(frozen=True)
class Conversions:
    """Conversions by what their base events were.

    Rows are base events and conversions, in the columns above: who, when, which of the two; of a base event besides
    the keys, and whether it is counted; of a conversion its value. An entity's rows have to be in one part.

    Attributes:
        keys: The columns that the result is by.
        measure: What is computed of the conversions: a count or a distinct count of `VALUE`.
        properties: How many constant properties there are.
        span: A conversion is less than this after its base event; None for any time.
    """

    keys: tuple[str, ...]
    measure: Measure
    properties: int = 0
    span: Span | None = None

    by_subject = True
    ordered = True

    @property
    def name(self) -> str:
        return "conversions"

    @property
    def _measures(self) -> Measures:
        return Measures(tuple(Key(name, name) for name in self.keys), (self.measure,))

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return self._measures.partial(self._converted(rows))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The number of conversions by the keys, sorted by them; one row where there are none."""
        return self._measures.merge(partials)

    def _converted(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        same = [ENTITY, *(property_name(place) for place in range(self.properties))]
        # At one time base events come first; of several at one time the one that sorts last is the nearest.
        order = [*same, AT, IS_BASE, *self.keys, COUNTED]
        descending = [name == IS_BASE for name in order]
        numbered = (
            rows.drop_nulls([*same, AT]).sort(order, descending=descending, nulls_last=False).with_row_index(_ROW)
        )
        nearest = pl.when(IS_BASE).then(_ROW).forward_fill().over(same)
        conversions = (
            numbered.with_columns(nearest.alias(_BASE))
            .filter(pl.col(IS_BASE).not_() & pl.col(_BASE).is_not_null())
            .select(_BASE, AT, VALUE)
        )
        bases = numbered.filter(pl.col(IS_BASE) & pl.col(COUNTED)).select(
            pl.col(_ROW).alias(_BASE), pl.col(AT).alias(_BASE_AT), *self.keys
        )
        found = conversions.join(bases, on=_BASE, how="inner")
        if self.span is not None:
            found = found.filter(pl.col(_BASE_AT) > self.span.shifted(pl.col(AT), back=True))
        return found
