"""Colours, type and the one stylesheet of figures, tables and tiles.

The palette is Okabe and Ito's order (blue, vermilion, green, ...), darkened on white and lightened on dark until each
colour stands out 3:1 from its paper (WCAG 2.2, 1.4.11) and stays apart from the others under the three dichromacies.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["DARK", "FONT", "HEAT_STEPS", "LIGHT", "SERIES", "palette", "stylesheet"]

# Liberation Sans is built into the drawing library, so labels are measured alike everywhere; Arial and Helvetica, which
# readers have, are exactly as wide.
FONT = "Liberation Sans"
HEAT_STEPS = 9
SERIES = tuple(f"var(--wb-series-{number})" for number in range(1, 9))

LIGHT = {
    "paper": "#ffffff",
    "ink": "#16191f",
    "ink-2": "#525a66",
    "rule": "#d5d9e0",
    "grid": "#e6e9ee",
    "axis": "#8a929e",
    "series-1": "#0a5fa5",
    "series-2": "#bf4b09",
    "series-3": "#00876a",
    "series-4": "#c35e9a",
    "series-5": "#aa8829",
    "series-6": "#2b95cf",
    "series-7": "#494093",
    "series-8": "#535353",
    "heat-1": "#e9f2f9",
    "heat-2": "#d0e3f2",
    "heat-3": "#b0d0e9",
    "heat-4": "#8bbbdd",
    "heat-5": "#62a2cf",
    "heat-6": "#3e88bd",
    "heat-7": "#1f6da5",
    "heat-8": "#0b5188",
    "heat-9": "#053762",
}
DARK = {
    "paper": "#14171c",
    "ink": "#eceef1",
    "ink-2": "#a7afbb",
    "rule": "#343a44",
    "grid": "#2a2f38",
    "axis": "#6d7684",
    "series-1": "#52a9e8",
    "series-2": "#f58a46",
    "series-3": "#56d48e",
    "series-4": "#d593b4",
    "series-5": "#eabb41",
    "series-6": "#a9dcff",
    "series-7": "#b2afff",
    "series-8": "#c2c0bd",
    "heat-1": "#1a2530",
    "heat-2": "#1d3444",
    "heat-3": "#1f475f",
    "heat-4": "#215d7f",
    "heat-5": "#2a75a1",
    "heat-6": "#418fbf",
    "heat-7": "#66abd6",
    "heat-8": "#97cbeb",
    "heat-9": "#cfe8fa",
}

_RULES = """
.wb{font-family:var(--wb-sans,"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif);
color:var(--wb-ink);line-height:1.4;margin:1.75rem 0;max-width:46rem;container-type:inline-size}
.wb figure{margin:0}
.wb figcaption{margin:0 0 .75rem;padding:0;text-align:left;font-size:1rem}
.wb-title{display:block;font-weight:650;text-wrap:balance}
.wb-sub{display:block;color:var(--wb-ink-2);font-size:.875rem;margin-top:.1rem}
.wb-note{color:var(--wb-ink-2);font-size:.8125rem;margin:.5rem 0 0}
.wb svg{display:block;width:100%;height:auto;max-width:46rem;overflow:visible;
font-family:Arial,"Helvetica Neue",Helvetica,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
.wb-narrow{display:none}
@container (max-width:33rem){.wb-wide{display:none}.wb-narrow{display:block}}
.wb details{margin:.75rem 0 0;font-size:.875rem}
.wb summary{cursor:pointer;color:var(--wb-ink-2);width:fit-content}
.wb summary:hover{color:var(--wb-ink)}
.wb-scroll{overflow-x:auto;margin:.25rem 0 0}
.wb-scroll:focus-visible,.wb summary:focus-visible{outline:2px solid var(--wb-series-1);outline-offset:2px}
.wb table{border-collapse:collapse;border:0;font-size:.875rem;line-height:1.35;color:inherit;width:auto;margin:0;
font-variant-numeric:tabular-nums lining-nums}
.wb th,.wb td{padding:.3rem 1.5rem .3rem 0;text-align:left;vertical-align:baseline;font-weight:400;border:0;
background:none;white-space:normal;max-width:22rem}
.wb th:last-child,.wb td:last-child{padding-right:0}
.wb thead th{color:var(--wb-ink-2);vertical-align:bottom;border-bottom:1px solid var(--wb-axis)}
.wb tbody tr{background:none;border:0}
.wb tbody tr+tr>*{border-top:1px solid var(--wb-grid)}
.wb .wb-num{text-align:right;white-space:nowrap}
.wb thead .wb-num{white-space:normal}
.wb .wb-word{white-space:nowrap}
@container (min-width:33rem){.wb .wb-name{white-space:nowrap}}
.wb-unit{white-space:nowrap}
.wb-tiles dl{display:grid;grid-template-columns:repeat(var(--wb-across),minmax(0,11rem));column-gap:1.25rem;margin:0}
.wb-tiles dl>div{display:grid;grid-template-rows:subgrid;grid-row:span 3;row-gap:0;align-content:start;
border-top:2px solid var(--wb-ink);padding-top:.5rem;margin-bottom:1.25rem}
@container (max-width:33rem){.wb-tiles dl{grid-template-columns:repeat(min(2,var(--wb-across)),minmax(0,1fr))}}
.wb-tiles dt{color:var(--wb-ink-2);font-size:.875rem;font-weight:400;margin:0}
.wb-tiles dd{margin:0}
.wb-figure{font-size:1.75rem;line-height:1.2;font-weight:600;font-variant-numeric:lining-nums;letter-spacing:-.01em}
.wb-figure .wb-unit{font-size:1rem;font-weight:400;color:var(--wb-ink-2);letter-spacing:0}
.wb-tiles .wb-note{margin:.15rem 0 0}
@media print{.wb figure,.wb-tiles{break-inside:avoid}.wb-scroll{overflow:visible}.wb tr{break-inside:avoid}}
"""


def stylesheet() -> str:
    """The CSS that figures, tables and tiles need; each brings it along, a page that has it once may drop the copies.

    Follows the reader's system, except where a notebook's own theme says light or dark; print is always light.
    """
    light, dark = palette("light"), palette("dark")
    return (
        f":where(.wb){{{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:where(.wb){{{dark}}}"
        f'[data-jp-theme-light="true"] .wb{{{light}}}}}'
        f'@media screen{{[data-jp-theme-light="false"] .wb,.vscode-dark .wb{{{dark}}}}}'
        + _RULES.strip().replace("\n", "")
    )


def palette(scheme: Literal["light", "dark"]) -> str:
    """The colours as CSS variables, `--wb-ink:#...;` and so on, for a page that wants to match its figures."""
    return "".join(f"--wb-{name}:{color};" for name, color in (LIGHT if scheme == "light" else DARK).items())
