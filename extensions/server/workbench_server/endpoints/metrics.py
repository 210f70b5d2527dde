from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from workbench import Workbench
from workbench.analytics.metrics import Metric
from workbench_server.endpoint import Answer, Endpoint, Query
from workbench_server.values import Column, columns_of, rows_of

__all__ = ["ENDPOINTS"]


class DimensionItem(Answer):
    name: str
    label: str


class MetricItem(Answer):
    """A metric's definition. `version` changes whenever what it computes may have."""

    name: str
    label: str
    description: str
    type: Literal["simple", "ratio"]
    summary: str
    dataset: str | None
    dimensions: list[DimensionItem]
    time: str | None
    unit: str
    format: str = Field(description="d3 number format.")
    owner: str
    version: str


class MetricList(Answer):
    items: list[MetricItem]


class MetricQuery(Query):
    metric: tuple[str, ...] = Field(min_length=1, description="Names of metrics.")
    by: tuple[str, ...] = Field((), description="Names of dimensions that all of them have.")
    grain: str | None = Field(None, description="minute, hour, day, week, month, quarter or year: adds `time`.")
    where: str | None = Field(None, description="SQL condition over rows and dimensions: origin = 'JFK'.")
    start: str | None = Field(None, alias="from", description="Beginning of the time range, as a date or time.")
    end: str | None = Field(None, alias="to", description="End of the time range, itself left out.")
    having: str | None = Field(None, description="SQL condition over the result's columns: flights >= 100.")
    order: tuple[str, ...] = Field((), description="Columns of the result to sort by, descending with a leading minus.")
    limit: Annotated[int, Field(ge=1, le=10_000, description="At most so many rows.")] = 1_000


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


def listed(wb: Workbench) -> MetricList:
    return MetricList(items=[_item(metric) for metric in wb.metrics])


def detail(wb: Workbench, name: str) -> MetricItem:
    return _item(wb.metrics.get(name))


def query(wb: Workbench, *, query: MetricQuery) -> MetricAnswer:
    asked = query
    result = wb.metrics.query(
        asked.metric,
        by=asked.by,
        grain=asked.grain,
        where=asked.where,
        between=(asked.start, asked.end) if asked.start or asked.end else None,
        having=asked.having,
        order=asked.order,
        limit=asked.limit + 1,
    )
    frame = result.frame.head(asked.limit)
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
        more=result.frame.height > asked.limit,
        grain=result.grain,
        datasets=dict(result.versions),
        metrics=dict(result.metric_versions),
    )


def _item(metric: Metric) -> MetricItem:
    return MetricItem(
        name=metric.name,
        label=metric.title,
        description=metric.description,
        type=metric.type,
        summary=metric.summary,
        dataset=metric.dataset,
        dimensions=[DimensionItem(name=one.name, label=one.title) for one in metric.dimensions],
        time=metric.time,
        unit=metric.unit,
        format=metric.format,
        owner=metric.owner,
        version=metric.version,
    )


ENDPOINTS = (
    Endpoint("metrics", "metrics", "read", MetricList, listed, "Every metric's definition."),
    Endpoint("metrics/query", "metrics", "read", MetricAnswer, query, "Metrics by dimension and time.", MetricQuery),
    Endpoint("metrics/{name}", "metrics", "read", MetricItem, detail, "One metric's definition."),
)
