"""What a statement is and what it reads, from its syntax tree, before anything of it is run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from workbench.data.sql.explaining import sentence
from workbench.foundation.errors import Forbidden, Invalid

__all__ = ["Statement", "parse"]

# They make rows out of their arguments. Every other table function reads a file, a setting or the catalog.
_ROW_MAKERS = {"generate_series", "generate_subscripts", "range", "repeat", "repeat_row", "unnest"}


@dataclass(frozen=True)
class Statement:
    """One SELECT.

    Attributes:
        tables: The names it reads from, as written.
        defined: The names that it defines itself, with WITH; one of them may hide a table of the same name.
    """

    text: str
    tables: frozenset[str]
    defined: frozenset[str]


def parse(connection: duckdb.DuckDBPyConnection, text: str) -> Statement:
    """
    Raises:
        Invalid: It does not parse, or is not exactly one SELECT.
        Forbidden: It calls a table function that reads something else than datasets.
    """
    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise Invalid(f"the statement does not parse: {sentence(error)}", hint=_pointer(error)) from error
    if len(statements) != 1:
        raise Invalid(
            "there is no statement" if not statements else f"these are {len(statements)} statements; one is answered"
        )
    kind = statements[0].type.name
    if kind != "SELECT":
        raise Forbidden(
            f"{kind} is not answered here: one SELECT is", hint="datasets are changed by wb.datasets, not by SQL"
        )
    (found,) = connection.execute("SELECT json_serialize_sql($text)", {"text": text}).fetchall()[0]
    tree = json.loads(found)
    if tree.get("error"):
        raise Invalid(f"only a plain SELECT is answered: {tree.get('error_message', 'this is none')}")
    nodes = list(_nodes(tree["statements"]))
    defined = {entry["key"] for node in nodes for entry in (node.get("cte_map") or {}).get("map", ())}
    tables = set()
    for node in nodes:
        match node.get("type"):
            case "TABLE_FUNCTION":
                name = str(node["function"]["function_name"]).lower()
                if name not in _ROW_MAKERS:
                    raise Forbidden(
                        f"{name}() is not answered here: SQL reads datasets and nothing else",
                        hint="load the file or table first: workbench dataset load FILE --name NAME",
                    )
            case "SHOW_REF":
                raise Forbidden("only a plain SELECT is answered here", hint="workbench dataset show NAME")
            case "BASE_TABLE":
                tables.add(_full_name(node))
    return Statement(text, frozenset(tables), frozenset(defined))


def _full_name(node: dict[str, Any]) -> str:
    parts = [node.get("catalog_name"), node.get("schema_name"), node["table_name"]]
    return ".".join(part for part in parts if part and part not in ("main", "memory"))


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _pointer(error: duckdb.Error) -> str | None:
    lines = str(error).splitlines()
    return next((line for line in lines if line.startswith("LINE ")), None)
