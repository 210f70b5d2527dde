"""The metrics of a workspace through its server: computed there, shown here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from workbench.analytics.metrics import Dimension, Input, Join, Metric, MetricResult, Property
from workbench.compute import EngineUse, listed
from workbench.foundation.errors import Invalid
from workbench.foundation.listing import Listing
from workbench.remote.door import Door, path
from workbench.remote.reading import Named

__all__ = ["RemoteMetrics"]


class _Dimension(BaseModel):
    name: str
    label: str
    sql: str | None
    order: tuple[str, ...]

    def dimension(self) -> Dimension:
        return Dimension.model_construct(**dict(self))


class _Item(BaseModel):
    name: str
    label: str
    description: str
    type: Literal["simple", "ratio", "derived", "cumulative", "conversion"]
    dataset: str | None
    aggregation: str | None
    column: str | None
    percentile: float | None
    approximate: bool = False
    tie: str | None
    filter: str | None
    joins: tuple[Join, ...]
    numerator: str | None
    denominator: str | None
    expr: str | None
    inputs: tuple[Input, ...]
    metric: str | None
    window: str | None
    grain_to_date: Any
    period_agg: Any
    base_metric: str | None
    conversion_metric: str | None
    entity: str | None
    calculation: Any
    constant_properties: tuple[Property, ...]
    dimensions: tuple[_Dimension, ...]
    time: str | None
    time_zone: str | None
    grain: Any
    week_start: int | None
    refresh: str | None
    unit: str
    format: str
    owner: str
    version: str

    def made(self) -> Metric:
        """The definition, as the server has completed it: a ratio has the dataset and dimensions of its parts."""
        told = {name: getattr(self, name) for name in Metric.model_fields}
        found = Metric.model_construct(**told | {"dimensions": tuple(one.dimension() for one in self.dimensions)})
        found._version = self.version
        return found


class _Head(BaseModel):
    metrics: tuple[_Item, ...]
    dimensions: tuple[_Dimension, ...]
    grain: str | None
    datasets: dict[str, int]
    engines: tuple[EngineUse, ...]
    before: tuple[str, str] | None = None
    approximate: dict[str, str] = {}


class _Told(BaseModel):
    text: str


class _Metrics(BaseModel):
    items: tuple[_Item, ...]


class RemoteMetrics(Named[Metric]):
    """The metrics of a workspace, as whoever the token belongs to sees them."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> Listing[Metric]:
        """Every sound metric, by name."""
        return Listing(
            (item.made() for item in self._door.ask("metrics", _Metrics).items),
            caption="Metrics",
            row=lambda metric: {"metric": metric.name, "what it is": metric.summary, "description": metric.description},
            empty="There is no metric yet.",
        )

    def get(self, name: str) -> Metric:
        """One metric's definition.

        Raises:
            NotFound: No metric of that name; the message has the nearest one.
            Invalid: Its definition has mistakes.
        """
        return self._door.ask(path("metrics", name), _Item).made()

    def __len__(self) -> int:
        return len(self.list())

    def query(
        self,
        metrics: str | Sequence[str],
        *,
        by: str | Sequence[str] | None = None,
        grain: str | None = None,
        where: str | None = None,
        between: tuple[Any, Any] | None = None,
        having: str | None = None,
        order: str | Sequence[str] | None = None,
        limit: int | None = None,
        time_zone: str | None = None,
        week_start: int | None = None,
        compare: str | None = None,
    ) -> MetricResult:
        """Has metrics computed, broken down by dimensions and time: as `Workbench.metrics.query`, on the server.

        Args:
            metrics: Names of metrics.
            by: Names of dimensions that all of them have. A missing value is a group of its own, shown last.
            grain: minute, hour, day, week, month, quarter or year, or "default"; adds the column `time` with the start
                of each period (a date for day and longer).
            where: SQL condition over the rows' columns and the metrics' dimensions, such as `origin = 'JFK'`.
            between: (start, end) of the metrics' time column, end exclusive; None leaves a side open. Dates (from
                midnight in the time zone), aware datetimes, or either as ISO text.
            having: SQL condition over the result's columns, such as `flights >= 100`.
            order: Columns of the result to sort by, descending with a leading minus; by default `time`, then `by`.
            limit: At most so many rows.
            time_zone: Whose midnight starts a day; by default the first metric's, or UTC.
            week_start: 1 (Monday) to 7 (Sunday); by default the first metric's, or 1.
            compare: "previous period" or "previous year": adds, after each metric M, `M_before` and `M_change`.

        Raises:
            NotFound: No such metric, dimension or dataset.
            Invalid: An expression, time range or order that does not fit the datasets.
            Forbidden: The asker may not read a dataset.
        """
        names = listed(metrics)
        if not names:
            raise Invalid("a query needs at least one metric", hint="wb.metrics lists them")
        start, end = _bounds(between)
        asked = {
            "metric": names,
            "by": listed(by),
            "grain": grain,
            "where": where,
            "from": start,
            "to": end,
            "having": having,
            "order": listed(order),
            "limit": limit,
            "time_zone": time_zone,
            "week_start": week_start,
            "compare": compare,
        }
        with self._door.rows("metrics/query/rows", f"the rows of {', '.join(names)}", **asked) as stream:
            frame = stream.frame()
            with self._door.understanding("metrics/query/rows"):
                head = _Head.model_validate(stream.head)
        found = tuple(item.made() for item in head.metrics)
        return MetricResult(
            frame=frame,
            metrics=found,
            dimensions=tuple(one.dimension() for one in head.dimensions),
            grain=head.grain,
            versions=head.datasets,
            metric_versions={metric.name: metric.version for metric in found},
            engines=head.engines,
            before=head.before,
            approximate=head.approximate,
            afar=lambda: self._door.ask("metrics/query/explain", _Told, **asked).text,
        )

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()


def _bounds(between: tuple[Any, Any] | None) -> tuple[str | None, str | None]:
    if between is None:
        return None, None
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise Invalid("between takes two times, from and before", hint="between=('2013-01-01', '2013-02-01')")
    start, end = (bound.isoformat() if isinstance(bound, date) else bound for bound in between)
    return start, end
