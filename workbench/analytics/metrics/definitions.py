"""Reading metric definitions from a folder of YAML files; every mistake of a file is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from workbench.analytics.metrics.model import Dimension, Metric, digest
from workbench.foundation import definitions
from workbench.foundation.definitions import Definition, Place, meant
from workbench.foundation.errors import Invalid, WorkbenchError, unknown

__all__ = ["Definitions"]


class Definitions:
    """Metrics that fit together: names are unique, and a ratio's parts are there.

    Raises:
        Invalid: A name is used twice, or a ratio's part is missing or is itself a ratio.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        given = list(metrics)
        if problems := [problem for _, problem in _at_odds(given)]:
            raise Invalid("\n".join(problems))
        self._metrics = {metric.name: metric for metric in given}

    @classmethod
    def load(cls, folder: Path) -> Definitions:
        """Reads every `*.yaml` of a folder; a folder that is not there has no metric.

        Raises:
            Invalid: A file cannot be read or has mistakes; all of them are named, each with its line.
        """
        read: list[tuple[Metric, Definition, Place]] = []
        files: list[Definition] = []
        problems: list[str] = []
        for path in sorted(folder.glob("*.yaml")):
            try:
                files.append(definitions.read(path, kind="file of metrics"))
            except WorkbenchError as error:
                problems.append(str(error))
            else:
                read += [(metric, files[-1], place) for metric, place in _metrics(files[-1])]
        if not problems and not any(file.found for file in files):
            # Only then: a metric that could not be read is missing to others, which is no mistake of theirs.
            for at, problem in _at_odds([metric for metric, _, _ in read]):
                _, file, place = read[at]
                file.complain(place, problem)
        problems += [file.mistakes() for file in files if file.found]
        if problems:
            raise Invalid("\n".join(problems))
        return cls(metric for metric, _, _ in read)

    def names(self) -> list[str]:
        return sorted(self._metrics)

    def get(self, name: str) -> Metric:
        """A metric as it is used: a ratio has its parts' dimensions and time column where it names none.

        Raises:
            NotFound: No metric of that name; the message has the nearest one.
        """
        metric = self._metrics.get(name)
        if metric is None:
            raise unknown("metric", name, self._metrics, hint="see `workbench metric list`")
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


def _metrics(file: Definition) -> list[tuple[Metric, Place]]:
    """The sound metrics of a file and their places; what is wrong with others is noted in the file."""
    if not isinstance(file.content, list):
        if file.content is not None:
            file.complain((), "the file has to be a list of metrics, each starting with `- name:`")
        return []
    made = [(file.validated(Metric, entry, (at,), noun="metric"), at) for at, entry in enumerate(file.content)]
    return [(metric, (at,)) for metric, at in made if metric is not None]


def _at_odds(metrics: Sequence[Metric]) -> Iterator[tuple[int, str]]:
    """What keeps metrics from fitting together: the position of each that does not, and why."""
    named = {metric.name: metric for metric in metrics}
    seen: set[str] = set()
    for at, metric in enumerate(metrics):
        if metric.name in seen:
            yield at, f"metric '{metric.name}' is defined twice"
        seen.add(metric.name)
        for role in ("numerator", "denominator"):
            name = getattr(metric, role)
            if metric.type == "simple" or name is None:
                continue
            part = named.get(name)
            has = f"metric '{metric.name}' has the {role} '{name}', which is"
            if part is None:
                yield at, f"{has} no metric{meant(name, named)}"
            elif part.type != "simple":
                yield at, f"{has} a ratio itself; its parts have to be simple"


def _shared(dimensions: Sequence[Dimension], other: Metric) -> tuple[Dimension, ...]:
    return tuple(
        dimension
        for dimension in dimensions
        if (twin := other.dimension(dimension.name)) is not None and twin.sql == dimension.sql
    )
