"""The pages about datasets: all of them, and where each comes from and goes to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from tornado import web

from workbench.foundation.wording import counted
from workbench.publishing.lineage import Lineage, Node
from workbench.publishing.reports import moment
from workbench_server.endpoint import named
from workbench_server.handler import work_for
from workbench_server.pages import PageHandler, around

__all__ = ["DatasetsHandler", "LineageHandler"]

SHOWN = 50
"""How many datasets a page lists."""
PAGES = {"dataset", "metric", "model", "dashboard", "source"}
"""The kinds of things that have a page of their lineage; that of a report is the report's."""


class DatasetsHandler(PageHandler):
    """The datasets, found by words, each with where it comes from."""

    @web.authenticated
    async def get(self) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        self.show("datasets.html.j2", title="Datasets", here="Datasets", **await work_for(self._found))

    def _found(self) -> dict[str, Any]:
        wb = self.permitted("datasets", "read")
        words, cursor = self.get_query_argument("search", ""), self.get_query_argument("cursor", None)
        page = wb.datasets.search(words[:200], limit=SHOWN, cursor=cursor)
        found = [
            {
                "name": one.name,
                "about": one.description,
                "rows": counted(one.rows, "row"),
                "updated": moment(one.updated),
                "lineage": page_of(Node("dataset", one.name), self.base_url),
            }
            for one in page.items
        ]
        more = urlencode({"search": words, "cursor": page.next}) if page.next else None
        return {"datasets": found, "words": words, "total": page.total, "more": more}


class LineageHandler(PageHandler):
    """A picture of where a thing comes from and what was made of it, and the same as two lists."""

    @web.authenticated
    async def get(self, kind: str, name: str) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        self.show("lineage.html.j2", here="Datasets", **await work_for(self._told, kind, name))

    def _told(self, kind: str, name: str) -> dict[str, Any]:
        named({"kind": kind, "name": name})
        wb = self.permitted("datasets", "read")
        found = wb.lineage(name, kind)
        graph = found.graph(lambda node: page_of(node, self.base_url)) if found.links else None
        about = wb.datasets.get(name).info.description if kind == "dataset" else ""
        return {
            "title": f"Lineage of {name}",
            "name": name,
            "kind": kind,
            "about": about,
            "pages": around(name, self.base_url, "Lineage"),
            "picture": {"svg": graph.svg(), "wide": graph.width, "here": graph.marked_at} if graph else None,
            "lists": [
                ("What it is made of", _rows(found, found.upstream, self.base_url)),
                ("What is made of it", _rows(found, found.downstream, self.base_url)),
            ],
            "cut": found.cut,
        }


def page_of(node: Node, base: str) -> str:
    """The address of a node's own page; empty where it has none."""
    root = f"{base.rstrip('/')}/workbench"
    if node.kind == "report" and node.run is not None:
        return f"{root}/reports/{quote(node.name, safe='')}/{node.run}/report.html"
    if node.kind not in PAGES or node.gone:
        return ""
    return f"{root}/lineage/{node.kind}/{quote(node.name, safe='')}"


def _rows(found: Lineage, nodes: list[Node], base: str) -> list[dict[str, Any]]:
    return [
        {
            "name": node.name,
            "about": _about(found, node),
            "link": page_of(node, base),
            "when": moment(node.time) if node.time else "",
            "failed": node.failed,
        }
        for node in nodes
    ]


def _about(found: Lineage, node: Node) -> str:
    """What a node is, and of what in one step: "Dataset, made by flights/load"."""
    before = [found[link.start] for link in found.links if link.end == node.id]
    verb = "reads" if node.work else "made by" if any(one.work for one in before) else "of"
    said = f", {verb} {', '.join(one.name for one in before)}" if before else ""
    return f"{node.kind.capitalize()}{', deleted' if node.gone else ''}{said}"
