"""One pass over a dataset for a query: what was asked of it, on which rows, how it was computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench import compute
from workbench.compute import Analysis, EngineUse, Parts

__all__ = ["Pass", "explained"]


@dataclass(frozen=True, eq=False)
class Pass:
    """What `explain` tells of one pass, and a receipt records.

    Attributes:
        dataset: What was read; of a conversion, where its base events are.
        version: Of it, as it was read.
        analysis: What was asked.
        parts: The rows that it was asked of.
        use: How it was computed.
        beside: What was read with it, joined or followed in time: dataset -> the version that was read.
        rollup: The rollup that stood for the rows; None where they were read themselves.
        why_no_rollup: A sentence; empty where one was used, or there is none of the dataset.
    """

    dataset: str
    version: int
    analysis: Analysis
    parts: Parts
    use: EngineUse
    beside: Mapping[str, int] = field(default_factory=dict)
    rollup: str | None = None
    why_no_rollup: str = ""


def explained(one: Pass) -> str:
    """How a pass was computed, in words.

    Raises:
        NotFound: A version that was read was cleaned away since.
    """
    beside = [f"{name} version {version}" for name, version in one.beside.items()]
    why = one.why_no_rollup and f": {one.why_no_rollup}"
    more = {"rollup": one.rollup or f"none{why}"} | ({"beside": ", ".join(beside)} if beside else {})
    return compute.explained(one.analysis, one.parts, one.use, f"{one.dataset} version {one.version}", more)
