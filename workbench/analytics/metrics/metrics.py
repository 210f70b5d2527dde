"""`wb.metrics`: finding definitions and answering queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from workbench.analytics.metrics.answering import Answering
from workbench.analytics.metrics.comparing import BEFORE, CHANGE, compared
from workbench.analytics.metrics.defining import Defining
from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.measure import WHERE
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.planning import Plan, Question, dimension_of
from workbench.analytics.metrics.result import MetricResult
from workbench.analytics.metrics.rollups import Mode, Rollups, RollupStore
from workbench.analytics.metrics.shaping import ordered
from workbench.analytics.metrics.sources import Sources
from workbench.analytics.metrics.store import MetricStore, MetricVersion
from workbench.analytics.metrics.windows import previous
from workbench.compute import Engine, EngineUse, anew, expressions, grains, listed
from workbench.data.lake import Lake
from workbench.foundation.errors import Invalid, Unavailable, unknown
from workbench.foundation.listing import Listing
from workbench.governance.runs import Actor, Runs

__all__ = ["Metrics"]


class Metrics:
    """The metrics of a workspace, as one actor sees them.

    Args:
        lake: Where the datasets are.
        runs: Where reads are recorded inside a run.
        engine: What computes.
        actor: Who asks.
        folder: Of the definitions in files; read again whenever a file in it changed.
        store: Of the definitions in the catalog.
        rollups: What is kept of rollups; None where there are none.
        mode: Whether queries use rollups, where they do not say: use, off or only.
    """

    def __init__(
        self,
        lake: Lake,
        runs: Runs,
        engine: Engine,
        actor: Actor,
        folder: Path,
        store: MetricStore,
        rollups: RollupStore | None = None,
        mode: Mode = "use",
    ) -> None:
        self._lake = lake
        self._runs = runs
        self._engine = engine
        self._actor = actor
        self._defining = Defining(lake, actor, folder, store)
        self._rollups: Rollups | None = None
        if rollups is not None:
            self._rollups = Rollups(lake, rollups, engine, actor, self._defining.current, mode)

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    @property
    def definitions(self) -> Definitions:
        """What files and catalog say now; a definition with mistakes is left out, and told in its `problems`."""
        return self._defining.current()

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
    def rollups(self) -> Rollups:
        """Metrics computed ahead: defining, refreshing, and how far each is.

        Raises:
            Unavailable: This workbench was opened without them.
        """
        if self._rollups is None:
            raise Unavailable("there is no place for rollups here", hint="open a workspace: Workbench.open()")
        return self._rollups

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with definitions: a text per file, each mistake with its line."""
        return self.definitions.problems

    def misfits(self) -> Iterator[str]:
        """What of the sound definitions does not fit the datasets: a sentence each, with file and line.

        A dataset that is not there, a column that is missing or of another type, an expression that cannot be
        computed; nothing is computed, and what the actor may not read is passed over.
        """
        return self._defining.misfits()

    def define(self, definition: Metric | Mapping[str, Any], *, comment: str = "") -> Metric:
        """Keeps a definition in the catalog, for everybody; what it said before stays in its history.

        `wb.metrics.define({"name": "sold", "dataset": "sales", "aggregation": "count", "time": "sold_at"})`

        Args:
            definition: The keys of a metric, as a file would say them.
            comment: Why, for whoever reads the history.

        Returns:
            The metric as it is used.

        Raises:
            Forbidden: It takes an analyst.
            Conflict: A file defines a metric of that name.
            Invalid: It has mistakes, does not fit its dataset, or a metric that is made of it would no longer work.
        """
        return self._defining.define(definition, comment)

    def remove(self, name: str, *, comment: str = "") -> None:
        """Takes a definition out of the catalog; its history stays.

        Raises:
            Forbidden: It takes an analyst.
            NotFound: The catalog has no metric of that name.
            Conflict: A file defines it, or other metrics are made of it.
        """
        self._defining.remove(name, comment)

    def history(self, name: str) -> Listing[MetricVersion]:
        """What a metric of the catalog ever said, newest first.

        Raises:
            NotFound: The catalog never had a metric of that name.
        """
        return Listing(
            self._defining.history(name),
            caption=f"Metric {name}",
            row=lambda one: {
                "number": str(one.number),
                "time": f"{one.time:%Y-%m-%d %H:%M} UTC",
                "by": one.principal,
                "comment": one.comment,
                "says": "removed" if one.definition is None else Metric.model_validate(one.definition).summary,
            },
            empty="",
        )

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
        week_start: int | None = None,
        compare: str | None = None,
        rollups: Mode | None = None,
        cache: Literal["use", "off"] = "use",
    ) -> MetricResult:
        """Computes metrics, broken down by dimensions and time.

        Args:
            metrics: Names of metrics.
            by: Names of dimensions that all of them have. A missing value is a group of its own, shown last.
            grain: minute, hour, day, week, month, quarter or year, or "default" for the first metric's own; adds the
                column `time` with the start of each period (a date for day and longer). Periods without rows are left
                out.
            where: SQL condition over the rows' columns and the metrics' dimensions, such as `origin = 'JFK'`.
            between: (start, end) of the metrics' time column, end exclusive; None leaves a side open. Dates (from
                midnight in the time zone), aware datetimes, or either as ISO text.
            having: SQL condition over the result's columns, such as `flights >= 100`.
            order: Columns of the result to sort by, descending with a leading minus; by default `time`, then `by`.
                Equal rows stay in that default order; nulls come last.
            limit: At most so many rows.
            time_zone: Whose midnight starts a day; by default the first metric's, or UTC.
            week_start: 1 (Monday) to 7 (Sunday); by default the first metric's, or 1.
            compare: "previous period" or "previous year": adds, after each metric M, `M_before` and `M_change` (a share
                of what it was). `between` has to have two ends; with a grain the first period stands beside the earlier
                range's first, and so on.
            cache: "use": what was computed before of the same versions, for eyes that see the same, is given again;
                "off": all is computed now.
            rollups: "use" answers from rollups where that gives the same; "off" from the rows; "only" refuses what no
                rollup answers. By default the setting `rollups`.

        Returns:
            One row per group, to the bit the same on every run over the same versions: columns `time`, then `by`, then
            the metrics.

        Raises:
            NotFound: No such metric, dimension or dataset.
            Invalid: An expression, time range or order that does not fit the datasets.
            Forbidden: The actor may not read a dataset.
        """
        if cache not in ("use", "off"):
            raise unknown("use of the cache", str(cache), ("use", "off"), error=Invalid)
        if limit is not None and limit < 0:
            raise Invalid(f"a limit of {limit} rows cannot be given: it is at least 0")
        names = listed(metrics)
        if not names:
            raise Invalid("a query needs at least one metric", hint=f"there is {', '.join(self.definitions.names())}")
        known = self.definitions
        asked = [known.get(name) for name in names]
        if grain == "default":
            grain = _first(asked, "grain") or "day"
        zone = time_zone or _first(asked, "time_zone") or "UTC"
        grains.check(grain or "day", zone)
        dimensions = {name: dimension_of(asked, name) for name in listed(by)}
        mentioned = () if where is None else expressions.names_in(where, WHERE)
        question = Question(
            by=tuple(dimensions.values()),
            grain=grain,
            where=where,
            named=tuple(one for metric in asked for one in metric.dimensions if one.sql and one.name in mentioned),
            zone=zone,
            week_start=week_start or _first(asked, "week_start") or 1,
        )
        keys = question.names
        figures = [*names, *([f"{name}{suffix}" for name in names for suffix in (BEFORE, CHANGE)] if compare else [])]
        columns = [*keys, *figures]
        if doubled := next((name for name in columns if columns.count(name) > 1), None):
            raise Invalid(f"the query has '{doubled}' twice", hint="name each metric and dimension once")
        before = None if compare is None else previous(between, compare, zone)
        sources = Sources(self._lake, self._actor)
        engine = self._engine if cache == "use" else anew(self._engine)
        serving = None if self._rollups is None else self._rollups.serving(known, rollups)
        answering = Answering(sources, engine, question, Plan.of(asked, known), serving)
        frame = answering.frame(between).select(*keys, *names)
        if before is not None:
            earlier = answering.frame(before).select(*keys, *names)
            frame = compared(frame, earlier, list(dimensions), names, grain, question.periods(between, before))
        if having is not None:
            frame = frame.filter(expressions.parse_filter(having, frame.schema, "having"))
        frame = ordered(frame, listed(order), keys, dimensions)
        result = MetricResult(
            frame=frame if limit is None else frame.head(min(limit, frame.height)),
            metrics=tuple(asked),
            dimensions=question.by,
            grain=grain,
            versions=sources.versions,
            metric_versions={metric.name: metric.version for metric in asked},
            engines=tuple(one.use for one in answering.passes),
            passes=tuple(answering.passes),
            before=before and (before[0].isoformat(), before[1].isoformat()),
            approximate={metric.name: bound for metric in asked if (bound := known.bound(metric))},
        )
        self._record(result)
        return result

    def _record(self, result: MetricResult) -> None:
        run = self._actor.run
        if run is None:
            return
        for name, version in result.metric_versions.items():
            bound = result.approximate.get(name)
            detail = {"approximate": bound} if bound else {}
            self._runs.record(run, "read", "metric", name, version, detail=detail)
        for use in result.engines:
            self._runs.record_engine(run, EngineUse.to_dict(use))


def _first(metrics: Sequence[Metric], name: str) -> Any:
    """What the first metric says that says it."""
    return next((said for metric in metrics if (said := getattr(metric, name)) is not None), None)
