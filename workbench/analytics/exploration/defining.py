"""A view as the definition of a metric: the same figure, of the same rows, by the same columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from workbench.analytics.exploration.model import Group, View
from workbench.analytics.exploration.select import banded, conditions, names
from workbench.foundation.errors import Invalid

__all__ = ["definition"]

_PLAIN = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 63


def definition(
    view: View, schema: Mapping[str, pl.DataType], name: str, *, label: str = "", description: str = ""
) -> dict[str, Any]:
    """The keys of a metric.

    Raises:
        Invalid: No metric says this: the view is of points, or by two columns of times with periods.
    """
    if view.aggregation is None:
        raise Invalid(
            "points are no metric: a metric is one figure of many rows",
            hint="choose a figure such as the mean, or keep the points as a query",
        )
    periods = [group for group in view.by if group.grain is not None]
    if len(periods) > 1:
        raise Invalid("a metric has periods of one column only", hint="group by one time, or keep this as a query")
    made: dict[str, Any] = {"name": name, "dataset": view.dataset, "aggregation": view.aggregation}
    others = [group for group in view.by if group.grain is None]
    taken: set[str] = set()
    dimensions = [_dimension(group, schema, taken) for group in others]
    said = {
        "label": label,
        "description": description,
        "column": view.of,
        "filter": conditions(view.where, schema),
        "dimensions": dimensions,
        "time": periods[0].column if periods else None,
        "grain": periods[0].grain if periods else None,
    }
    return made | {key: value for key, value in said.items() if value}


def _dimension(group: Group, schema: Mapping[str, pl.DataType], taken: set[str]) -> dict[str, str]:
    column = group.column
    plain = _PLAIN.fullmatch(column) is not None and len(column) <= _LONGEST
    name = column if plain else _named(column)
    while name in taken:
        name = f"{name[: _LONGEST - 1]}_"
    taken.add(name)
    sql = names(column) if group.band is None else banded(column, group.band)
    if schema[column].is_float():  # NaN is a missing value
        sql = f"CASE WHEN {names(column)} > CAST('inf' AS DOUBLE) THEN NULL ELSE {sql} END"
    if sql == f'"{column}"' and plain:
        return {"name": name}
    return {"name": name, "label": column, "sql": sql} if not plain else {"name": name, "sql": sql}


def _named(column: str) -> str:
    """A column's name in small letters, digits and underscores."""
    found = re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")
    return (found if _PLAIN.match(found) else f"column_{found}")[:_LONGEST].rstrip("_")
