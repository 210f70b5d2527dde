"""Whether a SELECT can be carried on by the rows that its datasets get, and how: from its syntax tree alone."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.data.sql import functions, nodes, syntax

__all__ = ["Column", "Plan", "planned"]

Tree = Mapping[str, Any]

_CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
_MODIFIERS = {
    "ORDER_MODIFIER": "it orders its rows",
    "LIMIT_MODIFIER": "it has a LIMIT",
    "LIMIT_PERCENT_MODIFIER": "it has a LIMIT",
    "DISTINCT_MODIFIER": "it is DISTINCT, and a new row may be there already",
}
# What puts two figures of one group together.
_TOGETHER = {
    "count": "sum",
    "count_star": "sum",
    "count_if": "sum",
    "countif": "sum",
    "sum": "sum",
    "min": "min",
    "max": "max",
    "bool_and": "bool_and",
    "bool_or": "bool_or",
}
# Of which side of a join new rows make new rows and change none: the left one, the right one.
_GROWING = {
    "INNER": (True, True),
    "LEFT": (True, False),
    "RIGHT": (False, True),
    "SEMI": (True, False),
    "ANTI": (True, False),
}


class _Whole(Exception):
    """It cannot be carried on; the message is a clause."""


@dataclass(frozen=True)
class Column:
    """A column of a view of groups.

    Attributes:
        together: The aggregate that puts two figures of a group together; empty for a column that tells groups apart.
        mean: Of a mean, the places of the columns with the sum and the number that it is made of.
    """

    together: str = ""
    mean: tuple[int, int] | None = None

    @property
    def key(self) -> bool:
        return not self.together and self.mean is None


@dataclass(frozen=True)
class Plan:
    """
    Attributes:
        way: How the view is carried on; "whole": it is not.
        why: Why it is not, as a clause.
        steady: Whether it has the same rows as long as its datasets have.
        growing: The datasets, in lower case, of which new rows make new rows of the view and change none.
        columns: Of a view of groups, in its order.
    """

    way: Literal["rows", "groups", "whole"]
    why: str = ""
    steady: bool = True
    growing: frozenset[str] = frozenset()
    columns: tuple[Column, ...] = ()


def planned(sql: str, names: Collection[str]) -> Plan:
    """
    Args:
        names: Of the columns of its datasets, which hide the names that a SELECT gives its own.

    Raises:
        Invalid, Forbidden: It is not one SELECT over datasets.
    """
    tree = syntax(sql)
    if (said := _unsteady(tree)) is not None:
        return Plan("whole", said, steady=False)
    try:
        growing = _checked(tree)
        items = tree["select_list"]
        if not (tree["group_expressions"] or tree["aggregate_handling"] != "STANDARD_HANDLING" or _aggregates(items)):
            return Plan("rows", growing=growing)
        return Plan("groups", growing=growing, columns=_grouped(tree, {name.casefold() for name in names}))
    except _Whole as error:
        return Plan("whole", str(error))


def _unsteady(tree: Tree) -> str | None:
    """What in a statement may give something else each time, as a clause."""
    known = functions()
    for node in nodes(tree):
        if node.get("class") == "COLUMN_REF" and str(node["column_names"][0]).lower() in _CLOCKS:
            return f"it asks for {node['column_names'][0]}, which is another one each time"
        if node.get("class") == "FUNCTION":
            name = str(node["function_name"]).lower()
            between = name == "age" and len(node["arguments"]) == 2
            if name not in known.steady | known.aggregates and not between:
                return f"it calls {name}(), which may give something else each time"
        if node.get("sample"):
            return "it takes a sample"
    return None


def _checked(tree: Tree) -> frozenset[str]:
    """The datasets that may grow.

    Raises:
        _Whole: It is of a form that cannot be carried on.
    """
    if tree["type"] != "SELECT_NODE":
        raise _Whole("it puts several SELECTs together" if "SET" in tree["type"] else "it has a WITH")
    if tree["cte_map"]["map"]:
        raise _Whole("it has a WITH")
    for modifier in tree["modifiers"]:
        raise _Whole(_MODIFIERS.get(modifier["type"], "it looks at all rows at once"))
    for node in nodes(tree):
        if node.get("class") == "SUBQUERY" or node.get("type") == "SUBQUERY":
            raise _Whole("it has a SELECT within it")
        if node.get("class") == "WINDOW" or node.get("qualify"):
            raise _Whole("it has a window, and a new row may change what others have")
    tables = _tables(tree["from_table"])
    twice = {name for name, _ in tables if sum(name == other for other, _ in tables) > 1}
    return frozenset(name for name, grows in tables if grows and name not in twice)


def _tables(node: Tree) -> list[tuple[str, bool]]:
    """The datasets of a FROM, and whether each may grow."""
    if node["type"] == "BASE_TABLE":
        if node.get("at_clause"):
            raise _Whole(f"it reads a past version of {node['table_name']}")
        return [(str(node["table_name"]).casefold(), True)]
    if node["type"] != "JOIN":
        raise _Whole("it reads something else than datasets")
    if node["ref_type"] not in ("REGULAR", "CROSS", "NATURAL"):
        raise _Whole(f"it has a join of the kind {node['ref_type']}")
    sides = _GROWING.get(node["join_type"], (False, False))
    return [
        (name, grows and may)
        for side, may in zip(("left", "right"), sides, strict=True)
        for name, grows in _tables(node[side])
    ]


def _grouped(tree: Tree, names: Collection[str]) -> tuple[Column, ...]:
    if tree["having"]:
        raise _Whole("it has a HAVING, and a group that it left out may come back")
    if len(tree["group_sets"]) > 1:
        raise _Whole("it groups in several ways at once")
    items = tree["select_list"]
    for node in nodes(items):
        if node.get("class") == "STAR":
            raise _Whole("it groups, and does not write its columns out")
        if str(node.get("function_name")).lower() == "unnest":
            raise _Whole("it groups what it unnests")
    keys = [place for place, item in enumerate(items) if not _aggregates(item)]
    for group in tree["group_expressions"]:
        if not any(_is(group, items[place], place, names) for place in keys):
            raise _Whole("it groups by something that is no column of it")
    figures = {place: _figure(item) for place, item in enumerate(items) if place not in keys}
    return tuple(Column() if place in keys else _column(figures, place) for place in range(len(items)))


def _figure(item: Tree) -> tuple[str, str]:
    """An aggregate, and what it is of."""
    name = str(item.get("function_name", "")).lower()
    if item.get("class") != "FUNCTION" or name not in functions().aggregates:
        raise _Whole("it computes with aggregates, where each would have to be a column")
    if item["distinct"] or item["order_bys"]["orders"]:
        raise _Whole(f"it has {name}() of {'distinct' if item['distinct'] else 'ordered'} values")
    if (name not in _TOGETHER and name != "avg") or len(item["arguments"]) > 1:
        raise _Whole(f"{name}() cannot be carried on from what it was")
    if _aggregates(item["arguments"]):
        raise _Whole("it has an aggregate within another")
    return name, _plain([item["arguments"], item["filter"]])


def _column(figures: Mapping[int, tuple[str, str]], place: int) -> Column:
    name, of = figures[place]
    if name != "avg":
        return Column(_TOGETHER[name])
    parts = {one: where for where, (one, what) in figures.items() if what == of and one in ("sum", "count")}
    if len(parts) < 2:
        raise _Whole("avg() is carried on only beside sum() and count() of the same, as columns of their own")
    return Column(mean=(parts["sum"], parts["count"]))


def _is(group: Tree, item: Tree, place: int, names: Collection[str]) -> bool:
    """Whether what is grouped by is a column of the SELECT: by its number, its expression or its name."""
    if group.get("class") == "CONSTANT":
        said = group.get("literal") or group.get("value") or {}
        return str(said.get("text", said.get("value", ""))) == str(place + 1)
    if _plain(group) == _plain(item):
        return True
    if group.get("class") != "COLUMN_REF":
        return False
    path = [str(one).casefold() for one in group["column_names"]]
    if item.get("class") == "COLUMN_REF":
        other = [str(one).casefold() for one in item["column_names"]]
        shorter = min(len(path), len(other))
        if path[-shorter:] == other[-shorter:]:
            return True
    # A column of a dataset comes before a name that the SELECT gives.
    return len(path) == 1 and path[0] == str(item["alias"]).casefold() and path[0] not in names


def _aggregates(tree: Any) -> bool:
    known = functions().aggregates
    return any(node.get("class") == "FUNCTION" and str(node["function_name"]).lower() in known for node in nodes(tree))


def _plain(tree: Any) -> str:
    """An expression without where it stands and what it is called."""

    def stripped(one: Any) -> Any:
        if isinstance(one, Mapping):
            return {
                key: stripped(value)
                for key, value in one.items()
                if key != "alias" and not str(key).startswith("query_location")
            }
        return [stripped(value) for value in one] if isinstance(one, Sequence) and not isinstance(one, str) else one

    return json.dumps(stripped(tree), sort_keys=True)
