"""`wb.metrics`: finding definitions and answering queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import polars as pl

from workbench.analytics.metrics.checking import misfits
from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.measure import Key, Measure
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.model import Dimension, Metric
from workbench.analytics.metrics.result import MetricResult
from workbench.analytics.metrics.windows import window
from workbench.compute import Engine, EngineUse, Parts, expressions, grains, listed
from workbench.data.lake import Lake
from workbench.foundation.errors import Forbidden, Invalid, WorkbenchError, unknown
from workbench.foundation.listing import Listing
from workbench.governance.runs import Actor, Runs

__all__ = ["Metrics"]

TIME = "time"


class Metrics:
    """The metrics of a workspace, as one actor sees them.

    Args:
        lake: Where the datasets are.
        runs: Where reads are recorded inside a run.
        engine: What computes.
        actor: Who asks.
        folder: Of the definitions; read again whenever a file in it changed.
    """

    def __init__(self, lake: Lake, runs: Runs, engine: Engine, actor: Actor, folder: Path) -> None:
        self._lake = lake
        self._runs = runs
        self._engine = engine
        self._actor = actor
        self._folder = folder

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    @property
    def definitions(self) -> Definitions:
        """What the folder says now; a definition with mistakes is left out of it, and told in its `problems`."""
        return Definitions.current(self._folder)

    def list(self) -> Listing[Metric]:
        """Every sound metric, by name; what is wrong with others stands under the list and in its `problems`."""
        known = self.definitions
        return Listing(
            (known.get(name) for name in known.names()),
            caption="Metrics",
            row=lambda metric: {"metric": metric.name, "what it is": metric.summary, "description": metric.description},
            empty="There is no metric yet: `workbench new metric NAME` writes the first definition.",
            problems=known.problems,
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with definitions: a text per file, each mistake with its line."""
        return self.definitions.problems

    def misfits(self) -> Iterator[str]:
        """What of the sound definitions does not fit the datasets: a sentence each, with file and line.

        A dataset that is not there, a column that is missing or of another type, an expression that cannot be
        computed; nothing is computed, and what the actor may not read is passed over.
        """
        known = self.definitions
        schemas: dict[str, pl.Schema | str] = {}
        for name in known.names():
            metric = known.as_written(name)
            for dataset in dict.fromkeys(str(part.dataset) for part in known.parts(metric)):
                if dataset not in schemas:
                    schemas[dataset] = self._schema(dataset)
                schema = schemas[dataset]
                if not isinstance(schema, str):
                    found = list(misfits(metric, dataset, schema))
                else:
                    found = [schema] if schema and metric.type == "simple" else []
                yield from (f"{known.where(name)}: metric '{name}': {said}" for said in found)

    def _schema(self, dataset: str) -> pl.Schema | str:
        """A dataset's columns, or what keeps them from being known; an empty text where that is a secret."""
        try:
            return self._lake.read(dataset, self._actor).collect_schema()
        except Forbidden:
            return ""
        except WorkbenchError as error:
            return str(error)

    def get(self, name: str) -> Metric:
        """One metric's definition.

        Raises:
            NotFound: No metric of that name; the message has the nearest one.
            Invalid: Its definition, or that of a part, has mistakes.
        """
        return self.definitions.get(name)

    def __getitem__(self, name: str) -> Metric:
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self.definitions.names()

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.definitions.names())

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
        week_start: int = 1,
    ) -> MetricResult:
        """Computes metrics, broken down by dimensions and time.

        Args:
            metrics: Names of metrics.
            by: Names of dimensions that all of them have. A missing value is a group of its own, shown last.
            grain: minute, hour, day, week, month, quarter or year; adds the column `time` with the start of each period
                (a date for day and longer). Periods without rows are left out.
            where: SQL condition over the rows' columns and the metrics' dimensions, such as `origin = 'JFK'`.
            between: (start, end) of the metrics' time column, end exclusive; None leaves a side open. Dates (from
                midnight in the time zone), aware datetimes, or either as ISO text.
            having: SQL condition over the result's columns, such as `flights >= 100`.
            order: Columns of the result to sort by, descending with a leading minus; by default `time`, then `by`.
                Equal rows stay in that default order; nulls come last.
            limit: At most so many rows.
            time_zone: Whose midnight starts a day; by default the first metric's, or UTC.
            week_start: 1 (Monday) to 7 (Sunday).

        Returns:
            One row per group, to the bit the same on every run over the same versions: columns `time`, then `by`, then
            the metrics.

        Raises:
            NotFound: No such metric, dimension or dataset.
            Invalid: An expression, time range or order that does not fit the datasets.
            Forbidden: The actor may not read a dataset.
        """
        names = listed(metrics)
        if not names:
            raise Invalid("a query needs at least one metric", hint=f"there is {', '.join(self.definitions.names())}")
        asked = [self.definitions.get(name) for name in names]
        zone = time_zone or next((metric.time_zone for metric in asked if metric.time_zone), "UTC")
        grains.check(grain or "day", zone)
        dimensions = {name: _dimension(asked, name) for name in listed(by)}
        columns = [*([TIME] if grain else []), *dimensions, *names]
        if doubled := next((name for name in columns if columns.count(name) > 1), None):
            raise Invalid(f"the query has '{doubled}' twice", hint="name each metric and dimension once")
        simple = list({part.name: part for metric in asked for part in self.definitions.parts(metric)}.values())
        timed = grain is not None or between is not None
        groups: dict[tuple[str, str | None], list[Metric]] = {}
        for part in simple:
            if timed and part.time is None:
                raise Invalid(
                    f"metric '{part.name}' has no time column", hint="give it one in its definition: time: ..."
                )
            groups.setdefault((str(part.dataset), part.time if timed else None), []).append(part)
        frames, uses, versions = [], [], {}
        for (dataset, time), parts in groups.items():
            keys = [Key(TIME, str(time), grain=grain, time_zone=zone, week_start=week_start)] if grain else []
            rows, versions[dataset] = self._lake.read_with_version(dataset, self._actor)
            schema = rows.collect_schema()
            analysis = Measures(
                keys=(*keys, *(_key(dimension) for dimension in dimensions.values())),
                measures=tuple(_measure(part) for part in parts),
                where=where,
                window=window(str(time), between, zone, schema.get(str(time))) if between else None,
                named=tuple(_key(dimension) for metric in asked for dimension in metric.dimensions if dimension.sql),
            )
            analysis.check(schema, dataset)
            with self._lake.telling(dataset, self._actor):
                computed = self._engine.run(analysis, Parts.of(rows))
            frames.append(computed.frame)
            uses.append(computed.use)
        keys_used = columns[: len(columns) - len(names)]
        frame = reduce(lambda left, right: _joined(left, right, keys_used), frames)
        frame = frame.select(*keys_used, *(self._shown(metric) for metric in asked))
        if having is not None:
            frame = frame.filter(expressions.parse_filter(having, frame.schema, "having"))
        frame = _ordered(frame, listed(order), keys_used, dimensions)
        result = MetricResult(
            frame=frame if limit is None else frame.head(limit),
            metrics=tuple(asked),
            dimensions=tuple(dimensions.values()),
            grain=grain,
            versions=versions,
            metric_versions={metric.name: metric.version for metric in asked},
            engines=tuple(uses),
        )
        self._record(result)
        return result

    def _shown(self, metric: Metric) -> pl.Expr:
        if metric.type == "simple":
            return pl.col(metric.name)
        above, below = (pl.col(part.name).cast(pl.Float64) for part in self.definitions.parts(metric))
        return pl.when(below != 0).then(above / below).alias(metric.name)

    def _record(self, result: MetricResult) -> None:
        run = self._actor.run
        if run is None:
            return
        for name, version in result.metric_versions.items():
            self._runs.record(run, "read", "metric", name, version)
        for use in result.engines:
            self._runs.record_engine(run, EngineUse.to_dict(use))


