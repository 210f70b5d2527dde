"""Product analytics through the API: numbers, who is behind them, cohorts, and what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
import shop_events
from site_of_servers import Site

from workbench.governance.security import Scope

FUNNEL = {"dataset": "events", "steps": ["view", "cart", "buy"]}


@pytest.fixture(scope="module")
def shop(site: Site) -> Iterator[Site]:
    shop_events.fill(site.home)
    yield site
    for name in ("events", "plain"):
        site.wb.datasets.delete(name)


def ask(site: Site, path: str, body: dict[str, Any], user: str = "ana") -> Any:
    return site.ask(path, user, method="POST", json=body)


def test_a_funnel_has_rows_and_what_they_mean(shop: Site) -> None:
    told = ask(shop, "product/funnel", FUNNEL)
    names = [column["name"] for column in told["columns"]]
    assert [row[names.index("subjects")] for row in told["rows"]] == [3, 2, 1]
    assert (told["title"], told["dataset"], told["version"]) == ("From view to buy within 7 days", "events", 0)
    assert told["use"]["engine"] == "local"
    share = told["columns"][names.index("share_of_first")]
    assert (share["label"], share["format"]) == ("Share of first step", ".1%")
    assert told["columns"][names.index("mean_seconds")]["unit"] == "s"
    assert not told["more"]


def test_it_takes_what_python_takes(shop: Site) -> None:
    body = FUNNEL | {
        "steps": ["view", {"event": "cart", "where": "amount > 100"}],
        "step_windows": ["1 hour"],
        "exclusions": [{"step": "buy", "after": 1, "before": 2}],
        "breakdown": "country",
        "attribution": 1,
        "between": ["2024-03-04", None],
        "grain": "week",
    }
    told = ask(shop, "product/funnel", body)
    names = [column["name"] for column in told["columns"]]
    shown = [[row[names.index(name)] for name in ("breakdown", "period", "step", "subjects")] for row in told["rows"]]
    assert shown == [
        ["DE", "2024-03-04", 1, 2], ["DE", "2024-03-04", 2, 1], ["US", "2024-03-04", 1, 1], ["US", "2024-03-04", 2, 0],
    ]  # fmt: skip
    columns = {"subject": "who", "event": "what", "time": "at", "id": "id"}
    plain = ask(shop, "product/funnel", {**FUNNEL, "dataset": "plain", "columns": columns})
    assert plain["rows"] == ask(shop, "product/funnel", FUNNEL)["rows"]
    assert ask(shop, "product/funnel", FUNNEL | {"within": {"did": "buy"}})["rows"][0][2] == 1


@pytest.mark.parametrize(
    ("question", "body", "cell", "who"),
    [
        ("funnel", {"steps": ["view", "cart", "buy"]}, {"step": 2}, ["ada", "bob"]),
        ("funnel", {"steps": ["view", "cart", "buy"]}, {"step": 2, "dropped": True}, ["bob"]),
        ("funnel", {"steps": ["view", "cart"], "breakdown": "country"}, {"step": 1, "breakdown": "US"}, ["cyd"]),
        ("funnel", {"steps": ["view", "cart"], "grain": "week"}, {"step": 2, "period": "2024-03-04"}, ["ada", "bob"]),
        ("retention", {"start": "view"}, {"cohort": "2024-03-04", "offset": 1}, ["cyd"]),
        ("stickiness", {"step": "view", "grain": "week"}, {"periods": 2}, ["cyd"]),
        ("lifecycle", {"step": "view"}, {"period": "2024-03-11", "state": "dormant"}, ["ada", "bob"]),
        ("paths", {}, {"position": 2, "source": "cart", "target": "buy"}, ["ada"]),
        ("sessions", {"by": ["country"]}, {"period": "2024-03-05", "by": {"country": "US"}}, ["cyd", "dan"]),
        ("duplicates", {"id": "what", "by": ["country"]}, {"by": {"country": "US"}}, ["cyd"]),
        ("sessions", {"grain": "hour"}, {"period": "2024-03-04T10:00:00Z"}, ["ada"]),
        ("funnel", {"steps": ["view", "cart"], "grain": "hour", "time_zone": "America/New_York"},
         {"step": 1, "period": "2024-03-04T06:00:00-05:00"}, ["bob"]),
    ],
)  # fmt: skip
def test_every_number_says_who_is_behind_it(
    shop: Site, question: str, body: dict[str, Any], cell: dict[str, Any], who: list[str]
) -> None:
    body = {"dataset": "events", **body}
    assert ask(shop, f"product/{question}", body)["rows"]
    told = ask(shop, f"product/{question}/subjects", {**body, "cell": cell})
    assert (told["column"], sorted(told["subjects"]), told["total"]) == ("who", who, len(who))
    assert ask(shop, f"product/{question}/subjects", {**body, "cell": cell, "limit": 1})["total"] == len(who)


def test_rows_come_as_a_stream_too(shop: Site) -> None:
    answer = shop.get("/workbench/api/v1/product/funnel/rows", "ana", method="POST", json=FUNNEL)
    table = pa.ipc.open_stream(io.BytesIO(answer.content)).read_all()
    assert pl.from_arrow(table)["subjects"].to_list() == [3, 2, 1]  # type: ignore[index,union-attr]
    assert json.loads(table.schema.metadata[b"workbench"])["title"] == "From view to buy within 7 days"


def test_a_cohort_is_kept_asked_and_deleted(shop: Site) -> None:
    def put(body: dict[str, Any], user: str = "ada") -> Any:
        return shop.get("/workbench/api/v1/cohorts/carts", user, method="PUT", json=body)

    carts = {"dataset": "events", "definition": {"did": "cart"}, "description": "With a cart"}
    assert put(carts).json()["definition"] == {"did": "cart"}
    assert put(carts).status_code == 409
    assert put(carts | {"replace": True}).status_code == 200
    assert put(carts, "vera").status_code == 403
    assert [(one["name"], one["owner"]) for one in shop.ask("cohorts")["items"]] == [("carts", "ada")]
    assert shop.ask("cohorts/carts/subjects?limit=2", "ana")["total"] == 3
    assert ask(shop, "product/funnel", FUNNEL | {"within": "carts"})["rows"][0][2] == 2
    assert shop.refused("cohorts/carts", "vera", method="DELETE")["status"] == 403
    assert shop.ask("cohorts/carts", "ada", method="DELETE") == {"name": "carts"}
    assert shop.refused("cohorts/carts", "ada", method="DELETE")["status"] == 404


def test_saving_takes_a_token_that_may_change_things(shop: Site) -> None:
    token = shop.token("ana", Scope.READ)
    headers = {"Authorization": f"Bearer {token}"}
    body = {"dataset": "events", "definition": {"did": "cart"}}
    answer = shop.get("/workbench/api/v1/cohorts/mine", method="PUT", json=body, headers=headers)
    assert (answer.status_code, "scope 'run'" in answer.json()["detail"]) == (403, True)


def test_a_browsers_question_needs_its_form_token(shop: Site) -> None:
    cookies = {"workbench": shop.cookie("ana")}
    answer = shop.get("/workbench/api/v1/product/funnel", method="POST", json=FUNNEL, cookies=cookies)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("product/funnel", FUNNEL | {"dataset": "evnts"}, 404, "did you mean 'events'"),
        ("product/funnel", FUNNEL | {"steps": ["view"]}, 422, "2 to 30 steps, not 1"),
        ("product/funnel", FUNNEL | {"stpes": []}, 422, "did you mean 'steps'"),
        ("product/funnel", FUNNEL | {"window": "0 days"}, 422, "longer than nothing"),
        ("product/funnel", FUNNEL | {"order": "sideways"}, 422, "order"),
        ("product/funnel", FUNNEL | {"within": "nobody"}, 404, "no cohort 'nobody'"),
        ("product/funnel", FUNNEL | {"within": "a\0b"}, 422, "U+0000"),
        ("product/funnel", {"steps": ["a", "b"]}, 422, "dataset"),
        ("product/funnel", ["events"], 422, "no JSON object"),
        ("product/sessions", {"dataset": "events", "by": ["contry"]}, 422, "did you mean 'country'"),
        ("product/retention", {"dataset": "events"}, 422, "start"),
        ("product/funnel/subjects", FUNNEL | {"cell": {"step": 9}}, 422, "steps 1 to 3, not 9"),
        ("product/funnel/subjects", FUNNEL | {"cell": {"step": 1}, "limit": 0}, 422, "limit"),
        ("product/funnels", FUNNEL, 404, "nothing at"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(shop: Site, path: str, body: Any, status: int, said: str) -> None:
    problem = shop.refused(path, "ana", method="POST", json=body)
    assert (problem["status"], said in problem["detail"]) == (status, True), problem


def test_what_is_not_json_or_too_much_or_the_wrong_method_is_refused(shop: Site) -> None:
    refused = shop.refused("product/funnel", "ana", method="POST", content=b"{steps")
    assert refused["detail"].startswith("the request's body is no JSON")
    assert shop.refused("product/funnel", "ana")["status"] == 405
    assert shop.refused("cohorts", "ana", method="POST", json={})["status"] == 405
    assert "at most 1,000,000" in str(shop.refused("product/funnel", "ana", method="POST", content=b" " * 1_000_001))
