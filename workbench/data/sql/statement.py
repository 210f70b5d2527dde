"""What a statement is and what it reads, from its syntax tree, before anything of it is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from workbench.data.sql.explaining import sentence
from workbench.foundation.errors import Forbidden, Invalid

__all__ = ["Statement", "Table", "parse"]

# They make rows out of their arguments. Every other table function reads a file, a setting or the catalog.
_ROW_MAKERS = {"generate_series", "generate_subscripts", "range", "repeat", "repeat_row", "unnest"}
# They say something of the process that answers.
_TELLTALES = {"current_setting", "getenv", "json_serialize_plan", "write_log"}
_FLATTER = "WITH names a step; sums of hundreds of terms and calls within calls are steps, too"
_ONE_VERSION = "write a whole number: FROM flights AT (VERSION => 3); workbench dataset show NAME lists the versions"


@dataclass(frozen=True)
class Table:
    """What stands after FROM or JOIN.

    Attributes:
        version: The number in `AT (VERSION => 3)`, or None.
    """

    name: str
    version: int | None


@dataclass(frozen=True)
class Statement:
    """One SELECT.

    Attributes:
        text: What is run: as it was written, but with a name of its own for each version that it asks for.
        tables: What it reads from, by the name it has in `text`.
        defined: The names that it defines itself, with WITH; one of them may hide a table of the same name.
        parameters: The names of its `$name`; of a `?`, its number.
    """

    text: str
    tables: Mapping[str, Table]
    defined: frozenset[str]
    parameters: frozenset[str]


def parse(connection: duckdb.DuckDBPyConnection, text: str) -> Statement:
    """
    Raises:
        Invalid: It does not parse, is nested too deeply, is not exactly one SELECT, or asks for a version otherwise
            than by its number.
        Forbidden: It calls a function that reads something else than datasets.
    """
    try:
        return _parsed(connection, text)
    except RecursionError as error:
        raise Invalid("the statement is nested too deeply", hint=_FLATTER) from error


def _parsed(connection: duckdb.DuckDBPyConnection, text: str) -> Statement:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"the statement is no text: character {error.start + 1} is half of one") from error
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
    tables: dict[str, Table] = {}
    for node in nodes:
        match node.get("type"):
            case "TABLE_FUNCTION":
                name = str(node["function"]["function_name"]).lower()
                if name not in _ROW_MAKERS:
                    raise _no_way_out(name)
            case "FUNCTION" if (name := str(node["function_name"]).lower()) in _TELLTALES:
                raise _no_way_out(name)
            case "SHOW_REF":
                raise Forbidden("only a plain SELECT is answered here", hint="workbench dataset show NAME")
            case "BASE_TABLE":
                table = Table(_full_name(node), _version(node))
                tables[table.name if table.version is None else _renamed(node, table)] = table
    if any(table.version is not None for table in tables.values()):
        text = _written(connection, tree)
    parameters = {str(node["identifier"]) for node in nodes if node.get("type") == "VALUE_PARAMETER"}
    return Statement(text, tables, frozenset(defined), frozenset(parameters))


def _no_way_out(name: str) -> Forbidden:
    return Forbidden(
        f"{name}() is not answered here: SQL reads datasets and nothing else",
        hint="load the file or table first: workbench dataset load FILE --name NAME",
    )


def _version(node: dict[str, Any]) -> int | None:
    clause = node.get("at_clause")
    if not clause:
        return None
    said = clause["expr"].get("literal") or clause["expr"].get("value") or {}
    number = str(said.get("text", said.get("value", "")))
    if str(clause["unit"]).upper() != "VERSION" or not number.isdecimal():
        raise Invalid(f"which version of '{_full_name(node)}' is meant is not said by its number", hint=_ONE_VERSION)
    return int(number)


def _renamed(node: dict[str, Any], table: Table) -> str:
    """Gives a table that is asked for at a version a name of its own; in the statement it keeps the old one."""
    name = f"{table.name}@{table.version}"
    node.update(
        alias=node.get("alias") or node["table_name"], at_clause=None, catalog_name="", schema_name="", table_name=name
    )
    if "qualified_name" in node:
        node["qualified_name"] = {"path": [name]}
    return name


def _written(connection: duckdb.DuckDBPyConnection, tree: dict[str, Any]) -> str:
    (text,) = connection.execute("SELECT json_deserialize_sql($tree::JSON)", {"tree": json.dumps(tree)}).fetchall()[0]
    return str(text)


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
