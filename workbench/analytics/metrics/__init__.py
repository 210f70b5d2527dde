"""Metrics, defined once: a number shown anywhere comes from one definition and one plan."""

from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.gaps import with_gaps
from workbench.analytics.metrics.ingredients import Dimension, Input, Join, Property
from workbench.analytics.metrics.measure import Key, Measure, Window
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.metrics import Metrics
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.result import MetricResult
from workbench.analytics.metrics.rollup import Rollup
from workbench.analytics.metrics.rollups import RollupState, RollupStore, RollupSummary
from workbench.analytics.metrics.store import MetricStore, MetricVersion

__all__ = [
    "Definitions",
    "Dimension",
    "Input",
    "Join",
    "Key",
    "Measure",
    "Measures",
    "Metric",
    "MetricResult",
    "MetricStore",
    "MetricVersion",
    "Metrics",
    "Property",
    "Rollup",
    "RollupState",
    "RollupStore",
    "RollupSummary",
    "Window",
    "with_gaps",
]
