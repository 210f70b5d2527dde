"""What the figures of product analytics share: a question that is asked anew, of the days and subjects chosen."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import bqplot
import ipywidgets as widgets

from workbench.analytics.product import ProductResult
from workbench.app import Workbench
from workbench.ui.drawing import Drawing
from workbench.ui.selection import Selection

__all__ = ["Asked"]

_COUNTED = ("subjects", "paths", "sessions", "rows")


class Asked(Drawing):
    """The answer to one question of `wb.product`, as a drawing.

    The filters of a dashboard take the place of the question's `between`. What a viewer chooses by a dimension narrows
    it to the subjects with an event that has one of the values; the dimension is a column of the dataset then.

    Attributes:
        question: Its name in `wb.product`.
        result: The answer; None before the first time.
    """

    question: ClassVar[str]

    def __init__(self, drawn: bqplot.Figure, legend: widgets.Widget | None, *given: Any, **options: Any) -> None:
        """
        Args:
            drawn: The figure.
            legend: What stands under it.
            given: What `wb.product` is asked with: the dataset's name first.
            options: The same, by name.
        """
        super().__init__(drawn)
        self.result: ProductResult | None = None
        self._legend = legend
        self._given, self._options = given, options

    def beside(self) -> list[widgets.Widget]:
        return [] if self._legend is None else [self._legend]

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        options = dict(self._options)
        if selection.between is not None:
            options["between"] = selection.between
        if selection.where is not None:
            options["within"] = _narrowed(options.get("within"), selection.where)
        result: ProductResult = getattr(wb.product, self.question)(*self._given, **options)
        return self.take(result)

    def take(self, result: ProductResult) -> bool:
        """Draws an answer; False where nobody is in it."""
        self.result, self.versions = result, {result.dataset: result.version}
        self.entitle(result.title)
        if not any(result.frame[name].sum() for name in _COUNTED if name in result.frame.columns):
            return False
        self.draw(result)
        return True

    @abstractmethod
    def draw(self, result: ProductResult) -> None:
        """Draws an answer that has somebody in it, and puts its words around it."""


def _narrowed(within: Any, where: str) -> Any:
    chosen = {"did": None, "where": where}
    if within is None:
        return chosen
    return {"all": [{"in": within} if isinstance(within, str) else within, chosen]}
