"""Expectations about rows: checked all at once, kept over time, and a gate that what fails them cannot pass.

And profiles: what rows look like, before anything is expected of them.
"""

from workbench.data.quality.checking import check
from workbench.data.quality.held import Holding, Trying
from workbench.data.quality.kinds import Expectation
from workbench.data.quality.model import Held, Kept, Outcome, QualityResult, Redriven, Screened, Tried, gate
from workbench.data.quality.profile import ColumnProfile, Profile
from workbench.data.quality.profiling import profiled
from workbench.data.quality.promises import PROMISE, Promises
from workbench.data.quality.promising import Day, Freshness
from workbench.data.quality.quality import Quality
from workbench.data.quality.screening import REASONS, Parted, Screening
from workbench.data.quality.suite import Suite, in_already
from workbench.data.quality.trending import Point, Trend, trends

__all__ = [
    "PROMISE",
    "REASONS",
    "ColumnProfile",
    "Day",
    "Expectation",
    "Freshness",
    "Held",
    "Holding",
    "Kept",
    "Outcome",
    "Parted",
    "Point",
    "Profile",
    "Promises",
    "Quality",
    "QualityResult",
    "Redriven",
    "Screened",
    "Screening",
    "Suite",
    "Trend",
    "Tried",
    "Trying",
    "check",
    "gate",
    "in_already",
    "profiled",
    "trends",
]
