"""The look of dashboards: the colours of `workbench.charts` as CSS variables, and one stylesheet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench.charts import palette, stylesheet

__all__ = ["css"]


@cache
def css() -> str:
    """The stylesheet of a dashboard, light and dark by the reader's system, or by the theme of a notebook."""
    light, dark = palette("light"), palette("dark")
    themes = (
        f".wb-board{{color-scheme:light dark;{light}}}"
        f"@media (prefers-color-scheme:dark){{.wb-board{{{dark}}}}}"
        f'[data-jp-theme-light="true"] .wb-board{{color-scheme:light;{light}}}'
        f'[data-jp-theme-light="false"] .wb-board{{color-scheme:dark;{dark}}}'
    )
    return themes + stylesheet() + Path(__file__).with_name("style.css").read_text(encoding="utf-8")
