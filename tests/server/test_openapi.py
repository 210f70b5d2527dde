"""The API's description: whole, and the same in all its forms."""

from __future__ import annotations

from typing import Any

import typescript_types
from site_of_servers import Site
from workbench_server.endpoints import ENDPOINTS
from workbench_server.openapi import document, operation_id


def test_the_document_has_every_endpoint_and_leads_nowhere_else() -> None:
    told = document()
    assert told["openapi"] == "3.1.0"
    assert set(told["paths"]) == {f"/{endpoint.path}" for endpoint in ENDPOINTS}
    schemas = told["components"]["schemas"]
    assert {reference.rpartition("/")[2] for reference in references(told)} <= set(schemas)
    assert [one["operationId"] for path in told["paths"].values() for one in path.values()] == [
        operation_id(endpoint) for endpoint in ENDPOINTS
    ]
    assert len({operation_id(endpoint) for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def references(told: Any) -> list[str]:
    if isinstance(told, dict):
        own = [told["$ref"]] if "$ref" in told else []
        return own + [found for inner in told.values() for found in references(inner)]
    return [found for inner in told for found in references(inner)] if isinstance(told, list) else []


def test_every_parameter_says_what_it_is() -> None:
    silent = [
        (path, parameter["name"])
        for path, operations in document()["paths"].items()
        for operation in operations.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and not parameter["description"].endswith((".", "15.", "100."))
    ]
    assert not silent


def test_the_server_gives_the_document_and_a_page_of_it(site: Site) -> None:
    assert site.ask("openapi.json") == document()
    page = site.get("/workbench/api", "vera").text
    for endpoint in ENDPOINTS:
        assert f"{endpoint.method} /{endpoint.path}<" in page
        assert endpoint.summary.replace("'", "&#39;") in page


def test_the_types_of_the_lab_extension_are_those_of_the_api() -> None:
    assert typescript_types.FILE.read_text() == typescript_types.types(), "make docs"
