from __future__ import annotations

from datetime import datetime

from pydantic import Field

from workbench import Workbench
from workbench_server.endpoint import Answer, Endpoint, Query

__all__ = ["ENDPOINTS"]


class Steps(Query):
    up: int | None = Field(None, ge=0, le=100, description="At most so many steps to where it comes from.")
    down: int | None = Field(None, ge=0, le=100, description="At most so many steps to what was made of it.")


class LineageNode(Answer):
    """A thing, or a piece of work that made one of another."""

    id: str
    kind: str = Field(
        description="dataset, metric, model, report, dashboard, source, query; of work notebook and the like."
    )
    name: str
    work: bool = Field(description="Whether it is work.")
    run: str | None = Field(description="The newest run: of work any, of a thing one that wrote it.")
    time: datetime | None = Field(description="When that began.")
    failed: bool = Field(description="Whether that failed.")
    gone: bool = Field(description="Whether it was deleted since.")


class LineageLink(Answer):
    """That one node leads to another."""

    start: str = Field(description="The id of a node.")
    end: str = Field(description="The id of another.")
    run: str | None = Field(description="The newest run that went this way; null where a definition says so.")
    time: datetime | None = Field(description="When that began.")


class LineageGraph(Answer):
    """What a thing was made of, and what was made of it, as far as the asker may see."""

    focus: str = Field(description="The id of what was asked for.")
    nodes: list[LineageNode] = Field(description="Nearest to it first.")
    links: list[LineageLink]
    cut: bool = Field(description="Whether there is more, further away.")


def graph(wb: Workbench, kind: str, name: str, *, query: Steps) -> LineageGraph:
    found = wb.lineage(name, kind, up=query.up, down=query.down)
    nodes = [
        LineageNode(
            id=node.id,
            kind=node.kind,
            name=node.name,
            work=node.work,
            run=node.run,
            time=node.time,
            failed=node.failed,
            gone=node.gone,
        )
        for node in found.nodes
    ]
    links = [LineageLink(start=one.start, end=one.end, run=one.run, time=one.time) for one in found.links]
    return LineageGraph(focus=found.focus, nodes=nodes, links=links, cut=found.cut)


ENDPOINTS = (
    Endpoint(
        "lineage/{kind}/{name}",
        "datasets",
        "read",
        LineageGraph,
        graph,
        "What a dataset, metric, model, report, dashboard or source was made of, and what was made of it.",
        Steps,
    ),
)
