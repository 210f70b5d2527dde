"""Topics of Kafka through a consumer group. A partition is a part of the stream, and an offset a position in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from workbench.data.connectors.fragment import TYPES_SAID, Secrets, Settings, Types, options_of
from workbench.data.connectors.streams.messages import Message, batch_of, read_object
from workbench.data.connectors.streams.model import BATCH_MESSAGES, StreamBatch
from workbench.foundation.errors import Forbidden, Invalid, NotFound, Unavailable, unknown
from workbench.foundation.secret import read_secret

__all__ = ["KafkaOptions", "KafkaStream"]

CHUNK = 500
JOIN_SECONDS = 60
SESSION_SECONDS = 10
# Of what the library takes; some of the rest runs programs or loads code.
SETTINGS = (
    *("security.protocol", "sasl.mechanism", "sasl.mechanisms", "sasl.username", "ssl.ca.location"),
    *("ssl.certificate.location", "ssl.key.location", "client.id", "client.rack"),
)
SECRETS = ("sasl.password", "ssl.key.password")


class KafkaOptions(BaseModel):
    """What the address of a Kafka topic says behind its `#`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str = Field(min_length=1, description="The topic.")
    group: str = Field("workbench", min_length=1, description="The consumer group.")
    begin: Literal["start", "now"] = Field("start", description="Where a group begins that has no offsets yet.")
    id: str = Field("", description="Name of a column that is added: partition and offset, `3:1207`.")
    types: Types = Field(default_factory=dict, description=TYPES_SAID)
    most_mb: int = Field(64, ge=1, le=4_000, description="Megabytes of messages that are held at once.")
    secrets: Secrets = Field(default_factory=dict, description="`sasl.password:env:KAFKA_PASSWORD`.")
    settings: Settings = Field(default_factory=dict, description="What else the library takes.")


