from __future__ import annotations

from typing import Any

from workbench.ui.product.counted import Counted

__all__ = ["Duplicates"]


class Duplicates(Counted):
    """How many rows came again: along time, and by a property a curve per value; without a grain, a bar per value.

    Args:
        dataset: Its name.
        grain: By the period of the row that is kept; None for all together, which takes one column in `by=`.
        options: As `wb.product.duplicates` takes them.
    """

    question = "duplicates"

    def __init__(self, dataset: str, *, grain: str | None = "day", **options: Any) -> None:
        super().__init__(dataset, grain=grain, **options)
