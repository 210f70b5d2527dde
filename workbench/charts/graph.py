"""A directed graph as data, drawn to SVG: what leads to what, from top to bottom."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import Literal

from workbench.charts.layers import Placed, placed
from workbench.charts.style import stylesheet
from workbench.foundation.errors import Invalid

__all__ = ["Graph", "GraphLink", "GraphNode"]

WIDTH = 158
HEIGHT = 54
GAP = 16
DROP = 40
MARGIN = 2
LETTERS = 21
"""How many letters a node has room for; a longer label is shortened in its middle and whole in the tooltip."""
FOLDED = 4
"""From so many on, nodes of one kind that hang on the same one and lead nowhere are drawn as one."""

Tone = Literal[1, 2, 3, 4, 5, 6, 7, 8]


@dataclass(frozen=True)
class GraphNode:
    """Something in a graph.

    Attributes:
        kind: A word over the label: "dataset".
        tone: Which of the palette's colours its kind has.
        note: A line under the label.
        link: Where a click leads; nowhere when empty.
        mark: It is what the graph is about.
        faint: It is there no more.
    """

    id: str
    kind: str
    label: str
    tone: Tone = 8
    note: str = ""
    link: str = ""
    mark: bool = False
    faint: bool = False


@dataclass(frozen=True)
class GraphLink:
    """That one leads to another.

    Attributes:
        note: What the tooltip says of it.
    """

    start: str
    end: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class Graph:
    """What leads to what. Links that close a circle are drawn dashed.

    Attributes:
        title: What is shown.
        alt: The same as a list says in words; the drawing's accessible description.

    Raises:
        Invalid: A link from or to what is no node, or two nodes with the same id.
    """

    title: str
    nodes: Sequence[GraphNode]
    links: Sequence[GraphLink]
    alt: str = ""

    def __post_init__(self) -> None:
        known = {node.id for node in self.nodes}
        if len(known) < len(self.nodes):
            raise Invalid("two nodes of a graph have the same id")
        for link in self.links:
            for end in (link.start, link.end):
                if end not in known:
                    raise Invalid(f"a link of the graph leads to '{end}', which is none of its nodes")

    @cached_property
    def folded(self) -> Graph:
        """With many of a kind that hang on the same node and lead nowhere as one."""
        leading = {link.start for link in self.links}
        above: dict[str, list[str]] = {}
        for link in self.links:
            above.setdefault(link.end, []).append(link.start)
        groups: dict[tuple[str, str], list[GraphNode]] = {}
        for node in self.nodes:
            if node.id not in leading and not node.mark and len(set(above.get(node.id, ()))) == 1:
                groups.setdefault((above[node.id][0], node.kind), []).append(node)
        gone: dict[str, str] = {}
        instead: dict[str, GraphNode] = {}
        for group in groups.values():
            if len(group) >= FOLDED:
                first = group[0]
                names = ", ".join(node.label for node in group)
                instead[first.id] = replace(first, label=f"{len(group)} {first.kind}s", note=names, link="")
                gone |= {node.id: first.id for node in group[1:]}
        nodes = [instead.get(node.id, node) for node in self.nodes if node.id not in gone]
        links = [link for link in self.links if link.end not in gone]
        return Graph(self.title, nodes, links, self.alt)

    @cached_property
    def _where(self) -> Placed:
        nodes, links = self.folded.nodes, self.folded.links
        return placed([node.id for node in nodes], [(link.start, link.end) for link in links], width=WIDTH, gap=GAP)

    @property
    def width(self) -> float:
        """How wide it is drawn."""
        return self._where.across + 2 * MARGIN

    @property
    def marked_at(self) -> float:
        """How far from the left the middle is of what it is about; 0 where that is nothing."""
        marked = [node.id for node in self.folded.nodes if node.mark]
        return self._where.middle[marked[0]] + MARGIN if marked else 0

    def svg(self) -> str:
        """One `<svg>` element: no outside reference, no script; its colours are those of the page it stands in."""
        shown, where, width = self.folded, self._where, self.width
        height = max(where.layers * (HEIGHT + DROP) - DROP, 0) + 2 * MARGIN
        mark = hashlib.sha256(repr((self.title, self.alt, shown.nodes, shown.links)).encode()).hexdigest()[:10]
        arrow = f"wb-{mark}-a"
        drawn = [_way(link, where, arrow) for link in shown.links if link.start != link.end]
        drawn += [_box(node, where) for node in shown.nodes]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="wb-graph" role="group" '
            f'aria-labelledby="wb-{mark}-t wb-{mark}-d" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" font-family="Arial, sans-serif"><title id="wb-{mark}-t">{escape(self.title)}</title>'
            f'<desc id="wb-{mark}-d">{escape(self.alt or self.title)}</desc><defs><marker id="{arrow}" '
            'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0 0.5L8 4L0 7.5Z" fill="var(--wb-axis)"/></marker></defs>{"".join(drawn)}</svg>'
        )

    def __repr__(self) -> str:
        return f"{self.title}\n{self.alt}".rstrip()

    def _repr_html_(self) -> str:
        return (
            f'<style>{stylesheet()}</style><div class="wb"><figure role="group" aria-label="{escape(self.title)}">'
            f'<figcaption><span class="wb-title">{escape(self.title)}</span></figcaption>'
            f'<div class="wb-scroll" tabindex="0" role="region" aria-label="{escape(self.title)}">{self.svg()}</div>'
            "</figure></div>"
        )


def _box(node: GraphNode, where: Placed) -> str:
    left = where.middle[node.id] - WIDTH / 2 + MARGIN
    top = where.layer[node.id] * (HEIGHT + DROP) + MARGIN
    colour = f"var(--wb-series-{node.tone})"
    edge = f'stroke="{colour if node.mark else "var(--wb-rule)"}" stroke-width="{2 if node.mark else 1}"'
    dash = ' stroke-dasharray="4 3"' if node.faint else ""
    weight = ' font-weight="700"' if node.mark else ""
    tip = " · ".join(filter(None, (f"{node.kind} {node.label}", node.note)))
    drawn = (
        f"<g><title>{escape(tip)}</title>"
        f'<rect x="{left:g}" y="{top:g}" width="{WIDTH}" height="{HEIGHT}" rx="3" fill="var(--wb-paper)" {edge}{dash}/>'
        f'<path d="M{left + 1:g} {top + 4:g}v{HEIGHT - 8}" stroke="{colour}" stroke-width="4"/>'
        f"{_text(left + 11, top + 15, node.kind, 'var(--wb-ink-2)', 11)}"
        f"{_text(left + 11, top + 31, _shortened(node.label, LETTERS - 3 * node.mark), 'var(--wb-ink)', 13, weight)}"
        f"{_text(left + 11, top + 46, _cut(node.note), 'var(--wb-ink-2)', 11)}</g>"
    )
    if not node.link:
        return drawn
    return f'<a href="{escape(node.link)}" aria-label="{escape(tip)}">{drawn}</a>'


def _text(x: float, y: float, text: str, colour: str, size: int, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}"{more}>{escape(text)}</text>'


def _way(link: GraphLink, where: Placed, arrow: str) -> str:
    points = where.ways[link.start, link.end]
    back = points[0][0] > points[-1][0]
    aside = MARGIN + (10 if back else 0)  # not over a link the other way
    x, y = points[0][1] + aside, _edge(points[0][0], below=not back)
    drawn = [f"M{x:g} {y:g}"]
    for number, (layer, middle) in enumerate(points[1:], start=1):
        last = number == len(points) - 1
        to, at = middle + aside, _edge(layer, below=back)
        half = (y + at) / 2
        drawn.append(f"C{x:g} {half:g} {to:g} {half:g} {to:g} {at:g}")
        x, y = to, at
        if not last:  # straight past the nodes of a layer between
            y = _edge(layer, below=not back)
            drawn.append(f"L{x:g} {y:g}")
    dash = ' stroke-dasharray="4 3"' if back else ""
    tip = f"<title>{escape(link.note)}</title>" if link.note else ""
    return (
        f'<path d="{"".join(drawn)}" fill="none" stroke="var(--wb-axis)" stroke-width="1.25" '
        f'marker-end="url(#{arrow})"{dash}>{tip}</path>'
    )


def _edge(layer: int, *, below: bool) -> float:
    return layer * (HEIGHT + DROP) + MARGIN + (HEIGHT if below else 0)


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = (most - 1) * 3 // 5
    return f"{text[: most - 1 - tail]}…{text[-tail:]}"


def _cut(text: str) -> str:
    most = LETTERS + 4
    return text if len(text) <= most else f"{text[: most - 1]}…"
