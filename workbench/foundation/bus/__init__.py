"""The change feed: what happened, told to every process of a workspace, in the transaction in which it happened."""

from workbench.foundation.bus.model import Change
from workbench.foundation.bus.store import Bus, publish

__all__ = ["Bus", "Change", "publish"]
