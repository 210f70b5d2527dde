from __future__ import annotations

from typing import Any

from workbench.ui.product.counted import Counted

__all__ = ["Sessions"]


class Sessions(Counted):
    """How long sessions are: a bar per range of lengths.

    With `by=` how many there are by a property; with `grain=` how many there are along time.

    Args:
        dataset: Its name.
        grain: By when they began; None for all together.
        options: As `wb.product.sessions` takes them.
    """

    question = "sessions"

    def __init__(self, dataset: str, *, grain: str | None = None, **options: Any) -> None:
        super().__init__(dataset, grain=grain, **options)
