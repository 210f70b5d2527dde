"""A table laid out in lines of text: as wide as it wants, or as wide as a terminal has room for."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["lay_out", "printable"]

GAP = 2
# To this width a text may be cut, so that more columns fit beside it.
NARROWEST = 24
# So many lines a heading may take at most where there is no room for it in one.
TALLEST = 5


def lay_out(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    width: int | None,
    *,
    fold: int | None = None,
) -> tuple[list[str], list[str]]:
    """The lines of a table, its headings first: a line for each row, and before them one, or several, of headings.

    Args:
        headings: Of the columns.
        rows: A text per column.
        right: Which columns are flush right: numbers, which are never cut.
        width: Of the terminal in cells; None where there is room for everything.
        fold: Without a terminal, the width to which headings are folded, as far as that goes.

    Returns:
        The lines, and the headings of the last columns that did not fit. The first column is always there.
    """
    from rich.cells import cell_len  # not at the top: `--help` loads this file

    head, *table = [[printable(cell) for cell in row] for row in (headings, *rows)]
    body = [max((cell_len(row[at]) for row in table), default=0) for at in range(len(headings))]
    wanted = [max(cell_len(text), room) for text, room in zip(head, body, strict=True)]
    room = fold if width is None else width
    for lines_each in range(2, TALLEST + 1):
        if room is None or sum(wanted) + GAP * (len(wanted) - 1) <= room:
            break
        wanted = [_folded(text, least, lines_each) for text, least in zip(head, body, strict=True)]
    widths = wanted if width is None else _fitted(wanted, right, width)
    lines = []
    for row in (*_stacked(head, widths), *table):
        cells = [_cell(row[at], room, flush=right[at]) for at, room in enumerate(widths)]
        lines.append((" " * GAP).join(cells).rstrip())
    return lines, list(headings[len(widths) :])


def printable(text: str) -> str:
    """On one line, and without what a terminal would take for a command."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else " " if one.isspace() else f"\\x{ord(one):02x}" for one in text)


def _folded(text: str, room: int, tallest: int) -> int:
    """The narrowest column of a heading in so many lines that has room for its values."""
    least = max(room, max(map(len, text.split()), default=1))
    return next(size for size in range(least, least + len(text) + 1) if len(_lines(text, size)) <= tallest)


def _stacked(head: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """The lines of the headings, which end together at the bottom."""
    folded = [_lines(text, size) or [text] for text, size in zip(head, widths, strict=False)]
    tallest = max(map(len, folded))
    return [[one[at - tallest] if at >= tallest - len(one) else "" for one in folded] for at in range(tallest)]


def _lines(text: str, size: int) -> list[str]:
    """A heading in lines of at most `size`; in one where a word of it is longer."""
    import textwrap

    lines = textwrap.wrap(text, max(size, 1), break_long_words=False, break_on_hyphens=False)
    return lines if max(map(len, lines), default=0) <= size else [text]


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
