"""A dataset's contract over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import polars as pl
from site_of_servers import Site

from workbench.governance.security import Scope


def sent(site: Site, method: str, name: str, user: str = "ed", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.token(user, Scope.READ, Scope.RUN)}"}
    url = f"{site.url}/workbench/api/v1/datasets/{name}/contract"
    return httpx.request(method, url, headers=headers, timeout=30, **options)


def test_a_contract_is_set_holds_and_is_taken_away(site: Site) -> None:
    site.wb.datasets.create("contracted", pl.DataFrame({"k": [1]}))
    default = {"dataset": "contracted", "tables": "evolve", "columns": "freeze", "data_type": "freeze"}
    try:
        assert site.ask("datasets/contracted/contract", "vera") == {**default, "declared": False}
        done = sent(site, "PUT", "contracted", "ada", json={"columns": "discard_value"})
        assert done.json() == {**default, "columns": "discard_value", "declared": True}
        site.wb.datasets["contracted"].append(pl.DataFrame({"k": [2], "more": [1]}))
        assert site.wb.datasets["contracted"].to_polars().columns == ["k"]
        assert sent(site, "PUT", "contracted", "vera", json={"columns": "evolve"}).status_code == 403
        assert sent(site, "PUT", "contracted", "ana", json={"columns": "evolve"}).status_code == 403
        wrong = sent(site, "PUT", "contracted", "ada", json={"columns": "frezee"})
        assert (wrong.status_code, "freeze" in wrong.json()["detail"]) == (422, True)
        assert sent(site, "DELETE", "contracted", "ada").json() == {**default, "declared": False}
        assert sent(site, "DELETE", "contracted", "ada").status_code == 404
    finally:
        site.wb.datasets.delete("contracted")
