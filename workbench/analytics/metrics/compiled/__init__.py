"""What quantiles of groups are picked with, in compiled code.

Imported by `workbench.compute.Compiled` only, once the code is worth the time that its compiler takes to load.
"""

from workbench.analytics.metrics.compiled.bars import count, extent, take
from workbench.analytics.metrics.compiled.numbering import number

__all__ = ["count", "extent", "number", "take"]
