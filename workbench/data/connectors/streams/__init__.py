"""Streams of messages: taken in order, acknowledged only after what they say has been kept durably."""

from workbench.data.connectors.streams.kafka_topics import KafkaOptions, KafkaStream
from workbench.data.connectors.streams.messages import read_again
from workbench.data.connectors.streams.model import Refused, Stream, StreamBatch
from workbench.data.connectors.streams.opening import open_stream, streams
from workbench.data.connectors.streams.redis_streams import RedisOptions, RedisStream

__all__ = [
    "KafkaOptions",
    "KafkaStream",
    "RedisOptions",
    "RedisStream",
    "Refused",
    "Stream",
    "StreamBatch",
    "open_stream",
    "read_again",
    "streams",
]
