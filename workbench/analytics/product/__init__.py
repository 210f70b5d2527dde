"""What subjects do over time: funnels, retention, sessions and the like, over any dataset of events."""

from workbench.analytics.product import conditions
from workbench.analytics.product.answered import Answered, Subjects, Words
from workbench.analytics.product.asking import Asking
from workbench.analytics.product.breakdown import Breakdown
from workbench.analytics.product.cohort import Cohort, cohorts_listed
from workbench.analytics.product.cohorts import Cohorts
from workbench.analytics.product.events import EventColumns, Step
from workbench.analytics.product.funnel import Exclusion, Funnel, FunnelCell
from workbench.analytics.product.funnel_table import FunnelTable
from workbench.analytics.product.lifecycle import Lifecycle
from workbench.analytics.product.paths import OTHER, Paths
from workbench.analytics.product.periods import Every
from workbench.analytics.product.product import Product
from workbench.analytics.product.questions import Questions
from workbench.analytics.product.resends import Duplicates
from workbench.analytics.product.results import ProductResult
from workbench.analytics.product.retention import Retention, weighted_mean
from workbench.analytics.product.segment_document import condition_of
from workbench.analytics.product.segments import Segment, Within
from workbench.analytics.product.sessions import SessionList, Sessions, SessionSummary
from workbench.analytics.product.stickiness import Stickiness
from workbench.analytics.product.store import CohortStore

__all__ = [
    "OTHER",
    "Answered",
    "Asking",
    "Breakdown",
    "Cohort",
    "CohortStore",
    "Cohorts",
    "Duplicates",
    "EventColumns",
    "Every",
    "Exclusion",
    "Funnel",
    "FunnelCell",
    "FunnelTable",
    "Lifecycle",
    "Paths",
    "Product",
    "ProductResult",
    "Questions",
    "Retention",
    "Segment",
    "SessionList",
    "SessionSummary",
    "Sessions",
    "Step",
    "Stickiness",
    "Subjects",
    "Within",
    "Words",
    "cohorts_listed",
    "condition_of",
    "conditions",
    "weighted_mean",
]
