"""One sync under way: what every way of loading needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import polars as pl

from workbench.data.lake import Checkpoint, Lake, Staged
from workbench.data.quality import Outcome, Quality, QualityResult, Screening, in_already
from workbench.data.sources.model import DataSource, SourceDefinition
from workbench.data.sources.reading import Opened
from workbench.data.sources.store import SourceStore
from workbench.foundation.errors import CheckFailed, Invalid, unknown
from workbench.foundation.jobs import Lease
from workbench.foundation.wording import counted, do
from workbench.governance.runs import Actor

__all__ = ["Found", "Job", "deleted", "stream_of"]


ROWS = "rows"
_NOT_DELETED = ("", "0", "f", "false", "n", "no")


@dataclass
class Found:
    """What a sync did so far; see `SyncRecord`."""

    rows: int = 0
    removed: int = 0
    held: int = 0
    everything: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass
class Job:
    """
    Attributes:
        anew: Whether all of it is to be loaded, in the place of what is there.
        quality: Holds rows against a suite of expectations, and messages back, as the sync's run.
        made: Whether this sync made the dataset.
    """

    source: DataSource
    opened: Opened
    lake: Lake
    store: SourceStore
    lease: Lease
    actor: Actor
    quality: Quality
    anew: bool
    on_progress: Callable[[str], None]
    found: Found = field(default_factory=Found)
    made: bool = False

    @property
    def definition(self) -> SourceDefinition:
        return self.source.definition

    @property
    def stream(self) -> str:
        return stream_of(self.source)

    def mark(self, part: str = ROWS) -> int | None:
        """What the dataset says of how far a part of the source is."""
        into = self.definition.into
        return self.lake.checkpoint(into, self.stream, part) if self.lake.exists(into) else None

    def state(self) -> dict[str, Any] | None:
        """How far the source is; None where that is not known, or is of something else by now."""
        number = self.mark()
        if number is None or self.anew:
            return None
        state = self.store.state(self.source.id, number)
        return state if state.get("about") == self.definition.about else None

    def proposed(self, **state: Any) -> Checkpoint:
        """A state, to be committed with the rows that it stands for."""
        said = {"about": self.definition.about, **state}
        number = self.store.syncs.propose(self.source.id, self.lease, said, beyond=self.mark() or 0)
        return Checkpoint(self.stream, ROWS, number)

    @contextmanager
    def staged(
        self, frames: Iterator[pl.DataFrame], *, replace: bool = False, partition_by: Sequence[str] = ()
    ) -> Iterator[Staged]:
        """The rows beside the dataset's files; it is made where there is none.

        Args:
            replace: They are to come in the place of those that are there.
        """
        one = self.definition
        ready = self._prepared(frames, partition_by or one.partition_by)
        with self.lake.staged(one.into, ready, self.actor, evolve=one.evolve, replace=replace) as staged:
            yield staged

    def _prepared(self, frames: Iterator[pl.DataFrame], partition_by: Sequence[str]) -> Iterator[pl.DataFrame]:
        """The frames, once there is a dataset that they can come into."""
        first = next(frames)
        one = self.definition
        for name in (*one.key, *filter(None, [one.deleted])):
            if name not in first.columns:
                raise unknown("column", name, first.columns)
        if not self.lake.exists(one.into):
            where = f"{self.opened.source.url}, table {one.table}" if one.table else self.opened.source.url
            self.lake.create(
                one.into,
                first.clear(),
                self.actor,
                key=one.key,
                partition_by=partition_by,
                description=one.description,
                source=where,
            )
            self.made = True
        return self._counted(chain([first], frames))

    def gate(self, rows: pl.LazyFrame, count: int, what: str = "") -> None:
        """Refuses rows that do not meet what is expected of them.

        Args:
            count: How many they are.
            what: Which they are, where the source's name does not say it.

        Raises:
            CheckFailed: Says what they do not meet, and of how many rows; quotes none.
        """
        if not self.definition.expect or not count:
            return
        result = self.quality.check(rows, self.definition.expect, into=self.definition.into)
        self._warn(result, what)
        if not result.passed:
            raise self._refusal(result.failures, result, what)

    def screening(self, rows: pl.LazyFrame, what: str = "") -> Screening:
        """Which rows do not meet what is expected of single ones, so that they are to be held back.

        Raises:
            CheckFailed: What is expected of them as a whole is not met; says what, and quotes no row.
        """
        found = self.quality.screening(rows, self.definition.expect, into=self.definition.into)
        self._warn(found.result, what)
        if found.refusals:
            raise self._refusal(found.refusals, found.result, what)
        return found

    def _warn(self, result: QualityResult, what: str) -> None:
        self._tell_of_change(result)
        self.found.notes += [f"{what}{one.said}: {_unfit(one.failed)}" for one in result.warnings]

    def _tell_of_change(self, result: QualityResult) -> None:
        """Notes that the suite was changed since rows came in that are not read again."""
        into = self.definition.into
        if self.anew or self.definition.mode == "refresh" or result.dataset is None or not self.lake.rows(into):
            return
        checks = self.quality.history(into, limit=2, suite=result.suite)
        if len(checks) == 2 and _asked(checks[0]) != _asked(checks[1]):
            self.found.notes.append(in_already(into, result.suite))

    def _refusal(self, failures: Sequence[Outcome], result: QualityResult, what: str) -> CheckFailed:
        said = "; ".join(
            f"{one.said}" + (f", but {one.problem}" if one.problem else f": {_unfit(one.failed)}") for one in failures
        )
        return CheckFailed(
            f"{what}{len(failures)} of {len(result.outcomes)} expectations are not met by the {result.rows:,}"
            f" rows to load: {said}",
            hint=f"nothing of it was loaded; mend the rows or the suite '{self.definition.expect}'",
        )

    def _counted(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        rows = 0
        for frame in frames:
            rows += frame.height
            self.on_progress(f"{self.source.name}: {counted(rows, 'row')} read")
            yield frame


def stream_of(source: DataSource) -> str:
    """What a source's checkpoints are of."""
    return f"source {source.id}"


def deleted(name: str, schema: pl.Schema) -> pl.Expr:
    """Whether a row is marked as deleted: true, another number than 0, a time, or a text that does not say no.

    Raises:
        Invalid: The column is of a type that marks nothing.
    """
    if name not in schema:
        raise unknown("column", name, schema)
    kind, column = schema[name], pl.col(name)
    if kind == pl.Boolean:
        return column.fill_null(value=False)
    if kind.is_numeric():
        return (column != 0).fill_null(value=False)
    if kind.is_temporal():
        return column.is_not_null()
    if kind == pl.String:
        return column.str.to_lowercase().is_in(_NOT_DELETED).not_().fill_null(value=False)
    raise Invalid(f"column '{name}' is {kind}, which marks no row as deleted", hint="use a boolean, number or time")


def _asked(result: QualityResult) -> set[tuple[str, str]]:
    return {(one.said, one.severity) for one in result.outcomes}


def _unfit(rows: int) -> str:
    return f"{counted(rows, 'row')} {do(rows)} not fit"
