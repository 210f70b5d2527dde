"""Rows that transforms took out, as they are held back, and where they go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import yaml

from workbench.data.etl.quarantine import REASON, Quarantine
from workbench.data.etl.recipes import Recipe
from workbench.data.lake import Mode
from workbench.data.quality import REASONS, Held, Kept
from workbench.foundation.errors import Conflict

__all__ = ["going_on", "taken_out"]

_MOST_REASONS = 20


def taken_out(quarantine: Quarantine, recipe: Recipe) -> tuple[Kept, ...]:
    """What each transform took out, and where it is to go on when it is tried again."""
    names = [step.name for step in recipe.steps]
    # What is in a file may be mended there; a list that is in none is kept as it was.
    where = {"transforms": recipe.name} if recipe.name else {"list": _noted(recipe)}
    kept = []
    for step, rows in quarantine.by_step:
        why = pl.struct(pl.col(REASON).alias("expectation"), pl.lit("").alias("values"))
        told = rows.with_columns(pl.concat_list(why).alias(REASONS)).drop(REASON)
        reasons = dict(Counter(rows[REASON].to_list()).most_common(_MOST_REASONS))
        how = {**where, "step": step, "names": names[: step + 1], "mode": str(recipe.mode)}
        kept.append(Kept(told, reasons, how))
    return tuple(kept)


def going_on(batch: Held, get: Callable[[str], Recipe]) -> tuple[Recipe, int]:
    """The transforms that took rows out, as they are by now, and the number of the one that did.

    Args:
        get: Gives the transforms of a file.

    Raises:
        NotFound: The file is gone.
        Conflict: They are others by now, so that nobody knows where the rows would go on; or they are written nowhere.
    """
    how: dict[str, Any] = batch.how or {}
    name, noted = how.get("transforms"), how.get("list")
    if name is None and noted is None:
        raise Conflict(
            f"the transforms that took the rows of '{batch.id}' out are written nowhere",
            hint="apply them again, which reads all rows again",
        )
    recipe = get(str(name)) if noted is None else Recipe.of(yaml.safe_load(noted))
    if [step.name for step in recipe.steps][: how["step"] + 1] != how["names"]:
        raise Conflict(
            f"transforms/{name}.yaml has other transforms by now, up to the one that took the rows of '{batch.id}' out",
            hint=f"workbench transform apply {name} reads all rows again",
        )
    return replace(recipe, mode=Mode(how["mode"])), how["step"]


def _noted(recipe: Recipe) -> str | None:
    """A list of transforms as text; None where a frame or the like stands in it."""
    try:
        return yaml.safe_dump(list(recipe.written), sort_keys=False)
    except yaml.YAMLError:
        return None
