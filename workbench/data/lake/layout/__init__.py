"""How a dataset of events lies on disk, and how it is cut for computing."""

from workbench.data.lake.layout.model import EventLayout, Identities, LayoutReport, PeriodReport, Tail
from workbench.data.lake.layout.reporting import reported

__all__ = ["EventLayout", "Identities", "LayoutReport", "PeriodReport", "Tail", "reported"]
