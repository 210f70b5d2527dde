from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench import Workbench
from workbench.analytics.metrics import Dimension, Input, Join, Metric, MetricResult, Property
from workbench.compute import EngineUse
from workbench_server.arrow import Rows
from workbench_server.endpoint import EXACT, Answer, Body, Endpoint, Query
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]


class DimensionItem(Answer):
    name: str
    label: str
    sql: str | None = Field(description="Over one row's columns; null for the column of its name.")
    order: tuple[str, ...] = Field(description="Its values as they are shown, where the alphabet would not do.")


class MetricItem(Answer):
    """A metric's definition. `version` changes whenever what it computes may have."""

    name: str
    label: str
    description: str
    type: Literal["simple", "ratio", "derived", "cumulative", "conversion"]
    summary: str
    dataset: str | None
    aggregation: str | None
    column: str | None
    percentile: float | None
    approximate: bool = Field(description="Whether it is made from a sketch.")
    tie: str | None
    filter: str | None
    joins: list[Join]
    numerator: str | None
    denominator: str | None
    expr: str | None
    inputs: list[Input]
    metric: str | None
    window: str | None
    grain_to_date: str | None
    period_agg: str | None
    base_metric: str | None
    conversion_metric: str | None
    entity: str | None
    calculation: str | None
    constant_properties: list[Property]
    dimensions: list[DimensionItem]
    time: str | None
    time_zone: str | None
    grain: str | None = Field(description="What the grain `default` means.")
    week_start: int | None
    refresh: str | None = Field(description="When it is to be computed ahead: `every 1 h`, or cron's five fields.")
    unit: str
    format: str = Field(description="d3 number format.")
    owner: str
    version: str


class MetricState(Answer):
    """What a definition in the catalog said from some time on."""

    number: int = Field(description="From 1.")
    definition: dict[str, Any] | None = Field(description="The keys of the metric; null where it was removed.")
    comment: str
    by: str
    time: datetime


class MetricHistory(Answer):
    items: list[MetricState] = Field(description="Newest first.")


class MetricDefinition(Body):
    definition: dict[str, Any] = Field(description="The keys of a metric, as a file would say them.")
    comment: str = Field("", description="Why, for whoever reads the history.")


class Removed(Answer):
    name: str


class Removal(Query):
    comment: str = Field("", description="Why, for whoever reads the history.")


class MetricList(Answer):
    items: list[MetricItem]


class MetricQuestion(Query):
    metric: tuple[str, ...] = Field(min_length=1, description="Names of metrics.")
    by: tuple[str, ...] = Field((), description="Names of dimensions that all of them have.")
    grain: str | None = Field(
        None, description="minute, hour, day, week, month, quarter, year or default: adds `time`."
    )
    where: str | None = Field(None, description="SQL condition over rows and dimensions: origin = 'JFK'.")
    start: str | None = Field(None, alias="from", description="Beginning of the time range, as a date or time.")
    end: str | None = Field(None, alias="to", description="End of the time range, itself left out.")
    having: str | None = Field(None, description="SQL condition over the result's columns: flights >= 100.")
    order: tuple[str, ...] = Field((), description="Columns of the result to sort by, descending with a leading minus.")
    time_zone: str | None = Field(None, description="Whose midnight starts a day; by default the first metric's.")
    week_start: int | None = Field(None, ge=1, le=7, description="1 (Monday) to 7 (Sunday).")
    compare: str | None = Field(
        None, description="previous period or previous year: adds `M_before` and `M_change` for each metric M."
    )
    rollups: Literal["use", "off", "only"] | None = Field(
        None, description="Whether rollups may answer, may not, or have to; by default the setting `rollups`."
    )


class MetricQuery(MetricQuestion):
    limit: Annotated[int, Field(ge=1, le=10_000, description="At most so many rows.")] = 1_000


class MetricRowsQuery(MetricQuestion):
    limit: int | None = Field(None, ge=0, le=EXACT, description="At most so many rows; all when not given.")


class ResultColumn(Column):
    label: str
    unit: str
    format: str


class MetricAnswer(Answer):
    """Numbers, and what they were computed on."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    more: bool = Field(description="Whether the limit left rows out.")
    grain: str | None
    datasets: dict[str, int] = Field(description="Dataset -> the version that was read.")
    metrics: dict[str, str] = Field(description="Metric -> the version of its definition.")
    before: list[str] | None = Field(description="The time range that is compared with, from and to.")
    approximate: dict[str, str] = Field(description="Metric -> how far off it may be, of those that are approximate.")


class Explanation(Answer):
    """How an answer was computed."""

    text: str = Field(description="For people: engine and why, cache, files and bytes of the whole, the plan.")


class MetricHead(Answer):
    """What is said of numbers, as JSON: the value of `workbench` in the metadata of the stream's schema."""

    metrics: list[MetricItem] = Field(description="In the order of the columns.")
    dimensions: list[DimensionItem]
    grain: str | None
    datasets: dict[str, int] = Field(description="Dataset -> the version that was read.")
    engines: list[EngineUse] = Field(description="How it was computed.")
    before: list[str] | None = Field(description="The time range that is compared with, from and to.")
    approximate: dict[str, str] = Field(description="Metric -> how far off it may be, of those that are approximate.")


