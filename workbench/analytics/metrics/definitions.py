"""Reading metric definitions from a folder of YAML files; a mistake takes out the metrics it is in, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.analytics.metrics.ingredients import Dimension, Join
from workbench.analytics.metrics.model import Metric, digest
from workbench.analytics.metrics.rollup import Rollup
from workbench.analytics.metrics.writing import CATALOG, Written, entries, held_together, rollups, star_joins
from workbench.foundation import definitions
from workbench.foundation.definitions import Definition
from workbench.foundation.errors import Invalid, WorkbenchError, unknown

__all__ = ["Definitions"]


_known: dict[Path, tuple[object, Definitions]] = {}


class Definitions:
    """The metrics of a folder, and those kept in the catalog, that are sound and fit together.

    Names are unique, and what a metric is made of is there, is of the right type, and is not made of that metric.

    Attributes:
        problems: What is wrong with the others: a text per file, each mistake with its line. Empty when all are sound.
        rollups: The rollups that files define, by name.
    """

    def __init__(
        self,
        written: Sequence[Written] = (),
        problems: Sequence[str] = (),
        unread: Sequence[str] = (),
        joins: Mapping[str, tuple[Join, ...]] | None = None,
        rollups: Mapping[str, Rollup] | None = None,
    ) -> None:
        self.problems = tuple(problems)
        self.rollups = rollups or {}
        self._unread = tuple(unread)
        self._joins = joins or {}
        lost: dict[str, list[str]] = {}
        for entry in written:
            if mistakes := entry.mistakes:
                lost.setdefault(entry.name, []).extend(mistakes)
        self._lost: Mapping[str, list[str]] = lost
        self._metrics = {
            entry.name: entry.metric for entry in written if entry.metric is not None and entry.name not in lost
        }
        self._where = {entry.name: entry.where for entry in written}
        self._whole: dict[str, Metric] = {}

    @classmethod
    def load(cls, folder: Path, kept: Mapping[str, Mapping[str, Any]] | None = None) -> Definitions:
        """Reads every `*.yaml` of a folder; a folder that is not there has no metric.

        Nothing is raised: what is wrong stands in `problems`, and is raised where a metric is asked for that it is in.

        Args:
            kept: Definitions from the catalog, by name.
        """
        written: list[Written] = []
        files: list[Definition] = []
        unread: list[str] = []
        joins: dict[str, tuple[Join, ...]] = {}
        ahead: dict[str, Rollup] = {}
        for path in cls.files(folder):
            try:
                files.append(definitions.read(path, kind="file of metrics"))
            except WorkbenchError as error:
                unread.append(str(error))
            else:
                written += entries(files[-1])
                star_joins(files[-1], joins)
                rollups(files[-1], ahead)
        if kept:
            files.append(Definition(CATALOG, b"", [dict(content) for content in kept.values()], None))
            written += entries(files[-1])
        held_together(written, "; it may stand in a file that cannot be read" if unread else "")
        problems = [*unread, *(said(file) for file in files if file.found)]
        unread += [said(file) for file in files if any(not one.place for one in file.found)]
        return cls(written, problems, unread, joins, ahead)

    @classmethod
    def current(
        cls, folder: Path, stamp: object = None, kept: Callable[[], Mapping[str, Mapping[str, Any]]] = dict
    ) -> Definitions:
        """What a folder and the catalog say now: `load`, once for this process and again whenever either changed.

        Args:
            stamp: Tells states of the catalog apart.
            kept: Its definitions.
        """
        now = [stamp, *((path, *_changed(path)) for path in cls.files(folder))]
        known = _known.get(folder)
        if known is None or known[0] != now:
            known = _known[folder] = (now, cls.load(folder, kept()))
        return known[1]

    @staticmethod
    def files(folder: Path) -> list[Path]:
        """The files of a folder that metrics are read from; hidden ones are an editor's."""
        return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))

    def names(self) -> list[str]:
        return sorted(self._metrics)

    def has(self, name: str) -> bool:
        """Whether there is a definition of that name, sound or not."""
        return name in self._where

    def where(self, name: str) -> str:
        """The file and line that a metric is defined at."""
        return self._where[name]

    def as_written(self, name: str) -> Metric:
        """A sound metric as its definition says it."""
        return self._metrics[name]

    def get(self, name: str) -> Metric:
        """A metric as it is used: one made of others has their dimensions and time column where it names none.

        Raises:
            NotFound: No metric of that name; the message has the nearest one, the hint the files that cannot be read.
            Invalid: Its definition has mistakes, or that of what it is made of; each is named with its file and line.
        """
        if name in self._lost:
            raise Invalid("\n".join(self._lost[name]), hint="mend the definition; `workbench doctor` looks at all")
        if name not in self._metrics:
            hint = "see `workbench metric list`"
            if self._unread:
                hint = "it may stand in a file that cannot be read: " + "; ".join(self._unread)
            raise unknown("metric", name, self._metrics, hint=hint)
        if name not in self._whole:
            self._whole[name] = self._completed(self._metrics[name])
        return self._whole[name]

    def simple(self, metric: Metric) -> tuple[Metric, ...]:
        """The simple metrics that a metric is made of in the end, each once."""
        found: dict[str, Metric] = {}
        below = [metric]
        while below:
            one = below.pop(0)
            if one.name not in found:
                found[one.name] = one
                below += [self.get(name) for _, name in one.uses()]
        return tuple(one for one in found.values() if one.type == "simple")

    def bound(self, metric: Metric) -> str:
        """How far off a metric may be because it is, or is made of, an approximate one; empty where it is exact."""
        about = [part for part in self.simple(metric) if part.approximate]
        made = [f"is made of {part.name}, which {part.bound}" for part in about]
        return metric.bound or "; ".join(made)

    def users(self, name: str) -> list[str]:
        """The metrics that are made of a metric, directly."""
        return [other for other, metric in self._metrics.items() if name in (used for _, used in metric.uses())]

    def _completed(self, metric: Metric) -> Metric:
        if metric.type == "simple":
            joins = (*self._joins.get(str(metric.dataset), ()), *metric.joins)
            return metric.model_copy(update={"joins": joins}) if joins != metric.joins else metric
        parts = [self.get(name) for _, name in metric.uses()]
        first, *others = parts
        # A conversion is told by what its base event was.
        breaking = [first] if metric.type == "conversion" else parts
        datasets = {part.dataset for part in parts}
        update: dict[str, Any] = {
            "dataset": first.dataset if len(datasets) == 1 else None,
            "dimensions": metric.dimensions or _shared(breaking),
        }
        for name in ("time", "time_zone", "grain", "week_start"):
            if getattr(metric, name) is None:
                update[name] = getattr(first, name)
        if metric.type == "cumulative":
            update |= {"unit": metric.unit or first.unit, "format": metric.format or first.format}
        whole = metric.model_copy(update=update)
        whole._version = digest(metric, first.version, *(part.version for part in others))
        return whole


def said(file: Definition) -> str:
    """What is wrong with a file, or with what the catalog keeps."""
    if file.node is not None:
        return file.mistakes()
    return "\n".join(f"{file.shown}: {sentence}" for sentence in dict.fromkeys(one.sentence for one in file.found))


def _shared(parts: Sequence[Metric]) -> tuple[Dimension, ...]:
    first, *others = parts
    return tuple(
        dimension
        for dimension in first.dimensions
        if all((twin := other.dimension(dimension.name)) is not None and twin.sql == dimension.sql for other in others)
    )


def _changed(path: Path) -> tuple[int, int]:
    """When a file was changed, and its size; a link that leads nowhere has neither, and is told of when it is read."""
    try:
        stat = path.stat()
    except OSError:
        return 0, -1
    return stat.st_mtime_ns, stat.st_size
