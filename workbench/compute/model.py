"""What an analysis and an engine are to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import polars as pl

__all__ = ["Analysis", "Computed", "Direct", "Engine", "EngineUse"]


@runtime_checkable
class Analysis(Protocol):
    """A computation that can be cut into parts.

    `merge(concat(partial(p) for p in parts))` must be the same for every way of cutting the rows into parts, none and
    empty ones included. Both return plans: nothing is collected inside an analysis.
    """

    @property
    def name(self) -> str: ...

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


@dataclass(frozen=True)
class EngineUse:
    """How a computation ran; kept in the receipt of its run.

    Attributes:
        engine: The engine's registered name.
        polars: The version of Polars that ran the plans.
        fell_back: The engine that was asked for could not run the plan and another did.
        load_seconds: Time spent on opening the parts (footers, schemas) before a row was computed on. Polars decodes
            columns while it computes, so decoding counts as computing.
        compute_seconds: Everything after that, merging included.
        parts: How many parts the rows came in.
        rows_out: Rows of the result.
    """

    engine: str
    polars: str
    fell_back: bool
    load_seconds: float
    compute_seconds: float
    parts: int
    rows_out: int

    def to_dict(self) -> Mapping[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Computed:
    """A result and how it was computed."""

    frame: pl.DataFrame
    use: EngineUse


class Engine(Protocol):
    """Runs analyses somewhere."""

    @property
    def name(self) -> str: ...

    def run(self, analysis: Analysis, parts: Sequence[pl.LazyFrame]) -> Computed:
        """Runs one analysis over rows that come in parts.

        Args:
            parts: At least one; all of the same columns. A part must fit in the memory of whatever computes it.

        Raises:
            Invalid: There is no part, or a plan names what the parts do not have.
        """
        ...
