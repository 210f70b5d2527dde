"""What subjects do over time: funnels, retention, sessions and the like, over any dataset of events."""

from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.funnel import Exclusion, Funnel, FunnelCell
from workbench.analytics.product.sessions import SessionList, Sessions, SessionSummary

__all__ = [
    "EventColumns",
    "Exclusion",
    "Funnel",
    "FunnelCell",
    "SessionList",
    "SessionSummary",
    "Sessions",
    "Step",
]
