"""Metrics are defined, looked back at and removed over HTTP, by whoever may."""

from __future__ import annotations

from typing import Any

import httpx
from site_of_servers import Site

from workbench.governance.security import Scope

JFK = {"name": "from_jfk", "dataset": "flights", "aggregation": "count", "filter": "origin = 'JFK'"}


def sent(site: Site, method: str, path: str, user: str, *scopes: Scope, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.token(user, *scopes)}"}
    return httpx.request(method, f"{site.url}/workbench/api/v1/{path}", headers=headers, timeout=30, **options)


def test_a_definition_is_kept_asked_and_removed(site: Site) -> None:
    answer = sent(site, "POST", "metrics", "ana", Scope.READ, Scope.RUN, json={"definition": JFK, "comment": "new"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["summary"] == "From jfk, count in flights"
    assert site.ask("metrics/query?metric=from_jfk", "ana")["rows"] == [[2]]
    (state,) = site.ask("metrics/from_jfk/history")["items"]
    assert (state["number"], state["definition"], state["comment"], state["by"]) == (1, JFK, "new", "ana")
    gone = sent(site, "DELETE", "metrics/from_jfk?comment=unused", "ana", Scope.READ, Scope.RUN)
    assert gone.json() == {"name": "from_jfk"}
    assert [one["definition"] for one in site.ask("metrics/from_jfk/history")["items"]] == [None, JFK]
    assert site.refused("metrics/from_jfk")["status"] == 404


def test_what_may_not_be_defined_is_refused(site: Site) -> None:
    def refused(user: str, status: int, content: Any, *scopes: Scope) -> dict[str, Any]:
        answer = sent(site, "POST", "metrics", user, *scopes, json=content)
        assert answer.status_code == status, answer.text
        problem: dict[str, Any] = answer.json()
        return problem

    may = (Scope.READ, Scope.RUN)
    assert "takes the role analyst" in refused("vera", 403, {"definition": JFK}, *may)["detail"]
    assert "no scope 'run'" in refused("ana", 403, {"definition": JFK}, Scope.READ)["detail"]
    wrong = refused("ana", 422, {"definition": JFK | {"dataset": "flihgts"}}, *may)
    assert "did you mean 'flights'" in wrong["detail"]
    taken = refused("ana", 409, {"definition": JFK | {"name": "flights"}}, *may)
    assert "metrics/flights.yaml, line" in taken["detail"]
    assert "needs 'definition'" in refused("ana", 422, {}, *may)["detail"]
    assert "no JSON" in sent(site, "POST", "metrics", "ana", *may, content=b"{").json()["detail"]
    assert sent(site, "DELETE", "metrics", "ana", *may).status_code == 405
    assert sent(site, "POST", "datasets", "ana", *may, json={}).status_code == 405
    assert sent(site, "POST", "health", "ana", *may, json={}).status_code == 405


def test_a_page_of_another_site_cannot_define_for_who_is_signed_in(site: Site) -> None:
    answer = httpx.post(
        f"{site.url}/workbench/api/v1/metrics", cookies={"workbench": site.cookie("ada")}, json={"definition": JFK}
    )
    assert answer.status_code == 403


def test_a_comparison_is_answered_over_http(site: Site) -> None:
    assert site.refused("metrics/query?metric=flights&compare=previous%20period")["status"] == 422
