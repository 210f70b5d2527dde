"""A table as data, and the HTML, text and JSON it shows itself as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import polars as pl

from workbench.charts.style import stylesheet
from workbench.charts.wording import Column, columns_of, plain
from workbench.foundation.errors import Invalid
from workbench.foundation.wording import counted

__all__ = ["TABLE_MIME", "Table", "length", "styled", "table_html"]

TABLE_MIME = "application/vnd.workbench.table+json"
# A page with more rows than this is slow to open, and nobody reads them there.
MOST_ROWS = 500


@dataclass(frozen=True, eq=False)
class Table:
    """A titled table: units in the header, numbers right-aligned in figures of one width.

    Attributes:
        title: What the table holds.
        frame: The rows, in the order they are shown.
        labels: Column -> label; a missing one is made from the column's name.
        units: Column -> unit.
        formats: Column -> d3 number format (",.1f") or d3 time format ("%Y Q%q"); a missing one fits the values.
        note: A line under the table: a source, a caveat.

    Raises:
        NotFound: A label, unit or format for a column that is not there.
        Invalid: No title, or a format that is not understood.
    """

    title: str
    frame: pl.DataFrame
    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise Invalid("a table needs a title", hint="say what it holds: title='Delay by carrier'")
        _ = self.columns

    @cached_property
    def columns(self) -> dict[str, Column]:
        return columns_of(self.frame, self.labels, self.units, self.formats)

    def json(self) -> dict[str, Any]:
        """The whole table with nothing rounded, as a replay compares it.

        Returns:
            `{"title": str, "columns": [name], "rows": [[value]]}`, every value one that JSON has.
        """
        rows = [[plain(value) for value in row] for row in self.frame.iter_rows()]
        return {"title": self.title, "columns": self.frame.columns, "rows": rows}

    def __repr__(self) -> str:
        lines = [[column.heading for column in self.columns.values()]]
        lines += [
            [self.columns[name].read(row[name]) for name in row] for row in self.frame.head(20).iter_rows(named=True)
        ]
        widths = [max(len(line[index]) for line in lines) for index in range(len(self.columns))]
        right = [column.kind == "number" for column in self.columns.values()]
        text = [
            "  ".join(
                word.rjust(width) if flush else word.ljust(width)
                for word, width, flush in zip(line, widths, right, strict=True)
            ).rstrip()
            for line in lines
        ]
        more = [f"… {counted(self.frame.height - 20, 'more row')}"] if self.frame.height > 20 else []
        return "\n".join([self.title, *text, *more])

    def _repr_html_(self) -> str:
        note = f'<p class="wb-note">{escape(self.note)}</p>' if self.note else ""
        title = escape(self.title)
        return styled(
            f'<figure class="wb wb-table {length(self.frame.height)}" role="group" aria-label="{title}">'
            f'<figcaption><span class="wb-title">{title}</span></figcaption>{table_html(self)}{note}</figure>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), TABLE_MIME: self.json()}


def length(rows: int) -> str:
    """The class of a table that fits on a printed page with what stands around it, or of one that does not."""
    if rows > 30:
        return "wb-long"
    return "wb-short wb-few" if rows <= 8 else "wb-short"


def styled(html: str) -> str:
    """The HTML with the stylesheet it needs, so that it looks right in a notebook too."""
    return f'<style data-wb="">{stylesheet()}</style>{html}'


def table_html(table: Table) -> str:
    """The `<table>` in a box of its own that scrolls, so that the page never has to."""
    columns = list(table.columns.values())
    head = "".join(f'<th scope="col"{_class(column)}>{_heading(column)}</th>' for column in columns)
    lead = bool(columns) and columns[0].kind != "number"
    body = "".join(_row(columns, row, lead) for row in table.frame.head(MOST_ROWS).iter_rows())
    if table.frame.is_empty():
        body = f'<tr><td colspan="{max(1, len(columns))}">No rows.</td></tr>'
    hidden = table.frame.height - MOST_ROWS
    more = f'<p class="wb-note">The first {MOST_ROWS:,} of {table.frame.height:,} rows.</p>' if hidden > 0 else ""
    name, across = escape(table.title), min(len(columns), 5)
    return (
        f'<div class="wb-scroll wb-across-{across}" role="region" tabindex="0" aria-label="{name}, table">'
        f'<table aria-label="{name}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _row(columns: list[Column], row: tuple[Any, ...], lead: bool) -> str:
    cells = zip(columns, row, strict=True)
    return f"<tr>{''.join(_cell(column, value, lead and column is columns[0]) for column, value in cells)}</tr>"


def _class(column: Column) -> str:
    return ' class="wb-num"' if column.kind == "number" else ""


def _heading(column: Column) -> str:
    unit = f' <span class="wb-unit">({escape(column.header_unit)})</span>' if column.header_unit else ""
    return escape(column.label) + unit


def _cell(column: Column, value: Any, lead: bool) -> str:
    text = column.read(value)
    kind = (
        "wb-num" if column.kind == "number" else "wb-word" if len(text) <= 12 else "wb-name" if len(text) <= 32 else ""
    )
    given = f' class="{kind}"' if kind else ""
    return f'<th scope="row"{given}>{escape(text)}</th>' if lead else f"<td{given}>{escape(text)}</td>"
