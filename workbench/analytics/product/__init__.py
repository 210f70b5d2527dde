"""What subjects do over time: funnels, retention, sessions and the like, over any dataset of events."""

from workbench.analytics.product import conditions
from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.funnel import Exclusion, Funnel, FunnelCell
from workbench.analytics.product.lifecycle import Lifecycle
from workbench.analytics.product.paths import OTHER, Paths
from workbench.analytics.product.periods import Every
from workbench.analytics.product.retention import Retention, weighted_mean
from workbench.analytics.product.segment_document import condition_of
from workbench.analytics.product.segments import Segment, Within
from workbench.analytics.product.sessions import SessionList, Sessions, SessionSummary
from workbench.analytics.product.stickiness import Stickiness

__all__ = [
    "OTHER",
    "EventColumns",
    "Every",
    "Exclusion",
    "Funnel",
    "FunnelCell",
    "Lifecycle",
    "Paths",
    "Retention",
    "Segment",
    "SessionList",
    "SessionSummary",
    "Sessions",
    "Step",
    "Stickiness",
    "Within",
    "condition_of",
    "conditions",
    "weighted_mean",
]
