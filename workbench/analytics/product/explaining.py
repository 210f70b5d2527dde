"""How an answer was computed, in words: for `--explain`, and for whoever wonders."""

from __future__ import annotations

from workbench import compute
from workbench.analytics.product.asking import Answer

__all__ = ["explained"]


def explained(answer: Answer) -> str:
    """Engine and why, cache, parts, files and bytes of the whole, and the optimized plan of one part.

    Raises:
        NotFound: The version that was read was cleaned away since.
    """
    return compute.explained(answer.analysis, answer.parts, answer.use, f"{answer.dataset} version {answer.version}")
