"""A dataset that one does not know yet: its columns, any figure of its rows by any of them, and keeping that."""

from workbench.ui.explorer.explorer import Explorer, explore

__all__ = ["Explorer", "explore"]
