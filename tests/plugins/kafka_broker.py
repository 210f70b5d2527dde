"""A broker that speaks Kafka's protocol on a free port of this machine: the small one that librdkafka brings.

It keeps topics, groups and offsets in memory, and is not Apache Kafka, which no package index has.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

__all__ = ["Broker", "kafka_broker"]


class Broker:
    """The broker, and who sends to it.

    Attributes:
        address: Of the broker, `127.0.0.1:port`.
    """

    def __init__(self) -> None:
        from confluent_kafka import Producer

        self._producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none", "log_level": 0})
        (found,) = self._producer.list_topics(timeout=10).brokers.values()
        self.address = f"{found.host}:{found.port}"

    def send(self, topic: str, *values: Any, partition: int = 0) -> None:
        """Values become JSON; bytes and None are sent as they are."""
        for value in values:
            raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
            self._producer.produce(topic, raw, partition=partition)
        assert self._producer.flush(30) == 0


@pytest.fixture
def kafka_broker() -> Broker:
    return Broker()
