"""What the questions of `wb.product` give back: rows with their words, their origin, and who is behind each number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.analytics.product.asking import Answer, Asking
from workbench.analytics.product.cohort import Cohort
from workbench.analytics.product.durations import in_fitting_unit
from workbench.analytics.product.explaining import explained
from workbench.charts import Chart, Mark, Table
from workbench.compute import SUBJECT_HASH, Analysis, EngineUse, frames
from workbench.foundation.errors import Invalid, unknown

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["ProductResult", "Subjects", "Words"]


@dataclass(frozen=True, eq=False)
class Subjects:
    """Who is behind one number of a result.

    Attributes:
        frame: One row per subject: the dataset's column of subjects.
        what: The number, in words.
    """

    frame: pl.DataFrame
    what: str
    _keep: Callable[[str, pl.Series, str, bool], Cohort] = field(repr=False)

    def save(self, name: str, description: str = "", *, replace: bool = False) -> Cohort:
        """Keeps them as a cohort: `result.subjects(step=2).save("carts", "came to the cart in March")`.

        Args:
            replace: Takes the place of a cohort of that name.

        Raises:
            Conflict: There is a cohort of that name.
            Forbidden: Saving takes an analyst; replacing another's takes an engineer.
        """
        return self._keep(name, self.frame.to_series(), description or self.what, replace)

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[Any]:
        return iter(self.frame.to_series())

    def __repr__(self) -> str:
        return f"{len(self):,} subjects: {self.what}"


@dataclass(frozen=True, eq=False)
class Words:
    """What a question's result says to people, and how it is drawn and looked into.

    Attributes:
        title: The question in words.
        labels: Column -> what people call it.
        units: Column -> unit.
        formats: Column -> d3 format.
        durations: Columns in seconds: a table has them in the unit that fits.
        note: What one has to know to read it.
        draw: The rows as a chart.
        cell: From a result, and what names one of its numbers, to the analysis that gives its subjects, and the number
            in words.
    """

    title: str
    labels: Mapping[str, str]
    draw: Callable[[ProductResult], Chart]
    cell: Callable[..., tuple[Analysis, str]]
    units: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    durations: tuple[str, ...] = ()
    note: str = ""

    def of(self, frame: pl.DataFrame) -> Words:
        """Those for the columns that there are."""
        kept = ({name: said for name, said in words.items() if name in frame.columns} for words in
                (self.labels, self.units, self.formats))  # fmt: skip
        labels, units, formats = kept
        return replace(self, labels=labels, units=units, formats=formats)


@dataclass(frozen=True, eq=False)
class ProductResult:
    """The rows of one question, with what they mean, where they come from and who is behind each number.

    Attributes:
        frame: One row per group.
        words: What they mean.
        answer: What was computed, and on what.
    """

    frame: pl.DataFrame
    words: Words = field(repr=False)
    answer: Answer = field(repr=False)
    _asking: Asking = field(repr=False)
    _keep: Callable[[str, str, pl.Series, str, bool], Cohort] = field(repr=False)

    @property
    def title(self) -> str:
        return self.words.title

    @property
    def dataset(self) -> str:
        return self.answer.dataset

    @property
    def version(self) -> int:
        """Of the dataset, as it was read."""
        return self.answer.version

    @property
    def use(self) -> EngineUse:
        """How it was computed."""
        return self.answer.use

    def chart(self) -> Chart:
        """The rows as a chart.

        Raises:
            Invalid: There are no rows, or too many to be drawn truthfully.
        """
        if self.frame.is_empty():
            raise Invalid(f"there is nothing to draw: {self.title} has no rows")
        return self.words.draw(self)

    def drawn(
        self,
        kind: Mark,
        x: str,
        y: str,
        *,
        frame: pl.DataFrame | None = None,
        color: str | None = None,
        labels: Mapping[str, str] | None = None,
        note: str = "",
        stacked: bool = False,
    ) -> Chart:
        """A chart of these rows, or of others made from them, with their words.

        Args:
            labels: What takes the place of theirs.
            note: Of the chart; the table's own speaks of columns that a chart does not have.
            stacked: Bars of several series upon each other.
        """
        rows = self.frame if frame is None else frame
        words = self.words.of(rows)
        said = {**words.labels, **(labels or {})}
        return Chart(rows, kind, x, y, words.title, color, said, words.units, words.formats, note, stacked)

    def subjects(self, **cell: Any) -> Subjects:
        """Who is behind one number, looked up in the rows that the result was computed on.

        Args:
            cell: Which number; see the question that was asked, such as `wb.product.funnel`.

        Raises:
            Invalid: There is no such number.
        """
        self._check_cell(cell)
        analysis, what = self.words.cell(self, **cell)
        found = self._asking.compute(analysis, self.dataset, self.answer.parts, self.version).frame
        return Subjects(found.drop(SUBJECT_HASH), what, lambda *given: self._keep(self.dataset, *given))

    def explain(self) -> str:
        """How it was computed: engine and why, parts, files and bytes of the whole, and the plan of one part."""
        return explained(self.answer)

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
        note = " ".join(filter(None, (words.note, self._origin)))
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

    def _check_cell(self, cell: Mapping[str, Any]) -> None:
        """Refuses names by which no number of the result is told, and too few of them."""
        names = {
            name: one for name, one in signature(self.words.cell).parameters.items() if one.kind is one.KEYWORD_ONLY
        }
        if not names:  # told by columns of its own, which it knows better
            return
        if strange := next((name for name in cell if name not in names), None):
            raise unknown(f"part of a number of '{self.title}'", strange, names, error=Invalid)
        needed = [name for name, one in names.items() if one.default is one.empty]
        if missing := [name for name in needed if name not in cell]:
            raise Invalid(
                f"a number of '{self.title}' is told by {', '.join(needed)}; {', '.join(missing)} is missing",
                hint=f"it takes {', '.join(names)}",
            )

    @property
    def _origin(self) -> str:
        return f"From {self.dataset} version {self.version}."
