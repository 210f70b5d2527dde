"""A drain killed at any moment, and started again: every message is there once, the bad ones in quarantine."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest
import redis
from own_process import OwnProcess
from redis_server import RedisServer

from workbench import Workbench

pytestmark = pytest.mark.redis

# The first commit makes the dataset; then each batch has one.
MOMENTS = (
    *("lake.commit.after_delta@1", "lake.commit.after_catalog@2", "lake.files.written@3", "lake.commit.before_delta@4"),
    *("lake.commit.after_delta@4", "lake.commit.after_fsync@5", "quality.held.written@1", "quality.held.recorded@2"),
    *("etl.drain.quarantined@2", "etl.drain.kept@1", "etl.drain.kept@3", "etl.drain.acknowledged@3"),
)
BAD = (7, 23, 40)


def drain(home: Path, url: str, moment: str = "") -> OwnProcess:
    work = f"wb.etl.drain('{url}&types=n:integer', into='orders', batch_rows=10, wait=0.2)"
    return OwnProcess(home, work, moment)


def send(client: redis.Redis, key: str, numbers: range) -> None:
    for n in numbers:
        client.xadd(key, {"n": "bad" if n in BAD else n, "text": f"order {n}"})


def check(wb: Workbench, client: redis.Redis, key: str, sent: int) -> None:
    """Each message once, with its own values, and none owed."""
    rows = wb.datasets["orders"].to_polars().sort("n")
    expected = [n for n in range(sent) if n not in BAD]
    assert rows["n"].to_list() == expected
    assert rows["text"].to_list() == [f"order {n}" for n in expected]
    held = wb.quality.held.list("orders")
    content = [content for one in held for content in wb.quality.held.rows(one.id)["content"]]
    assert sorted(content) == sorted(f'{{"n": "bad", "text": "order {n}"}}' for n in BAD)
    assert {reason for one in held for reason in one.reasons} == {"'n' is no integer: 'bad'"}
    assert client.xpending(key, "workbench")["pending"] == 0


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_a_moment_nothing_is_lost_or_doubled(
    wb: Workbench, workspace: Path, redis_server: RedisServer, redis_url: str, moment: str
) -> None:
    key = redis_url.partition("stream=")[2]
    with redis.Redis(port=redis_server.port) as client:
        send(client, key, range(60))
        assert drain(workspace, redis_url, moment).ended() == -signal.SIGKILL
        assert drain(workspace, redis_url).ended() == 0
        check(wb, client, key, 60)


@pytest.mark.parametrize("tried", [False, True])
def test_a_rule_that_is_mended_before_it_goes_on(
    wb: Workbench, workspace: Path, redis_server: RedisServer, redis_url: str, tried: bool
) -> None:
    """What was held back stays held, even if it would fit by now; it is loaded by whoever tries it again."""
    suite = workspace / "expectations" / "orders.yaml"
    suite.parent.mkdir(exist_ok=True)
    suite.write_text("dataset: orders\nexpectations:\n- {expect: between, column: n, max: 3}\n")
    wb.sources.add("orders", f"{redis_url}&types=n:integer", into="orders", expect="orders", quarantine=True)
    key = redis_url.partition("stream=")[2]
    with redis.Redis(port=redis_server.port) as client:
        send(client, key, range(6))
    sync = "wb.sources.sync('orders')"
    assert OwnProcess(workspace, sync, "etl.drain.quarantined").ended() == -signal.SIGKILL
    suite.write_text("dataset: orders\nexpectations:\n- {expect: between, column: n, max: 9}\n")
    (held,) = wb.quality.held.list("orders")
    if tried:
        wb.quality.held.redrive(held.id)
    assert OwnProcess(workspace, sync).ended() == 0
    assert sorted(wb.datasets["orders"].to_polars()["n"]) == ([0, 1, 2, 3, 4, 5] if tried else [0, 1, 2, 3])
    assert [one.rows for one in wb.quality.held.list("orders")] == ([] if tried else [2])


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_two_drains_under_one_name_killed_at_any_time(
    wb: Workbench, workspace: Path, redis_server: RedisServer, redis_url: str, seed: int
) -> None:
    """While messages keep coming; what one of them commits the other refuses to."""
    key = redis_url.partition("stream=")[2]
    chance = random.Random(seed)
    with redis.Redis(port=redis_server.port) as client:
        send(client, key, range(60))
        drains = [drain(workspace, redis_url) for _ in range(2)]
        sent, end = 60, time.monotonic() + 12
        while time.monotonic() < end:
            send(client, key, range(sent, sent + 20))
            sent += 20
            time.sleep(chance.uniform(0.05, 0.6))
            if chance.random() < 0.2:
                victim = chance.randrange(2)
                drains[victim].kill()
                drains[victim].ended()
                drains[victim] = drain(workspace, redis_url)
        for one in drains:
            one.ended()
        assert drain(workspace, redis_url).ended() == 0
        check(wb, client, key, sent)
