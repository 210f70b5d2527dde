"""Computing a plan over a time range: each dataset in as few passes as its figures allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

import polars as pl

from workbench.analytics.metrics import converting
from workbench.analytics.metrics.converting import Conversions
from workbench.analytics.metrics.cumulating import Cumulated
from workbench.analytics.metrics.ingredients import Dimension, Join
from workbench.analytics.metrics.measure import Key, Measure, Window, bounds_of, key_of, value_of, with_condition
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.offsets import moved
from workbench.analytics.metrics.passes import Pass
from workbench.analytics.metrics.planning import Figure, Plan, Question, measure_of
from workbench.analytics.metrics.rollups import Over, Served, Serving, Wanted
from workbench.analytics.metrics.shaping import at_coarser_grain, calculated, joined
from workbench.analytics.metrics.sources import Sources, whole
from workbench.analytics.metrics.spans import Span
from workbench.analytics.metrics.windows import earlier, first_and_last, literal, reaching, window
from workbench.compute import Analysis, Engine, EngineUse, Parts, grains
from workbench.foundation.errors import Invalid

__all__ = ["TIME", "Answering"]

TIME = "time"
Between = tuple[Any, Any] | None
# Each is computed with each: a year of minutes would be 138 billion.
MOST_PERIODS = 10_000
VALUES_AT_ONCE = 16_000_000
"""Of so many rows exact medians and numbers of values are quicker found at once than counted part by part, and in a
few hundred MB."""
_FINEST = ("minute", "hour", "day")


class Answering:
    """One question over time ranges, all on the same versions of the datasets.

    Args:
        rollups: What may stand for rows.

    Attributes:
        passes: Over the datasets, in the order in which they were made.
    """

    def __init__(
        self, sources: Sources, engine: Engine, question: Question, plan: Plan, rollups: Serving | None = None
    ) -> None:
        self._sources = sources
        self._rollups = rollups
        self._engine = engine
        self._question = question
        self._plan = plan
        self.passes: list[Pass] = []

    def frame(self, between: Between) -> pl.DataFrame:
        """Every column of the plan, by the question's keys; in no particular order.

        Raises:
            Invalid: An expression, time range or offset that does not fit.
        """
        simple: dict[object, list[Figure]] = {}
        frames = []
        for figure in self._plan.figures:
            self._check_time(figure, between)
            if figure.metric.type == "cumulative":
                frames.append(self._cumulative(figure, between))
            elif figure.metric.type == "conversion":
                frames.append(self._conversions(figure, between))
            else:
                timed = self._question.grain is not None or between is not None
                metric = figure.metric
                together = (metric.dataset, metric.time if timed else None, metric.joins, figure.offsets)
                simple.setdefault(repr(together), []).append(figure)
        frames += [self._simple(figures, between) for figures in simple.values()]
        keys = self._question.names
        frame = reduce(lambda left, right: joined(left, right, keys), frames)
        return calculated(frame, self._plan.formulas)

    def _check_time(self, figure: Figure, between: Between) -> None:
        question = self._question
        for part in figure.parts:
            timed = question.grain is not None or between is not None or figure.metric.type != "simple"
            if timed and part.time is None:
                raise Invalid(
                    f"metric '{part.name}' has no time column", hint="give it one in its definition: time: ..."
                )
        for span in figure.offsets:
            if question.grain is None and between is None:
                raise Invalid(
                    f"metric '{figure.metric.name}' is taken {span} earlier, so it needs a grain or a time range",
                    hint="grain='month', or between=(...)",
                )
            if question.grain is not None and not span.fits(question.grain):
                raise Invalid(
                    f"metric '{figure.metric.name}' is taken {span} earlier, which is no number of {question.grain}s",
                    hint="ask for another grain",
                )

    def _simple(self, figures: Sequence[Figure], between: Between) -> pl.DataFrame:
        metric, question = figures[0].metric, self._question
        schema = self._schema(metric, figures, question.by)
        measures = Measures(
            keys=(*self._time_key(metric, question.grain), *map(key, question.by)),
            measures=tuple(measure_of(figure.metric, figure.column, figure.filters) for figure in figures),
            where=question.where,
            window=self._window(metric, between, schema, figures[0].offsets),
            named=self._named(),
        )
        return self._moved(self._computed(measures, measures, metric, schema), figures[0], between)

    def _cumulative(self, figure: Figure, between: Between) -> pl.DataFrame:
        (metric,), question = figure.parts, self._question
        grain = question.grain if question.grain in _FINEST else "day"
        schema = self._schema(metric, [figure], question.by)
        span = Span.of(figure.metric.window) if figure.metric.window else None
        to_date = figure.metric.grain_to_date
        _check_window(figure.metric, span, str(grain))
        asked = self._window(metric, between, schema, figure.offsets)
        first, last = first_and_last(asked, str(grain), question.zone, question.week_start)
        measures = Measures(
            keys=(*self._time_key(metric, grain), *map(key, question.by)),
            measures=(measure_of(metric, figure.column, figure.filters),),
            where=question.where,
            window=None if asked is None else reaching(asked, _reach(span, to_date), back=True),
            named=self._named(),
        )
        analysis = Cumulated(measures, span, to_date, first, last)
        frame = self._computed(analysis, measures, metric, schema, lambda kept: replace(analysis, measures=kept))
        if question.grain != grain:
            dtype = frame.schema[TIME]
            period = None if question.grain is None else self._cut(pl.col(TIME), dtype, question.grain)
            by = [dimension.name for dimension in question.by]
            how = figure.metric.period_agg or "first"
            frame = at_coarser_grain(frame, period, TIME, by, figure.column, how, last)
        return self._moved(frame, figure, between)

    def _conversions(self, figure: Figure, between: Between) -> pl.DataFrame:
        (base, conversion), question, metric = figure.parts, self._question, figure.metric
        why = f"the metric '{metric.name}' is a conversion, which is no sum of parts"
        if self._rollups is not None:
            self._rollups.require(str(base.dataset), why)
        span = Span.of(metric.window) if metric.window else None
        properties = [(one.base, one.conversion or one.base) for one in metric.constant_properties]
        entity = str(metric.entity)
        bases = self._schema(base, [figure], question.by, [entity, *(one for one, _ in properties)])
        later = self._schema(conversion, [], (), [entity, *(other for _, other in properties)])
        asked = self._window(base, between, bases, figure.offsets)
        same = [(entity, entity), *properties]
        names = [converting.ENTITY, *(converting.property_name(place) for place in range(len(properties)))]
        base_keys = [_named_key(base, name, bases) for name, _ in same]
        later_keys = [_named_key(conversion, name, later) for _, name in same]
        until = None if asked is None else reaching(asked, _reach(span, None), back=False)
        (before, first), (after, then) = (
            self._events(base, base_keys, names, bases, until, figure, asked),
            self._events(conversion, later_keys, names, later, until),
        )
        _match([rows.collect_schema() for rows in (before, after)], (base, conversion), [name for name, _ in same])
        analysis = Conversions(
            keys=tuple(question.names),
            measure=Measure(
                figure.column, str(conversion.aggregation), converting.VALUE, approximate=conversion.approximate
            ),
            properties=len(properties),
            span=span,
        )
        with self._sources.telling(str(base.dataset)), self._sources.telling(str(conversion.dataset)):
            veiled = any(self._sources.veiled(name) for name in self._sources.versions)
            both = Parts.of(pl.concat([before, after], how="diagonal"))
            parts = replace(both, veiled=veiled, taken=(first, then))
            computed = self._engine.run(analysis, parts)
        joins = {join.dataset for join in (*base.joins, *conversion.joins)}
        beside = {str(conversion.dataset), *joins}
        self._passed(str(base.dataset), beside, analysis, parts, computed.use, why=why)
        return self._moved(computed.frame, figure, between)

    def _events(
        self,
        metric: Metric,
        same: Sequence[Key],
        names: Sequence[str],
        schema: pl.Schema,
        until: Window | None,
        figure: Figure | None = None,
        asked: Window | None = None,
    ) -> tuple[pl.LazyFrame, tuple[Parts, tuple[str, ...]]]:
        """The rows of a conversion's base events (with a figure), or of what follows; and what they are taken of."""
        types = dict(schema)
        question = self._question
        keys = (*self._time_key(metric, question.grain), *map(key, question.by)) if figure is not None else ()
        measure = measure_of(metric)
        where = figure.where(question.where) if figure is not None else None
        limits = until and Window(str(metric.time), until.start, until.end)
        rehearsed = Measures((*keys, *same), (measure,), where, limits, self._named())
        rehearsed.check(schema, str(metric.dataset))
        used = rehearsed.columns(types) | {str(metric.time)}
        parts = self._sources.parts(str(metric.dataset), metric.joins, used, limits)
        rows = whole(parts)
        if limits is not None:
            rows = rows.filter(bounds_of(limits, types))
        counted = pl.lit(True) if asked is None else bounds_of(asked, types)
        if where is not None:
            rows = with_condition(rows, where, self._named(), types, converting.COUNTED)
            counted = counted & pl.col(converting.COUNTED).fill_null(False)
        value = value_of(measure, types).alias(converting.VALUE)
        rows = rows.with_columns(
            *(key_of(one, types).alias(name) for one, name in zip(same, names, strict=True)),
            *(key_of(one, types).alias(one.name) for one in keys),
            value,
            pl.col(str(metric.time)).alias(converting.AT),
            counted.alias(converting.COUNTED),
            pl.lit(figure is not None).alias(converting.IS_BASE),
        ).drop_nulls(converting.VALUE)
        kept = [*names, *(one.name for one in keys), converting.AT, converting.COUNTED, converting.IS_BASE]
        rows = rows.select(*kept, *([] if figure is not None else [converting.VALUE]))
        return rows, (parts, tuple(sorted(used)))

    def _computed(
        self,
        analysis: Analysis,
        measures: Measures,
        metric: Metric,
        schema: pl.Schema,
        over: Over = lambda measures: measures,
    ) -> pl.DataFrame:
        """
        Args:
            over: The analysis that is made of measures.
        """
        dataset = str(metric.dataset)
        measures.check(schema, dataset)
        beside = {join.dataset for join in metric.joins}
        why = ""
        if self._rollups is not None:
            wanted = Wanted(dataset, metric.joins, measures, reaching=analysis is not measures)
            served = self._rollups.answer(wanted, schema, over, self._sources)
            if isinstance(served, Served):
                self._passed(dataset, beside, served.analysis, served.parts, served.use, rollup=served.rollup)
                return served.frame
            why = served
        with self._sources.telling(dataset):
            if analysis is measures:
                analysis = measures = measures.cut_by(self._sources.subject(dataset))
            used = measures.columns(dict(schema))
            parts = self._sources.parts(dataset, metric.joins, used, measures.window, measures.subject)
            if analysis is measures and measures.keeps_values:
                parts = parts.together(VALUES_AT_ONCE)
            computed = self._engine.run(analysis, parts)
        self._passed(dataset, beside, analysis, parts, computed.use, why=why)
        return computed.frame

    def _passed(
        self,
        dataset: str,
        beside: set[str],
        analysis: Analysis,
        parts: Parts,
        use: EngineUse,
        *,
        rollup: str | None = None,
        why: str = "",
    ) -> None:
        versions = self._sources.versions
        read = {name: versions[name] for name in sorted(beside - {dataset}) if name in versions}
        self.passes.append(Pass(dataset, versions[dataset], analysis, parts, use, read, rollup, why))

    def _moved(self, frame: pl.DataFrame, figure: Figure, between: Between) -> pl.DataFrame:
        """The figures of an earlier time, where they are asked for."""
        question = self._question
        if question.grain is None or not figure.offsets:
            return frame
        for span in reversed(figure.offsets):
            frame = moved(frame, TIME, span, question.grain)
        metric = figure.parts[0]
        asked = self._window(metric, between, self._sources.schema(str(metric.dataset)), ())
        first, last = first_and_last(asked, question.grain, question.zone, question.week_start)
        dtype = frame.schema[TIME]
        within = [pl.col(TIME) >= literal(first, dtype)] if first is not None else []
        within += [pl.col(TIME) <= literal(last, dtype)] if last is not None else []
        return frame.filter(within) if within else frame

    def _window(self, metric: Metric, between: Between, schema: pl.Schema, offsets: Sequence[Span]) -> Window | None:
        if between is None:
            return None
        column = str(metric.time)
        return earlier(window(column, between, self._question.zone, schema.get(column)), offsets, self._question.zone)

    def _time_key(self, metric: Metric, grain: str | None) -> tuple[Key, ...]:
        if grain is None:
            return ()
        zone, week_start = self._question.zone, self._question.week_start
        return (Key(TIME, str(metric.time), grain=grain, time_zone=zone, week_start=week_start),)

    def _cut(self, time: pl.Expr, dtype: pl.DataType, grain: str) -> pl.Expr:
        question = self._question
        return grains.truncate(time, dtype, grain, time_zone=question.zone, week_start=question.week_start)

    def _named(self) -> tuple[Key, ...]:
        return tuple(key(dimension) for dimension in self._question.named)

    def _schema(
        self, metric: Metric, figures: Sequence[Figure], by: Iterable[Dimension], names: Iterable[str] = ()
    ) -> pl.Schema:
        """The columns of a metric's dataset, and of the joined ones that anything here mentions."""
        texts = [*names, metric.column, metric.filter, metric.tie, metric.time, self._question.where]
        texts += [text for figure in figures for text in figure.filters]
        parts = [figure.parts[0] for figure in figures]
        texts += [text for part in parts for text in (part.column, part.filter, part.tie)]
        dimensions = (*by, *self._question.named, *(metric.dimension(name) for name in names))
        texts += [text for one in dimensions if one is not None for text in (one.name, one.sql)]
        mentioned = "\n".join(text for text in texts if text)
        return self._sources.schema(str(metric.dataset), _mentioned(metric.joins, mentioned))


