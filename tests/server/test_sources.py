"""Sources are added, tested, synced, changed and removed over HTTP; an analyst looks, a viewer does not."""

from __future__ import annotations

import sqlite3
from typing import Any

import httpx
import pytest
from site_of_servers import Site

from workbench.foundation.errors import WorkbenchError
from workbench.governance.security import Policy, Role, Scope


def sent(site: Site, method: str, path: str, user: str = "ada", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.token(user, Scope.READ, Scope.RUN)}"}
    return httpx.request(method, f"{site.url}/workbench/api/v1/{path}", headers=headers, timeout=60, **options)


def test_a_source_from_its_first_day_to_its_last(site: Site) -> None:
    with sqlite3.connect(site.wb.settings.home / "till.db") as database:
        database.execute("CREATE TABLE sold (id INTEGER PRIMARY KEY, what TEXT)")
        database.executemany("INSERT INTO sold VALUES (?, ?)", [(1, "tea"), (2, "jam")])
    said = {"name": "sold", "url": "sqlite:///till.db", "into": "sold"}
    settings = {"table": "sold", "mode": "append", "cursor": "id"}
    clear = sent(site, "POST", "sources", json={**said, "url": "postgresql://u:hunter2@db/x"})
    assert (clear.status_code, "hunter2" in clear.text) == (422, False)
    assert "did you mean 'cursor'" in sent(site, "POST", "sources", json={**said, "settings": {"cursr": "id"}}).text
    assert sent(site, "POST", "sources", json={**said, "settings": {"self": "id"}}).status_code == 422
    assert sent(site, "POST", "sources", user="ana", json={**said, "settings": settings}).status_code == 403
    made = sent(site, "POST", "sources", json={**said, "settings": settings})
    assert (made.status_code, made.json()["kind"], made.json()["last"]) == (200, "sqlite", None)
    assert sent(site, "POST", "sources", json={**said, "settings": settings}).status_code == 409
    tested = sent(site, "POST", "sources/sold/test", json={}).json()
    assert (tested["columns"], tested["incremental"]) == ({"id": "Int64", "what": "String"}, True)
    synced = sent(site, "POST", "sources/sold/sync", json={}).json()
    assert (synced["outcome"], synced["rows"], synced["everything"]) == ("succeeded", 2, False)
    assert sent(site, "POST", "sources/sold/pause", json={}).json()["paused"]
    refused = sent(site, "POST", "sources/sold/sync", json={})
    assert (refused.status_code, "is paused since" in refused.text) == (409, True)
    assert sent(site, "POST", "sources/sold/resume", json={}).json()["paused"] is None
    changed = sent(site, "PUT", "sources/sold", json={"settings": {"description": "Of the till"}}).json()
    assert (changed["version"], changed["definition"]["description"]) == (2, "Of the till")
    looked = sent(site, "GET", "sources/sold", user="ana").json()
    assert (looked["records"], looked["last"]["run"]) == (2, synced["run"])
    assert "sold" in [one["name"] for one in sent(site, "GET", "sources", user="ana").json()["items"]]
    assert sent(site, "GET", "sources", user="vera").status_code == 403
    assert [one["run"] for one in sent(site, "GET", "sources/sold/history").json()["items"]] == [synced["run"]]
    assert [one["version"] for one in sent(site, "GET", "sources/sold/versions").json()["items"]] == [2, 1]
    assert sent(site, "DELETE", "sources/sold").json() == {"name": "sold"}
    assert sent(site, "GET", "sources/sold").status_code == 404
    assert sent(site, "GET", "datasets/sold").status_code == 200
    site.wb.datasets.delete("sold")


def test_what_a_policy_hides_is_not_told_by_syncs_and_their_runs(own: Site) -> None:
    """Neither a value that an error quotes, nor how many rows there are; to look, a token for reading is enough."""
    home = own.wb.settings.home
    (home / "pay.csv").write_text("id,who,paid\n1,ana,10\n2,boss,99999\n")
    own.wb.sources.add("pay", "pay.csv", into="pay", mode="append", cursor="id")
    own.wb.sources.sync("pay")
    hidden = Policy(dataset="pay", role=Role.ANALYST, row_filter="who <> 'boss'")
    own.wb.security.set_policy(hidden, by=own.wb.actor.principal)
    (home / "pay.csv").write_text("id,who,paid\n3,boss,88888\n4,boss\n")
    with pytest.raises(WorkbenchError):
        own.wb.sources.sync("pay")
    run = own.wb.sources.history("pay")[0].run
    (own.wb.runs.get(run).directory / "run.log").write_text("boss is paid 88888\n")
    full = own.ask("sources/pay/history", "ada")["items"]
    assert [(one["outcome"], one["rows"]) for one in full] == [("failed", 0), ("succeeded", 2)]
    assert full[0]["error"] == own.ask(f"runs/{run}", "ada")["error"]
    assert own.ask(f"runs/{run}/log", "ada")["text"] == "boss is paid 88888\n"
    shown = own.ask("sources/pay/history", "ana")["items"]
    assert [(one["outcome"], one["rows"], one["removed"]) for one in shown] == [
        ("failed", None, None),
        ("succeeded", None, None),
    ]
    for error in (
        shown[0]["error"],
        own.ask("sources/pay", "ana")["last"]["error"],
        own.ask(f"runs/{run}", "ana")["error"],
    ):
        assert error.startswith("not told, since a policy hides some")
    listed = {one["id"]: one["error"] for one in own.ask("runs?kind=sync", "ana")["items"]}
    assert listed[run] == own.ask(f"runs/{run}", "ana")["error"]
    assert own.refused(f"runs/{run}/log", "ana")["status"] == 403
    assert own.ask("sources/pay", "ana")["records"] == 1
