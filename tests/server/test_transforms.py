"""Transforms over HTTP: what there is, trying it on some rows, and applying it, as far as the asker may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import polars as pl
import pytest
from site_of_servers import Site

from workbench.governance.security import Scope

FILE = """
description: Sizes are whole numbers.
reads: landed_sizes
into: sizes
transforms:
  - cast: {columns: {size: integer}, on_failure: quarantine}
"""


def sent(site: Site, method: str, path: str, user: str = "ana", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {site.token(user, Scope.READ, Scope.RUN)}"}
    return httpx.request(method, f"{site.url}/workbench/api/v1/{path}", headers=headers, timeout=60, **options)


@pytest.fixture
def landed(site: Site) -> Iterator[None]:
    folder = site.wb.settings.home / "transforms"
    folder.mkdir()
    (folder / "sizes.yaml").write_text(FILE)
    (folder / "wrong.yaml").write_text("transforms: [cats]\n")
    site.wb.datasets.create("landed_sizes", pl.DataFrame({"shop": ["a", "b"], "size": ["1", "x"]}))
    yield
    for path in folder.glob("*.yaml"):
        path.unlink()
    folder.rmdir()
    for name in ("landed_sizes", "sizes"):
        if site.wb.lake.exists(name):
            site.wb.datasets.delete(name)


@pytest.mark.usefixtures("landed")
def test_transforms_are_listed_tried_and_applied(site: Site) -> None:
    told = sent(site, "GET", "transforms").json()
    assert [one["name"] for one in told["items"]] == ["sizes"]
    assert "line 1: there is no transform 'cats'" in told["problems"][0]
    one = sent(site, "GET", "transforms/sizes").json()
    assert (one["into"], one["mode"]) == ("sizes", "replace")
    assert one["transforms"] == [{"cast": {"columns": {"size": "integer"}, "on_failure": "quarantine"}}]
    assert "did you mean 'sizes'" in sent(site, "GET", "transforms/size").text
    assert sent(site, "GET", "transforms", user="vera").status_code == 403

    seen = sent(site, "POST", "transforms/sizes/preview", json={}).json()
    assert (seen["rows"], seen["total"], seen["values"]) == (2, 2, [["a", 1]])
    assert seen["quarantine_values"] == [["b", "x", "'size' cannot be read as integer"]]
    others = {"transforms": [{"cast": {"columns": {"size": "integer"}}}]}
    refused = sent(site, "POST", "transforms/sizes/preview", json=others)
    assert (refused.status_code, "1 value of 'size' cannot be read as integer" in refused.text) == (422, True)
    assert sent(site, "GET", "datasets/sizes").status_code == 404

    assert sent(site, "POST", "transforms/sizes/apply", user="vera", json={}).status_code == 403
    done = sent(site, "POST", "transforms/sizes/apply", json={}).json()
    assert (done["dataset"], done["added"], done["quarantined"]) == ("sizes", 1, 1)
    (held,) = sent(site, "GET", "datasets/sizes/quarantine").json()["items"]
    assert (done["held"], held["run"], held["rows"]) == ([held["id"]], done["run"], 1)
    assert sent(site, "GET", f"runs/{done['run']}").json()["kind"] == "transform"
    again = sent(site, "POST", "transforms/sizes/apply", json={"mode": "upsert", "key": ["shop"]}).json()
    assert (again["version"], again["unchanged"], again["quarantined"]) == (done["version"], 1, 1)
    assert sent(site, "POST", "transforms/sizes/apply", json={"quarantine": "others"}).status_code == 422
    assert sent(site, "POST", "transforms/sizes/apply", json={"mdoe": "upsert"}).status_code == 422
