"""Dashboards out of ipywidgets and bqplot: views of what the metric layer computes, with no query of their own."""

from workbench.ui.along import Along
from workbench.ui.bars import Bars
from workbench.ui.dashboard import Dashboard
from workbench.ui.explorer import Explorer, explore
from workbench.ui.filters import Choice, Period
from workbench.ui.heat import Heat
from workbench.ui.line import Line
from workbench.ui.part import Part
from workbench.ui.product import Duplicates, Funnel, Lifecycle, Paths, Retention, Sessions, Stickiness
from workbench.ui.rows import Rows
from workbench.ui.selection import Selection
from workbench.ui.show import Shown, show
from workbench.ui.theme import css
from workbench.ui.tiles import Figure, Tiles
from workbench.ui.warm import warm

__all__ = [
    "Along",
    "Bars",
    "Choice",
    "Dashboard",
    "Duplicates",
    "Explorer",
    "Figure",
    "Funnel",
    "Heat",
    "Lifecycle",
    "Line",
    "Part",
    "Paths",
    "Period",
    "Retention",
    "Rows",
    "Selection",
    "Sessions",
    "Shown",
    "Stickiness",
    "Tiles",
    "css",
    "explore",
    "show",
    "warm",
]
