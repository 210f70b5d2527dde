from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from workbench.charts import Graph, GraphLink, GraphNode

__all__ = ["Lineage", "Link", "Node"]

TONES: Mapping[str, int] = {"source": 5, "dataset": 1, "metric": 3, "report": 4, "dashboard": 4, "query": 6, "model": 7}
WORK = 2
"""The colour of what runs: notebooks, pipelines, uploads."""


@dataclass(frozen=True)
class Node:
    """A thing, or a piece of work that made one of another.

    Attributes:
        kind: "source", "dataset", "metric", "query", "model", "report", "dashboard"; of work
            "notebook", "pipeline" and the like.
        work: Whether it is work, of which the newest run is told.
        run: The newest run: of work, any; of a thing, one that wrote it. None where no run did.
        time: When that began, UTC.
        failed: Whether that failed.
        gone: It was deleted since.
    """

    kind: str
    name: str
    work: bool = False
    run: str | None = None
    time: datetime | None = None
    failed: bool = False
    gone: bool = False

    @property
    def id(self) -> str:
        """Its own in a lineage."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class Link:
    """That one node leads to another.

    Attributes:
        start: The id of a node.
        end: The id of another.
        run: The newest run that went this way; None where a definition says so, as a metric's dataset.
        time: When that began, UTC.
    """

    start: str
    end: str
    run: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, eq=False)
class Lineage:
    """What a thing was made of, and what was made of it, as far as the asker may see. Draws itself in a notebook.

    Attributes:
        focus: The id of the thing that was asked for.
        nodes: Each once, nearest to the focus first.
        links: From what was read to what was made of it.
        cut: There is more than is told here, further away.
    """

    focus: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    cut: bool = False

    def __getitem__(self, id: str) -> Node:
        return next(node for node in self.nodes if node.id == id)

    @property
    def upstream(self) -> list[Node]:
        """What it was made of, at whatever distance, nearest first."""
        return self._reached(lambda link: (link.end, link.start))

    @property
    def downstream(self) -> list[Node]:
        """What was made of it, at whatever distance, nearest first."""
        return self._reached(lambda link: (link.start, link.end))

    def graph(self, link: Callable[[Node], str] = lambda _: "") -> Graph:
        """The picture of it.

        Args:
            link: Where a click on a node leads; nowhere when empty.
        """
        about = self[self.focus]
        nodes = [
            GraphNode(
                id=node.id,
                kind=", ".join([node.kind, *(["deleted"] if node.gone else []), *(["failed"] if node.failed else [])]),
                label=short(node),
                tone=WORK if node.work else TONES.get(node.kind, 8),  # type: ignore[arg-type]
                note=_time(node),
                link=link(node),
                mark=node.id == self.focus,
                faint=node.gone,
            )
            for node in self.nodes
        ]
        links = [GraphLink(one.start, one.end, _when(one)) for one in self.links]
        return Graph(f"Lineage of {about.name}", nodes, links, self._in_words())

    def _repr_html_(self) -> str:
        return self.graph()._repr_html_()

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """As a tree in text: what it was made of, then what was made of it."""
        about = self[self.focus]
        found = [f"{about.kind} {about.name}"]
        for heading, ends in (("made of", lambda link: (link.end, link.start)), ("goes into", _forward)):
            told = list(self._tree(self.focus, ends, "", {self.focus}))
            found += ["", heading, *(told or ["  nothing that is known"])]
        if self.cut:
            found += ["", "There is more, further away."]
        return found

    def _tree(self, at: str, ends: Ends, indent: str, above: set[str]) -> Iterator[str]:
        beside = [other for link in self.links for one, other in [ends(link)] if one == at]
        for number, other in enumerate(beside):
            last = number == len(beside) - 1
            node = self[other]
            again = " (again)" if other in above else ""
            notes = f"  {said(node)}" if said(node) else ""
            gone = ", deleted" if node.gone else ""
            yield f"{indent}{'└─' if last else '├─'} {node.kind}{gone} {node.name}{notes}{again}"
            if not again:
                above.add(other)
                yield from self._tree(other, ends, f"{indent}{'   ' if last else '│  '}", above)

    def _reached(self, ends: Ends) -> list[Node]:
        beside: dict[str, list[str]] = {}
        for link in self.links:
            one, other = ends(link)
            beside.setdefault(one, []).append(other)
        found, going = {self.focus: None}, [self.focus]
        for at in going:
            new = [other for other in beside.get(at, ()) if other not in found]
            found |= dict.fromkeys(new)
            going += new
        return [self[one] for one in found if one != self.focus]

    def _in_words(self) -> str:
        up = ", ".join(f"{node.kind} {node.name}" for node in self.upstream) or "nothing that is known"
        down = ", ".join(f"{node.kind} {node.name}" for node in self.downstream) or "nothing that is known"
        return f"It is made of {up}. It goes into {down}."


Ends = Callable[[Link], tuple[str, str]]
"""From a link to the end that is come from and the one that is gone to."""


def short(node: Node) -> str:
    """A node's name where room is scarce: of a source without where it lies."""
    return node.name.rstrip("/").rpartition("/")[2] or node.name if node.kind == "source" else node.name


def said(node: Node) -> str:
    """What is said of a node beside its name: when it was made or ran, and whether that failed."""
    return f"failed {_time(node)}" if node.failed else _time(node)


def _time(node: Node) -> str:
    return "" if node.time is None else f"{node.time:%Y-%m-%d %H:%M} UTC"


def _when(link: Link) -> str:
    return "as it is defined" if link.time is None else f"last in run {link.run}, {link.time:%Y-%m-%d %H:%M} UTC"


def _forward(link: Link) -> tuple[str, str]:
    return link.start, link.end
