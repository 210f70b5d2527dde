"""A table laid out in lines of text: as wide as it wants, or as wide as a terminal has room for."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["lay_out", "printable"]

GAP = 2
# To this width a text may be cut, so that more columns fit beside it.
NARROWEST = 24


def lay_out(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], width: int | None
) -> tuple[list[str], list[str]]:
    """The lines of a table, its headings first.

    Args:
        headings: Of the columns.
        rows: A text per column.
        right: Which columns are flush right: numbers, which are never cut.
        width: Of the terminal in cells; None where there is room for everything.

    Returns:
        The lines, and the headings of the last columns that did not fit. The first column is always there.
    """
    from rich.cells import cell_len  # not at the top: `--help` loads this file

    table = [[printable(cell) for cell in row] for row in (headings, *rows)]
    wanted = [max(cell_len(row[at]) for row in table) for at in range(len(headings))]
    widths = wanted if width is None else _fitted(wanted, right, width)
    lines = []
    for row in table:
        cells = [_cell(row[at], room, flush=right[at]) for at, room in enumerate(widths)]
        lines.append((" " * GAP).join(cells).rstrip())
    return lines, list(headings[len(widths) :])


def printable(text: str) -> str:
    """On one line, and without what a terminal would take for a command."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else " " if one.isspace() else f"\\x{ord(one):02x}" for one in text)


def _fitted(wanted: Sequence[int], right: Sequence[bool], width: int) -> list[int]:
    """The widths of the columns that fit: texts are cut first, then the last columns left out."""
    least = [want if flush else min(want, NARROWEST) for want, flush in zip(wanted, right, strict=True)]
    fitting = 1
    while fitting < len(least) and sum(least[: fitting + 1]) + GAP * fitting <= width:
        fitting += 1
    widths = least[:fitting]
    spare = width - sum(widths) - GAP * (fitting - 1)
    for at in range(fitting):
        more = max(0, min(spare, wanted[at] - widths[at]))
        widths[at] += more
        spare -= more
    return widths


def _cell(text: str, room: int, *, flush: bool) -> str:
    from rich.cells import cell_len, set_cell_size

    size = cell_len(text)
    if size > room:
        return set_cell_size(text, max(0, room - 1)) + "…"
    return " " * (room - size) + text if flush else text + " " * (room - size)
