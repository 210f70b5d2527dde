"""What somebody who does not know a dataset yet asks of it: which rows, one figure of them, by what; keeping that."""

from workbench.analytics.exploration.conditions import condition
from workbench.analytics.exploration.exploring import Exploring
from workbench.analytics.exploration.model import (
    AGGREGATIONS,
    OPERATORS,
    Aggregation,
    Condition,
    Group,
    Kind,
    Operator,
    View,
    kind_of,
)
from workbench.analytics.exploration.pictures import column_chart, correlation_chart
from workbench.analytics.exploration.seen import Look, Rows, Seen

__all__ = [
    "AGGREGATIONS",
    "OPERATORS",
    "Aggregation",
    "Condition",
    "Exploring",
    "Group",
    "Kind",
    "Look",
    "Operator",
    "Rows",
    "Seen",
    "View",
    "column_chart",
    "condition",
    "correlation_chart",
    "kind_of",
]
