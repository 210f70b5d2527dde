from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

__all__ = ["offer"]


def offer(control: widgets.Dropdown, options: Sequence[Any]) -> None:
    """Gives a control other options; what was chosen stays where it is among them, else the first is chosen.

    Args:
        options: Values, or pairs of a text and a value.
    """
    pairs = [one if isinstance(one, tuple) else (one, one) for one in options]
    values, kept = [value for _, value in pairs], control.value
    if tuple(pairs) != tuple(control.options):
        control.options = pairs
    control.value = kept if kept in values else values[0] if values else None
