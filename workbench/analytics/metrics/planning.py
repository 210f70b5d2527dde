"""From the metrics that are asked for to what has to be computed: figures of datasets, and formulas over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.ingredients import Dimension
from workbench.analytics.metrics.measure import Measure
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.spans import Span
from workbench.analytics.metrics.windows import first_and_last, window
from workbench.compute import expressions
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Figure", "Formula", "Plan", "Question", "dimension_of", "measure_of"]

_Context = tuple[tuple[str, ...], tuple[Span, ...]]


@dataclass(frozen=True)
class Question:
    """What is asked, the metrics and the time range apart.

    Attributes:
        by: The dimensions.
        where: SQL condition over rows, and over the dimensions `named`.
    """

    by: tuple[Dimension, ...]
    grain: str | None
    where: str | None
    named: tuple[Dimension, ...]
    zone: str
    week_start: int

    @property
    def names(self) -> list[str]:
        """The columns that a row of the answer is told by."""
        return [*(["time"] if self.grain else []), *(dimension.name for dimension in self.by)]

    def periods(self, *ranges: tuple[Any, Any] | None) -> list[tuple[Any, Any]]:
        """The first and the last period of each time range, where there is a grain."""
        dtype = pl.Datetime("us", "UTC") if self.grain in ("minute", "hour") else pl.Date()
        return [
            first_and_last(window("time", one, self.zone, dtype), self.grain or "day", self.zone, self.week_start)
            for one in ranges
            if one is not None
        ]


@dataclass(frozen=True)
class Figure:
    """A column that is computed from a dataset.

    Attributes:
        column: Its name among all that is computed.
        metric: Simple, cumulative, or conversion: of the last, the number of conversions.
        parts: The simple metrics behind it: itself; what is accumulated; base and conversion.
        filters: Conditions on the rows besides the metric's own.
        offsets: How much earlier it is taken.
    """

    column: str
    metric: Metric
    parts: tuple[Metric, ...]
    filters: tuple[str, ...] = ()
    offsets: tuple[Span, ...] = ()

    def where(self, condition: str | None) -> str | None:
        """A condition and the filters together."""
        return all_of((*(self.filters), *([condition] if condition else [])))


@dataclass(frozen=True)
class Formula:
    """A column that is computed from others.

    Attributes:
        inputs: What the expression calls them -> column. Of a ratio and a conversion rate: `above` and `below`.
    """

    column: str
    metric: Metric
    inputs: Mapping[str, str]


@dataclass
class Plan:
    """Figures, and formulas in the order in which they can be computed; what is needed twice is in it once."""

    definitions: Definitions
    figures: list[Figure] = field(default_factory=list)
    formulas: list[Formula] = field(default_factory=list)
    _columns: dict[tuple[str, _Context], str] = field(default_factory=dict)

    @classmethod
    def of(cls, metrics: Iterable[Metric], definitions: Definitions) -> Plan:
        plan = cls(definitions)
        for metric in metrics:
            plan._add(metric, ((), ()))
        return plan

    def _add(self, metric: Metric, context: _Context) -> str:
        known = self._columns.get((metric.name, context))
        if known is not None:
            return known
        column = metric.name if context == ((), ()) else f"{metric.name}.{len(self._columns)}"
        self._columns[metric.name, context] = column
        get = self.definitions.get
        match metric.type:
            case "simple":
                self.figures.append(Figure(column, metric, (metric,), *context))
            case "cumulative":
                self.figures.append(Figure(column, metric, (get(str(metric.metric)),), *context))
            case "conversion":
                self._convert(column, metric, context)
            case "ratio":
                parts = {"above": get(str(metric.numerator)), "below": get(str(metric.denominator))}
                self._calculate(column, metric, {role: self._add(part, context) for role, part in parts.items()})
            case "derived":
                self._calculate(column, metric, self._inputs(metric, context))
        return column

    def _convert(self, column: str, metric: Metric, context: _Context) -> None:
        base, conversion = (self.definitions.get(str(name)) for name in (metric.base_metric, metric.conversion_metric))
        number = column if metric.calculation == "conversions" else f"{column}.conversions"
        self.figures.append(Figure(number, metric, (base, conversion), *context))
        if metric.calculation != "conversions":
            self._calculate(column, metric, {"above": number, "below": self._add(base, context)})

    def _inputs(self, metric: Metric, context: _Context) -> dict[str, str]:
        filters, offsets = context
        found = {}
        for name in expressions.names_in(str(metric.expr), metric.spoken_expr):
            given = metric.input(name)
            filtered = (*filters, given.filter) if given.filter else filters
            earlier = (*offsets, Span.of(given.offset)) if given.offset else offsets
            found[name] = self._add(self.definitions.get(given.metric), (filtered, earlier))
        return found

    def _calculate(self, column: str, metric: Metric, inputs: Mapping[str, str]) -> None:
        self.formulas.append(Formula(column, metric, inputs))


def measure_of(metric: Metric, column: str | None = None, filters: Sequence[str] = ()) -> Measure:
    """What a simple metric is to the analysis of its dataset."""
    return Measure(
        column or metric.name,
        str(metric.aggregation),
        metric.column,
        all_of([*([metric.filter] if metric.filter else []), *filters]),
        metric.percentile,
        time=metric.time,
        tie=metric.tie,
        approximate=metric.approximate,
    )


def all_of(conditions: Sequence[str]) -> str | None:
    """Conditions as one; each stands on lines of its own, so that a comment ends where it does."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return " AND ".join(f"({condition}\n)" for condition in conditions)


def dimension_of(metrics: Sequence[Metric], name: str) -> Dimension:
    """The dimension that all of the metrics have by a name.

    Raises:
        NotFound: One has none of that name.
        Invalid: They do not mean the same by it.
    """
    for metric in metrics:
        if metric.dimension(name) is None:
            known = [dimension.name for dimension in metric.dimensions]
            hint = f"it can be broken down by {', '.join(known)}" if known else "give it some: dimensions: [...]"
            raise unknown(f"dimension of metric '{metric.name}' called", name, known, hint=hint)
    found = metrics[0].dimension(name)
    if found is None or any(metric.dimension(name).sql != found.sql for metric in metrics):  # type: ignore[union-attr]
        raise Invalid(f"the metrics of the query do not mean the same by the dimension '{name}'")
    return found
