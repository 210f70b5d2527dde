"""A statement's syntax tree, and what DuckDB says of the functions that stand in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbench.data.sql.closed import closed, lock
from workbench.data.sql.limits import LEAST_MEGABYTES
from workbench.data.sql.statement import parse

__all__ = ["Functions", "functions", "nodes", "syntax"]

Tree = dict[str, Any]

# What DuckDB calls the same for the same values, though it looks at the clock where one value is given.
_CLOCKS = {"age"}
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Functions:
    """Names of functions, in lower case.

    Attributes:
        aggregates: They make one value of the rows of a group; of macros, those that call one.
        steady: They make one value of one row's, always the same.
    """

    aggregates: frozenset[str]
    steady: frozenset[str]


def syntax(text: str) -> Tree:
    """The node of a statement, as DuckDB's parser gives it.

    Raises:
        Invalid, Forbidden: It is not one SELECT over datasets.
    """
    with closed(LEAST_MEGABYTES) as connection:
        lock(connection)
        parse(connection, text)
        (found,) = connection.execute("SELECT json_serialize_sql($text)", {"text": text}).fetchall()[0]
    node: Tree = json.loads(found)["statements"][0]["node"]
    return node


@cache
def functions() -> Functions:
    """What DuckDB says of its functions."""
    with closed(LEAST_MEGABYTES) as connection:
        lock(connection)
        rows = connection.execute(
            "SELECT lower(function_name), function_type, stability, macro_definition FROM duckdb_functions()"
        ).fetchall()
    kinds: dict[str, set[str]] = {}
    macros: dict[str, set[str]] = {}
    for name, kind, stability, definition in rows:
        kinds.setdefault(name, set()).add(kind if stability in (None, "CONSISTENT") else "unsteady")
        if definition:
            macros.setdefault(name, set()).update(_WORD.findall(str(definition).lower()))
    aggregates = {name for name, kind in kinds.items() if "aggregate" in kind}
    aggregates |= {name for name, words in macros.items() if words & aggregates}
    steady = {name for name, kind in kinds.items() if "scalar" in kind <= {"scalar", "table"}} | {"unnest"}
    steady -= _CLOCKS
    # A macro is as steady as all that it calls.
    known = set(kinds) | {"select", "current_timestamp", "current_date", "localtime", "localtimestamp"}
    steady |= {name for name, words in macros.items() if not (words & known) - steady}
    return Functions(frozenset(aggregates), frozenset(steady - aggregates))


def nodes(tree: Any) -> Iterator[Tree]:
    """Every node of a tree, itself first."""
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)
