"""A row of key figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from workbench.charts.table import TABLE_MIME, Table, styled
from workbench.charts.wording import Column, columns_of, plain
from workbench.foundation.errors import Invalid

__all__ = ["Tile", "Tiles"]


@dataclass(frozen=True)
class Tile:
    """One key figure.

    Attributes:
        label: What it is.
        value: A number, a text, a date, or None where there is none.
        unit: "min", "%" or "".
        format: A d3 number format; chosen from the value's size where empty.
        note: What it is to be read against: "+2.1 min on a year before".
    """

    label: str
    value: Any
    unit: str = ""
    format: str = ""
    note: str = ""

    @property
    def column(self) -> Column:
        frame = pl.DataFrame({"value": [self.value]}, strict=False)
        return columns_of(frame, {}, {"value": self.unit}, {"value": self.format} if self.format else {})["value"]


@dataclass(frozen=True)
class Tiles:
    """A row of key figures under one title.

    Raises:
        Invalid: No tile, or a format that is not understood.
    """

    tiles: Sequence[Tile]
    title: str = "Key figures"

    def __post_init__(self) -> None:
        if not self.tiles:
            raise Invalid(f"the tiles '{self.title}' need at least one tile")
        for tile in self.tiles:
            _ = tile.column

    def table(self) -> Table:
        """The figures as rows: label, value (as text where the tiles differ in type), unit."""
        values = [tile.column.say(tile.value) for tile in self.tiles]
        return Table(self.title, pl.DataFrame({"figure": [tile.label for tile in self.tiles], "value": values}))

    def json(self) -> dict[str, Any]:
        """As `Table.json`: nothing rounded."""
        rows = [[tile.label, plain(tile.value), tile.unit] for tile in self.tiles]
        return {"title": self.title, "columns": ["label", "value", "unit"], "rows": rows}

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        cells = "".join(_tile(tile) for tile in self.tiles)
        rows = -(-len(self.tiles) // 5)
        across = f"--wb-across:{-(-len(self.tiles) // rows)}"
        return styled(
            f'<div class="wb wb-tiles" role="group" aria-label="{escape(self.title)}">'
            f'<dl style="{across}">{cells}</dl></div>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), TABLE_MIME: self.json()}


def _tile(tile: Tile) -> str:
    column = tile.column
    unit = f' <span class="wb-unit">{escape(column.shown_unit)}</span>' if column.shown_unit else ""
    note = f'<dd class="wb-note">{escape(tile.note)}</dd>' if tile.note else ""
    figure = f'<dd class="wb-figure">{escape(column.read(tile.value))}{unit}</dd>'
    return f"<div><dt>{escape(tile.label)}</dt>{figure}{note}</div>"
