"""What the API answers, and what it says to a wrong question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from site_of_servers import SECRET, Site, rendered
from workbench_server.endpoints import ENDPOINTS
from workbench_server.openapi import operation_id
from workbench_server.problems import problem_of

from workbench.foundation import observability
from workbench.governance.identity import PERMISSIONS
from workbench.governance.security import Policy, Role


def test_health_needs_no_sign_in_and_says_nothing_else(site: Site) -> None:
    assert site.ask("health", None) == {"status": "ok"}


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if not one.public], ids=operation_id)
def test_every_other_endpoint_needs_a_sign_in(site: Site, endpoint: Any) -> None:
    assert (endpoint.resource, endpoint.action) in PERMISSIONS
    problem = site.refused(endpoint.path.replace("{", "").replace("}", ""), None, method=endpoint.method)
    assert (problem["status"], problem["code"]) == (401, "sign_in_refused")


def test_one_is_told_who_one_is(site: Site) -> None:
    me = site.ask("me")
    assert (me["name"], me["role"]) == ("vera", "viewer")
    assert "datasets:read" in me["may"]
    assert "runs:read" not in me["may"]


def test_datasets_are_found_and_paged(site: Site) -> None:
    first = site.ask("datasets?search=small_&limit=3")
    assert [item["name"] for item in first["items"]] == ["small_0", "small_1", "small_2"]
    assert first["total"] == 5
    second = site.ask(f"datasets?search=small_&limit=3&cursor={first['next']}")
    assert [item["name"] for item in second["items"]] == ["small_3", "small_4"]
    assert second["next"] is None
    assert sum(facet["count"] for facet in first["owners"]) == 5


def test_a_dataset_tells_its_columns(site: Site) -> None:
    told = site.ask("datasets/values")
    kinds = {column["name"]: column["kind"] for column in told["columns"]}
    assert kinds == {
        "big": "integer", "ratio": "number", "price": "decimal", "day": "date", "at": "time", "raw": "bytes",
        "tags": "list",
    }  # fmt: skip


def test_a_dataset_tells_what_it_looks_like(site: Site) -> None:
    told = site.ask("datasets/values/profile")
    assert (told["dataset"], told["sampled"], told["looked_at"]) == ("values", False, told["rows"])
    columns = {column["name"]: column for column in told["columns"]}
    assert columns["big"]["numbers"]["max"] == str(2**53 + 1)
    assert columns["day"]["times"]["grain"] == "day"
    assert columns["raw"]["distinct"] is None
    assert site.refused("datasets/values/profile?version=99")["status"] == 404


def test_a_dataset_tells_what_checks_found(own: Site) -> None:
    suite = "dataset: flights\nexpectations: [{expect: not_null, column: origin}, {expect: row_count, min: 9}]\n"
    (own.home / "expectations").mkdir(exist_ok=True)
    (own.home / "expectations" / "flights.yaml").write_text(suite)
    assert own.ask("datasets/flights/quality", "ana") == {
        "dataset": "flights", "latest": None, "history": [], "trends": [], "held": None
    }  # fmt: skip
    own.wb.quality.check("flights")
    told = own.ask("datasets/flights/quality", "ana")
    assert (told["latest"]["passed"], told["latest"]["met"], told["latest"]["failures"]) == (False, 1, 1)
    assert [one["sentence"] for one in told["latest"]["outcomes"]][1] == "there are at least 9 rows, but there are 4"
    assert [one["rows"] for one in told["history"]] == [4]
    assert [[point["passed"] for point in trend["points"]] for trend in told["trends"]] == [[True], [False]]
    # Whose policy hides rows is told of no check that counted them.
    assert own.ask("datasets/flights/quality")["history"] == []
    assert "expect: row_count" in own.ask("datasets/flights/quality/proposed", "ana")["yaml"]


def test_held_rows_are_told_of_loaded_and_given_up(own: Site) -> None:
    (own.home / "expectations").mkdir(exist_ok=True)
    suite = own.home / "expectations" / "small_0.yaml"
    suite.write_text("dataset: small_0\nexpectations: [{expect: between, column: n, max: 10}]\n")
    first = own.wb.quality.screen(pl.DataFrame({"n": [2, 30, 500]}), into="small_0").held
    assert first is not None
    at = "datasets/small_0/quarantine"
    (told,) = own.ask(at, "ada")["items"]
    assert (told["id"], told["rows"], told["reasons"]) == (first.id, 2, {"n is at most 10": 2})
    rows = own.ask(f"{at}/{first.id}", "ada")
    assert rows["values"][0] == [30, [{"expectation": "n is at most 10", "values": "n=30"}]]
    assert own.ask("datasets/small_0/quality", "ada")["held"] == 2
    assert own.refused(at)["status"] == 403
    assert own.refused(at, "ana")["status"] == 403  # an analyst, whose dataset it is not
    assert own.refused(f"datasets/small_1/quarantine/{first.id}", "ada")["status"] == 404
    suite.write_text("dataset: small_0\nexpectations: [{expect: between, column: n, max: 100}]\n")
    done = own.ask(f"{at}/{first.id}/redrive", "ada", method="POST", json={})
    (still,) = done["held"]
    assert (done["loaded"], still["rows"], still["kind"]) == (1, 1, "suite")
    assert own.refused(f"{at}/{first.id}/redrive", "ada", method="POST", json={})["status"] == 409
    assert own.ask(f"{at}/{still['id']}", "ada", method="DELETE")["state"] == "discarded"
    assert own.ask(at, "ada")["items"] == []
    assert len(own.ask(f"{at}?every=true", "ada")["items"]) == 3


def test_freshness_is_promised_and_told_of(own: Site) -> None:
    assert own.refused("datasets/values/freshness")["status"] == 404
    promise = {"column": "day", "by": "08:00", "time_zone": "Europe/Berlin"}
    assert own.refused("datasets/values/freshness", method="PUT", json=promise)["status"] == 403
    told = own.ask("datasets/values/freshness", "ada", method="PUT", json=promise)
    assert (told["kept"], len(told["days"]), told["promise"]) == (
        False, 14, "day has rows of the day by 08:00 Europe/Berlin"
    )  # fmt: skip
    assert [one["dataset"] for one in own.ask("freshness")["items"]] == ["values"]
    refused = own.refused("datasets/values/freshness", "ada", method="PUT", json={**promise, "column": "dai"})
    assert (refused["status"], "did you mean 'day'" in refused["detail"]) == (422, True)
    own.ask("datasets/values/freshness", "ada", method="DELETE")
    assert own.ask("freshness")["items"] == []


def test_no_value_is_lost_on_the_way(site: Site) -> None:
    told = site.ask("datasets/values/preview")
    assert told["rows"] == [
        ["9007199254740993", "NaN", "0.10", "2013-01-31", "2013-01-31T05:15:00.000001Z", "AP8=", ["a", "b"]],
        [-1, "-Infinity", None, None, None, None, []],
    ]


def test_a_preview_is_filtered_sorted_and_cut(site: Site) -> None:
    told = site.ask("datasets/flights/preview?where=delay>1&order=-delay&columns=delay&limit=2&offset=1", "ana")
    assert told["rows"] == [[70], [2]]
    assert (told["total"], told["offset"], told["version"]) == (3, 1, 1)
    assert site.ask("datasets/flights/preview?version=0", "ana")["total"] == 2


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("datasets/flihgts", 404, "did you mean 'flights'?"),
        ("datasets/flights/preview?wher=1", 422, "no parameter 'wher'; did you mean 'where'?"),
        ("datasets/flights/preview?limit=1001", 422, "limit"),
        ("datasets/flights/preview?limit=many", 422, "limit"),
        ("datasets/flights/preview?limit=1&limit=2", 422, "given 2 times"),
        ("datasets/flights/preview?columns=dely", 422, "did you mean 'delay'?"),
        ("datasets/flights/preview?order=-dely", 422, "did you mean 'delay'?"),
        ("datasets/flights/preview?where=delay", 422, "not a condition"),
        ("datasets/flights/preview?where=delay = (SELECT 1)", 422, "looks across rows"),
        ("datasets/flights/preview?version=9", 404, "no version 9"),
        ("datasets/flights/versions?cursor=%25", 422, "no cursor"),
        ("datasets?sort=nmae", 422, "sort"),
        ("datasets?search=%00", 422, "no text has"),
        ("datasets/%00", 404, "nothing here has a name like"),
        (f"datasets/{'x' * 300}", 404, "has a name like 'xxx"),
        (f"datasets/flights/preview?offset={10**30}", 422, "offset"),
        (f"datasets/flights/preview?version={10**30}", 422, "version"),
        (f"metrics/query?metric=flights&limit={10**40}", 422, "limit"),
        (f"reports/{'x' * 300}/runs", 404, "has a name like"),
        ("datasets?limit=0", 422, "limit"),
        ("metrics/flihgts", 404, "did you mean 'flights'?"),
        ("metrics/query", 422, "metric"),
        ("metrics/query?metric=flights&by=origin", 404, "tailnum"),
        ("metrics/query?metric=flights&from=2013-01-01", 422, "no time column"),
        ("reports/punctualty/runs", 404, "did you mean 'punctuality'?"),
        ("nothing/at/all", 404, "nothing at"),
        ("datasets/..%2F..%2Fworkbench.toml", 404, "no dataset"),
        ("datasets/%2e%2e/preview", 404, "no dataset '..'"),
        ("reports/..%2F..%2F..%2Fetc/runs", 404, "no report"),
    ],
)
def test_a_wrong_question_gets_a_problem_that_helps(site: Site, path: str, status: int, said: str) -> None:
    problem = site.refused(path)
    assert problem["status"] == status
    assert said in problem["detail"] + (problem.get("hint") or "")


def test_what_a_client_appends_against_caches_is_no_parameter(site: Site) -> None:
    assert site.ask("me?1700000000000")["name"] == "vera"


def test_an_answer_that_is_known_is_not_sent_again(site: Site) -> None:
    first = site.get("/workbench/api/v1/datasets", "vera")
    again = site.get("/workbench/api/v1/datasets", "vera", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"].startswith("private")
    other = site.get("/workbench/api/v1/datasets", "ana", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200, "another sees other numbers of rows"


def test_versions_are_paged_newest_first(site: Site) -> None:
    first = site.ask("datasets/flights/versions?limit=1")
    assert [item["number"] for item in first["items"]] == [1]
    second = site.ask(f"datasets/flights/versions?limit=1&cursor={first['next']}")
    assert [item["number"] for item in second["items"]] == [0]
    assert second["next"] is None


def test_a_deleted_dataset_is_said_to_be_deleted(own: Site) -> None:
    assert own.ask("datasets/small_1/preview")["total"] == 1
    own.wb.datasets.delete("small_1")
    problem = own.refused("datasets/small_1/preview")
    assert problem["status"] == 404
    assert "was deleted on" in problem["detail"]


def test_a_metric_says_what_it_was_computed_on(site: Site) -> None:
    assert [item["name"] for item in site.ask("metrics")["items"]] == ["flights"]
    told = site.ask("metrics/query?metric=flights&by=tailnum&order=-flights&limit=1", "ana")
    assert told["rows"] == [["N14228", 1]]
    assert told["more"] is True
    assert told["datasets"] == {"flights": 1}
    assert told["metrics"] == {"flights": site.ask("metrics/flights")["version"]}


def test_runs_are_listed_with_receipt_and_log(site: Site) -> None:
    runs = [rendered(site.wb, site.wb.actor.principal, "flights") for _ in range(2)]
    first = site.ask("runs?kind=report&status=succeeded&limit=1", "ana")
    assert first["items"][0]["id"] == runs[1]
    second = site.ask(f"runs?kind=report&limit=1&cursor={first['next']}", "ana")
    assert second["items"][0]["id"] == runs[0]
    receipt = site.ask(f"runs/{runs[0]}", "ana")["receipt"]
    assert [(edge["name"], edge["version"]) for edge in receipt["read"]] == [("flights", "1")]
    page = site.ask(f"runs/{runs[0]}/log?limit=15", "ana")
    assert (page["text"], page["next"]) == ("first line\n", 11)
    assert site.ask(f"runs/{runs[0]}/log?offset=11", "ana")["text"] == "second line\n"
    lineage = site.ask("datasets/flights/lineage")
    assert runs[0] in [item["run"] for item in lineage["runs"]]
    assert site.refused(f"runs/{runs[0]}")["status"] == 403
    assert site.refused("runs/20000101-000000-abcdef", "ana")["status"] == 404
    assert site.refused("runs?staus=failed", "ana")["detail"].endswith("did you mean 'status'?")


@pytest.mark.parametrize(
    "path",
    [
        "datasets/flights/preview",
        "datasets/flights/preview?where=tailnum = 'N14228'",
        "datasets/flights/preview?order=tailnum&version=0",
        "datasets/flights/preview?where=delay > 50",
        "metrics/query?metric=flights&by=tailnum",
        "metrics/query?metric=flights&by=tailnum&where=tailnum = 'N14228'",
        "datasets/flights",
        "datasets/flights/lineage",
        "datasets/flights/profile",
        "datasets/flights/profile?rows=1",
        "datasets/flights/quality",
        "datasets/flights/quality/proposed",
        "datasets?search=flights",
    ],
)
def test_nothing_hidden_by_a_policy_leaves_by_any_endpoint(site: Site, path: str) -> None:
    told = json.dumps(site.ask(path))
    assert SECRET not in told
    assert "EWR" not in told


def test_an_error_in_a_condition_does_not_tell_of_hidden_rows(own: Site) -> None:
    rows = pl.DataFrame({"origin": ["JFK", "EWR"], "code": ["1", "hidden"]})
    own.wb.datasets.get("flights").overwrite(rows, evolve=True)
    policy = Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'")
    own.wb.security.set_policy(policy, by=own.wb.actor.principal)
    assert own.ask("datasets/flights/preview?where=CAST(code AS INT) = 1")["rows"] == [["JFK", "1"]]


def test_rows_are_counted_as_the_asker_sees_them(site: Site) -> None:
    assert site.ask("datasets?search=flight")["items"][0]["rows"] == 2
    assert site.ask("datasets/flights")["rows"] == 2
    assert site.ask("datasets/flights", "ana")["rows"] == 4


def test_a_damaged_dataset_is_said_to_be_damaged(own: Site) -> None:
    for path in own.wb.lake.root.rglob("*.parquet"):
        path.write_bytes(b"no parquet")
    problem = own.refused("datasets/small_0/preview")
    assert (problem["status"], problem["code"]) == (500, "integrity")


def test_what_nobody_foresaw_is_told_by_an_id_that_is_in_the_log(tmp_path: Path) -> None:
    observability.configure(tmp_path, process="api")
    problem = problem_of(ZeroDivisionError("with a secret"), where="GET /somewhere")
    assert (problem.status, problem.code) == (500, "unforeseen")
    assert "secret" not in problem.model_dump_json()
    assert str(problem.id) in (tmp_path / "api.jsonl").read_text()
