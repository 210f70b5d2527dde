"""Redis Streams through a consumer group.

What makes it exact: a consumer's entries are committed in order, and each commit says which position it follows, so
that two processes that work under one consumer's name cannot both keep an entry, nor pass one over. That holds because
a batch is always all that is pending for the consumer up to its last entry: entries come in ascending order, and are
forgotten only after their commit. So nobody's entries are claimed under another name; who takes over from a consumer
that is gone works, and commits, under its name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from workbench.data.connectors.fragment import TYPES_SAID, Secrets, Types, options_of
from workbench.data.connectors.streams.messages import Message, batch_of, read_object
from workbench.data.connectors.streams.model import BATCH_MESSAGES, StreamBatch
from workbench.foundation.errors import Forbidden, Invalid, NotFound, Unavailable, unknown
from workbench.foundation.secret import read_secret

__all__ = ["RedisOptions", "RedisStream"]

CHUNK = 500
BLOCK_SECONDS = 1.0
SEQUENCE_BITS = 21  # leaves 42 for milliseconds, which last until 2109

Entry = tuple[bytes, "dict[bytes, bytes] | None"]


class RedisOptions(BaseModel):
    """What the address of a Redis stream says behind its `#`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream: str = Field(min_length=1, description="The stream's key.")
    group: str = Field("workbench", min_length=1, description="The consumer group, which is made when it is missing.")
    consumer: str = Field("workbench", min_length=1, description="Who in the group this is.")
    begin: Literal["start", "now"] = Field("start", description="Where a group that is made begins.")
    json_: str = Field("", alias="json", description="The field that holds a row as a JSON object.")
    id: str = Field("", description="Name of a column that is added: the entry's id.")
    types: Types = Field(default_factory=dict, description=TYPES_SAID)
    idle: int = Field(60, ge=0, description="Seconds after which a silent consumer's entries are taken over.")
    most_mb: int = Field(64, ge=1, le=4_000, description="Megabytes of entries that are held at once.")
    secrets: Secrets = Field(default_factory=dict, description="`password:env:REDIS_PASSWORD`.")


