"""The look of dashboards: the colours of `workbench.charts` as CSS variables, and one stylesheet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench.charts import HEAT_STEPS, palette, stylesheet

__all__ = ["css"]


def _blends() -> str:
    """Colours made of others: bqplot takes a variable for a colour, and no mixture."""
    pale = "".join(
        f"--wb-pale-{step}:color-mix(in srgb,var(--wb-heat-{step}) 40%,var(--wb-paper));"
        for step in range(1, HEAT_STEPS + 1)
    )
    return f".wb-board{{--wb-faint:color-mix(in srgb,var(--wb-ink-2) 40%,transparent);{pale}}}"


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
    return themes + _blends() + stylesheet() + Path(__file__).with_name("style.css").read_text(encoding="utf-8")
