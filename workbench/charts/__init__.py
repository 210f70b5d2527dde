"""Charts, tables and key figures as data that can show themselves anywhere: notebook, report, print."""

from workbench.charts.chart import Chart
from workbench.charts.graph import Graph, GraphLink, GraphNode
from workbench.charts.plot import Mark
from workbench.charts.style import HEAT_STEPS, palette, stylesheet
from workbench.charts.svg import unique_ids
from workbench.charts.table import TABLE_MIME, Table, table_html
from workbench.charts.tiles import Tile, Tiles
from workbench.charts.vegalite import heat_bands, heat_shades
from workbench.charts.wording import is_format, names_apart, written

__all__ = [
    "HEAT_STEPS",
    "TABLE_MIME",
    "Chart",
    "Graph",
    "GraphLink",
    "GraphNode",
    "Mark",
    "Table",
    "Tile",
    "Tiles",
    "heat_bands",
    "heat_shades",
    "is_format",
    "names_apart",
    "palette",
    "stylesheet",
    "table_html",
    "unique_ids",
    "written",
]
