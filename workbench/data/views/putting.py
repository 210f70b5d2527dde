"""Putting groups together: those that are there, and those of the rows that came."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.data.views.planning import Plan

__all__ = ["keys_of", "put_together"]


def keys_of(plan: Plan, names: Iterable[str]) -> list[str]:
    """The columns of a view that tell its groups apart."""
    return [name for name, column in zip(names, plan.columns, strict=True) if column.key]


def put_together(plan: Plan, names: Iterable[str]) -> str:
    """A SELECT of the groups of the tables `there` and `came`, which have the view's columns."""
    called = [_quoted(name) for name in names]
    shown: list[str] = []
    for name, column in zip(called, plan.columns, strict=True):
        if column.mean is not None:
            total, number = (called[place] for place in column.mean)
            shown.append(f"sum({total})::DOUBLE / nullif(sum({number}), 0) AS {name}")
        else:
            shown.append(name if column.key else f"{column.together}({name}) AS {name}")
    keys = [name for name, column in zip(called, plan.columns, strict=True) if column.key]
    # Grouped by what both tables call it: a name that the SELECT gives would come second.
    grouped = f" GROUP BY {', '.join(keys)}" if keys else ""
    both = "SELECT * FROM there UNION ALL BY NAME SELECT * FROM came"
    return f"SELECT {', '.join(shown)} FROM ({both}) AS both_of_them{grouped}"


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
