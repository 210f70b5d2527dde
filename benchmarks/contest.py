"""One question, many who answer it: all answers are compared first, then everybody takes turns."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import polars as pl

__all__ = ["Answer", "Question", "compare", "seconds"]

Answer = Callable[[], pl.DataFrame]


@dataclass(frozen=True)
class Question:
    """One analysis, and how its peers answer it.

    Attributes:
        peers: By name.
        floor: Does what nobody can do without: decodes the columns that are needed from our files.
        slow: Peers that answer once only, if at all.
        tolerance: By how much of it a number of ours may be off.
    """

    title: str
    ours: Answer
    peers: dict[str, Answer]
    floor: Answer
    slow: dict[str, Answer] = field(default_factory=dict)
    tolerance: float = 0.0

    def without(self, words: Sequence[str]) -> Question:
        """The same, without the peers that have one of the words in their names."""
        peers = {name: peer for name, peer in self.peers.items() if not any(word in name for word in words)}
        return replace(self, peers=peers)


def compare(question: Question, runs: int, *, slow: bool) -> None:
    """Prints medians, and how ours relates to each.

    Raises:
        AssertionError: Somebody says something else than we do.
    """
    wanted = _told(question.ours())
    for name, answer in question.peers.items():
        _agree(question, name, _told(answer()), wanted)
    contenders = {"workbench": question.ours, **question.peers, "floor: decode the columns": question.floor}
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, answer in contenders.items():
            taken[name].append(seconds(answer))
    if slow:
        for name, answer in question.slow.items():
            began = time.perf_counter()
            found = answer()
            taken[name] = [time.perf_counter() - began]
            _agree(question, name, _told(found), wanted)
    print(f"\n{question.title}\n{'':<46}{'median s':>10}{'lowest':>9}{'highest':>9}{'ours to it':>12}")
    own = statistics.median(taken["workbench"])
    for name, times in taken.items():
        middle = statistics.median(times)
        print(
            f"  {name:<44}{middle:>10.3f}{min(times):>9.3f}{max(times):>9.3f}{own / middle:>11.2f}x",
            flush=True,
        )


def seconds(answer: Answer) -> float:
    """How long an answer takes."""
    began = time.perf_counter()
    answer()
    return time.perf_counter() - began


def _agree(question: Question, name: str, found: list[tuple[object, ...]], wanted: list[tuple[object, ...]]) -> None:
    different = [
        (one, other)
        for one, other in zip(found, wanted, strict=False)
        if len(one) != len(other) or not all(map(partial(_same, question.tolerance), one, other))
    ]
    assert not different, f"{question.title}: {name} and we say {different[:2]}"
    assert len(found) == len(wanted), f"{question.title}: {name} has {len(found)} rows, we have {len(wanted)}"


def _same(tolerance: float, one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=max(tolerance, 1e-9))
    return one == other


def _told(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """The rows, comparable."""
    rows = frame.sort(frame.columns).rows()
    return [tuple(v if isinstance(v, float) else int(v) if isinstance(v, int) else str(v) for v in row) for row in rows]
