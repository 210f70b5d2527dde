"""Slices of a source, and what was done with rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workbench.compute import listed
from workbench.data.quality import Held
from workbench.foundation.errors import Invalid
from workbench.foundation.wording import counted

__all__ = ["Drained", "Landed", "Loaded", "Slice", "days"]


@dataclass(frozen=True)
class Slice:
    """A part of a source that is landed at once.

    Attributes:
        name: For people and for its checkpoint: "2013-01-31".
        values: Column -> value that its rows have; a slice is a partition by these columns.
    """

    name: str
    values: Mapping[str, int | str | date]


def days(start: date | str, end: date | str, columns: str | Sequence[str] = ("year", "month", "day")) -> list[Slice]:
    """A slice per day.

    Args:
        start: The first day, or its ISO text.
        end: The day after the last.
        columns: Of the source: three whole numbers, year, month and day; or one date.

    Raises:
        Invalid: Not a day, no day in between, or neither one nor three columns.
    """
    columns = listed(columns)
    first, last = (_day(bound) for bound in (start, end))
    if first >= last:
        raise Invalid(f"there is no day from {first} to before {last}")
    if len(columns) not in (1, 3):
        raise Invalid(f"a day is one column or three (year, month, day), not {len(columns)}")
    found = [first + timedelta(days=n) for n in range((last - first).days)]
    if len(columns) == 1:
        return [Slice(day.isoformat(), {columns[0]: day}) for day in found]
    return [Slice(day.isoformat(), dict(zip(columns, (day.year, day.month, day.day), strict=True))) for day in found]


def _day(bound: date | str) -> date:
    if isinstance(bound, str):
        try:
            return date.fromisoformat(bound)
        except ValueError as error:
            raise Invalid(f"'{bound}' is not a day", hint="write 2013-01-31") from error
    return date(bound.year, bound.month, bound.day)


@dataclass(frozen=True)
class Landed:
    """What landing a source did.

    Attributes:
        dataset: Where the rows are.
        version: The newest version.
        written: Slices that were new or had changed.
        skipped: Slices that were there already, as they are now.
        empty: Slices without rows that never had any.
        rows: Rows written.
        seconds: How long it took.
    """

    dataset: str
    version: int
    written: int
    skipped: int
    empty: int
    rows: int
    seconds: float

    def __repr__(self) -> str:
        parts = [f"{counted(self.written, 'slice')} written ({counted(self.rows, 'row')})"]
        parts += [f"{self.skipped:,} unchanged"] if self.skipped else []
        parts += [f"{self.empty:,} empty"] if self.empty else []
        return f"{self.dataset}: {', '.join(parts)}; version {self.version}, {self.seconds:.1f} s"


@dataclass(frozen=True)
class Loaded:
    """What loading a frame did.

    Attributes:
        dataset: Where the rows are.
        version: The newest version; the one before where nothing changed.
        rows: Rows given.
        added: Rows whose key was not there.
        changed: Rows that replaced another of the same key.
        unchanged: Rows that were there already, as they are.
        removed: Rows that were there and are no more, or in a history are current no more.
        seconds: How long it took.
        late: Rows of a history that are older than what it knew of their key.
        discarded: Rows that the dataset's contract let go of.
        values: Values that it let go of.
        held: Rows that were held back, see `wb.quality.held`; None where all fit or nobody asked.
    """

    dataset: str
    version: int
    rows: int
    added: int
    changed: int
    unchanged: int
    removed: int
    seconds: float
    late: int = 0
    discarded: int = 0
    values: int = 0
    held: Held | None = None

    def __repr__(self) -> str:
        named = {"added": self.added, "changed": self.changed, "removed": self.removed, "late": self.late}
        values = "value" if self.values == 1 else "values"
        named |= {"discarded by the contract": self.discarded, f"{values} discarded by the contract": self.values}
        named |= {"held back": self.held.rows} if self.held is not None else {}
        parts = [f"{count:,} {what}" for what, count in named.items() if count]
        done = ", ".join(parts) if parts else "nothing changed"
        return f"{self.dataset}: {counted(self.rows, 'row')}, {done}; version {self.version}, {self.seconds:.1f} s"


@dataclass(frozen=True)
class Drained:
    """What taking a stream's messages did.

    Attributes:
        dataset: Where the rows are.
        version: The newest version; 0 where there is no such dataset yet.
        rows: Messages whose rows were kept.
        quarantined: Messages that are no rows, and are held back with the reason.
        repeated: Messages that came again and were in already.
        held: Under which ids `wb.quality.held` has those.
        seconds: How long it took.
        bounded: Whether it ended since it had taken as much as it was to, so that there may be more.
    """

    dataset: str
    version: int
    rows: int
    quarantined: int
    repeated: int
    held: tuple[str, ...]
    seconds: float
    bounded: bool = False

    def __repr__(self) -> str:
        parts = [counted(self.rows, "row")]
        parts += [f"{self.quarantined:,} held back as {', '.join(self.held)}"] if self.quarantined else []
        parts += [f"{self.repeated:,} in already"] if self.repeated else []
        return f"{self.dataset}: {', '.join(parts)}; version {self.version}, {self.seconds:.1f} s"
