"""What product analytics does subject by subject, in compiled code: the same answers as the plans, sooner.

Imported by `workbench.compute.Compiled` only, once the code is worth the time that its compiler takes to load.
"""

from workbench.analytics.product.compiled.chains import in_order
from workbench.analytics.product.compiled.runs import begins
from workbench.analytics.product.compiled.sessions import sessions

__all__ = ["begins", "in_order", "sessions"]
