"""Rows that answer a question of product analytics, with what they mean: computed here, or by a server."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from workbench.analytics.product.durations import in_fitting_unit
from workbench.charts import Chart, Table
from workbench.compute import EngineUse, frames
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Answered", "Subjects", "Words"]


@dataclass(frozen=True, eq=False)
class Words:
    """What the rows say to people.

    Attributes:
        title: The question in words.
        labels: Column -> what people call it.
        units: Column -> unit.
        formats: Column -> d3 format.
        durations: Columns in seconds: a table has them in the unit that fits.
        note: What one has to know to read it.
    """

    title: str
    labels: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    formats: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    durations: tuple[str, ...] = field(default=(), kw_only=True)
    note: str = field(default="", kw_only=True)

    def of(self, frame: pl.DataFrame) -> Self:
        """Those for the columns that there are."""
        kept = ({name: said for name, said in words.items() if name in frame.columns} for words in
                (self.labels, self.units, self.formats))  # fmt: skip
        labels, units, formats = kept
        return replace(self, labels=labels, units=units, formats=formats)


@dataclass(frozen=True, eq=False, repr=False)
class Subjects:
    """Who is behind one number of a result.

    Attributes:
        frame: One row per subject: the dataset's column of subjects.
        what: The number, in words.
    """

    frame: pl.DataFrame
    what: str

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[Any]:
        return iter(self.frame.to_series())

    def __repr__(self) -> str:
        return f"{counted(len(self), 'subject')}: {self.what}"


@dataclass(frozen=True, eq=False, repr=False)
class Answered(ABC):
    """The rows of one question, with what they mean, where they come from and who is behind each number.

    Attributes:
        frame: One row per group.
        words: What they mean.
    """

    frame: pl.DataFrame
    words: Words

    @property
    @abstractmethod
    def dataset(self) -> str: ...

    @property
    @abstractmethod
    def version(self) -> int:
        """Of the dataset, as it was read."""

    @property
    @abstractmethod
    def use(self) -> EngineUse:
        """How it was computed."""

    @abstractmethod
    def chart(self) -> Chart:
        """The rows as a chart.

        Raises:
            Invalid: There are no rows, or too many to be drawn truthfully.
        """

    @abstractmethod
    def subjects(self, **cell: Any) -> Subjects:
        """Who is behind one number, looked up in the rows that the result was computed on.

        Args:
            cell: Which number; see the question that was asked, such as `wb.product.funnel`.

        Raises:
            Invalid: There is no such number.
        """

    @abstractmethod
    def explain(self) -> str:
        """How it was computed: engine and why, parts, files and bytes of the whole, and the plan of one part."""

    @property
    def title(self) -> str:
        return self.words.title

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame: `frame` itself."""
        return self.frame

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas frame."""
        return frames.to_pandas(self.frame)

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return frames.to_arrow(self.frame)

    def table(self) -> Table:
        """The rows as a table, with durations in days, hours, minutes or seconds, all in the same."""
        words = self.words.of(self.frame)
        note = " ".join(filter(None, (words.note, f"From {self.dataset} version {self.version}.")))
        frame, unit = in_fitting_unit(self.frame, words.durations)
        units = {**words.units, **dict.fromkeys(words.durations, unit)}
        formats = {**words.formats, **dict.fromkeys(words.durations, ",.1f")}
        # The frame's names speak of seconds, which these need not be.
        names = {name: name.replace("seconds", "time") for name in words.durations}
        labels, units, formats = (
            {names.get(name, name): said for name, said in one.items()} for one in (words.labels, units, formats)
        )
        return Table(words.title, frame.rename(names), labels, units, formats, note)

    def __len__(self) -> int:
        return self.frame.height

    def __repr__(self) -> str:
        table = self.table()
        return f"{table!r}\n{table.note}"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {**self.table()._repr_mimebundle_(), "text/plain": repr(self)}
