"""Writes extensions/lab/src/api.ts, the types of the API, from its OpenAPI document; a test holds the file to it.

python scripts/typescript_types.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from workbench_server.openapi import document

FILE = Path(__file__).parents[1] / "extensions" / "lab" / "src" / "api.ts"

HEAD = """\
// What the API of the workbench answers. Written by scripts/typescript_types.py from the OpenAPI document: not by hand.

/** A JSON value as it stands in a row: see `Column.kind` for what it is. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };
"""

_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def types() -> str:
    """The file's text."""
    told = document()
    parts = [HEAD]
    schemas = told["components"]["schemas"]
    operations = [operation for by_method in told["paths"].values() for operation in by_method.values()]
    sent = _named([operation.get("requestBody") for operation in operations], schemas)
    for name, schema in sorted(schemas.items()):
        parts.append(_declared(name, schema, sent=name in sent))
    for path, by_method in told["paths"].items():
        parts.append(_question(path, by_method["get"]) if "get" in by_method else "")
    return "\n".join(filter(None, parts))


def _named(shape: Any, schemas: dict[str, Any]) -> set[str]:
    """The schemas that a shape is made of."""
    if isinstance(shape, list):
        return set().union(*(_named(one, schemas) for one in shape))
    if not isinstance(shape, dict):
        return set()
    name = shape.get("$ref", "").rpartition("/")[2]
    return ({name} | _named(schemas[name], schemas) if name else set()) | _named(list(shape.values()), schemas)


def _declared(name: str, schema: dict[str, Any], *, sent: bool) -> str:
    """
    Args:
        sent: Whether it is sent and not answered: what has a default may be left out.
    """
    said = _comment(schema.get("description", ""))
    if "enum" in schema:
        return f"{said}export type {name} = {_type(schema)};\n"
    needed = schema.get("required", ()) if sent else schema["properties"]
    fields = [_field(field, shape, optional=field not in needed) for field, shape in schema["properties"].items()]
    return f"{said}export interface {name} {{\n{''.join(fields)}}}\n"


def _field(name: str, shape: dict[str, Any], *, optional: bool = False) -> str:
    said = _comment(shape.get("description", ""), indent="  ")
    return f"{said}  {_key(name)}{'?' if optional else ''}: {_type(shape)};\n"


def _question(path: str, operation: dict[str, Any]) -> str:
    """The parameters of a question, named after it: `DatasetsNamePreviewParameters`."""
    given = [one for one in operation["parameters"] if one["in"] == "query"]
    if not given:
        return ""
    name = "".join(part.capitalize() for part in re.findall(r"\w+", path)) + "Parameters"
    fields = [
        _field(one["name"], one["schema"] | {"description": one["description"]}, optional=not one["required"])
        for one in given
    ]
    summary = operation["summary"]
    return f"{_comment(f'GET {path}: {summary}')}export interface {name} {{\n{''.join(fields)}}}\n"


def _type(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        return str(shape["$ref"].rpartition("/")[2])
    if "const" in shape:
        return json.dumps(shape["const"])
    if "enum" in shape:
        return " | ".join(json.dumps(value) for value in shape["enum"])
    if "anyOf" in shape:
        return " | ".join(dict.fromkeys(_type(one) for one in shape["anyOf"]))
    kind = shape.get("type")
    if kind == "array":
        inner = _type(shape.get("items") or {})
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        inner = shape.get("additionalProperties")
        return f"{{ [name: string]: {_type(inner) if isinstance(inner, dict) else 'Value'} }}"
    return "Value" if kind is None else _PLAIN[kind]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else json.dumps(name)


def _comment(text: str, indent: str = "") -> str:
    words = " ".join(text.split()).replace("*/", "* /")
    return f"{indent}/** {words} */\n" if words else ""


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(types(), encoding="utf-8")
