"""What a kernel can do for its first dashboard before it knows which."""

from __future__ import annotations

import ipywidgets as widgets
import polars as pl
from sqlalchemy.orm import configure_mappers

from workbench.analytics.metrics import Definitions
from workbench.foundation.settings import load
from workbench.ui.bars import Bars
from workbench.ui.filters import Choice, Period
from workbench.ui.heat import Heat
from workbench.ui.line import Line
from workbench.ui.product import Funnel, Retention
from workbench.ui.rows import Rows
from workbench.ui.tiles import Tiles

__all__ = ["warm"]


def warm() -> None:
    """Reads the workspace's metrics, and makes one of everything and closes it again.

    What is prepared at its first use is then there. Nothing is asked of the catalog: it is not known yet for whom.
    """
    Definitions.current(load().home / "metrics")
    configure_mappers()
    Period("metric")
    Choice("metric", "dimension")
    Tiles(["metric"])
    Line("metric")
    Bars("metric", by="dimension")
    Heat("metric", across="dimension", down="another")
    Rows(["metric"], by=["dimension"])
    Funnel("events", ["first", "second"])
    Retention("events", "step")
    widgets.Widget.close_all()
    pl.LazyFrame({"key": ["a"], "value": [1]}).group_by("key").agg(pl.col("value").sum()).collect(engine="streaming")
