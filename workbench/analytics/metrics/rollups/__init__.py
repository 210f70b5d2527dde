"""Rollups: metrics computed ahead, kept as partials that add up, in the place of rows where that is the same."""

from workbench.analytics.metrics.rollups.matching import Wanted
from workbench.analytics.metrics.rollups.model import Mode, RollupState, RollupSummary
from workbench.analytics.metrics.rollups.rollups import Rollups
from workbench.analytics.metrics.rollups.serving import Over, Served, Serving
from workbench.analytics.metrics.rollups.store import RollupStore

__all__ = ["Mode", "Over", "RollupState", "RollupStore", "RollupSummary", "Rollups", "Served", "Serving", "Wanted"]
