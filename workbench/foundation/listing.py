"""A list that shows itself: as lines in a terminal, as a table in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import TypeVar

from workbench.foundation.errors import WorkbenchError

__all__ = ["Listing", "readable"]

T = TypeVar("T")


class Listing(list[T]):
    """Things in a list, one row each when it is shown. Otherwise a list like any other.

    Args:
        caption: What they are: "Runs".
        row: What is shown of one: column to text.
        empty: A sentence for when there are none.

    Attributes:
        problems: What was left out and why, shown under the rows.
    """

    def __init__(
        self,
        items: Iterable[T],
        *,
        caption: str,
        row: Callable[[T], Mapping[str, str]],
        empty: str,
        problems: Sequence[str] = (),
    ) -> None:
        super().__init__(items)
        self._caption = caption
        self._row = row
        self._empty = empty
        self.problems = tuple(problems)

    def __repr__(self) -> str:
        rows = [self._row(item) for item in self]
        if not rows:
            return "\n".join([self._empty, *self._left_out()])
        cells = [list(rows[0]), *(list(row.values()) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
        return "\n".join([*lines, *self._left_out()])

    def _repr_html_(self) -> str:
        rows = [self._row(item) for item in self]
        left_out = "".join(f"<pre>{escape(said)}</pre>" for said in self._left_out())
        if not rows:
            return f"<p>{escape(self._empty)}</p>{left_out}"
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in rows[0])
        body = "".join(_html_row(list(row.values())) for row in rows)
        return (
            f"<table><caption>{escape(self._caption)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{left_out}"
        )

    def _left_out(self) -> list[str]:
        return [f"left out: {problem}" for problem in self.problems]


def _html_row(cells: Sequence[str]) -> str:
    first, *others = cells
    rest = "".join(f"<td>{escape(cell)}</td>" for cell in others)
    return f'<tr><th scope="row">{escape(first)}</th>{rest}</tr>'


def readable(names: Iterable[str], get: Callable[[str], T]) -> tuple[list[T], list[str]]:
    """What can be got of some names, in their order, and for each of the others a sentence that says why it cannot."""
    found: list[T] = []
    problems: list[str] = []
    for name in names:
        try:
            found.append(get(name))
        except WorkbenchError as error:
            problems.append(str(error))
    return found, problems
