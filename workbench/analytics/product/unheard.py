"""Steps that nobody took because no event is called so: a zero that is a mistake, most often."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from workbench.analytics.product.events import Step
from workbench.foundation.errors import unknown

__all__ = ["unheard"]


def unheard(asked: Any, frame: pl.DataFrame, values: Callable[[str], Iterable[str]]) -> str:
    """A sentence for each event that was asked for, has nobody, and is not there at all; "" where there is none.

    Args:
        asked: An analysis with steps; of another there is nothing to say.
        frame: Its result, with a column `subjects`, and a column `step` where each step has numbers of its own.
        values: Looks up what a column holds. Only called where something has nobody.
    """
    steps: list[Step] = [*getattr(asked, "steps", ())]
    steps += [step for name in ("start", "back", "step") if isinstance(step := getattr(asked, name, None), Step)]
    if not steps or "subjects" not in frame.columns:
        return ""
    if "step" in frame.columns:
        some = set(frame.filter(pl.col("subjects") > 0)["step"].to_list())
        steps = [step for number, step in enumerate(steps, 1) if number not in some]
    elif frame.filter(pl.col("offset") > 0 if "offset" in frame.columns else True)["subjects"].sum():
        return ""
    wanted = dict.fromkeys(step.event for step in steps if step.event is not None)
    if not wanted:
        return ""
    there = set(values(asked.columns.event))
    missing = [name for name in wanted if name not in there]
    said = [f"There is {unknown('event', name, there)}" for name in missing]
    return " ".join(one if one.endswith("?") else f"{one}." for one in said)