class RedisStream:
    """`redis://host:6379/0#stream=orders&group=workbench`; `rediss://` for TLS."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            Invalid: The address or an option is wrong.
            Unavailable: The package is not installed.
        """
        place, _, fragment = url.partition("#")
        try:
            parts = urlsplit(place)
            port = parts.port or 6379
        except ValueError as error:
            raise Invalid(f"a Redis address cannot be read: {error}") from None
        database = parts.path.strip("/") or "0"
        if parts.password is not None:
            raise Invalid(
                f"{parts.scheme}://{parts.hostname} has a password in clear, and addresses are shown and kept",
                hint="write #secrets=password:env:REDIS_PASSWORD",
            )
        if not parts.hostname or not database.isdecimal() or parts.query:
            raise Invalid(f"{place} is no address of Redis", hint="write redis://host:6379/0#stream=orders")
        said = options_of(RedisOptions, fragment, place, noun="Redis stream", example="stream=orders&group=workbench")
        if odd := next((name for name in said.secrets if name != "password"), None):
            raise unknown("secret of a Redis stream", odd, ["password"], error=Invalid)
        self._options = said
        self.url = f"{parts.scheme}://{parts.hostname}:{port}/{database}#stream={said.stream}&group={said.group}"
        self._where: dict[str, Any] = {"host": parts.hostname, "port": port, "db": int(database)}
        self._where |= {
            "username": unquote(parts.username) if parts.username else None,
            "ssl": parts.scheme == "rediss",
        }
        self._made: Any = None  # what the library says of its types differs from version to version

    def __repr__(self) -> str:
        return f"RedisStream({self.url})"

    def batches(self, *, batch_rows: int = BATCH_MESSAGES, wait: float | None = 1.0) -> Iterator[StreamBatch]:
        with self._telling():
            self._join()
        own = self._options.consumer
        heard = time.monotonic()
        while True:
            with self._telling():
                entries = self._owed(own, batch_rows) or self._new(own, batch_rows, heard, wait)
                found = self._batch(own, entries) if entries else self._of_the_gone(batch_rows)
            if found is not None:
                yield found
                heard = time.monotonic()
            elif wait is not None and time.monotonic() - heard >= wait:
                return

    def acknowledge(self, batch: StreamBatch) -> None:
        positions = [*batch.positions, *(one.position for one in batch.refused)]
        with self._telling():
            for begin in range(0, len(positions), CHUNK):
                ids = [_id(position) for position in positions[begin : begin + CHUNK]]
                self._client().xack(self._options.stream, self._options.group, *ids)

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None

    def _client(self) -> Any:
        if self._made is None:
            try:
                import redis
            except ImportError as error:
                raise Unavailable(
                    "a Redis stream needs the package 'redis'", hint="pip install 'analytics-workbench[redis]'"
                ) from error
            secrets: dict[str, Any] = {
                name: read_secret(reference) for name, reference in self._options.secrets.items()
            }
            # Answers of the older protocol: what they look like is the same in every version of the library.
            self._made = redis.Redis(
                **self._where, **secrets, protocol=2, socket_connect_timeout=10, socket_timeout=30,
                client_name="analytics-workbench",
            )  # fmt: skip
        return self._made

    def _join(self) -> None:
        """Makes the group where there is none."""
        client, said = self._client(), self._options
        from redis.exceptions import ResponseError

        if not client.exists(said.stream):
            raise NotFound(
                f"no stream '{said.stream}' at {self.url.partition('#')[0]}", hint="is anything sent to it yet?"
            )
        try:
            client.xgroup_create(said.stream, said.group, id="0" if said.begin == "start" else "$")
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _owed(self, consumer: str, most: int) -> list[Entry]:
        """What a consumer was given and has not acknowledged, from the first on."""
        return self._taken(consumer, most, after=b"0")

    def _new(self, consumer: str, most: int, heard: float, wait: float | None) -> list[Entry]:
        """What nobody was given yet. Empty where another process got entries under the same name meanwhile, which
        come first.
        """
        left = BLOCK_SECONDS if wait is None else min(BLOCK_SECONDS, heard + wait - time.monotonic())
        entries = self._taken(consumer, most, after=None, block=max(1, int(left * 1000)))
        if not entries:
            return []
        said = self._options
        owed = self._client().xpending_range(said.stream, said.group, "-", "+", len(entries), consumer)
        return entries if [one["message_id"] for one in owed] == [id_ for id_, _ in entries] else []

    def _of_the_gone(self, most: int) -> StreamBatch | None:
        """What a consumer was given that has been silent for too long."""
        said = self._options
        for found in self._client().xinfo_consumers(said.stream, said.group):
            name = found["name"].decode("utf-8", "backslashreplace")
            if name != said.consumer and found["pending"] and found["idle"] >= said.idle * 1000:
                entries = self._owed(name, most)
                if entries:
                    return self._batch(name, entries)
        return None

    def _taken(self, consumer: str, most: int, *, after: bytes | None, block: int | None = None) -> list[Entry]:
        said = self._options
        entries: list[Entry] = []
        size = 0
        while len(entries) < most and size < said.most_mb << 20:
            since: Any = ">" if after is None else after
            count = min(CHUNK, most - len(entries))
            answer = self._client().xreadgroup(said.group, consumer, {said.stream: since}, count=count, block=block)
            block = None
            part: list[Entry] = answer[0][1] if answer else []
            if not part:
                break
            entries += part
            size += sum(len(name) + len(value) for _, fields in part for name, value in (fields or {}).items())
            after = after and part[-1][0]
        return entries

    def _batch(self, consumer: str, entries: list[Entry]) -> StreamBatch:
        said = self._options
        messages = [self._message(id_.decode(), fields) for id_, fields in entries]
        return batch_of(consumer, messages, said.types, self.url, id_column=said.id)

    def _message(self, id_: str, fields: dict[bytes, bytes] | None) -> Message:
        position, within = _position(id_, self.url), self._options.json_.encode()
        if not fields:
            return Message(position, id_, None, "", "was removed from the stream before it was read")
        raw = fields.get(within) if within else None
        content = _content(fields) if raw is None else raw.decode("utf-8", "backslashreplace")
        try:
            if not within:
                return Message(position, id_, {_text(name): _text(value) for name, value in fields.items()}, content)
            if raw is None:
                raise ValueError(f"has no field '{self._options.json_}'")
            return Message(position, id_, read_object(raw), content)
        except ValueError as error:
            return Message(position, id_, None, content, f"the message {error}")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            from redis import exceptions
        except ImportError:
            yield  # what is missing is told by whoever connects
            return
        try:
            yield
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
            raise Forbidden(f"{self.url} does not let us in: {error}", hint="secrets=password:env:NAME") from None
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            raise Unavailable(
                f"{self.url} cannot be reached: {error}", hint="check the address and that it runs"
            ) from None
        except exceptions.RedisError as error:
            reason = str(error)
            if reason.startswith("WRONGTYPE"):
                raise Invalid(f"'{self._options.stream}' at {self.url.partition('#')[0]} is no stream") from None
            if reason.startswith(("NOAUTH", "NOPERM", "WRONGPASS")):
                raise Forbidden(f"{self.url} does not let us in: {reason}", hint="secrets=password:env:NAME") from None
            raise Unavailable(f"{self.url} answers: {reason}") from None


def _position(id_: str, place: str) -> int:
    """An entry's id as one number, in the same order."""
    milliseconds, _, sequence = id_.partition("-")
    high, low = int(milliseconds), int(sequence or 0)
    if high >> (63 - SEQUENCE_BITS) or low >> SEQUENCE_BITS:
        raise Invalid(
            f"{place} has the entry {id_}, whose position is too large to be kept",
            hint="let Redis make the ids: XADD stream *",
        )
    return high << SEQUENCE_BITS | low


def _id(position: int) -> str:
    return f"{position >> SEQUENCE_BITS}-{position & ((1 << SEQUENCE_BITS) - 1)}"


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        start = raw[:40].decode("utf-8", "backslashreplace")
        raise ValueError(f"is not UTF-8 text: {start}") from None


def _content(fields: dict[bytes, bytes]) -> str:
    written = {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in fields.items()
    }
    # What is no text is escaped in a way that JSON has not, lest it be taken for one.
    return (
        json.dumps(written, ensure_ascii=False).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    )
