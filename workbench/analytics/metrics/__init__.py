"""Metrics, defined once in YAML: a number shown anywhere comes from one definition and one plan."""

from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.ingredients import Dimension
from workbench.analytics.metrics.measure import Key, Measure, Window
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.metrics import Metrics
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.result import MetricResult

__all__ = ["Definitions", "Dimension", "Key", "Measure", "Measures", "Metric", "MetricResult", "Metrics", "Window"]
