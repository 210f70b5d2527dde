"""Writes extensions/lab/src/api.ts from the server's OpenAPI document; `make docs` runs it and a test holds it to that."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench_server.openapi import document

TARGET = Path(__file__).parents[1] / "extensions" / "lab" / "src" / "api.ts"

HEAD = """\
// What the server's API takes and answers. Written by scripts/typescript_types.py (`make docs`); do not edit.
"""
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def types() -> str:
    """The file's text: an interface for what each endpoint answers and may be asked, by its name in the document."""
    told = document()
    parts = [_declared(name, schema) for name, schema in sorted(told["components"]["schemas"].items())]
    for path in told["paths"].values():
        asked = path["get"]
        given = [one for one in asked["parameters"] if one["in"] == "query"]
        if given:
            parts.append(_asked(asked["operationId"], asked["summary"], given))
    return "\n".join([HEAD, *parts])


def _declared(name: str, schema: Mapping[str, Any]) -> str:
    said = _comment(schema.get("description", ""), "")
    if schema.get("type") != "object" or "properties" not in schema:
        return f"{said}export type {name} = {_type(schema)};\n"
    required = set(schema.get("required", ()))
    lines = [
        f"{_comment(inner.get('description', ''), '  ')}  {_key(key)}{'' if key in required else '?'}: {_type(inner)};"
        for key, inner in schema["properties"].items()
    ]
    return f"{said}export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _asked(operation: str, summary: str, given: list[dict[str, Any]]) -> str:
    name = "".join(part.capitalize() for part in operation.split("_")) + "Query"
    lines = [
        f"{_comment(one.get('description', ''), '  ')}  {_key(one['name'])}"
        f"{'' if one['required'] else '?'}: {_type(one['schema'])};"
        for one in given
    ]
    return f"{_comment(summary, '')}export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "allOf" in schema:
        return " & ".join(_type(one) for one in schema["allOf"])
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema.get("items", {}))
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if kind == "object":
        further = schema.get("additionalProperties", True)
        return f"Record<string, {_type(further) if isinstance(further, Mapping) else 'unknown'}>"
    return _SIMPLE.get(str(kind), "unknown")


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


def _comment(text: str, indent: str) -> str:
    lines = list(_wrapped(text, 100 - len(indent)))
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return "\n".join([f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */", ""])


def _wrapped(text: str, width: int) -> Iterator[str]:
    for paragraph in text.replace("*/", "* /").split("\n\n"):
        yield from textwrap.wrap(paragraph, width)


if __name__ == "__main__":
    TARGET.write_text(types(), encoding="utf-8")
