"""What a refresh is to do: whether a view can be carried on from what it was, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.data.lake import Opened
from workbench.data.views.model import ViewDefinition, Way
from workbench.data.views.planning import Plan

__all__ = ["Decision", "decided", "standing"]


@dataclass(frozen=True)
class Decision:
    """
    Attributes:
        why: A clause.
        grown: The dataset that got rows.
        files: The files that they came in.
    """

    way: Way
    why: str
    grown: str = ""
    files: tuple[str, ...] = ()


def standing(definition: ViewDefinition, opened: Mapping[str, Opened]) -> dict[str, Any]:
    """What the rows are of that a refresh makes now."""
    reads = {one.id: {"name": one.name, "version": one.version, "commit": one.commit} for one in opened.values()}
    return {"about": definition.about, "reads": reads}


def decided(
    plan: Plan, definition: ViewDefinition, state: Mapping[str, Any] | None, meddled: str, opened: Mapping[str, Opened]
) -> Decision:
    """
    Args:
        state: What the rows that are there are of; None where that is not known.
        meddled: What else happened to the view's dataset, as a clause; empty where nothing did.
        opened: The view's datasets, by name.
    """
    if not plan.steady:
        return Decision("whole", plan.why)
    if state is None:
        return Decision("whole", "nothing says which rows it had before")
    if state["about"] != definition.about:
        return Decision("whole", "its SQL is another than before")
    if meddled:
        return Decision("whole", meddled)
    before = state["reads"]
    if other := next((one.name for one in opened.values() if one.id not in before), None):
        return Decision("whole", f"'{other}' is another dataset than before")
    growths = {
        name: growth
        for name, one in opened.items()
        if (growth := one.growth(before[one.id]["version"], before[one.id]["commit"]))
    }
    if not growths:
        return Decision("unchanged", f"{_listed(opened)} had nothing new")
    if plan.way == "whole":
        return Decision("whole", plan.why)
    for name, growth in growths.items():
        if growth.otherwise:
            return Decision("whole", f"{name} {growth.otherwise}")
    if len(growths) > 1:
        return Decision("whole", f"{_listed(growths)} got rows, and only one may at a time")
    ((name, growth),) = growths.items()
    if name.casefold() not in plan.growing:
        return Decision("whole", f"{name} got rows, where it stands so that they may change others")
    since = before[opened[name].id]["version"]
    return Decision(plan.way, f"{name} got rows after version {since}", name, growth.files)


def _listed(names: Mapping[str, object]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last
