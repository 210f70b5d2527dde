"""What every question of `wb.product` does: takes the rows it is about, asks its analysis, gives the answer words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from workbench.analytics.product import wording
from workbench.analytics.product.asking import Asking, Checked
from workbench.analytics.product.cohorts import Cohorts
from workbench.analytics.product.events import EventColumns
from workbench.analytics.product.results import LiveWords, ProductResult
from workbench.analytics.product.segments import Segment
from workbench.analytics.product.unheard import unheard
from workbench.compute import Parts, moments

__all__ = ["Answering", "Between"]

Between = tuple[Any, Any] | None


class Answering:
    """Answers for one actor.

    Args:
        cohorts: Whose subjects a question may be narrowed to, and where those of a number are kept.
    """

    def __init__(self, asking: Asking, cohorts: Cohorts) -> None:
        self._asking = asking
        self.cohorts = cohorts

    def _parts(
        self,
        dataset: str,
        columns: EventColumns,
        window: tuple[datetime | None, datetime | None],
        within: Any,
        version: int | None,
    ) -> tuple[Parts, int]:
        parts, number = self._asking.parts(dataset, columns, window, version=version, members=None)
        if within is None:
            return parts, number
        condition = self.cohorts.condition(within, dataset)
        whole, number = self._asking.parts(dataset, columns, (None, None), version=number, members=None)
        members = self._asking.ask(Segment(columns, condition), dataset, whole, number).frame
        return self._asking.parts(dataset, columns, window, version=number, members=members)

    def _span(
        self, dataset: str, columns: EventColumns, read: tuple[Parts, int], between: Between, time_zone: str
    ) -> tuple[datetime, datetime]:
        start, end = moments.between_of(between, time_zone)
        if start is not None and end is not None:
            return start, end
        first, last = self._asking.extent(dataset, columns, *read)
        return start or first, end or max(last, (start or first) + timedelta(microseconds=1))

    def _result(
        self,
        asked: Checked,
        dataset: str,
        parts: Parts,
        version: int,
        shaped: Any,
        words: Callable[[Any], LiveWords],
        within: Any,
    ) -> ProductResult:
        answer = self._asking.ask(asked, dataset, parts, version)
        frame: pl.DataFrame = shaped(answer.frame)
        said = wording.among(words(asked), within)
        strange = unheard(asked, frame, lambda column: self._asking.values(dataset, column, version))
        said = replace(said, note=f"{strange} {said.note}".strip()) if strange else said
        return ProductResult(frame, said, answer, self._asking, self.cohorts.keep)
