"""What the readable page says of each endpoint, taken from the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

from workbench.governance.identity import PERMISSIONS
from workbench_server.endpoint import Endpoint
from workbench_server.endpoints import ENDPOINTS
from workbench_server.openapi import document
from workbench_server.problems import STATUSES

__all__ = ["errors", "fields", "groups", "kind_of"]

_SAID = {
    "sign_in_refused": "No sign-in was shown, or one that is not valid, has expired or was used before.",
    "forbidden": "The role, or the token's scopes, do not include it.",
    "not_found": "There is no such thing; the sentence has the nearest name.",
    "conflict": "Somebody else holds it, or it changed meanwhile.",
    "invalid": "The request is wrong: a parameter, a column, a condition.",
    "check_failed": "The data did not pass its checks.",
    "integrity": "Something stored contradicts itself.",
    "unavailable": "Something that the answer needs cannot be reached.",
    "unforeseen": "Nobody foresaw it; the id stands in the server's log, too.",
}


@cache
def groups() -> list[tuple[str, list[dict[str, Any]]]]:
    """The endpoints by the first part of their path."""
    found: dict[str, list[dict[str, Any]]] = {}
    for endpoint in ENDPOINTS:
        found.setdefault(endpoint.path.split("/")[0], []).append(_said(endpoint))
    return list(found.items())


def errors() -> list[tuple[str, int, str]]:
    """Code, status and meaning of every error."""
    statuses = {kind.code: status for kind, status in STATUSES.items()} | {"unforeseen": 500}
    return [(code, statuses[code], said) for code, said in _SAID.items()]


def fields(name: str) -> list[dict[str, str]]:
    """What an answer or a message is made of."""
    properties = document()["components"]["schemas"][name]["properties"]
    return [
        {"name": one, "kind": kind_of(shape), "about": shape.get("description", "")}
        for one, shape in properties.items()
    ]


def kind_of(shape: dict[str, Any]) -> str:
    """A schema in a few words: "list of DatasetItem", "text or null"."""
    if "$ref" in shape:
        return str(shape["$ref"].rpartition("/")[2])
    if "enum" in shape:
        return " | ".join(map(str, shape["enum"]))
    if "const" in shape:
        return str(shape["const"])
    if "anyOf" in shape:
        return " or ".join(kind_of(one) for one in shape["anyOf"])
    match shape.get("type"):
        case "array":
            return f"list of {kind_of(shape.get('items') or {})}"
        case "object":
            inner = shape.get("additionalProperties")
            return f"{kind_of(inner)} by name" if isinstance(inner, dict) else "object"
        case "string":
            return {"date-time": "time"}.get(shape.get("format", ""), "text")
        case "integer":
            return "whole number"
        case None:
            return "any value"
        case other:
            return {"boolean": "true or false"}.get(other, str(other))


def _said(endpoint: Endpoint) -> dict[str, Any]:
    told = document()
    operation = told["paths"][f"/{endpoint.path}"][endpoint.method.lower()]
    ((media_type, content),) = operation["responses"]["200"]["content"].items()
    answer = content["x-head" if endpoint.rows else "schema"]
    return {
        "path": f"/{endpoint.path}",
        "method": endpoint.method,
        "body": [] if endpoint.body is None else fields(endpoint.body.__name__),
        "summary": endpoint.summary,
        "needs": _needs(endpoint),
        "parameters": [
            {"name": one["name"], "kind": kind_of(one["schema"]), "about": one.get("description", "")}
            for one in operation["parameters"]
            if one["in"] == "query"
        ],
        "rows": media_type if endpoint.rows else None,
        "fields": fields(answer["$ref"].rpartition("/")[2]),
    }


def _needs(endpoint: Endpoint) -> str:
    if endpoint.resource is None:
        return "For everybody, without a sign-in."
    role, scope = PERMISSIONS[endpoint.resource, endpoint.action]
    return f"For the role {role} and above; a token needs the scope {scope}."
