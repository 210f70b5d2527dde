"""What an analysis and an engine are to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import polars as pl

from workbench.compute.parts import Part, Parts

__all__ = ["Analysis", "Combining", "Compact", "Computed", "Direct", "Engine", "EngineUse", "OfRuns", "partial_plan"]


@runtime_checkable
class Analysis(Protocol):
    """A computation that can be cut into parts.

    `merge(concat(partial(p) for p in parts))` must be the same for every way of cutting the rows into parts, none and
    empty ones included; of an analysis by subject, for every way that leaves a subject's rows together. Both return
    plans: nothing is collected inside an analysis. It is sent to other processes as it is, so it has to be picklable:
    a frozen dataclass of plain values.
    """

    @property
    def name(self) -> str: ...

    @property
    def by_subject(self) -> bool:
        """Whether all rows of a subject have to be in one part, and parts need the column `SUBJECT_HASH`."""
        ...

    @property
    def ordered(self) -> bool:
        """Whether `partial` looks at rows in their order (shifts, running values): it is run where order is kept."""
        ...

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """What one part of the rows contributes; small, and of the same columns whatever the part holds."""
        ...

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """The result, from the partials of all parts stacked in any order."""
        ...


@runtime_checkable
class Direct(Analysis, Protocol):
    """An analysis that knows a quicker plan for rows that are all in one part."""

    def whole(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Exactly what `merge(partial(rows))` gives, to the last bit."""
        ...


@runtime_checkable
class Combining(Analysis, Protocol):
    """An analysis whose partials can be put together before all of them are there, so that few are kept or sent."""

    def combine(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        """Partials that stand for those given: fewer rows of the same columns, of which `merge` makes the same."""
        ...


@runtime_checkable
class OfRuns(Analysis, Protocol):
    """An analysis that knows a quicker plan for rows that lie in runs, each sorted by `SUBJECT_HASH` and time."""

    def partial_of_runs(self, rows: pl.LazyFrame, *, chronological: bool, compiled: bool = False) -> pl.LazyFrame:
        """What `partial` gives.

        Args:
            rows: Of one run after the other. Runs overlap in subjects.
            chronological: A subject's rows of one run are all before its rows of the next one.
            compiled: Compiled code may be a step of the plan: it runs in this process, on its processors.
        """
        ...


@runtime_checkable
class Compact(Analysis, Protocol):
    """An analysis that knows compiled code for the few columns that it needs, all of them in memory at once."""

    def compact(self, parts: Parts) -> pl.DataFrame | None:
        """Exactly what `merge` gives; None where the code is not loaded, or not for such rows."""
        ...


def partial_plan(analysis: Analysis, part: Part, *, compiled: bool = False) -> pl.LazyFrame:
    """What one part contributes, by the quickest plan that the analysis knows for it.

    Args:
        compiled: See `OfRuns`.
    """
    if part.sorted and isinstance(analysis, OfRuns):
        return analysis.partial_of_runs(part.lazy(), chronological=part.chronological, compiled=compiled)
    return analysis.partial(part.lazy())


@dataclass(frozen=True)
class EngineUse:
    """How a computation ran; kept in the receipt of its run.

    Attributes:
        engine: The registered name of the engine that it was given to.
        polars: The version of Polars that ran the plans; several where workers differ.
        fell_back: Something was not computed where it was asked for, but in this process or on the CPU: `why` says.
        load_seconds: Time spent on opening the parts (footers, schemas) before a row was computed on. Polars decodes
            columns while it computes, so decoding counts as computing.
        compute_seconds: Everything after that, merging included.
        parts: How many parts the rows came in.
        rows_out: Rows of the result.
        why: Why this engine, where it was chosen, and what fell back; empty where there is nothing to say.
        cached: When it was computed, UTC, where the result was kept from then; the rest says how it was then.
        key: What the result is kept by; empty where it is not kept.
    """

    engine: str
    polars: str
    fell_back: bool
    load_seconds: float
    compute_seconds: float
    parts: int
    rows_out: int
    why: str = ""
    cached: datetime | None = None
    key: str = ""

    @property
    def origin(self) -> str:
        """Whether it is from the cache, in words."""
        if self.cached is not None:
            return f"computed at {self.cached:%Y-%m-%d %H:%M:%S} UTC, key {self.key}"
        return f"computed now, kept by the key {self.key}" if self.key else "computed now"

    def to_dict(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"cached": None if self.cached is None else self.cached.isoformat()}


@dataclass(frozen=True)
class Computed:
    """A result and how it was computed."""

    frame: pl.DataFrame
    use: EngineUse


class Engine(Protocol):
    """Runs analyses somewhere."""

    @property
    def name(self) -> str: ...

    def run(self, analysis: Analysis, parts: Parts) -> Computed:
        """Runs one analysis over rows that come in parts.

        Args:
            parts: A part must fit in the memory of whatever computes it.

        Raises:
            Invalid: There is no part, or several of rows that are not cut as the analysis needs them, or a plan names
                what the parts do not have.
            Unavailable: What the engine runs on is not there.
        """
        ...
