"""The plan of an explanation in short: what is done with the rows, where the plan itself has hundreds of lines."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["in_short"]

HEADING = "plan of the first part:"
# A plan of at most so many lines is short as it is; of a longer one, a line may have so many characters.
SHORT = 15
WIDTH = 100
# From so many operators on, what a plan does twice is written once.
WORTH_A_NUMBER = 3

_OPERATOR = re.compile(r"(Parquet SCAN|simple π|[A-Z]+(?:[ _][A-Z]+)*)\b")
_NO_OPERATOR = re.compile(r"FROM$|PROJECT |SELECTION:|ESTIMATED ROWS|(LEFT|RIGHT) PLAN ON:|END |PLAN \d+:")
_COLUMN = re.compile(r'col\("([^"]*)"\)')


def in_short(told: str) -> str:
    """An explanation with its plans in short: operators without their expressions, the last one done first.

    A run of equal operators is one with a number; what is done again is told once and then referred to.
    """
    lines: list[str] = []
    plan: list[str] | None = None
    for line in [*told.splitlines(), ""]:
        if plan is not None and line.startswith("  "):
            plan.append(line)
            continue
        if plan is not None:
            lines += _told(plan)
        plan = [] if line == HEADING else None
        if plan is None:
            lines.append(line)
    return "\n".join(lines[:-1])


@dataclass
class _Node:
    """An operator of a plan, and what it is done to."""

    name: str
    indent: int
    more: list[str] = field(default_factory=list)
    below: list[_Node] = field(default_factory=list)

    def __str__(self) -> str:
        keys = [*dict.fromkeys(column for line in self.more for column in _keys(line))]
        listed = ", ".join(keys[:3]) + (", ..." if len(keys) > 3 else "")
        if self.name.endswith("JOIN"):
            return f"{self.name} on {listed}" if keys else self.name
        if self.name == "AGGREGATE" and keys:
            return f"{self.name} by {listed}"
        if self.name.endswith("SCAN"):
            return f"{self.name}{''.join(_read(self.more))}"
        return self.name

    def shape(self) -> str:
        return f"{self}({'|'.join(one.shape() for one in self.below)})"

    def size(self) -> int:
        return 1 + sum(one.size() for one in self.below)

    def all(self) -> Iterator[_Node]:
        yield self
        for one in self.below:
            yield from one.all()


def _told(plan: Sequence[str]) -> list[str]:
    if len(plan) <= SHORT:
        return [HEADING, *plan]
    top = _tree(plan)
    if top is None:
        return [HEADING, *plan]
    again = Counter(one.shape() for one in top.all() if one.size() >= WORTH_A_NUMBER)
    heading = f"plan of the first part, {len(plan)} lines in short (--explain twice: the whole of it):"
    once = _Writer(again)
    list(once.lines(top, "  "))  # says which of what is there again is really referred to
    return [heading, *_Writer({shape: again[shape] for shape in once.referred}).lines(top, "  ")]


def _tree(plan: Iterable[str]) -> _Node | None:
    """The operators of a plan; one that stands further in is done before the one above it."""
    top: _Node | None = None
    above: list[_Node] = []
    for line in plan:
        text = line.lstrip()
        at = (len(line) - len(text)) // 2 * 2  # WITH_COLUMNS stands a character further in than others beside it
        found = _OPERATOR.match(text)
        if found is None or _NO_OPERATOR.match(text):
            if above:
                next((one for one in reversed(above) if one.indent <= at), above[0]).more.append(text)
            continue
        if found[1] == "simple π":  # which columns go on: nothing is done
            continue
        node = _Node(found[1], at, [text])
        while above and above[-1].indent >= node.indent:
            above.pop()
        if above:
            above[-1].below.append(node)
        elif top is None:
            top = node
        above.append(node)
    return top


def _keys(line: str) -> list[str]:
    """The columns that a join is on, or a group told by."""
    if line.startswith("LEFT PLAN ON:"):
        return _COLUMN.findall(line)
    return _COLUMN.findall(line.rpartition(" BY ")[2]) if line.startswith("[") and " BY " in line else []


def _read(more: Iterable[str]) -> Iterator[str]:
    for line in more:
        if line.startswith("PROJECT "):
            yield f" of {line.removeprefix('PROJECT ').lower()}"
        if line.startswith("SELECTION:"):
            yield ", filtered"


class _Writer:
    """Writes a tree: a chain of operators, the last one done first; below it the sides of a join, or of a union."""

    def __init__(self, again: Mapping[str, int]) -> None:
        self._again = again
        self._numbers: dict[str, int] = {}
        self.referred: set[str] = set()

    def lines(self, node: _Node, margin: str, first: str = "") -> Iterator[str]:
        chain: list[str] = []
        above = 1
        at: _Node | None = node
        while at is not None:
            shape = at.shape()
            if shape in self._numbers:
                self.referred.add(shape)
                chain.append(f"as ({self._numbers[shape]})")
                break
            mark = ""
            count = self._again.get(shape, 1)
            if count > above:
                self._numbers[shape] = len(self._numbers) + 1
                mark = f"({self._numbers[shape]}) "
            above = max(above, count)
            chain.append(f"{mark}{at}")
            if len(at.below) != 1:
                break
            at = at.below[0]
        yield from textwrap.wrap(
            first + " ← ".join(_counted(chain)), WIDTH, initial_indent=margin, subsequent_indent=f"{margin}  ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        if at is not None and len(at.below) > 1 and not chain[-1].startswith("as ("):
            for one in at.below:
                yield from self.lines(one, f"{margin}  ", "- ")


def _counted(chain: Sequence[str]) -> Iterator[str]:
    """Equal operators in a row as one with their number."""
    at = 0
    while at < len(chain):
        upto = at + 1
        while upto < len(chain) and chain[upto] == chain[at]:
            upto += 1
        yield chain[at] if upto == at + 1 else f"{chain[at]} ×{upto - at}"
        at = upto
