"""Whether an earlier success of a stage still stands, going by what it really read and wrote, not what it declares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.data.connectors import open_source
from workbench.data.lake import Lake
from workbench.foundation.errors import WorkbenchError
from workbench.governance.runs import Actor, Edge, Run
from workbench.orchestration.pipelines.definition import Stage

__all__ = ["DatasetNow", "Present", "undeclared"]


@dataclass(frozen=True)
class DatasetNow:
    """A dataset as it is now. The id tells it from an earlier one of its name, whose versions counted from 0, too."""

    id: str
    version: int
    created: datetime


class Present:
    """What stages depend on, as it is now.

    Args:
        versions: How other kinds of things that a run reads tell their version by name: "metric". An error means that
            the thing is gone.
    """

    def __init__(self, lake: Lake, actor: Actor, home: Path, versions: Mapping[str, Callable[[str], str]]) -> None:
        self._lake = lake
        # Not the run that starts the pipeline: its reads are sealed to what was there when it first looked.
        self._looking = Actor(actor.principal)
        self._home = home
        self._versions = versions

    def dataset(self, name: str) -> DatasetNow | None:
        """None: there is none."""
        if not self._lake.exists(name):
            return None
        info = self._lake.info(name, self._looking)
        return DatasetNow(info.id, self._lake.version(name), info.created)

    def still(self, run: Run, edges: Sequence[Edge]) -> bool:
        """Whether a successful run that read and wrote this would read the same now, and its datasets are there."""
        wrote: defaultdict[str, set[int]] = defaultdict(set)
        read: dict[str, int] = {}
        for edge in edges:
            if edge.kind == "dataset" and edge.direction == "write":
                wrote[edge.name].add(int(edge.version))
            elif edge.kind == "dataset" and not edge.detail.get("explicit"):
                read.setdefault(edge.name, int(edge.version))
            elif edge.direction == "read" and not self._unchanged(edge):
                return False
        return all(self._there(name, run, versions) for name, versions in wrote.items()) and all(
            self._as_read(name, run, version, wrote[name]) for name, version in read.items()
        )

    def _there(self, name: str, run: Run, versions: set[int]) -> bool:
        now = self._since(name, run)
        return now is not None and now.version >= max(versions)

    def _as_read(self, name: str, run: Run, version: int, own: set[int]) -> bool:
        """Whether every version since the one that was read is the run's own."""
        now = self._since(name, run)
        if now is None or not 0 <= now.version - version <= len(own):
            return False
        return set(range(version + 1, now.version + 1)) <= own

    def _since(self, name: str, run: Run) -> DatasetNow | None:
        """A dataset, unless it was deleted and made anew after a run."""
        now = self.dataset(name)
        return None if now is None or (run.finished is not None and now.created > run.finished) else now

    def _unchanged(self, edge: Edge) -> bool:
        """Whether what was read besides datasets is as it was; what cannot be asked is taken to be."""
        if edge.kind in self._versions:
            with suppress(WorkbenchError):
                return self._versions[edge.kind](edge.name) == edge.version
            return False
        return edge.kind != "source" or self._source_unchanged(edge)

    def _source_unchanged(self, edge: Edge) -> bool:
        # A name is an address, for a database with the table behind a '#'; a file's own name may have one as well.
        for url in (edge.name, edge.name.rpartition("#")[0]):
            with suppress(WorkbenchError):
                if url and edge.version and open_source(url, base=self._home).fingerprint() == edge.version:
                    return True
        return False


def undeclared(stage: Stage, edges: Sequence[Edge], home: Path) -> str | None:
    """What a run of a stage read and wrote that the stage does not declare, as a clause: "reads weather and ..."."""
    declared = {stage.target} if stage.kind == "source" else set()
    for url in stage.sources:
        with suppress(WorkbenchError):  # a stage may have moved away what it took
            declared.add(open_source(url, base=home).url)
    written = [edge.name for edge in edges if edge.kind == "dataset" and edge.direction == "write"]
    known = {*stage.reads, *stage.writes, *written}
    reads = [
        edge.name
        for edge in edges
        if edge.kind == "dataset" and edge.direction == "read" and not edge.detail.get("explicit")
    ]
    reads = [name for name in reads if name not in known]
    for edge in edges:
        if edge.kind == "source" and not {edge.name, edge.name.rpartition("#")[0]} & declared:
            reads.append(edge.name.replace(f"{home}/", ""))
    writes = [name for name in written if name not in stage.writes]
    parts = [
        f"{verb} {', '.join(dict.fromkeys(names))}" for verb, names in (("reads", reads), ("writes", writes)) if names
    ]
    return f"{' and '.join(parts)}, which it does not declare" if parts else None