class KafkaStream:
    """`kafka://host:9092#topic=orders`; several brokers with commas between them. A message is a JSON object."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            Invalid: The address or an option is wrong.
        """
        place, _, fragment = url.partition("#")
        parts = urlsplit(place)
        if "@" in parts.netloc or not parts.netloc or parts.path.strip("/") or parts.query:
            raise Invalid(
                "that is no address of Kafka, which is brokers only",
                hint="write kafka://host:9092#topic=orders&secrets=sasl.password:env:KAFKA_PASSWORD",
            )
        said = options_of(KafkaOptions, fragment, place, noun="Kafka topic", example="topic=orders&group=workbench")
        for what, given, there in (("setting", said.settings, SETTINGS), ("secret", said.secrets, SECRETS)):
            if odd := next((name for name in given if name not in there), None):
                raise unknown(f"{what} of a Kafka topic", odd, there, error=Invalid)
        self._brokers = ",".join(
            one if ":" in one.rpartition("]")[2] else f"{one}:9092" for one in parts.netloc.split(",")
        )
        self._options = said
        self.url = f"kafka://{self._brokers}#topic={said.topic}&group={said.group}"
        self._made: Any = None
        self._mine: set[int] = set()
        self._at_end: set[int] = set()

    def __repr__(self) -> str:
        return f"KafkaStream({self.url})"

    def batches(self, *, batch_rows: int = BATCH_MESSAGES, wait: float | None = 1.0) -> Iterator[StreamBatch]:
        self.close()  # who begins anew gets again what was not acknowledged
        with self._telling():
            self._join()
        begun = heard = time.monotonic()
        while True:
            with self._telling():
                taken = self._taken(batch_rows)
            for partition, messages in taken.items():
                yield self._batch(partition, messages)
            if taken or not self._mine or not self._mine <= self._at_end:
                heard = time.monotonic()  # until the broker said that this is all, silence means nothing
            if not self._mine and heard - begun > JOIN_SECONDS:
                raise Unavailable(
                    f"{self.url} gives this consumer no partition", hint="are there more consumers than partitions?"
                )
            if wait is not None and time.monotonic() - heard >= wait:
                return

    def acknowledge(self, batch: StreamBatch) -> None:
        from confluent_kafka import KafkaError, KafkaException, TopicPartition

        last = max([*batch.positions, *(one.position for one in batch.refused)])
        partition = TopicPartition(self._options.topic, int(batch.part.rpartition("/")[2]), last)
        # Who lost the partition meanwhile need not acknowledge: what comes again to another is known by its position.
        lost = {KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS}
        with self._telling():
            try:
                self._made.commit(offsets=[partition], asynchronous=False)
            except KafkaException as error:
                if error.args[0].code() not in lost:
                    raise

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None
        self._mine, self._at_end = set(), set()

    def _join(self) -> None:
        try:
            import confluent_kafka
        except ImportError as error:
            raise Unavailable(
                "a Kafka topic needs the package 'confluent-kafka'", hint="pip install 'analytics-workbench[kafka]'"
            ) from error
        said = self._options
        secrets = {name: read_secret(reference) for name, reference in said.secrets.items()}
        self._made = confluent_kafka.Consumer(
            {
                **said.settings,
                **secrets,
                "bootstrap.servers": self._brokers,
                "group.id": said.group,
                "auto.offset.reset": "earliest" if said.begin == "start" else "latest",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "session.timeout.ms": SESSION_SECONDS * 1000,
                "queued.max.messages.kbytes": said.most_mb * 1024,
                "log_level": 0,
            }
        )
        found = self._made.list_topics(said.topic, timeout=10).topics[said.topic]
        if found.error is not None:
            raise NotFound(f"no topic '{said.topic}' at kafka://{self._brokers}", hint=str(found.error))
        self._made.subscribe([said.topic], on_assign=self._given, on_revoke=self._taken_away)

    def _given(self, _consumer: Any, partitions: list[Any]) -> None:
        self._mine, self._at_end = {one.partition for one in partitions}, set()

    def _taken_away(self, _consumer: Any, _partitions: list[Any]) -> None:
        self._mine, self._at_end = set(), set()

    def _taken(self, most: int) -> dict[int, list[Message]]:
        """Messages by partition, in the order of their offsets."""
        from confluent_kafka import KafkaError

        found: dict[int, list[Message]] = {}
        count = size = 0
        while count < most and size < self._options.most_mb << 20:
            part = self._made.consume(min(CHUNK, most - count), timeout=0.2)
            for message in part:
                if message.error() is not None:
                    if message.error().code() != KafkaError._PARTITION_EOF:
                        self._refuse(message.error())
                    self._at_end.add(message.partition())
                    continue
                self._at_end.discard(message.partition())
                value = message.value()
                found.setdefault(message.partition(), []).append(_message(message, value))
                size += len(value or b"")
                count += 1
            if not part:
                break
        return found

    def _batch(self, partition: int, messages: list[Message]) -> StreamBatch:
        said = self._options
        return batch_of(f"{said.topic}/{partition}", messages, said.types, self.url, id_column=said.id)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            from confluent_kafka import KafkaException
        except ImportError:
            yield  # what is missing is told by whoever joins
            return
        try:
            yield
        except KafkaException as error:
            self._refuse(error.args[0])

    def _refuse(self, error: Any) -> None:
        if error.name() in ("_AUTHENTICATION", "TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED"):
            raise Forbidden(f"{self.url} does not let us in: {error.str()}", hint="secrets=sasl.password:env:NAME")
        raise Unavailable(f"{self.url} cannot be reached: {error.str()}", hint="check the address and that it runs")


def _message(message: Any, value: bytes | None) -> Message:
    id_ = f"{message.partition()}:{message.offset()}"
    position = message.offset() + 1  # from 1
    if value is None:
        return Message(position, id_, None, "", "the message has no value")
    content = value.decode("utf-8", "backslashreplace")
    try:
        return Message(position, id_, read_object(value), content)
    except ValueError as error:
        return Message(position, id_, None, content, f"the message {error}")
