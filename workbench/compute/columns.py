"""Column names as people give them: one, or several."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["listed"]


def listed(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """A single name is itself, not its letters; None is no name."""
    return (names,) if isinstance(names, str) else tuple(names or ())
