"""What of a workspace's things somebody may see, and what they are called now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property

from workbench.analytics.metrics import Metrics
from workbench.data.lake import Lake
from workbench.foundation.errors import Forbidden, IntegrityError, NotFound, WorkbenchError
from workbench.governance.runs import Actor, Trace
from workbench.governance.security import Security
from workbench.publishing.dashboards import Dashboards
from workbench.publishing.lineage.model import Link, Node
from workbench.publishing.reports import Gallery

__all__ = ["Sight"]

RENAMED = "rename dataset"
MOST_RENAMES = 10_000


class Sight:
    """What one actor sees, for as long as one question takes."""

    def __init__(
        self,
        lake: Lake,
        security: Security,
        metrics: Metrics,
        gallery: Gallery,
        dashboards: Dashboards,
        actor: Actor,
    ) -> None:
        self._lake = lake
        self._security = security
        self._metrics = metrics
        self._gallery = gallery
        self._dashboards = dashboards
        self._actor = Actor(actor.principal)  # to look is no read that a run's result depends on
        self.node = cache(self._node)

    def open(self, name: str) -> None:
        """
        Raises:
            NotFound: No such dataset.
            Forbidden: Its policy closes it.
            IntegrityError: It is damaged, and there is a policy, which then cannot be held against it.
        """
        self._lake.key(name)
        if self._security.policy_for(self._actor.principal, name) is not None:
            self._lake.opened(name, self._actor)

    def _node(self, kind: str, name: str) -> Node | None:
        """A thing that is there; None for what the actor may not see, or what is there no more."""
        if kind == "dataset":
            try:
                self.open(name)
            except (Forbidden, NotFound, IntegrityError):
                return None  # of one that is damaged nobody knows whether its policy closes it
        elif kind == "metric":
            if any(self.node("dataset", one) is None for one in self.datasets_of(name)):
                return None
            return Node(kind, name, gone=name not in self._metrics)
        elif kind == "report":
            shown = self._gallery.list(name, limit=1)
            if not shown:
                return None
            run = shown[0].run
            return Node(kind, name, run=run.id, time=run.started, failed=run.status == "failed")
        elif kind == "dashboard" and name not in self._named:
            return None
        return Node(kind, name)

    def traced(self, trace: Trace) -> Node | None:
        """What a run touched, as it is called now; None for what the actor may not see."""
        if trace.kind != "dataset":
            return self.node(trace.kind, trace.name)
        name = self._now(trace.name, trace.started)
        if self._lake.exists(name):
            return self.node("dataset", name)
        # Its policies went with it. Who sees all that whoever ran this saw would have seen it, too.
        if self._actor.principal.role.includes(trace.role):
            return Node("dataset", name, gone=True)
        return None

    def names_of(self, node: Node) -> Sequence[str]:
        """What a thing is and was called."""
        if node.kind != "dataset":
            return [node.name]
        names = [node.name]
        for name in names:
            names += [old for _, old, new in self._renames if new == name and old not in names]
        return names

    def is_now(self, node: Node, trace: Trace) -> bool:
        """Whether what a run touched is this thing, and not another that had the name before."""
        return trace.kind != "dataset" or self._now(trace.name, trace.started) == node.name

    def dated(self, node: Node, links: Sequence[Link]) -> Node:
        """With the newest run that wrote it, where it says none itself."""
        runs = [(link.run, link.time) for link in links if link.end == node.id and link.run is not None]
        if node.work or node.run is not None or not runs:
            return node
        run, time = max(runs)
        return replace(node, run=run, time=time)

    @cache  # noqa: B019  (a sight lives as long as one question)
    def datasets_of(self, metric: str) -> list[str]:
        """The datasets that a metric is computed of; none where there is no such metric any more."""
        try:
            parts = self._metrics.definitions.simple(self._metrics.get(metric))
        except WorkbenchError:
            return []
        named = [name for part in parts for name in (part.dataset, *(join.dataset for join in part.joins))]
        return list(dict.fromkeys(name for name in named if name is not None))

    def metrics_on(self, dataset: str) -> list[str]:
        """The metrics that are computed of a dataset, among others or of it alone."""
        return [metric.name for metric in self._metrics if dataset in self.datasets_of(metric.name)]

    def shown_on(self, dashboard: str) -> list[tuple[str, str]]:
        """What a dashboard's notebook names: metrics, and datasets that are not those of a metric it names as well."""
        named = self._named.get(dashboard, frozenset())
        metrics = sorted(name for name in named if name in self._metrics)
        theirs = {dataset for name in metrics for dataset in self.datasets_of(name)}
        datasets = sorted(name for name in named - theirs if name not in metrics and self._lake.exists(name))
        return [*(("metric", name) for name in metrics), *(("dataset", name) for name in datasets)]

    def dashboards_of(self, kind: str, name: str) -> list[str]:
        """The dashboards that the actor may open and that show a metric or dataset."""
        return [one for one, named in self._named.items() if name in named and (kind, name) in self.shown_on(one)]

    @cached_property
    def _named(self) -> dict[str, frozenset[str]]:
        """Each dashboard that the actor may open, with what its notebook names."""
        return {one.name: self._dashboards.names_in(one.name) for one in self._dashboards.list()}

    def _now(self, name: str, then: datetime) -> str:
        for time, old, new in self._renames:
            if old == name and time >= then:
                name = new
        return name

    @cached_property
    def _renames(self) -> list[tuple[datetime, str, str]]:
        """When which dataset was given which other name, in order."""
        entries = self._security.audit(action=RENAMED, limit=MOST_RENAMES)
        return [(one.time, str(one.detail["from"]), one.thing.removeprefix("dataset ")) for one in reversed(entries)]
