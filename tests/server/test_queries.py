"""Saved queries and preferences through the API."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import polars as pl
import pyarrow as pa
import pytest
from site_of_servers import SECRET, Site
from workbench_server.changes import _may_know

import workbench
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.identity import Credential
from workbench.governance.security import Scope
from workbench.remote import ReadsOnly

ALL = "SELECT origin, tailnum, delay FROM flights WHERE delay >= $least ORDER BY delay"
LEAST = {"least": {"type": "integer", "default": 0}}
FOR_EVER = "SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b, range(1000) c"
WRITE = (Scope.READ, Scope.RUN)


def put(site: Site, path: str, body: Any, user: str = "ana", **options: Any) -> Any:
    return site.ask(path, user, method="PUT", scopes=WRITE, json=body, **options)


def post(site: Site, path: str, body: Any = None, user: str = "vera", **options: Any) -> Any:
    return site.ask(path, user, method="POST", json=body or {}, **options)


@pytest.fixture(scope="module")
def shared(site: Site) -> Site:
    """With a query of an analyst that viewers may run."""
    put(site, "queries/all", {"sql": ALL, "parameters": LEAST, "shared": "viewer", "description": "All flights"})
    return site


def test_a_query_is_saved_shown_listed_shared_and_deleted(site: Site) -> None:
    made = put(site, "queries/mine", {"sql": ALL, "parameters": {"least": {"type": "integer"}}, "expected": 0})
    assert (made["version"], made["owner"], made["shared"], made["datasets"]) == (1, "ana", None, ["flights"])
    assert made["parameters"] == {"least": {"type": "integer", "default": None, "description": ""}}
    assert site.refused("queries/mine")["status"] == 404, "a viewer"
    assert put(site, "queries/mine/sharing", {"role": "viewer"})["shared"] == "viewer"
    assert "mine" in [item["name"] for item in site.ask("queries?search=flights")["items"]]
    second = put(site, "queries/mine", {"sql": f"{ALL} LIMIT 1", "expected": 1})
    assert second["version"] == 2
    assert [item["version"] for item in site.ask("queries/mine/versions")["items"]] == [2, 1]
    assert site.ask("queries/mine?version=1")["sql"] == ALL
    refused = site.refused("queries/mine", "ana", method="PUT", scopes=WRITE, json={"sql": ALL, "expected": 1})
    assert (refused["status"], refused["code"]) == (409, "conflict")
    assert site.ask("queries/mine", "ana", method="DELETE", scopes=WRITE) == {"name": "mine"}
    assert site.refused("queries/mine", "ana")["status"] == 404


def test_a_query_runs_under_the_policy_of_who_runs_it(shared: Site) -> None:
    told = post(shared, "queries/all/run")
    assert [column["name"] for column in told["columns"]] == ["origin", "tailnum", "delay"]
    assert told["rows"] == [["JFK", "***", 1], ["JFK", "***", 2]]
    assert (told["more"], told["run"]["state"], told["run"]["by"], told["run"]["rows"]) == (False, "ok", "vera", 2)
    assert told["run"]["versions"] == {"flights": [1]}
    assert SECRET not in json.dumps(told)
    cut = post(shared, "queries/all/run", {"limit": 1, "parameters": {"least": "2"}}, "ana")
    assert (cut["rows"], cut["more"]) == ([["JFK", "N3", 2]], True)
    past = post(shared, "queries/all/run", {"versions": {"flights": 0}}, "ana")
    assert past["run"]["versions"] == {"flights": [0]}
    assert len(past["rows"]) == 2


def test_rows_come_as_arrow_with_every_type(shared: Site) -> None:
    answer = shared.get("/workbench/api/v1/queries/all/run/rows", "vera", method="POST", json={})
    assert answer.status_code == 200, answer.text
    reader = pa.ipc.open_stream(answer.content)
    head = json.loads(reader.schema.metadata[b"workbench"])
    assert (head["run"]["query"], head["run"]["rows"]) == ("all", 2)
    assert pl.DataFrame(reader.read_all()).rows() == [("JFK", "***", 1), ("JFK", "***", 2)]


def test_a_connection_runs_queries_as_the_workspace_does(shared: Site) -> None:
    with workbench.connect(shared.url, shared.token("ana")) as remote:
        query = remote.queries["all"]
        assert query == shared.wb.queries.get("all")
        assert remote.queries.history("all") == shared.wb.queries.history("all")
        assert "all" in [one.name for one in remote.queries.list("flights", owner="ana")]
        assert "all" in repr(remote.queries)
        result = remote.queries.run("all", {"least": 2}, versions={"flights": 1}, limit=2)
        near = shared.wb.queries.run("all", {"least": 2}, limit=2)
        assert result.to_polars().equals(near.to_polars())
        assert (result.cut, result.versions, result.run.by) == (True, {"flights": (1,)}, "ana")
        assert remote.queries.runs("all", limit=1)[0] == result.run
        assert result.explain() == remote.queries.explain("all", {"least": 2}, versions={"flights": 1})
        assert result.explain().splitlines()[0] == "SQL over flights version 1"
        with pytest.raises(Invalid, match="'much' cannot be the parameter 'least'"):
            remote.queries.run("all", {"least": "much"})
        with pytest.raises(NotFound, match="did you mean 'all'"):
            remote.queries.run("al")
        with pytest.raises(ReadsOnly, match="has no 'save'"):
            remote.queries.save("x", "SELECT 1")  # type: ignore[attr-defined]


def test_runs_are_told_to_who_made_them(shared: Site) -> None:
    post(shared, "queries/all/run")
    post(shared, "queries/all/run", user="ana")
    first = shared.ask("query-runs?query=all&limit=1")
    assert [item["by"] for item in first["items"]] == ["vera"]
    everybody = shared.ask("query-runs?query=all", "ada")
    assert {item["by"] for item in everybody["items"]} >= {"vera", "ana"}
    more = shared.ask(f"query-runs?query=all&limit=1&cursor={everybody['next'] or first['next']}")
    assert {item["by"] for item in more["items"]} <= {"vera"}


def test_a_running_query_is_cancelled_by_another_request(own: Site) -> None:
    put(own, "queries/long", {"sql": FOR_EVER, "shared": "viewer"})
    told: list[httpx.Response] = []
    asker = threading.Thread(
        target=lambda: told.append(own.get("/workbench/api/v1/queries/long/run", "vera", method="POST", json={}))
    )
    asker.start()
    end = time.monotonic() + 30
    while not (going := own.ask("query-runs?state=running")["items"]) and time.monotonic() < end:
        time.sleep(0.05)
    assert own.refused(f"query-runs/{going[0]['id']}/cancel", "ana", method="POST")["status"] == 404
    assert post(own, f"query-runs/{going[0]['id']}/cancel")["cancelled_by"] == "vera"
    asker.join(30)
    assert (told[0].status_code, told[0].json()["detail"]) == (409, "the statement was cancelled")
    assert own.ask("query-runs?query=long")["items"][0]["state"] == "cancelled"
    late = own.refused("queries/long/run", "vera", method="POST", json={"time_limit": 0.2})
    assert (late["status"], "longer than 0.2 s" in late["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "said"),
    [
        ("queries/late", "PUT", {"sql": "SELEC 1"}, 422, "does not parse"),
        ("queries/late", "PUT", {"sql": "SELECT * FROM read_csv('/etc/passwd')"}, 403, "read_csv()"),
        ("queries/late", "PUT", {"sql": "ATTACH 'x'"}, 403, "ATTACH is not answered here"),
        ("queries/late", "PUT", {"sql": "SELECT dely FROM flights"}, 422, "did you mean 'delay'?"),
        ("queries/late", "PUT", {}, 422, "sql"),
        ("queries/late", "PUT", {"sql": "SELECT 1", "shard": 1}, 422, "did you mean 'shared'?"),
        ("queries/late", "PUT", {"sql": "SELECT 1", "shared": "everybody"}, 422, "shared"),
        ("queries/late", "PUT", [1], 422, "no JSON object"),
        ("queries/late", "PUT", "x" * 1_000_001, 422, "at most 1,000,000"),
        ("queries/all", "PUT", {"sql": "SELECT 1 AS a", "expected": 0}, 409, "was to be at version 0"),
        ("queries/al/run", "POST", {}, 404, "did you mean 'all'?"),
        ("queries/all/run", "POST", {"limit": 0}, 422, "limit"),
        ("queries/all/run", "POST", {"time_limit": 1000}, 422, "at most 60 s"),
        ("queries/all/run", "POST", {"parameters": {"lest": 1}}, 422, "did you mean 'least'?"),
        ("queries/all/run", "POST", {"parameters": {"least": "much"}}, 422, "'much' cannot be the parameter 'least'"),
        ("queries/all/run", "POST", {"versions": {"flights": 9}}, 404, "no version 9"),
        ("queries/all/run", "POST", {"version": 9}, 404, "has no version 9"),
        ("queries/all/run", "GET", None, 405, "POST is"),
        ("queries/all", "POST", {}, 405, "GET and PUT and DELETE is"),
        ("datasets", "POST", {}, 405, "GET is"),
        ("query-runs/x/cancel", "POST", {}, 404, "no query run 'x'"),
        ("query-runs?state=okay", "GET", None, 422, "state"),
        ("preferences/time_zone", "PUT", {"value": "Europe/Viena"}, 422, "did you mean 'Europe/Vienna'"),
        ("preferences/time_zon", "PUT", {"value": "UTC"}, 404, "did you mean 'time_zone'?"),
        ("preferences/time_zone", "PUT", {}, 422, "value"),
    ],
)
def test_a_wrong_request_gets_a_problem_that_helps(
    shared: Site, path: str, method: str, body: Any, status: int, said: str
) -> None:
    sent = {} if body is None else {"content": body} if isinstance(body, str) else {"json": body}
    problem = shared.refused(path, "ana", method=method, scopes=WRITE, **sent)
    assert problem["status"] == status
    assert said in problem["detail"] + (problem.get("hint") or "")


def test_a_body_that_is_no_json_is_refused(shared: Site) -> None:
    problem = shared.refused("queries/late", "ana", method="PUT", scopes=WRITE, content="{sql")
    assert (problem["status"], "is no JSON" in problem["detail"]) == (422, True)


def test_what_would_take_the_server_with_it_is_refused(shared: Site) -> None:
    nested = {"content": "[" * 200_000}
    deep = {"json": {"sql": "SELECT " + "+".join(["1"] * 900)}}
    for content in (nested, deep):
        problem = shared.refused("queries/late", "ana", method="PUT", scopes=WRITE, **content)
        assert (problem["status"], "nested too deeply" in problem["detail"]) == (422, True)
    put(shared, "queries/vast", {"sql": "SELECT length(repeat('x', 2000000000)) AS n"})
    problem = shared.refused("queries/vast/run", "ana", method="POST", scopes=WRITE, json={"memory_limit": 64})
    assert (problem["status"], "64 MB of memory" in problem["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("user", "scopes", "method", "path", "said"),
    [
        ("vera", WRITE, "PUT", "queries/mine", "takes the role analyst"),
        ("ana", (Scope.READ,), "PUT", "queries/mine", "no scope 'run'"),
        ("ana", (Scope.READ,), "DELETE", "queries/all", "no scope 'run'"),
        ("vera", (Scope.READ,), "PUT", "preferences/theme", "no scope 'run'"),
    ],
)
def test_who_may_not_is_refused(
    shared: Site, user: str, scopes: tuple[Scope, ...], method: str, path: str, said: str
) -> None:
    problem = shared.refused(path, user, method=method, scopes=scopes, json={"value": "dark", "sql": "SELECT 1"})
    assert (problem["status"], said in problem["detail"]) == (403, True)


def test_a_browser_of_another_site_changes_nothing(shared: Site) -> None:
    """The sign-in's cookie alone is what any page could make a browser send."""
    with httpx.Client(base_url=shared.url, cookies={"workbench": shared.cookie("ana")}) as browser:
        path = "/workbench/api/v1/queries/all"
        assert browser.get(path).status_code == 200
        assert browser.put(path, json={"sql": "SELECT 1 AS a"}).status_code == 403
        assert browser.delete(path).status_code == 403
        browser.get("/workbench/reports")  # a page of ours, which the browser keeps the cookie of
        known = browser.cookies["_xsrf"]
        answer = browser.put(path, json={"sql": ALL, "parameters": LEAST}, headers={"X-XSRFToken": known})
        assert answer.status_code == 200, answer.text