def _dimension(metrics: Sequence[Metric], name: str) -> Dimension:
    for metric in metrics:
        if metric.dimension(name) is None:
            known = [dimension.name for dimension in metric.dimensions]
            hint = f"it can be broken down by {', '.join(known)}" if known else "give it some: dimensions: [...]"
            raise unknown(f"dimension of metric '{metric.name}' called", name, known, hint=hint)
    found = metrics[0].dimension(name)
    if found is None or any(metric.dimension(name).sql != found.sql for metric in metrics):  # type: ignore[union-attr]
        raise Invalid(f"the metrics of the query do not mean the same by the dimension '{name}'")
    return found


def _key(dimension: Dimension) -> Key:
    return Key(dimension.name, dimension.name, sql=dimension.sql)


def _measure(metric: Metric) -> Measure:
    return Measure(
        metric.name,
        str(metric.aggregation),
        metric.column,
        metric.filter,
        metric.percentile,
        time=metric.time,
        tie=metric.tie,
    )


def _joined(left: pl.DataFrame, right: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    if not keys:
        return left.hstack(right)
    return left.join(right, on=list(keys), how="full", coalesce=True, nulls_equal=True)


def _ordered(
    frame: pl.DataFrame, order: Sequence[str], keys: Sequence[str], dimensions: Mapping[str, Dimension]
) -> pl.DataFrame:
    names = [term.removeprefix("-") for term in order]
    for name in names:
        if name not in frame.columns:
            raise unknown("column to order by called", name, frame.columns, error=Invalid)
    rest = [key for key in keys if key not in names]
    if not names and not rest:
        return frame
    terms = [(term.removeprefix("-"), term.startswith("-")) for term in order] + [(name, False) for name in rest]
    by: list[pl.Expr] = []
    descending: list[bool] = []
    for name, down in terms:
        places = {value: place for place, value in enumerate(dimensions[name].order)} if name in dimensions else {}
        if places and frame.schema[name] == pl.String:
            place = pl.col(name).replace_strict(places, default=len(places), return_dtype=pl.Int32)
            by.append(pl.when(pl.col(name).is_not_null()).then(place))
            descending.append(down)
        by.append(pl.col(name))
        descending.append(down)
    return frame.sort(by, descending=descending, nulls_last=True, maintain_order=True)