def listed(wb: Workbench) -> MetricList:
    return MetricList(items=[_item(metric) for metric in wb.metrics])


def detail(wb: Workbench, name: str) -> MetricItem:
    return _item(wb.metrics.get(name))


def query(wb: Workbench, *, query: MetricQuery) -> MetricAnswer:
    limit = query.limit
    result = _result(wb, query, limit + 1)
    frame = result.frame.head(limit)
    labels, units, formats = result.labels, result.units, result.formats
    columns = [
        ResultColumn(
            **column.model_dump(),
            label=labels.get(column.name, column.name),
            unit=units.get(column.name, ""),
            format=formats.get(column.name, ""),
        )
        for column in columns_of(frame.schema)
    ]
    return MetricAnswer(
        columns=columns,
        rows=rows_of(frame),
        more=result.frame.height > limit,
        grain=result.grain,
        datasets=dict(result.versions),
        metrics=dict(result.metric_versions),
        before=None if result.before is None else list(result.before),
        approximate=dict(result.approximate),
    )


def rows(wb: Workbench, *, query: MetricRowsQuery) -> Rows:
    result = _result(wb, query, query.limit)
    head = MetricHead(
        metrics=[_item(metric) for metric in result.metrics],
        dimensions=[_dimension(dimension) for dimension in result.dimensions],
        grain=result.grain,
        datasets=dict(result.versions),
        engines=list(result.engines),
        before=None if result.before is None else list(result.before),
        approximate=dict(result.approximate),
    )
    return Rows(head, iter([result.frame]))


def explained(wb: Workbench, *, query: MetricRowsQuery) -> Explanation:
    return Explanation(text=_result(wb, query, query.limit).explain())


def defined(wb: Workbench, *, body: MetricDefinition) -> MetricItem:
    return _item(wb.metrics.define(body.definition, comment=body.comment))


def removed(wb: Workbench, name: str, *, query: Removal) -> Removed:
    wb.metrics.remove(name, comment=query.comment)
    return Removed(name=name)


def history(wb: Workbench, name: str) -> MetricHistory:
    return MetricHistory(
        items=[
            MetricState(
                number=one.number,
                definition=None if one.definition is None else dict(one.definition),
                comment=one.comment,
                by=one.principal,
                time=one.time,
            )
            for one in wb.metrics.history(name)
        ]
    )


def _result(wb: Workbench, asked: MetricQuestion, limit: int | None) -> MetricResult:
    return wb.metrics.query(
        asked.metric,
        by=asked.by,
        grain=asked.grain,
        where=asked.where,
        between=(asked.start, asked.end) if asked.start or asked.end else None,
        having=asked.having,
        order=asked.order,
        limit=limit,
        time_zone=asked.time_zone,
        week_start=asked.week_start,
        compare=asked.compare,
        rollups=asked.rollups,
    )


def _dimension(dimension: Dimension) -> DimensionItem:
    return DimensionItem(name=dimension.name, label=dimension.title, sql=dimension.sql, order=dimension.order)


def _item(metric: Metric) -> MetricItem:
    said = {name: getattr(metric, name) for name in Metric.model_fields}
    of_its_own = {
        "label": metric.title,
        "summary": metric.summary,
        "dimensions": [_dimension(dimension) for dimension in metric.dimensions],
        "version": metric.version,
    }
    return MetricItem(**said | of_its_own)


ENDPOINTS = (
    Endpoint("metrics", "metrics", "read", MetricList, listed, "Every metric's definition."),
    Endpoint("metrics/query", "metrics", "read", MetricAnswer, query, "Metrics by dimension and time.", MetricQuery),
    Endpoint(
        "metrics/query/rows",
        "metrics",
        "read",
        MetricHead,
        rows,
        "The same, with every type as it is and without a limit.",
        MetricRowsQuery,
        rows=True,
    ),
    Endpoint(
        "metrics/query/explain",
        "metrics",
        "read",
        Explanation,
        explained,
        "How metrics are computed.",
        MetricRowsQuery,
    ),
    Endpoint("metrics/{name}", "metrics", "read", MetricItem, detail, "One metric's definition."),
    Endpoint(
        "metrics",
        "metrics",
        "define",
        MetricItem,
        defined,
        "Keeps a definition in the catalog, if it is sound.",
        method="POST",
        body=MetricDefinition,
    ),
    Endpoint(
        "metrics/{name}",
        "metrics",
        "define",
        Removed,
        removed,
        "Takes a definition out of the catalog; its history stays.",
        Removal,
        method="DELETE",
    ),
    Endpoint(
        "metrics/{name}/history",
        "metrics",
        "read",
        MetricHistory,
        history,
        "What a metric of the catalog ever said.",
    ),
)
