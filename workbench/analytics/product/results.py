"""What the questions of `wb.product` give back: rows that can be drawn, and who is behind each of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import polars as pl

from workbench.analytics.product.answered import Answered, Subjects, Words
from workbench.analytics.product.asking import Answer, Asking
from workbench.analytics.product.cohort import Cohort
from workbench.analytics.product.explaining import explained
from workbench.charts import Chart, Mark
from workbench.compute import SUBJECT_HASH, Analysis, EngineUse
from workbench.foundation.errors import Invalid, unknown

__all__ = ["LiveSubjects", "LiveWords", "ProductResult"]


@dataclass(frozen=True, eq=False, repr=False)
class LiveSubjects(Subjects):
    """Subjects that can be kept as a cohort."""

    _keep: Callable[[str, pl.Series, str, bool], Cohort]

    def save(self, name: str, description: str = "", *, replace: bool = False) -> Cohort:
        """Keeps them as a cohort: `result.subjects(step=2).save("carts", "came to the cart in March")`.

        Args:
            replace: Takes the place of a cohort of that name.

        Raises:
            Conflict: There is a cohort of that name.
            Forbidden: Saving takes an analyst; replacing another's takes an engineer.
        """
        return self._keep(name, self.frame.to_series(), description or self.what, replace)


@dataclass(frozen=True, eq=False)
class LiveWords(Words):
    """Words that also know how their rows are drawn and looked into.

    Attributes:
        draw: The rows as a chart.
        cell: From a result, and what names one of its numbers, to the analysis that gives its subjects, and the number
            in words.
    """

    draw: Callable[[ProductResult], Chart] = field(kw_only=True)
    cell: Callable[..., tuple[Analysis, str]] = field(kw_only=True)


@dataclass(frozen=True, eq=False, repr=False)
class ProductResult(Answered):
    """The rows of one question, with what they mean, where they come from and who is behind each number.

    Attributes:
        frame: One row per group.
        words: What they mean.
        answer: What was computed, and on what.
    """

    words: LiveWords
    answer: Answer
    _asking: Asking
    _keep: Callable[[str, str, pl.Series, str, bool], Cohort]

    @property
    def dataset(self) -> str:
        return self.answer.dataset

    @property
    def version(self) -> int:
        return self.answer.version

    @property
    def use(self) -> EngineUse:
        return self.answer.use

    def chart(self) -> Chart:
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

    def subjects(self, **cell: Any) -> LiveSubjects:
        self._check_cell(cell)
        analysis, what = self.words.cell(self, **cell)
        found = self._asking.compute(analysis, self.dataset, self.answer.parts, self.version).frame
        return LiveSubjects(found.drop(SUBJECT_HASH), what, lambda *given: self._keep(self.dataset, *given))

    def explain(self) -> str:
        return explained(self.answer)

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
