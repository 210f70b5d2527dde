"""What lies around the rows that are checked, which some expectations compare them with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Invalid

__all__ = ["Around", "Nothing"]


class Around(Protocol):
    """Other data, as the asker may see it.

    Attributes:
        now: When the check is made, in UTC.
    """

    @property
    def now(self) -> datetime: ...

    def rows_of(self, dataset: str | None, version: int | None = None) -> pl.LazyFrame:
        """A dataset's rows.

        Args:
            dataset: The one that is checked when None.
        """

    def changed(self) -> datetime:
        """When what is checked got the rows it has."""

    def answered(self, sql: str, most: int) -> tuple[int, list[dict[str, Any]]]:
        """How many rows a SELECT gives, and the first ones, `most` at most."""

    def function(self, reference: str) -> Callable[..., Any]:
        """A function of the workspace."""


class Nothing:
    """Around a frame that no workspace knows, there is nothing."""

    def __init__(self) -> None:
        self._now = utcnow()

    @property
    def now(self) -> datetime:
        return self._now

    def rows_of(self, dataset: str | None, version: int | None = None) -> pl.LazyFrame:
        raise Invalid("there is no workspace to compare with; wb.quality.check has one")

    def changed(self) -> datetime:
        raise Invalid("a frame has no versions; name a column of times")

    def answered(self, sql: str, most: int) -> tuple[int, list[dict[str, Any]]]:
        raise Invalid("a frame is not asked in SQL; make it a dataset first")

    def function(self, reference: str) -> Callable[..., Any]:
        raise Invalid("there is no workspace to find it in; give the function itself, or ask wb.quality.check")
