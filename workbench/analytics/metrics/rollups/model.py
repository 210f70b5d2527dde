"""What is kept of a rollup, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from workbench.analytics.metrics.rollup import Rollup

__all__ = ["Chunk", "Mode", "RollupState", "RollupSummary"]

Mode = Literal["use", "off", "only"]
"""Whether a query may be answered by rollups, may not, or has to be."""


@dataclass(frozen=True)
class Chunk:
    """What is kept of the rows of a month.

    Attributes:
        month: Its first day, of the calendar in UTC; None for rows without a time.
        files: A path and a size for each of the rollup's sheets, below the folder of rollups.
        rows: In all of them.
    """

    month: date | None
    files: tuple[tuple[str, int], ...]
    rows: int


@dataclass(frozen=True)
class RollupState:
    """What is kept of a rollup, and what it stands for.

    Attributes:
        fingerprint: Of what it was made by; another definition has another one.
        dataset_id: Whose rows.
        version: The version of them that it stands for.
        commit: Of that version.
        beside: Joined dataset -> its id, the version that was joined, and that one's commit.
        made: When, in UTC.
        seconds: How long that took.
    """

    name: str
    fingerprint: str
    dataset_id: str
    version: int
    commit: str
    beside: Mapping[str, tuple[str, int, str]]
    chunks: tuple[Chunk, ...]
    made: datetime
    seconds: float

    @property
    def rows(self) -> int:
        return sum(chunk.rows for chunk in self.chunks)

    @property
    def bytes(self) -> int:
        return sum(size for chunk in self.chunks for _, size in chunk.files)


@dataclass(frozen=True)
class RollupSummary:
    """A rollup in a list.

    Attributes:
        version: Of its dataset, which it stands for; None where it was never made.
        newest: The newest version of its dataset.
        status: never made, current, behind, or to be made anew where its definition changed.
        rows: That are kept; None where a policy hides rows of the dataset from whoever asks.
        bytes: The same.
        made: When it was made last, in UTC.
    """

    rollup: Rollup
    dataset: str
    status: Literal["never made", "current", "behind", "outdated"]
    version: int | None
    newest: int
    rows: int | None
    bytes: int | None
    made: datetime | None
