"""A value that somebody typed beside a statement, where no one says of which type it is."""

from __future__ import annotations

import math
import re

__all__ = ["typed"]

_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_REAL = re.compile(r"-?(?:0|[1-9]\d*)\.\d+(?:[eE][-+]?\d+)?")
_WORDS = {"true": True, "false": False}


def typed(text: str) -> str | bool | int | float:
    """15 is a whole number, 1.5 a number, true a truth; all else is text, and so is 007.

    Within quotes it is text whatever it looks like: '15'.
    """
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return _WORDS.get(text, text)
