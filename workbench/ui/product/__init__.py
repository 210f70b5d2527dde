"""Figures of dashboards that ask `wb.product`: one for each of its questions, by the same words."""

from workbench.ui.product.asked import Asked
from workbench.ui.product.duplicates import Duplicates
from workbench.ui.product.funnel import Funnel
from workbench.ui.product.lifecycle import Lifecycle
from workbench.ui.product.paths import Paths
from workbench.ui.product.retention import Retention
from workbench.ui.product.sessions import Sessions
from workbench.ui.product.stickiness import Stickiness
from workbench.ui.product.trend import draw_trend

__all__ = ["Asked", "Duplicates", "Funnel", "Lifecycle", "Paths", "Retention", "Sessions", "Stickiness", "draw_trend"]
