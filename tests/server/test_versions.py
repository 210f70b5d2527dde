"""What is different between two versions, and going back to one, over HTTP."""

from __future__ import annotations

import json

import polars as pl
from site_of_servers import Site

from workbench.governance.security import Scope


def test_a_difference_is_told_under_the_policy_of_who_asks(site: Site) -> None:
    whole = site.ask("datasets/flights/diff?before=0", "ana")
    assert (whole["added"]["count"], whole["removed"]["count"], whole["key"]) == (2, 0, [])
    shown = site.ask("datasets/flights/diff?before=0", "vera")
    assert shown["added"]["count"] == 1
    assert "LGA" in json.dumps(whole)
    assert "LGA" not in json.dumps(shown)
    assert "N3" not in json.dumps(shown), "as the policy writes it"
    keyed = site.ask("datasets/flights/diff?before=0&after=1&key=tailnum&limit=0", "ana")
    assert (keyed["added"]["count"], keyed["added"]["rows"], keyed["changed"]["count"]) == (2, [], 0)
    assert site.refused("datasets/flights/diff?before=7", "ana")["code"] == "not_found"
    assert site.refused("datasets/flights/diff", "ana")["code"] == "invalid"


def test_an_old_version_is_restored_by_who_may(own: Site) -> None:
    own.wb.datasets["values"].overwrite(pl.DataFrame({"n": [1]}), evolve=True)
    asked = {"method": "POST", "json": {"version": 0}, "scopes": (Scope.READ, Scope.RUN)}
    assert own.refused("datasets/values/restore", "vera", **asked)["code"] == "forbidden"
    assert own.refused("datasets/values/restore", "ana", **asked)["code"] == "forbidden", "not hers, and no engineer"
    done = own.ask("datasets/values/restore", "ada", **asked)
    assert done == {"dataset": "values", "version": 2}
    assert own.ask("datasets/values", "ana")["rows"] == 2
