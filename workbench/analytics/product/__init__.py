"""What subjects do over time: funnels, retention, sessions and the like, over any dataset of events."""

from workbench.analytics.product.events import EventColumns, Step

__all__ = ["EventColumns", "Step"]
