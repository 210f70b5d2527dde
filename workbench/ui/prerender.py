"""A dashboard as it stands, in HTML alone: what a reader sees before its widgets live, and where they never will."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import bqplot
import ipywidgets as widgets

__all__ = ["prerender"]


def prerender(widget: widgets.Widget, drawings: Mapping[widgets.Widget, str]) -> str:
    """What a widget looks like, by the same classes as its living form, so that the one takes the other's place unseen.

    Args:
        widget: Of the kinds that dashboards are made of; of another kind, there is nothing.
        drawings: The picture of each figure that has one.
    """
    if isinstance(widget, bqplot.Figure):
        height = escape(str(widget.layout.height))
        return f'<div class="wb-figure-prerendered" style="height:{height}">{drawings.get(widget, "")}</div>'
    write = next((write for kind, write in _KINDS.items() if isinstance(widget, kind)), None)
    if write is None:
        return ""
    inner = "".join(prerender(child, drawings) for child in getattr(widget, "children", ()))
    return write(widget, " ".join(widget._dom_classes), inner)


def _box(kind: str) -> Callable[[Any, str, str], str]:
    def write(widget: widgets.Box, classes: str, inner: str) -> str:
        hidden = ' style="display:none"' if widget.layout.display == "none" else ""
        own = f"jupyter-widgets widget-container widget-box {kind} {classes}".replace("  ", " ")
        return f'<div class="{escape(own)}"{hidden}>{inner}</div>'

    return write


def _html(widget: widgets.HTML, classes: str, inner: str) -> str:
    own = escape(f"jupyter-widgets widget-inline-hbox widget-html {classes}".strip())
    return f'<div class="{own}"><div class="widget-html-content">{widget.value}</div></div>'


def _day(widget: widgets.DatePicker, classes: str, inner: str) -> str:
    own = escape(f"jupyter-widgets widget-inline-hbox widget-datepicker {classes}".strip())
    day = widget.value.isoformat() if widget.value else ""
    label = escape(widget.description)
    return f'<label class="{own}"><span class="widget-label">{label}</span><input type="date" value="{day}"></label>'


def _button(kind: str) -> Callable[[Any, str, str], str]:
    def write(widget: Any, classes: str, inner: str) -> str:
        own = escape(f"jupyter-widgets jupyter-button {kind} {classes}".strip())
        return f'<button type="button" class="{own}">{escape(widget.description)}</button>'

    return write


_KINDS: dict[type[widgets.Widget], Callable[[Any, str, str], str]] = {
    widgets.VBox: _box("widget-vbox"),
    widgets.HBox: _box("widget-hbox"),
    widgets.Box: _box(""),
    widgets.HTML: _html,
    widgets.DatePicker: _day,
    widgets.ToggleButton: _button("widget-toggle-button"),
    widgets.Button: _button("widget-button"),
}
