"""Rollups are defined, made, looked at and removed over HTTP; who sees fewer rows is answered without them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import polars as pl
import pytest
from site_of_servers import Site

from workbench.governance.security import Policy, Role, Scope

TIMED = {"name": "timed", "dataset": "departures", "aggregation": "count", "time": "at", "dimensions": ["origin"]}
DAILY = {"name": "daily", "metrics": ["timed"], "dimensions": ["origin"]}


def sent(site: Site, method: str, path: str, user: str = "ana", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.token(user, Scope.READ, Scope.RUN)}"}
    return httpx.request(method, f"{site.url}/workbench/api/v1/{path}", headers=headers, timeout=30, **options)


@pytest.fixture
def departures(site: Site) -> Iterator[None]:
    """A dataset of which Vera, a viewer, sees half."""
    at = datetime(2013, 1, 31, 5, tzinfo=UTC)
    site.wb.datasets.create("departures", pl.DataFrame({"origin": ["JFK", "EWR"], "at": [at, at]}))
    policy = Policy(dataset="departures", role=Role.VIEWER, row_filter="origin = 'JFK'")
    site.wb.security.set_policy(policy, by=site.wb.actor.principal)
    yield
    site.wb.datasets.delete("departures")


@pytest.mark.usefixtures("departures")
def test_a_rollup_is_made_answers_and_goes(site: Site) -> None:
    assert sent(site, "POST", "metrics", json={"definition": TIMED}).status_code == 200
    made = sent(site, "POST", "rollups", json={"definition": DAILY})
    assert (made.status_code, made.json()["status"], made.json()["made"]) == (200, "never made", None)
    assert "was never made" in site.refused("metrics/query?metric=timed&rollups=only", "ana")["detail"]
    refreshed = sent(site, "POST", "rollups/daily/refresh", json={}).json()
    assert (refreshed["status"], refreshed["summary"]) == ("current", "timed by day, origin")
    (listed,) = site.ask("rollups", "ana")["items"]
    assert listed == refreshed == site.ask("rollups/daily", "ana")
    asked = "metrics/query?metric=timed&by=origin"
    through, rows = (site.ask(f"{asked}&rollups={mode}", "ana")["rows"] for mode in ("only", "off"))
    assert through == rows
    # Vera's policy hides rows: she is told neither how many are kept nor anything that was made of them.
    hidden = site.ask("rollups/daily", "vera")
    assert (hidden["rows"], hidden["bytes"]) == (None, None)
    assert site.ask(asked, "vera")["rows"] == site.ask(f"{asked}&rollups=off", "vera")["rows"] != rows
    assert site.refused(f"{asked}&rollups=only", "vera")["status"] == 422
    assert sent(site, "POST", "rollups/daily/refresh", "vera", json={}).status_code == 403
    assert sent(site, "DELETE", "rollups/daily").json() == {"name": "daily"}
    assert sent(site, "DELETE", "metrics/timed").status_code == 200
    assert site.refused("rollups/daily", "ana")["status"] == 404


def test_what_cannot_be_a_rollup_is_refused(site: Site) -> None:
    assert sent(site, "POST", "rollups", json={}).status_code == 422
    wrong = sent(site, "POST", "rollups", json={"definition": DAILY | {"metrics": ["tmied"]}})
    assert (wrong.status_code, "no metric 'tmied'" in wrong.json()["detail"]) == (404, True)
    wrong = sent(site, "POST", "rollups", json={"definition": DAILY | {"grane": "day"}})
    assert (wrong.status_code, "did you mean 'grain'" in wrong.json()["detail"]) == (422, True)
    assert sent(site, "POST", "rollups", "vera", json={"definition": DAILY}).status_code == 403
