"""Names of places on an ordinal scale: cut, thinned out, and told apart."""

from __future__ import annotations

import math

from workbench.ui.drawing import CHARACTER, cut

__all__ = ["apart", "spaced"]

_ACROSS = 270
"""CSS pixels that a phone has for the places of a drawing."""
_SHORTEST = 7


def spaced(names: list[str]) -> list[str]:
    """Names side by side: cut, and of many only some, so that on a phone, too, none is printed over another."""
    room = int(_ACROSS / max(1, len(names)) / CHARACTER) - 1
    short = [cut(name, max(_SHORTEST, room)) for name in names]
    longest = max((len(name) for name in short), default=0)
    step = max(1, math.ceil(len(short) * (longest + 1) * CHARACTER / _ACROSS))
    return [name if at % step == 0 else "" for at, name in enumerate(short)]


def apart(names: list[str]) -> list[str]:
    """A scale tells its places apart by their names alone: those that read alike differ in what nobody sees."""
    return [name if name and names.count(name) == 1 else name + "\u200b" * (at + 1) for at, name in enumerate(names)]