def key(dimension: Dimension) -> Key:
    return Key(dimension.name, dimension.name, sql=dimension.sql)


def _mentioned(joins: Sequence[Join], text: str) -> list[Join]:
    return [join for join in joins if join.called("") in text]


def _named_key(metric: Metric, name: str, schema: pl.Schema) -> Key:
    """A dimension of a metric, or a column of its dataset."""
    dimension = metric.dimension(name)
    return key(dimension) if dimension is not None else Key(name, name)


def _check_window(metric: Metric, span: Span | None, grain: str) -> None:
    """
    Raises:
        Invalid: The window is no number of periods of the grain, or of too many for each to be computed.
    """
    to_date = metric.grain_to_date
    if span is not None and not span.fits(grain):
        raise Invalid(f"metric '{metric.name}' goes back {span}, which is no number of {grain}s")
    if to_date is not None and grains.GRAINS.index(to_date) < grains.GRAINS.index(grain):
        raise Invalid(f"metric '{metric.name}' starts again each {to_date}, so its grain cannot be {grain}")
    if grain == "day":
        return
    over = _reach(span, to_date)
    if over is None or over > MOST_PERIODS * timedelta(hours=grain == "hour", minutes=grain == "minute"):
        raise Invalid(
            f"metric '{metric.name}' is over {span or to_date or 'all time'}, which is too long for each {grain}",
            hint=f"ask for a longer grain: a window has at most {MOST_PERIODS:,} periods",
        )
    if span is not None and span.months:
        raise Invalid(f"metric '{metric.name}' goes back {span}, so its grain has to be day or longer")


def _reach(span: Span | None, to_date: str | None) -> timedelta | None:
    """At least as long as a span, or a period, can be."""
    if to_date is not None:
        return timedelta(days={"week": 8, "month": 32, "quarter": 93, "year": 367}.get(to_date, 2))
    return None if span is None else timedelta(minutes=span.minutes, days=31 * span.months + 2)


def _match(schemas: Sequence[pl.Schema], metrics: Sequence[Metric], names: Sequence[str]) -> None:
    """
    Raises:
        Invalid: What has to be the same of two events is of two types.
    """
    one, other = schemas
    said = [*names, *(str(metric.time) for metric in metrics[:1])]
    columns = [converting.ENTITY, *(converting.property_name(place) for place in range(len(names) - 1)), converting.AT]
    for column, name in zip(columns, said, strict=True):
        if one[column] != other[column]:
            raise Invalid(
                f"'{name}' is {one[column]} of metric '{metrics[0].name}' and {other[column]} of "
                f"'{metrics[1].name}', so they are never the same"
            )