def test_a_change_of_a_query_is_heard_by_who_may_see_it(shared: Site) -> None:
    first = shared.wb.bus.newest()
    put(shared, "queries/quiet", {"sql": "SELECT 1 AS a"})
    put(shared, "queries/quiet/sharing", {"role": "viewer"})
    told = [change for change in shared.wb.bus.since(first) if change.topic == "query"]
    heard = {
        user: [_may_know(Credential(shared.wb.security.user(user), frozenset(Scope), "cookie"), one) for one in told]
        for user in ("vera", "ana", "ada")
    }
    assert heard == {"vera": [False, True], "ana": [True, True], "ada": [True, True]}


def test_preferences_are_ones_own(site: Site) -> None:
    def values(told: Any) -> dict[str, Any]:
        return {item["key"]: item["value"] for item in told["items"]}

    assert values(site.ask("preferences"))["theme"] == "system"
    assert values(put(site, "preferences/theme", {"value": "dark"}, "vera"))["theme"] == "dark"
    assert values(site.ask("preferences"))["theme"] == "dark"
    assert values(site.ask("preferences", "ana"))["theme"] == "system"
    put(site, "preferences/week_start", {"value": 7}, "vera")
    told = site.ask("preferences/theme", "vera", method="DELETE", scopes=WRITE)
    assert (values(told)["theme"], values(told)["week_start"]) == ("system", 7)
    told = site.ask("preferences", "vera", method="DELETE", scopes=WRITE)
    assert values(told) == {item["key"]: item["default"] for item in told["items"]}
