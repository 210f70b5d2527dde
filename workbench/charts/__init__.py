"""Charts, tables and key figures as data that can show themselves anywhere: notebook, report, print."""

from workbench.charts.chart import Chart
from workbench.charts.style import palette, stylesheet
from workbench.charts.svg import unique_ids
from workbench.charts.table import TABLE_MIME, Table
from workbench.charts.tiles import Tile, Tiles
from workbench.charts.wording import is_format

__all__ = ["TABLE_MIME", "Chart", "Table", "Tile", "Tiles", "is_format", "palette", "stylesheet", "unique_ids"]
