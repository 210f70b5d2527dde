"""`workbench rollup`, and the rollups of `workbench metric query`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

METRICS = """
- {name: sold, dataset: sales, aggregation: count, time: day, dimensions: [shop, size]}
- {rollup: daily, metrics: [sold], dimensions: [shop]}
"""


@pytest.fixture
def sales(workspace: Path, command: Command) -> None:
    (workspace / "sales.csv").write_text("day,shop,size\n2013-01-01,a,1\n2013-01-01,a,2\n2013-01-02,b,1\n")
    (workspace / "metrics").mkdir()
    (workspace / "metrics" / "sales.yaml").write_text(METRICS)
    assert command("dataset", "load", "sales.csv", "--name", "sales").code == 0


@pytest.mark.usefixtures("sales")
def test_a_rollup_is_made_and_shown(command: Command) -> None:
    (before,) = json.loads(command("rollup", "list", "--json").out)
    assert (before["status"], before["version"], before["made"]) == ("never made", None, None)
    assert command("rollup", "refresh").out == "daily: 2 rows, version 0\n"
    assert command("rollup", "refresh", "daily", "--anew").out == "daily: 2 rows, version 0\n"
    (after,) = json.loads(command("rollup", "list", "--json").out)
    assert (after["status"], after["rows"], after["keeps"]) == ("current", 2, "sold by day, shop")
    assert "status        current\n" in command("rollup", "show", "daily").out
    ended = command("rollup", "refresh", "dayly")
    assert (ended.code, "did you mean 'daily'" in ended.err) == (2, True)


@pytest.mark.usefixtures("sales")
def test_a_query_says_whether_rollups_may_answer(command: Command) -> None:
    command("rollup", "refresh")
    asked = ("metric", "query", "sold", "--by", "shop", "--json")
    answers = [json.loads(command(*asked, "--rollups", mode).out) for mode in ("use", "off", "only")]
    assert answers == [[{"shop": "a", "sold": 2}, {"shop": "b", "sold": 1}]] * 3
    assert "rollup   daily" in command("metric", "query", "sold", "--explain").out
    ended = command("metric", "query", "sold", "--by", "size", "--rollups", "only")
    assert (ended.code, "rollup 'daily' has no dimension 'size'" in ended.err) == (2, True)
    ended = command("metric", "query", "sold", "--rollups", "perhaps")
    assert (ended.code, "'perhaps' is none of use, off and only" in ended.err) == (2, True)
