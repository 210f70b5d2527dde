"""Reading metric definitions from a folder of YAML files; a mistake takes out the metrics it is in, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.analytics.metrics.model import Dimension, Metric, digest
from workbench.foundation import definitions
from workbench.foundation.definitions import Definition, Place, meant
from workbench.foundation.errors import Invalid, WorkbenchError, unknown

__all__ = ["Definitions"]


@dataclass(frozen=True)
class Written:
    """An entry of a file: its name, where it stands, and the metric, unless it has mistakes."""

    name: str
    metric: Metric | None
    file: Definition
    place: Place

    @property
    def where(self) -> str:
        return f"{self.file.shown}, line {self.file.line((*self.place, 'name'))}"

    @property
    def mistakes(self) -> list[str]:
        return [
            f"{self.file.shown}, line {one.line}: {one.sentence}"
            for one in self.file.found
            if one.place[:1] == self.place
        ]


_known: dict[Path, tuple[object, Definitions]] = {}


class Definitions:
    """The metrics of a folder that are sound and fit together: names are unique, and a ratio's parts are there.

    Attributes:
        problems: What is wrong with the others: a text per file, each mistake with its line. Empty when all are sound.
    """

    def __init__(
        self, written: Sequence[Written] = (), problems: Sequence[str] = (), unread: Sequence[str] = ()
    ) -> None:
        self.problems = tuple(problems)
        self._unread = tuple(unread)
        lost: dict[str, list[str]] = {}
        for entry in written:
            if mistakes := entry.mistakes:
                lost.setdefault(entry.name, []).extend(mistakes)
        self._lost: Mapping[str, list[str]] = lost
        self._metrics = {
            entry.name: entry.metric for entry in written if entry.metric is not None and entry.name not in lost
        }
        self._where = {entry.name: entry.where for entry in written}

    @classmethod
    def load(cls, folder: Path) -> Definitions:
        """Reads every `*.yaml` of a folder; a folder that is not there has no metric.

        Nothing is raised: what is wrong stands in `problems`, and is raised where a metric is asked for that it is in.
        """
        written: list[Written] = []
        files: list[Definition] = []
        unread: list[str] = []
        for path in cls.files(folder):
            try:
                files.append(definitions.read(path, kind="file of metrics"))
            except WorkbenchError as error:
                unread.append(str(error))
            else:
                written += _entries(files[-1])
        _hold_together(written, "; it may stand in a file that cannot be read" if unread else "")
        problems = [*unread, *(file.mistakes() for file in files if file.found)]
        unread += [file.mistakes() for file in files if any(not one.place for one in file.found)]
        return cls(written, problems, unread)

    @classmethod
    def current(cls, folder: Path) -> Definitions:
        """What a folder says now: `load`, once for this process and again whenever a file in it changed."""
        stamp = [(path, *_changed(path)) for path in cls.files(folder)]
        known = _known.get(folder)
        if known is None or known[0] != stamp:
            known = _known[folder] = (stamp, cls.load(folder))
        return known[1]

    @staticmethod
    def files(folder: Path) -> list[Path]:
        """The files of a folder that metrics are read from; hidden ones are an editor's."""
        return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))

    def names(self) -> list[str]:
        return sorted(self._metrics)

    def where(self, name: str) -> str:
        """The file and line that a metric is defined at."""
        return self._where[name]

    def as_written(self, name: str) -> Metric:
        """A sound metric as its file says it."""
        return self._metrics[name]

    def get(self, name: str) -> Metric:
        """A metric as it is used: a ratio has its parts' dimensions and time column where it names none.

        Raises:
            NotFound: No metric of that name; the message has the nearest one, the hint the files that cannot be read.
            Invalid: Its definition has mistakes, or that of what it is made of; each is named with its file and line.
        """
        if name in self._lost:
            raise Invalid("\n".join(self._lost[name]), hint="mend the definition; `workbench doctor` looks at all")
        metric = self._metrics.get(name)
        if metric is None:
            hint = "see `workbench metric list`"
            if self._unread:
                hint = "it may stand in a file that cannot be read: " + "; ".join(self._unread)
            raise unknown("metric", name, self._metrics, hint=hint)
        if metric.type == "simple":
            return metric
        above, below = self.parts(metric)
        whole = metric.model_copy(
            update={
                "dataset": above.dataset if above.dataset == below.dataset else None,
                "dimensions": metric.dimensions or _shared(above.dimensions, below),
                "time": metric.time or above.time,
                "time_zone": metric.time_zone or above.time_zone,
            }
        )
        whole._version = digest(metric, above.version, below.version)
        return whole

    def parts(self, metric: Metric) -> tuple[Metric, ...]:
        """The simple metrics that a metric is made of: itself, or numerator and denominator."""
        if metric.type == "simple":
            return (metric,)
        return self._metrics[str(metric.numerator)], self._metrics[str(metric.denominator)]


def _entries(file: Definition) -> list[Written]:
    """The named entries of a file; what is wrong with an entry is noted in the file."""
    if not isinstance(file.content, list):
        if file.content is not None:
            file.complain((), "the file has to be a list of metrics, each starting with `- name:`")
        return []
    made = [(file.validated(Metric, entry, (at,), noun="metric"), at) for at, entry in enumerate(file.content)]
    called = [entry.get("name") if isinstance(entry, dict) else None for entry in file.content]
    return [
        Written(name, metric, file, (at,))
        for (metric, at), name in zip(made, called, strict=True)
        if isinstance(name, str)
    ]


def _hold_together(written: Sequence[Written], besides: str) -> None:
    """Notes, in the files, what keeps metrics from fitting together."""
    by_name: dict[str, list[Written]] = {}
    for entry in written:
        by_name.setdefault(entry.name, []).append(entry)
    for same in by_name.values():
        for entry in same if len(same) > 1 else ():
            others = " and ".join(other.where for other in same if other is not entry)
            entry.file.complain(entry.place, f"metric '{entry.name}' is defined twice, here and in {others}")
    for entry in written:
        if entry.metric is None or entry.metric.type == "simple":
            continue
        for role in ("numerator", "denominator"):
            name = str(getattr(entry.metric, role))
            has = f"metric '{entry.name}' has the {role} '{name}', which"
            part = next(iter(by_name.get(name, ())), None)
            if part is None:
                entry.file.complain(entry.place, f"{has} is no metric{meant(name, by_name) or besides}")
            elif part.metric is not None and part.metric.type != "simple":
                entry.file.complain(entry.place, f"{has} is a ratio itself; its parts have to be simple")
            elif part.mistakes:
                entry.file.complain(entry.place, f"{has} has mistakes of its own ({part.where})")


def _shared(dimensions: Sequence[Dimension], other: Metric) -> tuple[Dimension, ...]:
    return tuple(
        dimension
        for dimension in dimensions
        if (twin := other.dimension(dimension.name)) is not None and twin.sql == dimension.sql
    )


def _changed(path: Path) -> tuple[int, int]:
    """When a file was changed, and its size; a link that leads nowhere has neither, and is told of when it is read."""
    try:
        stat = path.stat()
    except OSError:
        return 0, -1
    return stat.st_mtime_ns, stat.st_size
