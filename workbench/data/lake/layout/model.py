"""What a layout is, what it looks like on disk, and who else has rows of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import polars as pl

from workbench.compute import HASH_VERSION, SUBJECT_HASH
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.wording import counted

__all__ = ["EventLayout", "Identities", "LayoutReport", "PeriodReport", "Tail"]

_MOST_BUCKETS = 4096


@dataclass(frozen=True)
class EventLayout:
    """How a dataset of events lies on disk: in sorted runs, so that all of a subject's rows are found together.

    A run is one file, or several that follow each other, with the rows of one period sorted by the hash of their
    subject, then by time, then by `id`. A bucket is a range of hashes: the 2^64 of them cut into `buckets` equal
    ranges. Files that were folded end where buckets end; those of a young run may hold several buckets.

    Attributes:
        subject: Column of who did it: text or whole number.
        time: Column of when: a time in UTC.
        event: Column of what was done: text.
        id: Column that tells events apart, and breaks ties of one subject at one time. None: `event` breaks them.
        period: What a run's rows have in common, in UTC.
        buckets: A power of two.
        hash_version: Of the hash that the files were sorted by.
    """

    subject: str
    time: str
    event: str
    id: str | None = None
    period: Literal["week", "month"] = "month"
    buckets: int = 16
    hash_version: int = HASH_VERSION

    def __post_init__(self) -> None:
        if self.buckets < 1 or self.buckets & (self.buckets - 1) or self.buckets > _MOST_BUCKETS:
            raise Invalid(f"the number of buckets is a power of two up to {_MOST_BUCKETS}, not {self.buckets}")
        if self.period not in ("week", "month"):
            raise unknown("period", self.period, ("week", "month"), error=Invalid)

    @property
    def order(self) -> list[str]:
        """What a run is sorted by."""
        return [SUBJECT_HASH, self.time, self.id or self.event]

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """
        Raises:
            Invalid: A column is not there or not of the type that it needs, or has the name of the hash's column.
        """
        if SUBJECT_HASH in schema:
            raise Invalid(f"a dataset of events cannot have a column '{SUBJECT_HASH}': it is the layout's own")
        for role in ("subject", "time", "event", "id"):
            name = getattr(self, role)
            if name is None:
                continue
            if name not in schema:
                raise unknown(f"column for the {role} called", name, schema, error=Invalid)
            dtype = schema[name]
            fits = {
                "subject": dtype == pl.String or dtype.is_integer(),
                "time": isinstance(dtype, pl.Datetime) and dtype.time_zone is not None,
                "event": dtype == pl.String,
                "id": dtype == pl.String or dtype.is_integer(),
            }[role]
            if not fits:
                wanted = {"time": "a time with a zone", "event": "a text"}.get(role, "a text or a whole number")
                raise Invalid(f"the {role} of an event has to be {wanted}, and '{name}' is {dtype}")

    def stored(self, schema: Mapping[str, pl.DataType]) -> pl.Schema:
        """The columns of the table, for those that the dataset shows."""
        return pl.Schema({**schema, SUBJECT_HASH: pl.Int64()})

    def in_files(self, schema: Mapping[str, pl.DataType]) -> pl.Schema:
        """The same in the order of the files: first those whose bounds have to be known, and they are of the first."""
        return pl.Schema({SUBJECT_HASH: pl.Int64(), self.time: schema[self.time], **schema})

    def shown(self, stored: Mapping[str, pl.DataType]) -> pl.Schema:
        """The columns that the dataset shows, for those of its files."""
        return pl.Schema({name: dtype for name, dtype in stored.items() if name != SUBJECT_HASH})

    def bounds(self, bucket: int, of: int) -> tuple[int, int]:
        """The smallest and the largest hash of a bucket, when there are so many."""
        size = (1 << 64) // of
        low = bucket * size - (1 << 63)
        return low, low + size - 1

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> EventLayout:
        return cls(**said)


@dataclass(frozen=True)
class PeriodReport:
    """One period of a dataset; `runs` is how many lie over each other."""

    period: str
    rows: int
    bytes: int
    files: int
    runs: int


@dataclass(frozen=True)
class LayoutReport:
    """How a dataset lies on disk at a version.

    Attributes:
        layout: None for a dataset that is not laid out for events.
        skew: Rows of the fullest bucket over those of an average one; None without a layout.
        sort_by: The columns that the rows of a file are sorted by.
        overlapping: How many files have values of the first of them among those of other files.
    """

    dataset: str
    version: int
    layout: EventLayout | None
    rows: int
    bytes: int
    files: int
    periods: tuple[PeriodReport, ...]
    skew: float | None
    sort_by: tuple[str, ...] = ()
    overlapping: int = 0

    def __str__(self) -> str:
        made = f"{counted(self.rows, 'row')}, {self.bytes / 1e6:.1f} MB in {counted(self.files, 'file')}"
        if self.sort_by:
            order = f"sorted by {', '.join(self.sort_by)}, {self.overlapping} files over each other"
            return f"{self.dataset} version {self.version}: {made}, {order}"
        if self.layout is None:
            return f"{self.dataset} version {self.version}: {made}, not laid out for events"
        deepest = max((period.runs for period in self.periods), default=0)
        return (
            f"{self.dataset} version {self.version}: {made}; {len(self.periods)} {self.layout.period}s by"
            f" {self.layout.buckets} buckets of '{self.layout.subject}', at most {deepest} runs over each other,"
            f" fullest bucket {self.skew or 0:.2f} times the average"
        )


class Tail(Protocol):
    """Who has rows of a dataset that no version of it holds yet."""

    def rows(self, dataset_id: str, version: int) -> Sequence[pl.DataFrame]:
        """The rows that were not taken into this version or one before it, with the columns that the dataset shows.

        Together with the rows of the version they are every row once: none twice, none missing.
        """
        ...


class Identities(Protocol):
    """Who knows that several subjects are one."""

    def moved(self, dataset_id: str, version: int) -> pl.DataFrame:
        """What the files of this version do not know yet.

        Returns:
            `subject`, of the type of the dataset's subjects: every subject that is joined with another one, also those
            that keep their name; `person`: the subject that it is one with.
        """
        ...
