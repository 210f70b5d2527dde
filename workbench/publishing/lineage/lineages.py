"""Finding lineages: from a thing through the runs that touched it to the next things, as far as the asker may see."""

from __future__ import annotations

from workbench.analytics.metrics import Metrics
from workbench.data.lake import Lake
from workbench.foundation.errors import Forbidden, Invalid, NotFound, unknown
from workbench.governance.runs import Actor, Direction, RunKind, Trace, Traces
from workbench.governance.security import Security
from workbench.publishing.dashboards import Dashboards
from workbench.publishing.lineage.model import Lineage, Link, Node
from workbench.publishing.lineage.sight import Sight
from workbench.publishing.reports import Gallery

__all__ = ["Lineages"]

MOST = 80
"""So many nodes are told at most; what is further away than these is left out, and said to be."""
KINDS = ("dataset", "metric", "model", "report", "dashboard", "source")


class Lineages:
    """The lineages of a workspace, as one actor may see them.

    What the actor may not see is not in them, and nothing is told of what lies beyond it: a dataset whose policy closes
    it to their role, a report of which they may open no run, a metric on such a dataset.
    """

    def __init__(
        self,
        traces: Traces,
        lake: Lake,
        security: Security,
        metrics: Metrics,
        gallery: Gallery,
        dashboards: Dashboards,
        actor: Actor,
    ) -> None:
        self._traces = traces
        self._lake = lake
        self._security = security
        self._metrics = metrics
        self._gallery = gallery
        self._dashboards = dashboards
        self._actor = actor

    def find(self, name: str, kind: str = "dataset", *, up: int | None = None, down: int | None = None) -> Lineage:
        """What a thing was made of, and what was made of it.

        Args:
            kind: "dataset", "metric", "model", "report", "dashboard" or "source".
            up: At most so many steps towards where it comes from, such as from a dataset to the one it was made of; all
                when not given.
            down: The same towards what was made of it.

        Raises:
            NotFound: No such thing, or none that the actor may see.
            Forbidden: The dataset's policy closes it to the actor's role.
            Invalid: There is no lineage of that kind of thing.
        """
        sight = Sight(self._lake, self._security, self._metrics, self._gallery, self._dashboards, self._actor)
        walk = _Walk(self._traces, sight, self._focus(sight, kind, name))
        for step in range(max(MOST if one is None else one for one in (up, down))):
            new = walk.step("write") if up is None or step < up else False
            new |= walk.step("read") if down is None or step < down else False
            if not new:
                break
        return walk.lineage()

    def _focus(self, sight: Sight, kind: str, name: str) -> Node:
        if kind not in KINDS:
            raise unknown("kind of thing", kind, KINDS, error=Invalid)
        if kind == "dataset":
            sight.open(name)
        elif kind == "metric":
            self._metrics.get(name)
        elif kind == "source" and not any(self._traces.of(kind, [name], "read")):
            raise NotFound(f"no run has read a source '{name}'", hint="the lineage of a dataset names its sources")
        elif kind == "model" and not any(self._traces.of(kind, [name], "write")):
            raise NotFound(f"no run has made a model '{name}'", hint="the lineage of a dataset names its models")
        elif kind == "dashboard":
            self._dashboards.get(name)
        node = sight.node(kind, name)
        if node is None and kind == "report":
            raise unknown("rendered report", name, self._gallery.names())
        if node is None:
            raise Forbidden(f"{self._actor.principal.name} may not see the {kind} '{name}'")
        return node


