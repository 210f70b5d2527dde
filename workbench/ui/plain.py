"""Widgets that have no look of their own: the stylesheet gives it.

They share one layout and one style. A dashboard is some eighty widgets; with two more for each, kernel, server and
browser would take a tenth longer to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets
from ipywidgets.widgets.widget_string import HTMLStyle

__all__ = ["box", "button", "hbox", "html", "vbox"]

_shared: dict[type[widgets.Widget], widgets.Widget] = {}


def html(value: str = "") -> widgets.HTML:
    return widgets.HTML(value, layout=_the(widgets.Layout), style=_the(HTMLStyle))


def button(description: str, tooltip: str) -> widgets.Button:
    layout, style = _the(widgets.Layout), _the(widgets.ButtonStyle)
    return widgets.Button(description=description, tooltip=tooltip, layout=layout, style=style)


def _box(kind: type[widgets.Box], children: Sequence[widgets.Widget] = ()) -> widgets.Box:
    return kind(children, layout=_the(widgets.Layout))


box: Callable[..., Any] = partial(_box, widgets.Box)
hbox: Callable[..., Any] = partial(_box, widgets.HBox)
vbox: Callable[..., Any] = partial(_box, widgets.VBox)


def _the(kind: type[widgets.Widget]) -> widgets.Widget:
    """The one of its kind; another where somebody has closed it, as `Widget.close_all()` does."""
    found = _shared.get(kind)
    if found is None or found.comm is None:
        found = _shared[kind] = kind()
    return found
