"""Rows that are taken out of a frame instead of stopping it, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from workbench.foundation.errors import Invalid
from workbench.foundation.wording import counted

__all__ = ["REASON", "Quarantine", "set_aside"]

REASON = "reason"


class Quarantine:
    """Where transforms put the rows that they take out: `quarantine.rows` are those of all of them."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, pl.DataFrame]] = []
        self._step = 0

    @property
    def rows(self) -> pl.DataFrame:
        """The rows as they were when they were taken out, with the column `reason`; no columns where there are none."""
        parts = [part for _, part in self._parts]
        return pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()

    @property
    def by_step(self) -> list[tuple[int, pl.DataFrame]]:
        """The rows that each transform took out, with its number in the list."""
        return list(self._parts)

    def at(self, step: int) -> None:
        """Says which transform of a list takes rows out from now on."""
        self._step = step

    def add(self, rows: pl.DataFrame) -> None:
        """
        Args:
            rows: With their column `reason`.
        """
        if rows.height:
            self._parts.append((self._step, rows))

    def __len__(self) -> int:
        return sum(part.height for _, part in self._parts)

    def __repr__(self) -> str:
        return f"Quarantine({counted(len(self), 'row')})"


def set_aside(rows: pl.LazyFrame, reasons: Mapping[str, pl.Expr], quarantine: Quarantine | None) -> pl.LazyFrame:
    """The rows for which no reason holds; the others go into the quarantine.

    Raises:
        Invalid: There is no quarantine, or the rows have a column `reason` of their own.
    """
    if quarantine is None:
        raise Invalid("rows are to be quarantined, and there is no quarantine", hint="quarantine=Quarantine()")
    if REASON in rows.collect_schema():
        raise Invalid(f"the rows have a column '{REASON}', which those in quarantine get", hint="rename it")
    said = pl.concat_str(
        [pl.when(holds).then(pl.lit(reason)) for reason, holds in reasons.items()], separator="; ", ignore_nulls=True
    )
    marked = rows.with_columns(said.alias(REASON)).collect(engine="in-memory")
    taken = pl.col(REASON) != ""
    quarantine.add(marked.filter(taken))
    return marked.filter(~taken).drop(REASON).lazy()
