"""`workbench transform`, and `workbench dataset drain`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from redis_server import RedisServer

from workbench import Workbench

Command = Callable[..., Any]

FILE = """
description: Sizes are whole numbers.
reads: landed
into: sales
transforms:
  - cast: {columns: {size: integer}, on_failure: quarantine}
"""


def test_files_of_transforms_are_listed_checked_and_applied(workspace: Path, command: Command) -> None:
    assert "no transforms yet" in command("transform", "list").out
    (workspace / "transforms").mkdir()
    path = workspace / "transforms" / "sales.yaml"
    path.write_text(FILE)
    (workspace / "landed.csv").write_text("shop,size\na,1\nb,x\n")
    assert command("dataset", "load", "landed.csv", "--name", "landed").code == 0
    assert json.loads(command("transform", "list", "--json").out) == [
        {
            "name": "sales",
            "reads": "landed",
            "into": "sales",
            "transforms": 1,
            "description": "Sizes are whole numbers.",
        }
    ]
    assert command("transform", "check", "sales").out == "transforms/sales.yaml is right: 1 transform\n"
    said = command("transform", "show", "sales").out
    assert "  1 cast           columns: {'size': 'integer'}, on_failure: quarantine\n" in said
    (shown,) = json.loads(command("transform", "show", "sales", "--json").out)
    assert (shown["into"], shown["transforms"][0]["cast"]["on_failure"]) == ("sales", "quarantine")
    looked = command("transform", "preview", "sales")
    assert "2 of 2 rows went in, 1 came out" in looked.out
    assert "1 would be quarantined: 'size' cannot be read as integer" in looked.out
    looked = command("transform", "preview", "sales", "--rows", "1", "--json")
    assert (json.loads(looked.out), looked.err) == ([{"shop": "a", "size": 1}], "1 of 2 rows went in, 1 came out\n")
    assert command("dataset", "show", "sales").code == 2
    assert "1 row in quarantine" in command("transform", "apply", "sales").out
    (done,) = json.loads(command("transform", "apply", "sales", "--into", "more", "--key", "shop", "--json").out)
    assert (done["dataset"], done["added"], done["quarantined"]) == ("more", 1, 1)
    (held,) = json.loads(command("quarantine", "list", "more", "--json").out)
    assert (done["held"], held["run"], held["from"]) == ([held["id"]], done["run"], "transforms/sales.yaml of landed")
    (run,) = json.loads(command("runs", "list", "--limit", "1", "--json").out)
    assert (run["run"], run["kind"], run["name"]) == (done["run"], "transform", "sales")
    assert command("transform", "apply", "sales", "--mode", "replcae").code == 2
    rows = json.loads(command("dataset", "preview", "sales", "--json").out)
    assert rows == [{"shop": "a", "size": 1}]
    path.write_text(FILE.replace("cast:", "cats:"))
    ended = command("transform", "check", "sales")
    assert (ended.code, "line 6: there is no transform 'cats'; did you mean 'cast'?" in ended.err) == (2, True)


@pytest.mark.redis
def test_a_stream_is_drained(wb: Workbench, command: Command, redis_server: RedisServer, redis_url: str) -> None:
    with redis.Redis(port=redis_server.port) as client:
        for n in range(3):
            client.xadd(redis_url.partition("stream=")[2], {"n": n})
    ended = command("dataset", "drain", redis_url, "--name", "orders", "--wait", "0")
    assert (ended.code, ended.out.startswith("orders: 3 rows; version 1")) == (0, True)
    assert wb.datasets["orders"].to_polars()["n"].to_list() == ["0", "1", "2"]
    ended = command("dataset", "drain", f"{redis_url}&grup=x", "--name", "orders")
    assert (ended.code, "did you mean 'group'" in ended.err) == (2, True)
