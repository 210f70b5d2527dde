"""Rows that transforms took out, as they are held back."""

from __future__ import annotations

from collections import Counter

import polars as pl

from workbench.data.etl.quarantine import REASON, Quarantine
from workbench.data.etl.recipes import Recipe
from workbench.data.lake import Mode
from workbench.data.quality import REASONS, Kept

__all__ = ["taken_out"]

_MOST_REASONS = 20


def taken_out(quarantine: Quarantine, name: str, recipe: Recipe) -> tuple[Kept, ...]:
    """What each transform took out, and where it is to go on when it is tried again.

    Args:
        name: The file of the recipe.
    """
    names = [step.name for step in recipe.steps]
    mode = {"mode": str(recipe.mode)} if recipe.mode is Mode.SNAPSHOT else {}
    kept = []
    for step, rows in quarantine.by_step:
        why = pl.struct(pl.col(REASON).alias("expectation"), pl.lit("").alias("values"))
        told = rows.with_columns(pl.concat_list(why).alias(REASONS)).drop(REASON)
        reasons = dict(Counter(rows[REASON].to_list()).most_common(_MOST_REASONS))
        how = {"transforms": name, "step": step, "names": names[: step + 1], **mode}
        kept.append(Kept(told, reasons, how))
    return tuple(kept)