class _Walk:
    """Goes on step by step from one thing, in both directions."""

    def __init__(self, traces: Traces, sight: Sight, focus: Node) -> None:
        self._traces = traces
        self._sight = sight
        self._focus = focus
        self._nodes: dict[str, Node] = {focus.id: focus}
        self._links: dict[tuple[str, str], Link] = {}
        self._going: dict[Direction, list[Node]] = {"write": [focus], "read": [focus]}
        self._seen: dict[Direction, set[str]] = {"write": {focus.id}, "read": {focus.id}}
        self._cut = False

    def step(self, direction: Direction) -> bool:
        """Goes one step further: to what those were made of who were written, or to what was made of those read.

        Returns:
            Whether there is somewhere to go on from.
        """
        before, self._going[direction] = self._going[direction], []
        for node in before:
            if len(self._nodes) >= MOST:
                self._cut = True
                return False
            self._defined(node, direction)
            self._ran(node, direction)
        return bool(self._going[direction])

    def lineage(self) -> Lineage:
        found = self._links
        for start, end in list(found):
            # What was asked for as a metric was read from the metric's dataset: the way by the metric tells more.
            by_metric = (one for one in self._nodes.values() if one.kind == "metric")
            if any((start, one.id) in found and (one.id, end) in found for one in by_metric):
                del found[start, end]
        ends = {self._focus.id} | {end for link in found for end in link}
        nodes = [self._sight.dated(node, list(found.values())) for node in self._nodes.values() if node.id in ends]
        return Lineage(self._focus.id, tuple(nodes), tuple(found.values()), self._cut)

    def _defined(self, node: Node, direction: Direction) -> None:
        """Along definitions: from a dataset to its metrics, from both to the dashboards that show them, and back."""
        if direction == "read" and node.kind in ("metric", "dataset") and not node.gone:
            for name in self._sight.dashboards_of(node.kind, node.name):
                if (dashboard := self._sight.node("dashboard", name)) is not None:
                    self._add(dashboard, direction)
                    self._link(node, dashboard)
        if node.kind == "dashboard" and direction == "write":
            for kind, name in self._sight.shown_on(node.name):
                if (shown := self._sight.node(kind, name)) is not None:
                    self._add(shown, direction)
                    self._link(shown, node)
        if node.kind == "metric" and direction == "write":
            for name in self._sight.datasets_of(node.name):
                if (dataset := self._sight.node("dataset", name)) is not None:
                    self._add(dataset, direction)
                    self._link(dataset, node)
        elif node.kind == "dataset" and direction == "read" and not node.gone:
            for name in self._sight.metrics_on(node.name):
                if (metric := self._sight.node("metric", name)) is not None:
                    self._add(metric, direction)
                    self._link(node, metric)

    def _ran(self, node: Node, direction: Direction) -> None:
        """Along runs: those that wrote a thing and what they read; those that read it and what they wrote."""
        names = self._sight.names_of(node)
        here = [one for one in self._traces.of(node.kind, names, direction) if self._sight.is_now(node, one)]
        work = {(one.run_kind, one.run_name): one for one in reversed(here)}
        for trace in work.values():
            if trace.run_kind is not RunKind.REPORT:
                self._between(node, _work(trace), trace, direction)
        for trace in self._traces.beside(node.kind, names, direction):
            if (near := work.get((trace.run_kind, trace.run_name))) is None:
                continue
            other = self._sight.traced(trace)
            if other is None or (other.id == node.id and trace.run_kind is RunKind.REPORT):
                continue
            self._add(other, direction)
            if trace.run_kind is RunKind.REPORT:  # its run is the report's own: no notebook stands between
                self._between(node, other, near, direction)
            else:
                self._between(other, _work(trace), trace, "read" if direction == "write" else "write")

    def _between(self, thing: Node, other: Node, trace: Trace, direction: Direction) -> None:
        """Links a thing with who did something with it, the right way round."""
        self._nodes.setdefault(other.id, other)
        if direction == "write":
            self._link(other, thing, trace)
        else:
            self._link(thing, other, trace)

    def _add(self, node: Node, direction: Direction) -> None:
        self._nodes.setdefault(node.id, node)
        if node.id not in self._seen[direction]:
            self._seen[direction].add(node.id)
            self._going[direction].append(node)

    def _link(self, start: Node, end: Node, trace: Trace | None = None) -> None:
        known = self._links.get((start.id, end.id))
        if known is None or (trace is not None and (known.run or "") < trace.run):
            run, time = (trace.run, trace.started) if trace else (None, None)
            self._links[start.id, end.id] = Link(start.id, end.id, run, time)


def _work(trace: Trace) -> Node:
    return Node(
        kind=trace.run_kind.value,
        name=trace.run_name,
        work=True,
        run=trace.run,
        time=trace.started,
        failed=trace.status == "failed",
    )
