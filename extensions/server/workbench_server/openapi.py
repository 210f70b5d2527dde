"""The OpenAPI document, from the table of endpoints and the models that validate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workbench import __version__
from workbench_server import arrow
from workbench_server.changes import Heard, Start
from workbench_server.endpoint import Endpoint, Nothing
from workbench_server.endpoints import ENDPOINTS
from workbench_server.problems import MEDIA_TYPE, Problem

__all__ = ["document", "operation_id"]

_REF = "#/components/schemas/{model}"
_ROWS = (
    "An Arrow IPC stream. The metadata of its schema has, as `workbench`, the JSON of `x-head`. "
    "A stream without its end mark was cut off."
)


@cache
def document(base: str = "/workbench/api/v1") -> dict[str, Any]:
    """OpenAPI 3.1.

    Args:
        base: Where the endpoints are, below the server's address.
    """
    answers: list[type[BaseModel]] = list(dict.fromkeys([*(one.answer for one in ENDPOINTS), Start, Heard, Problem]))
    bodies = list(dict.fromkeys(one.body for one in ENDPOINTS if one.body is not None))
    models: list[tuple[type[BaseModel], Literal["serialization", "validation"]]] = [
        *((model, "serialization") for model in answers), *((model, "validation") for model in bodies),
    ]  # fmt: skip
    names, schemas = models_json_schema(models, by_alias=True, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        sent = None if one.body is None else names[one.body, "validation"]
        paths.setdefault(f"/{one.path}", {})[one.method.lower()] = _operation(
            one, names[one.answer, "serialization"], sent
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Analytics workbench", "version": __version__},
        "servers": [{"url": base}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "workbench"},
            },
        },
    }


def _operation(endpoint: Endpoint, answer: Any, body: Any) -> dict[str, Any]:
    content = {arrow.MEDIA_TYPE: {"x-head": answer}} if endpoint.rows else {"application/json": {"schema": answer}}
    problem = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    said: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": operation_id(endpoint),
        "tags": [endpoint.path.split("/")[0]],
        "parameters": list(_parameters(endpoint)),
        "responses": {
            "200": {"description": _ROWS if endpoint.rows else "The answer.", "content": content},
            "default": {"description": "What went wrong.", "content": problem},
        },
    }
    if body is not None:
        required = bool(endpoint.body and any(field.is_required() for field in endpoint.body.model_fields.values()))
        said["requestBody"] = {"required": required, "content": {"application/json": {"schema": body}}}
    if endpoint.content:
        schema = {"type": "string", "format": "binary"}
        said["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": schema}}}
    return said | ({"security": []} if endpoint.public else {})


def operation_id(endpoint: Endpoint) -> str:
    """What programs that are made from the document call it: "datasets_name_preview", "put_queries_name"."""
    path = re.sub(r"[{}]", "", endpoint.path).replace("/", "_").replace("-", "_")
    return path if endpoint.method == "GET" else f"{endpoint.method.lower()}_{path}"


def _parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if endpoint.query is Nothing:
        return
    schema = endpoint.query.model_json_schema(by_alias=True)
    for name, about in schema["properties"].items():
        description = about.pop("description", "")
        about.pop("title", None)
        required = name in schema.get("required", ())
        shape = _inlined(about, schema.get("$defs", {}))
        yield {"name": name, "in": "query", "required": required, "description": description, "schema": shape}


def _inlined(shape: Any, definitions: dict[str, Any]) -> Any:
    """A parameter's schema without references: they would lead into a document that is not there."""
    if isinstance(shape, dict):
        if "$ref" in shape:
            return _inlined(definitions[shape["$ref"].rpartition("/")[2]], definitions)
        return {name: _inlined(inner, definitions) for name, inner in shape.items()}
    return [_inlined(inner, definitions) for inner in shape] if isinstance(shape, list) else shape
