"""What a profile says of rows: of each column, and of numeric columns together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from html import escape
from typing import Any, Literal

import polars as pl

from workbench.charts import Table
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.wording import counted

__all__ = [
    "ColumnProfile",
    "Correlation",
    "Correlations",
    "Frequent",
    "Hint",
    "Histogram",
    "Kind",
    "Numbers",
    "Profile",
    "Quantile",
    "Texts",
    "Times",
]

Kind = Literal["integer", "number", "text", "boolean", "date", "time", "other"]
Grain = Literal["minute", "hour", "day"]
Edge = int | float | date | datetime | str


@dataclass(frozen=True)
class Frequent:
    """A value, and how many of the rows that were looked at have it.

    Attributes:
        value: Texts longer than 256 characters are cut there and compared by that.
    """

    value: Any
    count: int


@dataclass(frozen=True)
class Histogram:
    """How many of all rows have a value between two edges, the first included; in the last bin both are.

    Attributes:
        edges: One more than there are bins, ascending; of whole numbers and dates, the last one is above all values.
        counts: Of each bin.
    """

    edges: tuple[Edge, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Quantile:
    """The value that a share of the rows that were looked at do not exceed.

    Attributes:
        share: 0 to 1.
        value: Between two rows' values in proportion.
    """

    share: float
    value: float


@dataclass(frozen=True)
class Numbers:
    """Of a column of numbers; infinite ones are counted and otherwise left out.

    Attributes:
        min: None where there is no finite value.
        max: Like `min`.
        mean: Like `min`.
        std: Of a sample (n - 1); None with fewer than two values.
        quantiles: At 0.01, 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99; empty where there is no finite value.
        zeros: Of all rows.
        negative: Of all rows.
        infinite: Of all rows.
    """

    min: int | float | None
    max: int | float | None
    mean: float | None
    std: float | None
    quantiles: tuple[Quantile, ...]
    zeros: int
    negative: int
    infinite: int


@dataclass(frozen=True)
class Hint:
    """What texts look like, and how many of those that were looked at do.

    Attributes:
        what: A kind, such as "email address" or "whole number"; or a shape, of at most 40 characters, in which `A`
            stands for any capital letter, `a` for any small one and `9` for any digit: "UA-1545" is `AA-9999`.
    """

    what: str
    count: int


@dataclass(frozen=True)
class Texts:
    """Of a column of texts.

    Attributes:
        shortest: Characters; None where there is no value.
        longest: Like `shortest`.
        mean_length: Like `shortest`.
        empty: Texts without a character, of all rows.
        padded: Texts that begin or end with white space, of all rows.
        hints: Kinds that at least nine of ten texts are of, most frequent first.
        shapes: The most frequent shapes, most frequent first.
    """

    shortest: int | None
    longest: int | None
    mean_length: float | None
    empty: int
    padded: int
    hints: tuple[Hint, ...]
    shapes: tuple[Hint, ...]


@dataclass(frozen=True)
class Times:
    """Of a column of dates, or of times, which are UTC.

    Attributes:
        min: None where there is no value; a text in ISO 8601 where Python has no such date.
        max: Like `min`.
        seconds: From the least to the greatest.
        grain: How long the periods are in which gaps are looked for: a minute within three hours, an hour within three
            days, else a day.
        periods: How many there are from the least value to the greatest.
        without: How many of these have no row.
        gap: The first and the last period of the longest run of periods without a row.
    """

    min: Edge | None
    max: Edge | None
    seconds: float
    grain: Grain
    periods: int
    without: int
    gap: tuple[Edge, Edge] | None


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    Attributes:
        type: As Polars calls it.
        kind: What is told of it; `other` has no more than missing values.
        missing: Rows without a value: null, and NaN in a column of floats. Of all rows.
        distinct: How many different values there are, without missing ones; None where that is not told.
        distinct_exact: Whether `distinct` is counted; else it is a sketch's, off by more than 1.6 % in one of twenty.
        frequent: The ten most frequent values; empty where none occurs twice.
        histogram: Of numbers, dates and times, over all rows.
        numbers: Of `integer` and `number`.
        texts: Of `text`.
        times: Of `date` and `time`.
    """

    name: str
    type: str
    kind: Kind
    missing: int
    distinct: int | None = None
    distinct_exact: bool = True
    frequent: tuple[Frequent, ...] = ()
    histogram: Histogram | None = None
    numbers: Numbers | None = None
    texts: Texts | None = None
    times: Times | None = None

    @property
    def counted(self) -> str:
        """How many different values there are, in words; empty where that is not told."""
        return "" if self.distinct is None else f"{'' if self.distinct_exact else 'about '}{self.distinct:,}"

    def as_dict(self, write: Callable[[Any], Any] | None = None) -> dict[str, Any]:
        """See `Profile.as_dict`."""
        return _dict(self, write)


