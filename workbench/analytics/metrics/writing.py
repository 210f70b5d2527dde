"""Metrics as they are written: entries of files and of the catalog, and what keeps them from fitting together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.analytics.metrics.ingredients import Join, StarJoins
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.rollup import Rollup
from workbench.foundation.definitions import Definition, Place, meant
from workbench.foundation.errors import Invalid

__all__ = ["CATALOG", "Written", "entries", "held_together", "rollups", "star_joins"]

CATALOG = "the catalog"
DEEPEST = 100
_COUNTS = ("count", "count_distinct")


@dataclass(frozen=True, eq=False)
class Written:
    """An entry of a file or of the catalog: its name, where it stands, and the metric, unless it has mistakes."""

    name: str
    metric: Metric | None
    file: Definition
    place: Place

    @property
    def where(self) -> str:
        return self._at(self.file.line((*self.place, "name")))

    @property
    def mistakes(self) -> list[str]:
        found = (one for one in self.file.found if one.place[:1] == self.place)
        return [f"{self._at(one.line or 1)}: {one.sentence}" for one in found]

    def complain(self, sentence: str) -> None:
        self.file.complain(self.place, sentence)

    def _at(self, line: int) -> str:
        return f"{self.file.shown}, line {line}" if self.file.node is not None else self.file.shown


def entries(file: Definition) -> list[Written]:
    """The named entries of a file; what is wrong with an entry is noted in the file."""
    if not isinstance(file.content, list):
        if file.content is not None:
            file.complain((), "the file has to be a list of metrics, each starting with `- name:`")
        return []
    found = [(at, one) for at, one in enumerate(file.content) if not _is_section(one) and not _is_rollup(one)]
    made = [(file.validated(Metric, entry, (at,), noun="metric"), at, entry) for at, entry in found]
    called = [(metric, at, entry.get("name") if isinstance(entry, dict) else None) for metric, at, entry in made]
    return [Written(name, metric, file, (at,)) for metric, at, name in called if isinstance(name, str)]


def star_joins(file: Definition, known: dict[str, tuple[Join, ...]]) -> None:
    """Adds the joins that a file declares for datasets to those known; what is wrong is noted in the file."""
    for at, entry in enumerate(file.content if isinstance(file.content, list) else ()):
        section = file.validated(StarJoins, entry, (at,), noun="section of joins") if _is_section(entry) else None
        if section is None:
            continue
        before = known.get(section.dataset, ())
        names = [join.name for join in (*before, *section.joins)]
        if doubled := next((name for name in names if names.count(name) > 1), None):
            file.complain((at,), f"dataset '{section.dataset}' has the join '{doubled}' twice")
        else:
            known[section.dataset] = (*before, *section.joins)


def rollups(file: Definition, known: dict[str, Rollup]) -> None:
    """Adds the rollups that a file defines to those known; what is wrong is noted in the file."""
    for at, entry in enumerate(file.content if isinstance(file.content, list) else ()):
        rollup = file.validated(Rollup, entry, (at,), noun="rollup") if _is_rollup(entry) else None
        if rollup is None:
            continue
        if rollup.name in known:
            file.complain((at,), f"rollup '{rollup.name}' is defined twice")
        else:
            known[rollup.name] = rollup


def _is_rollup(entry: object) -> bool:
    return isinstance(entry, dict) and "rollup" in entry


def _is_section(entry: object) -> bool:
    return isinstance(entry, dict) and "joins" in entry and not {"name", "aggregation", "type"} & set(entry)


def held_together(written: Sequence[Written], besides: str) -> None:
    """Notes, in the files, what keeps metrics from fitting together.

    Args:
        besides: Said where a metric is not there.
    """
    by_name: dict[str, list[Written]] = {}
    for entry in written:
        by_name.setdefault(entry.name, []).append(entry)
    for same in by_name.values():
        for entry in same if len(same) > 1 else ():
            others = " and ".join(other.where for other in same if other is not entry)
            entry.complain(f"metric '{entry.name}' is defined twice, here and in {others}")
    done: set[Written] = set()
    for entry in written:
        _follow(entry, (), by_name, done, besides)


def _follow(
    entry: Written, path: tuple[Written, ...], by_name: dict[str, list[Written]], done: set[Written], besides: str
) -> None:
    """Looks at what a metric is made of, down to the last, and then at the metric."""
    if entry in done or entry.metric is None:
        return
    if entry in path:
        around = path[path.index(entry) :]
        for at, one in enumerate(around):
            names = [other.name for other in (*around[at:], *around[: at + 1])]
            one.complain(f"metric '{one.name}' is made of itself: {' -> '.join(names)}")
            done.add(one)
        return
    if len(path) > DEEPEST:
        entry.complain(f"metric '{entry.name}' is more than {DEEPEST} metrics away from '{path[0].name}'")
        return
    try:
        uses = entry.metric.uses()
    except Invalid as error:
        entry.complain(f"metric '{entry.name}': {error}")
        return
    if entry.metric.type == "derived" and not uses:
        entry.complain(f"metric '{entry.name}' has an expr that names no metric: {entry.metric.expr}")
    for role, name in uses:
        part = next(iter(by_name.get(name, ())), None)
        has = f"metric '{entry.name}' has the {role} '{name}', which"
        if part is None:
            entry.complain(f"{has} is no metric{meant(name, by_name) or besides}")
            continue
        _follow(part, (*path, entry), by_name, done, besides)
        if part.metric is not None and (misfit := _misfit(entry.metric, part.metric)):
            entry.complain(f"{has} {misfit}")
        elif part.mistakes and entry not in done:
            entry.complain(f"{has} has mistakes of its own ({part.where})")
    done.add(entry)


def _misfit(metric: Metric, part: Metric) -> str | None:
    """Why a metric cannot be made of another one."""
    if metric.type == "derived":
        return None
    if part.type != "simple":
        whole = "a ratio" if part.type == "ratio" else part.type
        return f"is {whole} itself; its parts have to be simple"
    if metric.type == "ratio":
        return None
    if part.time is None:
        return "has no time column"
    if metric.type == "conversion" and part.aggregation not in _COUNTS:
        return f"is a {part.aggregation}; events are counted, so it has to be a count or a count_distinct"
    return None
