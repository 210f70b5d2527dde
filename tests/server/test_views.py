"""Views are defined, refreshed, explained and removed over HTTP; a viewer does not see them."""

from __future__ import annotations

from typing import Any

import httpx
import polars as pl
from site_of_servers import Site

from workbench.governance.security import Scope


def sent(site: Site, method: str, path: str, user: str = "ana", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.token(user, Scope.READ, Scope.RUN)}"}
    return httpx.request(method, f"{site.url}/workbench/api/v1/{path}", headers=headers, timeout=60, **options)


def test_a_view_from_its_first_day_to_its_last(site: Site) -> None:
    sales = site.wb.datasets.create("tills", pl.DataFrame({"what": ["tea", "jam"], "price": [2.5, 4.0]}))
    sql = "SELECT what, count(*) AS n, sum(price) AS revenue FROM tills GROUP BY what"
    wrong = sent(site, "PUT", "views/sold", json={"sql": sql.replace("price", "prize")})
    assert (wrong.status_code, "did you mean 'price'" in wrong.text) == (422, True)
    assert sent(site, "PUT", "views/sold", user="vera", json={"sql": sql}).status_code == 403
    made = sent(site, "PUT", "views/sold", json={"sql": sql, "description": "By what"})
    assert (made.status_code, made.json()["owner"], made.json()["last"]) == (200, "ana", None)
    first = sent(site, "POST", "views/sold/refresh", json={}).json()
    assert (first["way"], first["why"]) == ("whole", "it is computed for the first time")
    sales.append(pl.DataFrame({"what": ["tea"], "price": [3.5]}))
    explained = sent(site, "GET", "views/sold/explain").json()
    assert (explained["can"], explained["way"], explained["reads"]) == ("groups", "groups", {"tills": 1})
    second = sent(site, "POST", "views/sold/refresh", json={}).json()
    assert (second["way"], second["rows"], second["read"]) == ("groups", 1, {"tills": 1})
    rows = site.wb.datasets.get("sold").to_polars().sort("what").rows()
    assert rows == [("jam", 1, 4.0), ("tea", 2, 6.0)]
    assert sent(site, "POST", "views/sold/refresh", json={"anew": True}).json()["way"] == "whole"
    assert sent(site, "GET", "views/sold").json()["last"]["why"] == "that was asked for"
    assert "sold" in [one["name"] for one in sent(site, "GET", "views").json()["items"]]
    assert sent(site, "GET", "views", user="vera").status_code == 403
    history = sent(site, "GET", "views/sold/history").json()["items"]
    assert [one["way"] for one in history] == ["whole", "groups", "whole"]
    assert sent(site, "DELETE", "views/sold").json() == {"name": "sold"}
    assert sent(site, "GET", "views/sold").status_code == 404
    for name in ("sold", "tills"):
        site.wb.datasets.delete(name)
