from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa

from workbench.foundation.wording import counted

__all__ = ["Destination", "Sent"]


@dataclass(frozen=True)
class Sent:
    """What was sent.

    Attributes:
        place: Where the rows are now, without a password.
        rows: How many were sent.
        added: Of these, rows that were not there before; None where that cannot be known.
    """

    place: str
    rows: int
    added: int | None = None

    def __str__(self) -> str:
        new = "" if self.added is None else f", {self.added:,} of them new"
        are = "is" if self.rows == 1 else "are"
        return f"{counted(self.rows, 'row')}{new}{', ' if new else ' '}{are} in {self.place}"


@runtime_checkable
class Destination(Protocol):
    """Something that rows can be written to, such that writing the same again changes nothing.

    Attributes:
        url: Where it is, without a password.
    """

    url: str

    def write(self, rows: pa.RecordBatchReader, *, table: str | None, key: Sequence[str], overwrite: bool) -> Sent:
        """Writes the rows, all or none where the destination can do that.

        Args:
            table: The table, where there are several.
            key: The columns that tell rows apart: a row whose key is there takes its place, others are added, and what
                else is there stays. Without one, the rows are all that is there afterwards.
            overwrite: Whether, without a key, what is there already may be replaced.

        Raises:
            NotFound: No such place, or it lacks a column.
            Invalid: The rows do not fit, or a key is null or doubled.
            Conflict: Something is there already, and neither `key` nor `overwrite` is given.
            Unavailable: It cannot be reached, or the connection broke.
        """
        ...
