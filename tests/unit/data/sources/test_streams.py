"""Streams as sources: what a sync takes, what it leaves, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import redis
from kafka_broker import Broker
from redis_server import RedisServer

from workbench import Workbench
from workbench.foundation.errors import CheckFailed, Conflict, Invalid, NotFound


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "append", "cursor": "n"}, "a stream's messages are taken by the mode 'stream'"),
        ({"cursor": "n"}, "has cursor, which the mode 'stream' does not use"),
        ({"deletions": "compare", "key": "n"}, "has deletions, which the mode 'stream' does not use"),
        ({"password": "env:P"}, "which a stream's address names: ...#secrets=password:env:NAME"),
        ({"url": "orders.csv", "most": 3}, "has most, which the mode 'refresh' does not use"),
        ({"url": "redis://h/0#stream=a&secrets=password:hunter2"}, "has 'secrets' in clear"),
    ],
)
def test_a_definition_with_a_mistake(wb: Workbench, given: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        wb.sources.add("clicks", **{"url": "redis://h/0#stream=a", "into": "clicks", **given})
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def send(server: RedisServer, url: str, *fields: dict[str, Any]) -> None:
    with redis.Redis(port=server.port) as client:
        for one in fields:
            client.xadd(url.partition("stream=")[2].partition("&")[0], one)


def numbers(wb: Workbench) -> list[int]:
    return sorted(wb.datasets["clicks"].to_polars()["n"])


def test_a_sync_takes_what_is_there_once(wb: Workbench, redis_server: RedisServer, redis_url: str) -> None:
    wb.sources.add("clicks", f"{redis_url}&types=n:integer", into="clicks")
    assert wb.sources.get("clicks").definition.mode == "stream"
    with pytest.raises(NotFound, match="source 'clicks': no stream"):
        wb.sources.sync("clicks")
    send(redis_server, redis_url, *({"n": n} for n in range(5)), {"n": "bad"})
    tested = wb.sources.test("clicks")
    assert (tested.columns, tested.rows, tested.incremental) == ({"n": "Int64"}, 5, True)
    assert "clicks" not in wb.datasets
    done = wb.sources.sync("clicks")
    assert (done.outcome, done.rows, done.everything) == ("succeeded", 5, False)
    assert done.notes == ("1 message is no row, held back with the reason: workbench quarantine list clicks",)
    assert numbers(wb) == list(range(5))
    assert wb.sources.sync("clicks").rows == 0
    send(redis_server, redis_url, {"n": 5})
    assert wb.sources.sync("clicks").rows == 1
    assert wb.etl.drain(f"{redis_url}&types=n:integer", into="clicks").rows == 0  # it is the same position
    assert numbers(wb) == list(range(6))
    assert wb.sources.get("clicks").records == 6
    receipt = wb.runs.receipt(wb.sources.history("clicks")[0].run)
    assert [(edge.kind, edge.name) for edge in receipt.read] == [("source", "clicks")]
    assert {(edge.kind, edge.name) for edge in receipt.wrote} == {("dataset", "clicks")}


def test_a_sync_takes_no_more_than_it_may(wb: Workbench, redis_server: RedisServer, redis_url: str) -> None:
    send(redis_server, redis_url, *({"n": n} for n in range(10)))
    wb.sources.add("clicks", f"{redis_url}&types=n:integer", into="clicks", most=4)
    done = wb.sources.sync("clicks")
    assert (done.rows, done.notes) == (4, ("it took as much as one sync may; what is left is the next one's",))
    wb.sources.change("clicks", most=None, seconds=0.000_001)
    wb.sources.sync("clicks")
    assert numbers(wb) == list(range(10))


def expecting(workspace: Path, most: int) -> None:
    """Has `n` be no more than that."""
    suite = workspace / "expectations" / "clicks.yaml"
    suite.parent.mkdir(exist_ok=True)
    suite.write_text(f"dataset: clicks\nexpectations:\n- {{expect: between, column: n, max: {most}}}\n")


def test_what_is_not_as_expected_stays_in_the_stream(
    wb: Workbench, workspace: Path, redis_server: RedisServer, redis_url: str
) -> None:
    expecting(workspace, 3)
    wb.sources.add("clicks", f"{redis_url}&types=n:integer", into="clicks", expect="clicks")
    send(redis_server, redis_url, {"n": 1}, {"n": 7}, {"n": "bad"})
    with pytest.raises(CheckFailed, match=r"source 'clicks': messages \d+-0 to \d+-\d: 1 of 1 expectations"):
        wb.sources.sync("clicks")
    assert "clicks" not in wb.datasets
    assert wb.quality.held.list() == []
    expecting(workspace, 9)
    assert wb.sources.sync("clicks").rows == 2
    assert numbers(wb) == [1, 7]
    (held,) = wb.quality.held.list("clicks")
    assert (held.rows, held.run) == (1, wb.sources.history("clicks")[0].run)
    mended = wb.quality.held.rows(held.id).with_columns(content=pl.lit('{"n": "12"}'))
    (still,) = wb.quality.held.redrive(held.id, mended).held  # what the suite says holds for it as for all others
    assert still.reasons == {"n is at most 9 (n=12)": 1}
    wb.quality.held.redrive(still.id, mended.with_columns(content=pl.lit('{"n": "3"}')))
    assert numbers(wb) == [1, 3, 7]


def test_messages_that_are_not_as_expected_are_held_back(
    wb: Workbench, workspace: Path, redis_server: RedisServer, redis_url: str
) -> None:
    expecting(workspace, 3)
    settings = {"into": "clicks", "expect": "clicks", "quarantine": True}
    wb.sources.add("clicks", f"{redis_url}&types=n:integer", **settings)
    send(redis_server, redis_url, {"n": 7})
    assert (wb.sources.sync("clicks").held, numbers(wb)) == (1, [])
    send(redis_server, redis_url, {"n": 1}, {"n": 8}, {"n": "bad"})
    done = wb.sources.sync("clicks")
    assert (done.rows, done.held) == (1, 2)
    assert [note.partition(":")[0] for note in done.notes] == [
        "2 messages are no row, or not as expected, held back with the reason"
    ]
    reasons = sorted(reason for one in wb.quality.held.list("clicks") for reason in one.reasons)
    assert reasons == ["'n' is no integer: 'bad'", *["the message does not fit: n is at most 3"] * 2]
    expecting(workspace, 7)
    for one in wb.quality.held.list("clicks"):
        wb.quality.held.redrive(one.id)
    assert numbers(wb) == [1, 7]
    assert sum(one.rows for one in wb.quality.held.list("clicks")) == 2


def test_what_is_expected_of_messages_is_asked_of_their_fields(
    wb: Workbench, workspace: Path, redis_server: RedisServer, redis_url: str
) -> None:
    folder = workspace / "expectations"
    folder.mkdir(exist_ok=True)
    (folder / "checks.py").write_text("def alone(rows):\n    return ~rows.collect().is_duplicated()\n")
    (folder / "clicks.yaml").write_text(
        "dataset: clicks\nexpectations:\n- {expect: python, function: 'checks:alone'}\n"
    )
    wb.sources.add("clicks", f"{redis_url}&types=n:integer", into="clicks", expect="clicks", quarantine=True)
    send(redis_server, redis_url, {"n": 1}, {"n": 2}, {"n": 1})
    assert (wb.sources.sync("clicks").held, numbers(wb)) == (2, [2])
    wb.sources.change("clicks", quarantine=False)
    send(redis_server, redis_url, {"n": 3}, {"n": 3})
    with pytest.raises(CheckFailed, match="2 rows do not fit"):
        wb.sources.sync("clicks")


def test_messages_do_not_come_twice_by_a_change(wb: Workbench, redis_server: RedisServer, redis_url: str) -> None:
    url = f"{redis_url}&types=n:integer"
    send(redis_server, redis_url, {"n": 1, "v": "a"}, {"n": 2, "v": "a"})
    wb.sources.add("clicks", url, into="clicks")
    wb.sources.sync("clicks")
    with pytest.raises(Invalid, match="'clicks' is a stream, which gives its messages once"):
        wb.sources.sync("clicks", anew=True)
    with pytest.raises(Conflict, match="may give the same messages into 'clicks' again"):
        wb.sources.change("clicks", url=f"{url}&group=other")
    wb.sources.change("clicks", url=f"{url}&most_mb=8")
    wb.sources.change("clicks", url=f"{url}&group=other", key="n")
    send(redis_server, redis_url, {"n": 2, "v": "b"})
    wb.sources.sync("clicks")
    assert sorted(wb.datasets["clicks"].to_polars().select("n", "v").rows()) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("syncs", [1, pytest.param(2, marks=pytest.mark.long)])  # to join a group takes seconds
def test_a_topic_of_kafka_as_a_source(wb: Workbench, kafka_broker: Broker, syncs: int) -> None:
    wb.sources.add("clicks", f"kafka://{kafka_broker.address}#topic=clicks&types=n:integer", into="clicks")
    for count in range(syncs):
        kafka_broker.send("clicks", *({"n": n} for n in range(count * 20, count * 20 + 20)), partition=count)
        kafka_broker.send("clicks", {"n": "bad"})
        done = wb.sources.sync("clicks")
        assert (done.rows, len(done.notes)) == (20, 1)
        assert numbers(wb) == list(range(count * 20 + 20))
