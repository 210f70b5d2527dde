"""Holding a definition against the columns of its dataset: everything that does not fit, not the first thing only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import polars as pl

from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.measure import Key, Measure
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.planning import measure_of
from workbench.analytics.metrics.shaping import formula_of
from workbench.compute import expressions, grains
from workbench.foundation.errors import WorkbenchError, unknown

__all__ = ["misfits", "misfits_of_parts", "type_of"]

_ROWS = ".rows"  # names with a dot are no dimension's


def misfits(metric: Metric, dataset: str, schema: pl.Schema) -> Iterator[str]:
    """Sentences about what of a metric does not fit a dataset.

    Args:
        metric: As it was written; of a ratio, what it says itself is looked at, not its parts.
        dataset: The metric's own, or that of a ratio's part.
        schema: The columns of the dataset.
    """
    if metric.column is not None:
        column = measure_of(metric.model_copy(update={"filter": None}))
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


def type_of(
    metric: Metric,
    known: Definitions,
    schema_of: Callable[[Metric], pl.Schema],
    found: dict[str, pl.DataType] | None = None,
) -> pl.DataType:
    """The type of a metric's figures.

    Args:
        schema_of: The columns that a simple metric has, joined ones included.
        found: The types of metrics that were looked at before.

    Raises:
        Invalid: The expression of a derived metric mixes types that do not go together; names them.
    """
    found = {} if found is None else found
    if metric.name not in found:
        parts = {name: type_of(known.get(name), known, schema_of, found) for _, name in metric.uses()}
        found[metric.name] = _made_of(metric, parts, schema_of)
    return found[metric.name]


def _made_of(metric: Metric, parts: Mapping[str, pl.DataType], schema_of: Callable[[Metric], pl.Schema]) -> pl.DataType:
    match metric.type:
        case "simple":
            measures = Measures((), (measure_of(metric),))
            return measures.whole(pl.LazyFrame(schema=schema_of(metric))).collect_schema()[metric.name]
        case "cumulative" if metric.period_agg != "average":
            return parts[str(metric.metric)]
        case "conversion" if metric.calculation == "conversions":
            return pl.Int64()
        case "derived":
            names = expressions.names_in(str(metric.expr), metric.spoken_expr)
            types = {name: parts[metric.input(name).metric] for name in names}
            floats = {name: pl.Float64() if dtype.is_numeric() else dtype for name, dtype in types.items()}
            return expressions.type_of(formula_of(metric, floats), floats, metric.spoken_expr)
    return pl.Float64()


def misfits_of_parts(metric: Metric, known: Definitions, schema_of: Callable[[Metric], pl.Schema]) -> Iterator[str]:
    """Sentences about what a metric says of the ones it is made of, and does not fit their datasets."""
    for one in metric.inputs:
        parts = known.simple(known.get(one.metric)) if one.filter else ()
        for part in parts:
            condition = Measure(metric.name, "count", filter=one.filter)
            yield from _refused(Measures((), (condition,)), str(part.dataset), schema_of(part))
    if metric.type == "conversion":
        base, conversion = (known.get(str(name)) for name in (metric.base_metric, metric.conversion_metric))
        entity = str(metric.entity)
        needed = [(base, entity), (conversion, entity)]
        for one_property in metric.constant_properties:
            needed += [(base, one_property.base), (conversion, one_property.conversion or one_property.base)]
        for part, name in needed:
            keys = () if part.dimension(name) is not None else (Key(name, name),)
            yield from _refused(Measures(keys, (Measure(_ROWS, "count"),)), str(part.dataset), schema_of(part))


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
