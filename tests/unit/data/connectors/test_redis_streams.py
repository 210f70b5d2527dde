"""Streams of a real Redis: what is taken, what is owed, and what is no row."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import polars as pl
import pytest
import redis
from redis_server import RedisServer

from workbench import Workbench
from workbench.data.connectors import Stream, open_source, open_stream
from workbench.foundation.errors import CheckFailed, Forbidden, Invalid, NotFound, Unavailable

pytestmark = pytest.mark.redis


@pytest.fixture
def client(redis_server: RedisServer) -> redis.Redis:
    return redis.Redis(port=redis_server.port)


@pytest.fixture
def key(redis_url: str) -> str:
    return redis_url.partition("stream=")[2]


def reasons_of(held: pl.DataFrame) -> list[str]:
    return [one["expectation"] for (one,) in held["_reasons"].to_list()]


def test_a_stream_gives_its_messages_in_order_with_declared_types(
    client: redis.Redis, redis_url: str, key: str
) -> None:
    ids = [client.xadd(key, {"n": n, "at": "2026-01-01T05:00:00+05:00", "who": "Ö"}).decode() for n in range(3)]
    stream = open_stream(f"{redis_url}&types=n:integer,at:time,late:boolean&id=entry")
    assert isinstance(stream, Stream)
    batch = next(stream.batches(wait=0))
    assert (batch.part, batch.refused) == ("workbench", ())
    assert list(batch.positions) == sorted(batch.positions)
    frame = pl.from_arrow(batch.rows)
    assert isinstance(frame, pl.DataFrame)
    assert frame.to_dicts() == [
        {"entry": id_, "n": n, "at": datetime(2026, 1, 1, tzinfo=UTC), "late": None, "who": "Ö"}
        for n, id_ in enumerate(ids)
    ]
    stream.close()


def test_what_is_not_acknowledged_comes_again_and_what_is_does_not(
    client: redis.Redis, redis_url: str, key: str
) -> None:
    for n in range(5):
        client.xadd(key, {"n": n})
    stream = open_stream(redis_url)
    first = next(stream.batches(batch_rows=2, wait=0))
    again = next(stream.batches(batch_rows=2, wait=0))
    assert (again.positions, again.rows) == (first.positions, first.rows)
    stream.acknowledge(first)
    rest = []
    for batch in stream.batches(batch_rows=2, wait=0):
        rest.append(batch.rows["n"].to_pylist())
        stream.acknowledge(batch)
    assert rest == [["2", "3"], ["4"]]
    assert list(stream.batches(wait=0)) == []


def test_every_message_is_a_row_once(client: redis.Redis, wb: Workbench, redis_url: str, key: str) -> None:
    with client.pipeline() as sending:
        for n in range(2_500):
            sending.xadd(key, {"n": n})
        sending.execute()
    drained = wb.etl.drain(f"{redis_url}&types=n:integer", into="orders", batch_rows=1_000, wait=0)
    assert (drained.rows, drained.quarantined, drained.repeated) == (2_500, 0, 0)
    assert wb.datasets["orders"].to_polars()["n"].to_list() == list(range(2_500))
    assert wb.datasets["orders"].version == 3  # a version for each batch, after that of the empty dataset
    assert wb.etl.drain(f"{redis_url}&types=n:integer", into="orders", wait=0).rows == 0
    assert wb.datasets["orders"].info.source == f"{redis_url}&group=workbench"


def test_messages_that_came_again_are_known_by_their_position(
    client: redis.Redis, wb: Workbench, redis_url: str, key: str
) -> None:
    """As after a Redis that lost its last acknowledgements."""
    for n in range(10):
        client.xadd(key, {"n": n})
    wb.etl.drain(redis_url, into="orders", wait=0)
    client.xgroup_destroy(key, "workbench")
    client.xadd(key, {"n": 10})
    drained = wb.etl.drain(redis_url, into="orders", wait=0)
    assert (drained.rows, drained.repeated) == (1, 10)
    assert wb.datasets["orders"].to_polars()["n"].to_list() == [str(n) for n in range(11)]


def test_what_a_dead_consumer_was_given_is_taken_over(
    client: redis.Redis, wb: Workbench, redis_url: str, key: str
) -> None:
    client.xgroup_create(key, "workbench", id="0", mkstream=True)
    for n in range(6):
        client.xadd(key, {"n": n})
    client.xreadgroup("workbench", "gone", {key: ">"}, count=4)
    assert wb.etl.drain(f"{redis_url}&idle=3600", into="orders", wait=0).rows == 2
    drained = wb.etl.drain(f"{redis_url}&idle=0", into="orders", wait=0)
    assert drained.rows == 4
    assert sorted(wb.datasets["orders"].to_polars()["n"]) == ["0", "1", "2", "3", "4", "5"]
    assert client.xpending(key, "workbench")["pending"] == 0


def test_what_is_no_row_is_kept_with_its_reason_and_stops_nobody(
    client: redis.Redis, wb: Workbench, redis_url: str, key: str
) -> None:
    client.xadd(key, {"n": "1", "text": "good"})
    client.xadd(key, {"n": "x", "text": "no number"})
    client.xadd(key, {"n": "2", "text": b"\xff"})
    gone = client.xadd(key, {"n": "3"})
    client.xadd(key, {"n": "4", "text": "good"})
    client.xgroup_create(key, "workbench", id="0")
    client.xreadgroup("workbench", "workbench", {key: ">"})
    client.xdel(key, gone)
    url = f"{redis_url}&types=n:integer"
    drained = wb.etl.drain(url, into="orders", wait=0)
    assert (drained.rows, drained.quarantined, len(drained.held)) == (2, 3, 1)
    assert wb.datasets["orders"].to_polars().rows() == [(1, "good"), (4, "good")]
    found = wb.quality.held.rows(drained.held[0])
    assert reasons_of(found) == [
        "'n' is no integer: 'x'",
        "the message is not UTF-8 text: \\xff",
        "was removed from the stream before it was read",
    ]
    assert found["content"].to_list()[:2] == ['{"n": "x", "text": "no number"}', '{"n": "2", "text": "\\xff"}']
    assert found["id"].to_list()[2] == gone.decode()
    client.xadd(key, {"n": "5", "text": "good", "colour": "red"})
    client.xadd(key, {"n": "6", "Text": "good"})
    drained = wb.etl.drain(url, into="orders", wait=0)
    assert (drained.rows, drained.quarantined) == (0, 2)
    assert reasons_of(wb.quality.held.rows(drained.held[0])) == [
        "the message has the field 'colour', which is no column of 'orders'",
        "the message has the field 'Text', which can be no column",
    ]
    client.xadd(key, {"n": "7", "colour": "red"})
    assert wb.etl.drain(url, into="orders", evolve=True, wait=0).rows == 1
    assert wb.datasets["orders"].to_polars().rows()[-1] == (7, None, "red")


def test_messages_that_are_held_back_come_in_once_they_fit(
    client: redis.Redis, wb: Workbench, redis_url: str, key: str
) -> None:
    """Once there is a column for them, or somebody mended them; what is no text never does by itself."""
    sent: list[dict[str, str | bytes]] = [{"n": "x"}, {"n": "2", "colour": "red"}, {"n": b"\xff"}, {"colour": "blue"}]
    for fields in ({"n": "1"}, *sent):
        client.xadd(key, fields)
    wb.datasets.create("orders", {"n": pl.Int64(), "entry": pl.String()}, key="n")
    drained = wb.etl.drain(f"{redis_url}&types=n:integer&id=entry", into="orders", wait=0)
    assert (drained.rows, drained.quarantined) == (1, 4)
    (first,) = wb.quality.held.list("orders")
    assert (first.kind, first.origin, first.rows) == ("stream", f"{redis_url}&group=workbench", 4)
    assert wb.quality.held.redrive(first.id).held == (first,)  # as it was: nothing is parted for nothing
    wb.datasets["orders"].append(pl.DataFrame({"n": [0], "entry": ["-"], "colour": ["black"]}), evolve=True)
    done = wb.quality.held.redrive(first.id)
    assert done.loaded == 1
    rows = wb.datasets["orders"].to_polars().sort("n")
    assert rows["n"].to_list() == [0, 1, 2]
    assert rows["colour"].to_list() == ["black", None, "red"]
    assert rows["entry"][2].rpartition("-")[0].isdecimal()
    (rest,) = done.held
    assert reasons_of(wb.quality.held.rows(rest.id)) == [
        "'n' is no integer: 'x'",
        "the message is no JSON: Invalid \\escape: line 1 column 8 (char 7)",
        "the message has no 'n', which is its key",
    ]
    mended = wb.quality.held.rows(rest.id)
    texts = [f'{{"n": {n}, "colour": "grey"}}' for n in (7, 8, 9)]
    assert wb.quality.held.redrive(rest.id, mended.with_columns(content=pl.Series(texts))).held == ()
    assert sorted(wb.datasets["orders"].to_polars()["n"]) == [0, 1, 2, 7, 8, 9]
    # What was held back comes again to nobody, even where the stream gives all of it again.
    client.xgroup_destroy(key, "workbench")
    again = wb.etl.drain(f"{redis_url}&types=n:integer&id=entry", into="orders", wait=0)
    assert (again.rows, again.quarantined) == (0, 0)
    assert wb.quality.held.list() == []


def test_messages_that_are_no_rows_may_come_first(client: redis.Redis, wb: Workbench, redis_url: str, key: str) -> None:
    client.xadd(key, {"n": "x"})
    url = f"{redis_url}&types=n:integer"
    assert wb.etl.drain(url, into="orders", wait=0).quarantined == 1
    client.xadd(key, {"n": "1", "text": "good"})  # the first row says which columns there are
    assert wb.etl.drain(url, into="orders", wait=0).rows == 1
    client.xadd(key, {"n": "2", "text": "good", "odd": "1"})
    assert wb.etl.drain(url, into="orders", wait=0).quarantined == 1
    assert wb.datasets["orders"].to_polars().rows() == [(1, "good")]


def test_where_no_message_says_a_column_nothing_is_acknowledged(
    client: redis.Redis, wb: Workbench, redis_url: str, key: str
) -> None:
    client.xadd(key, {"row": "{"})
    with pytest.raises(CheckFailed, match=r"none of the 1 messages .* no dataset 'orders' yet .*: the message is no J"):
        wb.etl.drain(f"{redis_url}&json=row", into="orders", wait=0)
    assert client.xpending(key, "workbench")["pending"] == 1
    assert wb.etl.drain(f"{redis_url}&json=row&types=n:integer", into="orders", wait=0).quarantined == 1
    assert client.xpending(key, "workbench")["pending"] == 0


def test_rows_replace_those_of_their_key(client: redis.Redis, wb: Workbench, redis_url: str, key: str) -> None:
    for id_, total in (("1", "5"), ("2", "6"), ("1", "7"), ("", "8")):
        client.xadd(key, {"id": id_, "total": total} if id_ else {"total": total})
    drained = wb.etl.drain(redis_url, into="orders", key="id", wait=0)
    assert (drained.rows, drained.quarantined) == (3, 1)
    assert sorted(wb.datasets["orders"].to_polars().rows()) == [("1", "7"), ("2", "6")]
    assert reasons_of(wb.quality.held.rows(drained.held[0])) == ["the message has no 'id', which is its key"]
    client.xadd(key, {"id": "2", "total": "9"})
    wb.etl.drain(redis_url, into="orders", wait=0)  # the key is the dataset's by now
    assert sorted(wb.datasets["orders"].to_polars().rows()) == [("1", "7"), ("2", "9")]


def test_a_field_may_hold_the_row_as_json(client: redis.Redis, wb: Workbench, redis_url: str, key: str) -> None:
    good = {"id": 1, "total": 2.5, "tags": ["a"], "note": None}
    for text in (json.dumps(good), "[1]", "{", '{"id": NaN}', '{"id": true}', "{}"):
        client.xadd(key, {"payload": text})
    client.xadd(key, {"other": "1"})
    url = f"{redis_url}&json=payload&types=id:integer,total:number"
    drained = wb.etl.drain(url, into="orders", wait=0)
    assert (drained.rows, drained.quarantined) == (1, 6)
    assert wb.datasets["orders"].to_polars().to_dicts() == [{"id": 1, "total": 2.5, "tags": '["a"]', "note": None}]
    reasons = reasons_of(wb.quality.held.rows(drained.held[0]))
    assert reasons[0] == "the message is no JSON object with values"
    assert reasons[2] == "the message is no JSON: NaN is no number of JSON"
    assert reasons[3] == "'id' is no integer: 'True'"
    assert reasons[5] == "the message has no field 'payload'"


def test_two_consumers_of_a_group_share_its_messages(
    client: redis.Redis, wb: Workbench, redis_url: str, key: str
) -> None:
    client.xgroup_create(key, "workbench", id="0", mkstream=True)
    with client.pipeline() as sending:
        for n in range(3_000):
            sending.xadd(key, {"n": n})
        sending.execute()
    failed: list[BaseException] = []

    def work(consumer: str) -> None:
        try:
            with Workbench.open(wb.settings.home) as own:
                own.etl.drain(f"{redis_url}&consumer={consumer}", into="orders", batch_rows=200, wait=0.5)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failed.append(error)

    threads = [threading.Thread(target=work, args=(f"c{number % 2}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(map(int, wb.datasets["orders"].to_polars()["n"])) == list(range(3_000))


def test_entries_are_held_up_to_a_size(client: redis.Redis, redis_url: str, key: str) -> None:
    for _ in range(1_500):
        client.xadd(key, {"text": "x" * 4_000})
    stream = open_stream(f"{redis_url}&most_mb=1")
    sizes = []
    for batch in stream.batches(wait=0):
        sizes.append(batch.rows.num_rows)
        stream.acknowledge(batch)
    assert sizes == [500, 500, 500]


def test_a_group_may_begin_with_what_is_new(client: redis.Redis, redis_url: str, key: str) -> None:
    client.xadd(key, {"n": "old"})
    stream = open_stream(f"{redis_url}&group=late&begin=now")
    assert list(stream.batches(wait=0)) == []
    client.xadd(key, {"n": "new"})
    assert next(stream.batches(wait=0)).rows["n"].to_pylist() == ["new"]


@pytest.mark.parametrize(
    ("address", "error", "says"),
    [
        ("redis://127.0.0.1/0", Invalid, "stream"),
        ("redis://127.0.0.1/0#stream=a&grup=b", Invalid, "did you mean 'group'"),
        ("redis://:hush@127.0.0.1/0#stream=a", Invalid, "a password in clear"),
        ("redis://127.0.0.1/0#stream=a&secrets=password:hush", Invalid, "in clear"),
        ("redis://127.0.0.1/0#stream=a&secrets=pasword:env:P", Invalid, "did you mean 'password'"),
        ("redis://127.0.0.1/x#stream=a", Invalid, "no address of Redis"),
        ("redis://127.0.0.1:x/0#stream=a", Invalid, "cannot be read"),
        ("reddis://127.0.0.1/0#stream=a", NotFound, "did you mean 'redis'"),
        ("orders", Invalid, "no address of a stream"),
    ],
)
def test_a_wrong_address_is_told(address: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        open_stream(address)
    assert "hush" not in str(caught.value)


def test_a_source_with_no_end_is_no_source() -> None:
    with pytest.raises(Invalid, match="is a stream, which has no end"):
        open_source("redis://127.0.0.1/0#stream=a")


def test_what_cannot_be_taken_is_told(
    client: redis.Redis, wb: Workbench, redis_url: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound, match=f"no stream '{key}'"):
        wb.etl.drain(redis_url, into="orders", wait=0)
    client.set(f"{key}-text", "x")
    with pytest.raises(Invalid, match="is no stream"):
        wb.etl.drain(f"{redis_url}-text", into="orders", wait=0)
    with pytest.raises(Unavailable, match="cannot be reached"):
        wb.etl.drain("redis://127.0.0.1:1/0#stream=a", into="orders", wait=0)
    client.xadd(key, {"n": 1}, id="9999999999999-1")
    with pytest.raises(Invalid, match="the entry 9999999999999-1, whose position is too large"):
        wb.etl.drain(redis_url, into="orders", wait=0)
    assert not wb.lake.exists("orders")
    client.config_set("requirepass", "s3cret")
    try:
        with pytest.raises(Forbidden, match="does not let us in"):
            wb.etl.drain(redis_url, into="orders", wait=0)
        monkeypatch.setenv("REDIS_PASSWORD", "s3cret")
        client.execute_command("AUTH", "s3cret")
        client.xadd(f"{key}-other", {"n": 1})
        address = f"{redis_url}-other&secrets=password:env:REDIS_PASSWORD"
        assert wb.etl.drain(address, into="orders", wait=0).rows == 1
    finally:
        redis.Redis(port=client.get_connection_kwargs()["port"], password="s3cret").config_set("requirepass", "")


def test_a_server_that_goes_away_and_comes_back_gives_the_rest(
    wb: Workbench, redis_server: RedisServer, redis_url: str, client: redis.Redis, key: str
) -> None:
    for n in range(100):
        client.xadd(key, {"n": n})
    stream = open_stream(redis_url)
    taken = stream.batches(batch_rows=30, wait=0)
    next(taken)
    redis_server.stop()
    try:
        with pytest.raises(Unavailable, match="cannot be reached"):
            next(taken)
    finally:
        redis_server.start()
    drained = wb.etl.drain(redis_url, into="orders", batch_rows=30, wait=0)
    assert drained.rows == 100
    assert wb.datasets["orders"].to_polars()["n"].to_list() == [str(n) for n in range(100)]
