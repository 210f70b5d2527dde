"""Topics of a broker that speaks Kafka's protocol: what is taken, what comes again, and what is no row."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from kafka_broker import Broker
from own_process import OwnProcess, killed

from workbench import Workbench
from workbench.data.connectors import Stream, open_stream
from workbench.foundation.errors import Invalid, NotFound, Unavailable


def test_messages_of_all_partitions_are_rows_once(wb: Workbench, kafka_broker: Broker) -> None:
    for partition in range(3):
        kafka_broker.send("orders", *({"n": n, "p": partition} for n in range(50)), partition=partition)
    url = f"kafka://{kafka_broker.address}#topic=orders&types=n:integer,p:integer&id=message"
    drained = wb.etl.drain(url, into="orders", batch_rows=20)
    assert (drained.rows, drained.repeated, drained.quarantined) == (150, 0, 0)
    rows = wb.datasets["orders"].to_polars().sort("p", "n")
    assert rows.select("p", "n").rows() == [(p, n) for p in range(3) for n in range(50)]
    assert rows["message"].to_list()[:2] == ["0:0", "0:1"]
    kafka_broker.send("orders", {"n": 50, "p": 0})
    assert wb.etl.drain(url, into="orders").rows == 1
    assert wb.datasets["orders"].info.source == f"kafka://{kafka_broker.address}#topic=orders&group=workbench"


@pytest.mark.long
def test_what_is_not_acknowledged_comes_again(kafka_broker: Broker) -> None:
    kafka_broker.send("orders", *({"n": n} for n in range(5)))
    stream = open_stream(f"kafka://{kafka_broker.address}#topic=orders")
    assert isinstance(stream, Stream)
    first = next(stream.batches(batch_rows=5))
    again = next(stream.batches(batch_rows=5))
    assert (first.part, first.positions) == ("orders/0", again.positions)
    stream.acknowledge(again)
    kafka_broker.send("orders", {"n": 5})
    assert next(stream.batches()).rows["n"].to_pylist() == ["5"]
    stream.close()


def test_what_is_no_row_is_kept_with_its_reason(wb: Workbench, kafka_broker: Broker) -> None:
    kafka_broker.send("orders", {"n": 1}, b"\xff", b"{", {"n": "x"}, None, {"n": 2}, {"n": 3, "odd": 1})
    url = f"kafka://{kafka_broker.address}#topic=orders&types=n:integer"
    wb.datasets.create("orders", {"n": pl.Int64()})
    drained = wb.etl.drain(url, into="orders")
    assert (drained.rows, drained.quarantined) == (2, 5)
    assert wb.datasets["orders"].to_polars()["n"].to_list() == [1, 2]
    found = wb.quality.held.rows(drained.held[0]).sort("id")
    assert found["id"].to_list() == ["0:1", "0:2", "0:3", "0:4", "0:6"]
    reasons = [one["expectation"] for (one,) in found["_reasons"].to_list()]
    assert reasons[0] == "the message is not UTF-8 text"
    assert reasons[3:] == [
        "the message has no value",
        "the message has the field 'odd', which is no column of 'orders'",
    ]


@pytest.mark.long  # the same code is killed in test_drain_kill, with streams of Redis
@pytest.mark.parametrize("moment", ["lake.commit.after_delta@4", "etl.drain.kept@2"])
def test_killed_and_started_again_nothing_is_lost_or_doubled(
    wb: Workbench, workspace: Path, kafka_broker: Broker, moment: str
) -> None:
    kafka_broker.send("orders", *({"n": n} for n in range(60)))
    url = f"kafka://{kafka_broker.address}#topic=orders&types=n:integer"
    drain = f"wb.etl.drain({url!r}, into='orders', batch_rows=10, wait=0.5)"
    killed(workspace, drain, moment)
    assert OwnProcess(workspace, drain).ended() == 0
    assert sorted(wb.datasets["orders"].to_polars()["n"]) == list(range(60))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("kafka://h:1", "needs 'topic'"),
        ("kafka://h:1#topic=a&grup=b", "did you mean 'group'"),
        ("kafka://me:hush@h:1#topic=a", "no address of Kafka"),
        ("kafka://h:1#topic=a&secrets=sasl.password:hush", "in clear"),
        ("kafka://h:1#topic=a&settings=sasl.password:hush", "no setting of a Kafka topic 'sasl.password'"),
        ("kafka://h:1#topic=a&settings=plugin.library.paths:x", "no setting of a Kafka topic"),
    ],
)
def test_a_wrong_address_is_told(address: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as caught:
        open_stream(address)
    assert "hush" not in str(caught.value)


def test_what_is_not_there_is_told(wb: Workbench, kafka_broker: Broker) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        wb.etl.drain("kafka://127.0.0.1:1#topic=orders", into="orders")
    with pytest.raises(NotFound, match="no topic 'nothing'"):
        wb.etl.drain(f"kafka://{kafka_broker.address}#topic=nothing", into="orders")
