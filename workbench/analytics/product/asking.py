"""Asking one dataset one question: which columns, which rows, whose eyes, on which engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import polars as pl

from workbench.analytics.product.events import EventColumns
from workbench.analytics.product.segments import Within
from workbench.compute import SUBJECT_HASH, Analysis, Computed, Engine, EngineUse, Parts, anew
from workbench.data.lake import Lake
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor, Runs

__all__ = ["Answer", "Asking", "Checked"]


class Checked(Analysis, Protocol):
    """An analysis that can say what of it does not fit a dataset."""

    def check(self, schema: pl.Schema, dataset: str) -> None: ...


@dataclass(frozen=True)
class Answer:
    """What was computed, and on what.

    Attributes:
        frame: The analysis' result.
        analysis: What was asked.
        parts: What it was computed on, so that a cell's subjects can be looked up on the same rows.
    """

    frame: pl.DataFrame
    analysis: Analysis
    dataset: str
    version: int
    use: EngineUse
    parts: Parts


class Asking:
    """Runs analyses for one actor.

    Args:
        runs: Where the engine's use is recorded inside a run; that of datasets is by the lake.
    """

    def __init__(self, lake: Lake, runs: Runs, engine: Engine, actor: Actor) -> None:
        self._lake = lake
        self._runs = runs
        self._engine = engine
        self.actor = actor

    def anew(self) -> Asking:
        """The same, computing all that is asked, whatever was computed before."""
        return Asking(self._lake, self._runs, anew(self._engine), self.actor)

    def columns(self, dataset: str, given: EventColumns | None) -> EventColumns:
        """The columns that were given, or those that the dataset is laid out by.

        Raises:
            NotFound: No such dataset.
            Invalid: None are given, and the dataset is not laid out for events.
        """
        if given is not None:
            return given
        layout = self._lake.layout_of(dataset)  # `info` counts rows where a policy leaves some out
        if layout is None:
            raise Invalid(
                f"'{dataset}' does not say which of its columns are subject, event and time",
                hint="columns=EventColumns(subject=..., event=..., time=...) says so, on a command line --subject, "
                "--event and --time; or create it with a layout",
            )
        return EventColumns(layout.subject, layout.event, layout.time, layout.id)

    def laid_out(self, dataset: str) -> bool:
        return self._lake.layout_of(dataset) is not None

    def dataset_id(self, dataset: str) -> str:
        return self._lake.id_of(dataset)

    def schema(self, dataset: str) -> pl.Schema:
        """The columns that the actor sees."""
        return self._lake.read(dataset, self.actor).collect_schema()

    def values(self, dataset: str, column: str, version: int) -> list[str]:
        """What a column holds among the rows that the actor sees, as texts; each once, without nulls."""
        rows = self._lake.read(dataset, self.actor, version=version)
        with self._lake.telling(dataset, self.actor, version=version):
            found = rows.select(pl.col(column).drop_nulls().unique().cast(pl.String)).collect(engine="streaming")
        return found.to_series().to_list()

    def parts(
        self,
        dataset: str,
        columns: EventColumns,
        window: tuple[datetime | None, datetime | None],
        *,
        version: int | None,
        members: pl.DataFrame | None,
    ) -> tuple[Parts, int]:
        """
        Args:
            window: Rows outside of it do not matter.
            members: Only these subjects, by `SUBJECT_HASH`.
        """
        found, number = self._lake.parts(
            dataset,
            self.actor,
            subject=columns.subject,
            window=(columns.time, *window),
            version=version,
            live=True,
        )
        layout = self._lake.layout_of(dataset)
        if layout is not None and [*columns.order] != layout.order[1:]:  # runs are in the order of other columns
            found = replace(found, parts=tuple(replace(part, sorted=False) for part in found.parts))
        if members is not None:
            found = replace(found, parts=tuple(part.shaped(Within(members)) for part in found.parts))
        return found, number

    def ask(self, analysis: Checked, dataset: str, parts: Parts, version: int) -> Answer:
        """
        Raises:
            Invalid: The analysis does not fit the dataset.
        """
        with self._lake.telling(dataset, self.actor, version=version):
            shown = {name: dtype for name, dtype in parts.schema.items() if name != SUBJECT_HASH}
            analysis.check(pl.Schema(shown), dataset)
        computed = self.compute(analysis, dataset, parts, version)
        return Answer(computed.frame, analysis, dataset, version, computed.use, parts)

    def compute(self, analysis: Analysis, dataset: str, parts: Parts, version: int) -> Computed:
        with self._lake.telling(dataset, self.actor, version=version):
            computed = self._engine.run(analysis, parts)
        if self.actor.run is not None:
            self._runs.record_engine(self.actor.run, EngineUse.to_dict(computed.use))
        return computed

    def extent(self, dataset: str, columns: EventColumns, parts: Parts, version: int) -> tuple[datetime, datetime]:
        """From the first event to just after the last: the time that is meant where none is said.

        Raises:
            Invalid: There is no event, or a column does not fit.
        """
        with self._lake.telling(dataset, self.actor, version=version):
            columns.check(parts.schema, dataset)
        first, last = self.compute(Extent(columns), dataset, parts, version).frame.row(0)
        if first is None:
            raise Invalid(
                f"'{dataset}' has no events that could be counted", hint="look at it: workbench dataset preview"
            )
        return first, last + timedelta(microseconds=1)


@dataclass(frozen=True)
class Extent:
    """The first and the last time of events that count."""

    columns: EventColumns

    name = "extent"
    by_subject = False
    ordered = False

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        time = pl.col(self.columns.time)
        counted = rows.filter(pl.col(self.columns.subject).is_not_null())
        return counted.select(time.min().alias("first"), time.max().alias("last"))

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        return partials.select(pl.col("first").min(), pl.col("last").max())
