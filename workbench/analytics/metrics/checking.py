"""Holding a definition against the columns of its dataset: everything that does not fit, not the first thing only."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from workbench.analytics.metrics.measure import Key, Measure
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.model import Metric
from workbench.compute import grains
from workbench.foundation.errors import WorkbenchError, unknown

__all__ = ["misfits"]

_ROWS = ".rows"  # names with a dot are no dimension's


def misfits(metric: Metric, dataset: str, schema: pl.Schema) -> Iterator[str]:
    """Sentences about what of a metric does not fit a dataset.

    Args:
        metric: As it was written; of a ratio, what it says itself is looked at, not its parts.
        dataset: The metric's own, or that of a ratio's part.
        schema: The columns of the dataset.
    """
    if metric.column is not None:
        column = Measure(
            metric.name,
            str(metric.aggregation),
            metric.column,
            percentile=metric.percentile,
            time=metric.time,
            tie=metric.tie,
        )
        yield from _refused(Measures((), (column,)), dataset, schema)
    if metric.filter is not None:
        condition = Measure(metric.name, "count", filter=metric.filter)
        yield from _refused(Measures((), (condition,)), dataset, schema)
    for dimension in metric.dimensions:
        key = Key(dimension.name, dimension.name, sql=dimension.sql)
        for said in _refused(Measures((key,), (Measure(_ROWS, "count"),)), dataset, schema):
            yield said if f"'{dimension.name}'" in said else f"dimension '{dimension.name}': {said}"
    if metric.time is not None and metric.type == "simple":
        yield from _time(metric, dataset, schema)


def _refused(measures: Measures, dataset: str, schema: pl.Schema) -> Iterator[str]:
    try:
        measures.check(schema, dataset)
        # An expression may name columns that are there and still mix types that do not go together.
        measures.whole(pl.LazyFrame(schema=schema)).collect_schema()
    except WorkbenchError as error:
        yield str(error)
    except pl.exceptions.PolarsError as error:
        yield str(error).strip().splitlines()[0]


def _time(metric: Metric, dataset: str, schema: pl.Schema) -> Iterator[str]:
    column = str(metric.time)
    if column not in schema:
        yield f"time: {unknown(f'column in dataset {dataset!r} called', column, schema)}"
        return
    try:
        grains.truncate(pl.col(column), schema[column], "day", time_zone=metric.time_zone or "UTC")
    except WorkbenchError as error:
        yield f"time '{column}': {error}"
