"""What a connection cannot do is said to be that, and not to be missing."""

from __future__ import annotations

from typing import NoReturn

from workbench.foundation.errors import Invalid, nearest

__all__ = ["Reading", "ReadsOnly"]


class ReadsOnly(Invalid, AttributeError):
    """What was asked of a connection changes something, or takes the workspace itself."""


class Reading:
    """Has the names of what stands behind a server, as far as they read."""

    def __getattr__(self, name: str) -> NoReturn:
        kind = type(self).__name__
        if name.startswith("_"):
            raise AttributeError(f"'{kind}' object has no attribute '{name}'")
        guess = nearest(name, [known for known in dir(self) if not known.startswith("_")])
        meant = f"; did you mean '{guess}'?" if guess else ""
        raise ReadsOnly(
            f"a connection only reads, and its {kind} has no '{name}'{meant}",
            hint="what writes, runs or computes on its own is done in the workspace: Workbench.open()",
        )
