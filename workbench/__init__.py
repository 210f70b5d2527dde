"""A Jupyter-native analytics workbench.

    from workbench import Workbench

    wb = Workbench.open()
    wb.metrics.query(["flights"], by=["carrier"])

Without the workspace's files, through the server that serves it:

    import workbench

    wb = workbench.connect("https://workbench.example.org", token="...")

Importing this package loads nothing heavy: both are fetched when they are first asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from workbench._version import __version__

if TYPE_CHECKING:
    from workbench.app import Workbench
    from workbench.remote import connect

__all__ = ["Workbench", "__version__", "connect"]

# Polars looks at these once, when it is first imported. Parts of a dataset are computed on one after the other: memory
# that one has given up is held for the next some seconds longer, in large pages, where by default it goes back to the
# system, which has to clear it each time. That was a fifth of what a funnel takes.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000")
os.environ.setdefault("POLARS_THP", "1")


def __getattr__(name: str) -> Any:
    if name == "Workbench":
        from workbench.app import Workbench

        return Workbench
    if name == "connect":
        from workbench.remote import connect

        return connect
    if name == "load_ipython_extension":  # asked for by %load_ext workbench
        from workbench.magics import load_ipython_extension

        return load_ipython_extension
    raise AttributeError(f"module 'workbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
