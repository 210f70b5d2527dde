"""From a URL to a stream."""

from __future__ import annotations

from collections.abc import Callable

from workbench.data.connectors.streams.kafka_topics import KafkaStream
from workbench.data.connectors.streams.model import Stream
from workbench.data.connectors.streams.redis_streams import RedisStream
from workbench.foundation.errors import Invalid
from workbench.foundation.registry import Registry

__all__ = ["open_stream", "streams"]

streams: Registry[Callable[[str], Stream]] = Registry("stream connector", "workbench.streams")
streams.register("kafka", KafkaStream)
streams.register("redis", RedisStream)
streams.register("rediss", RedisStream)


def open_stream(url: str) -> Stream:
    """Opens a stream of messages: `redis://host:6379/0#stream=orders`, `kafka://host:9092#topic=orders`.

    Raises:
        NotFound: No connector of streams for the scheme.
        Invalid: It is no address, or an option is wrong.
        Unavailable: The connector's package is not installed.
    """
    scheme, there, _ = url.partition("://")
    if not there:
        raise Invalid(f"'{url}' is no address of a stream", hint="write redis://host:6379/0#stream=orders")
    return streams.get(scheme)(url)