@dataclass(frozen=True)
class Correlation:
    """How far two columns go together in a line.

    Attributes:
        pearson: -1 to 1.
        rows: Those that have both values.
    """

    left: str
    right: str
    pearson: float
    rows: int


@dataclass(frozen=True)
class Correlations:
    """Pearson's correlation of numeric columns, pair by pair over the rows that have both values.

    Attributes:
        columns: The first hundred numeric ones.
        values: A row per column, in the same order; None where a column does not vary, or too few rows have both.
        pairs: How many rows have both values, in the same order.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    pairs: tuple[tuple[int, ...], ...]

    def strongest(self, most: int = 10) -> list[Correlation]:
        """The pairs that go together best, or against each other."""
        found = [
            Correlation(left, self.columns[column], value, self.pairs[row][column])
            for row, left in enumerate(self.columns)
            for column, value in enumerate(self.values[row][:row])
            if value is not None
        ]
        return sorted(found, key=lambda one: -abs(one.pearson))[:most]


@dataclass(frozen=True)
class Profile:
    """What rows look like, as their reader may see them.

    Counts of missing values, least and greatest values, means, lengths, gaps and histograms are always of all rows.
    Quantiles, most frequent values, hints and correlations are of the rows that were looked at, which are all of them
    unless `sampled` says otherwise.

    Attributes:
        dataset: None for a frame.
        version: The dataset's.
        rows: All of them.
        looked_at: How many rows quantiles, frequent values, hints and correlations are of.
        sampled: Whether these are fewer than all.
        seed: What the sample was drawn with.
        columns: In the rows' order.
        correlations: Of numeric columns.
        made: When, in UTC.
        seconds: How long it took.
    """

    rows: int
    looked_at: int
    sampled: bool
    seed: int
    columns: tuple[ColumnProfile, ...]
    correlations: Correlations
    made: datetime
    seconds: float
    dataset: str | None = None
    version: int | None = None

    def of(self, column: str) -> ColumnProfile:
        """
        Raises:
            Invalid: There is no such column; says the nearest one.
        """
        for found in self.columns:
            if found.name == column:
                return found
        raise unknown("column", column, [one.name for one in self.columns], error=Invalid)

    def __getitem__(self, column: str) -> ColumnProfile:
        return self.of(column)

    @property
    def sentence(self) -> str:
        """What was looked at, in a line."""
        subject = "the frame" if self.dataset is None else f"'{self.dataset}'"
        version = "" if self.version is None else f" version {self.version}"
        told = f"{subject}{version}: {counted(self.rows, 'row')}, {counted(len(self.columns), 'column')}"
        if not self.sampled:
            return told
        return (
            f"{told}; quantiles, frequent values, hints and correlations are of a sample of {self.looked_at:,} rows"
            f" (seed {self.seed})"
        )

    def as_dict(self, write: Callable[[Any], Any] | None = None) -> dict[str, Any]:
        """The same as dictionaries and lists.

        Args:
            write: Makes something else of each value; dates and Decimals stay what they are without it.
        """
        return _dict(self, write)

    def table(self, title: str = "") -> Table:
        """One row per column."""
        rows = [
            (
                one.name,
                one.type,
                one.missing,
                one.counted,
                *_ends(one),
                ", ".join(f"{_short(top.value)} ({top.count:,})" for top in one.frequent[:3]),
            )
            for one in self.columns
        ]
        schema = {
            "column": pl.String, "type": pl.String, "missing": pl.Int64, "distinct": pl.String, "least": pl.String,
            "greatest": pl.String, "most_frequent": pl.String,
        }  # fmt: skip
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        labels = {"most_frequent": "Most frequent"}
        name = self.dataset or "the frame"
        return Table(title or f"Profile of {name}", frame, labels=labels, formats={"missing": ",d"})

    def __repr__(self) -> str:
        lines = []
        for one in self.columns:
            least, greatest = _ends(one)
            told = [f"{one.missing:,} missing"] if one.missing else []
            told += [f"{counted} distinct"] if (counted := one.counted) else []
            told += [f"{least} to {greatest}"] if least or greatest else []
            lines.append(f"  {one.name} ({one.type}): {', '.join(told) or 'no value is missing'}")
        return "\n".join([self.sentence, *lines])

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence)}</p>{self.table()._repr_html_()}"


def _dict(told: Profile | ColumnProfile, write: Callable[[Any], Any] | None) -> dict[str, Any]:
    found = _plain(told, write or (lambda value: value))
    assert isinstance(found, dict)
    return found


def _plain(value: Any, write: Callable[[Any], Any]) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), write) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(inner, write) for inner in value]
    return write(value)


def _ends(one: ColumnProfile) -> tuple[str, str]:
    """The least and the greatest value in words; of texts, the shortest and the longest."""
    if one.texts is not None and one.texts.shortest is not None:
        return counted(one.texts.shortest, "character"), f"{one.texts.longest:,}"
    told = one.numbers or one.times
    if told is None or told.min is None:
        return "", ""
    return _short(told.min), _short(told.max)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
