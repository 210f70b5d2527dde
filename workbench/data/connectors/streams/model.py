from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa

__all__ = ["BATCH_MESSAGES", "Refused", "Stream", "StreamBatch"]

BATCH_MESSAGES = 10_000


@dataclass(frozen=True)
class Refused:
    """A message that is no row.

    Attributes:
        position: Where it stands in its part of the stream.
        id: The same as the stream writes it.
        reason: What is wrong with it, in a sentence.
        content: What it says, as text: where it could be read the row, as a JSON object. What is no text is escaped,
            so that it is no JSON.
    """

    position: int
    id: str
    reason: str
    content: str


@dataclass(frozen=True)
class StreamBatch:
    """Messages of one part of a stream, in its order.

    Between a part's last position that was kept and the last one of this batch there is no message that is not in it.

    Attributes:
        part: Whose they are: a consumer of a group, a partition of a topic.
        rows: A row for every message that is one.
        positions: Of the rows: ascending, from 1 to 2**63 - 1.
        ids: The same as the stream writes them.
        refused: The messages that are no rows.
        id_column: The column that has the ids; empty where none has.
    """

    part: str
    rows: pa.RecordBatch
    positions: tuple[int, ...]
    ids: tuple[str, ...]
    refused: tuple[Refused, ...] = ()
    id_column: str = ""


@runtime_checkable
class Stream(Protocol):
    """Something that messages come from, some of them again where they were not acknowledged.

    Attributes:
        url: Where it is, without a password; what its checkpoints are called by.
    """

    url: str

    def batches(self, *, batch_rows: int = BATCH_MESSAGES, wait: float | None = 1.0) -> Iterator[StreamBatch]:
        """Messages that nobody has acknowledged, then new ones, batch by batch; each is to be acknowledged before the
        next is asked for.

        Args:
            batch_rows: The most messages in one batch.
            wait: Ends when nothing came for so many seconds; None: never.

        Raises:
            NotFound: No such stream.
            Invalid: It is no stream, or a message has a position that cannot be kept.
            Unavailable: It cannot be reached.
        """
        ...

    def acknowledge(self, batch: StreamBatch) -> None:
        """Has the stream forget that these messages are owed: they have been kept durably."""
        ...

    def close(self) -> None:
        """Hands back connections. What was not acknowledged comes again."""
        ...
