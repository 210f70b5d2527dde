"""A Jupyter-native analytics workbench.

    from workbench import Workbench

    wb = Workbench.open()
    wb.metrics.query(["flights"], by=["carrier"])

Importing this package loads nothing heavy: `Workbench` is fetched when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench._version import __version__

if TYPE_CHECKING:
    from workbench.app import Workbench

__all__ = ["Workbench", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Workbench":
        from workbench.app import Workbench

        return Workbench
    raise AttributeError(f"module 'workbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
