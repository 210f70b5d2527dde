"""A plot drawn to SVG: by vl-convert, then stripped to what a page needs and given its words."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert

from workbench.charts.plot import Plot
from workbench.charts.vegalite import specification

__all__ = ["draw"]

_SVG = "http://www.w3.org/2000/svg"
_DECIMALS = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_DROPPED = {"aria-hidden", "aria-roledescription", "aria-label", "role", "pointer-events", "font-family", "class"}
ET.register_namespace("", _SVG)


def draw(plot: Plot, width: int, alt: str) -> str:
    """One drawing.

    Args:
        plot: What to draw.
        width: In CSS pixels, axes included.
        alt: What the drawing shows; its accessible description.

    Returns:
        A complete `<svg>` element: no outside reference, no script, ids of its own; the same bytes for the same plot.
    """
    spec = specification(plot, width)
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec))
    mark = hashlib.sha256(json.dumps([spec, plot.title, alt], sort_keys=True).encode()).hexdigest()[:10]
    _tidy(root)
    names = {"t": f"wb-{mark}-t", "d": f"wb-{mark}-d"}
    for index, (tag, text) in enumerate((("title", plot.title), ("desc", alt))):
        element = ET.Element(f"{{{_SVG}}}{tag}", {"id": names[tag[0]]})
        element.text = text
        root.insert(index, element)
    root.attrib.pop("version", None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{names['t']} {names['d']}", "font-family": "Arial, sans-serif"}
    return _own_ids(ET.tostring(root, encoding="unicode"), mark)


def _own_ids(svg: str, mark: str) -> str:
    """Vega numbers clips and gradients through the life of the process; here they are numbered within the drawing."""
    for number, found in enumerate(dict.fromkeys(re.findall(r'\bid="((?:clip|gradient_)\w+)"', svg)), start=1):
        svg = re.sub(rf'(?<=["#]){found}(?=["\)])', f"wb-{mark}-c{number}", svg)
    return svg


def _tidy(element: ET.Element) -> None:
    """Takes out what Vega writes for its own use, and turns a mark's label into the tooltip a browser shows."""
    label = element.get("aria-label") if element.get("aria-roledescription") in _MARKS else None
    for name in list(element.attrib):
        if name in _DROPPED:
            del element.attrib[name]
        else:
            element.set(name, _DECIMALS.sub(_shorter, element.attrib[name]))
    for child in list(element):
        if _is_nothing(child):
            element.remove(child)
        else:
            _tidy(child)
    if label:
        tip = ET.SubElement(element, f"{{{_SVG}}}title")
        tip.text = label


_MARKS = {"bar", "point", "circle", "rect", "rect mark", "square"}


def _is_nothing(element: ET.Element) -> bool:
    drawn = element.get("d")
    return drawn is not None and (drawn in {"", "M0,0h0v0h0Z"} or element.get("display") == "none")


def _shorter(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def unique_ids(html: str) -> str:
    """The same drawing twice on one page would repeat its ids; the second and later ones get a number."""
    seen: dict[str, int] = {}

    def rename(match: re.Match[str]) -> str:
        svg: Any = match[0]
        found = re.search(r'id="(wb-[0-9a-f]{10})-t"', svg)
        if found is None:
            return str(svg)
        seen[found[1]] = seen.get(found[1], 0) + 1
        again = seen[found[1]]
        return str(svg) if again == 1 else str(svg).replace(f"{found[1]}-", f"{found[1]}-{again}-")

    return re.sub(r"<svg\b.*?</svg>", rename, html, flags=re.DOTALL)
