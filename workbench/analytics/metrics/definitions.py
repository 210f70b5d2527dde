"""Reading metric definitions from a folder of YAML files; every mistake of a file is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from workbench.analytics.metrics.model import Dimension, Metric, digest
from workbench.foundation.errors import Invalid, nearest, unknown

__all__ = ["Definitions"]


class Definitions:
    """Metrics that fit together: names are unique, and a ratio's parts are there.

    Args:
        metrics: The definitions.
        origin: Metric name -> where it was read from, for messages.

    Raises:
        Invalid: A name is used twice, or a ratio's part is missing or is itself a ratio.
    """

    def __init__(self, metrics: Iterable[Metric], origin: dict[str, str] | None = None) -> None:
        origin = origin or {}
        self._metrics: dict[str, Metric] = {}
        problems = []
        for metric in metrics:
            if metric.name in self._metrics:
                problems.append((metric.name, "is defined twice"))
            self._metrics[metric.name] = metric
        problems += [(m.name, problem) for m in self._metrics.values() for problem in self._ratio_problems(m)]
        if problems:
            said = [f"{origin[name]}: metric '{name}' {why}" if name in origin else f"metric '{name}' {why}"
                    for name, why in problems]  # fmt: skip
            raise Invalid("\n".join(said))

    @classmethod
    def load(cls, folder: Path) -> Definitions:
        """Reads every `*.yaml` of a folder; a folder that is not there has no metric.

        Raises:
            Invalid: A file cannot be read or has mistakes; all of them are named, each with file and metric.
        """
        metrics: list[Metric] = []
        origin: dict[str, str] = {}
        problems: list[str] = []
        for path in sorted(folder.glob("*.yaml")):
            found, wrong = _read(path)
            metrics += found
            origin |= {metric.name: f"{folder.name}/{path.name}" for metric in found}
            problems += [f"{folder.name}/{path.name}: {problem}" for problem in wrong]
        if problems:
            raise Invalid("\n".join(problems))
        return cls(metrics, origin)

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

    def _ratio_problems(self, metric: Metric) -> list[str]:
        problems = []
        for role in ("numerator", "denominator"):
            name = getattr(metric, role)
            if metric.type == "simple" or name is None:
                continue
            part = self._metrics.get(name)
            if part is None:
                guess = nearest(name, self._metrics)
                problems.append(f"has the {role} '{name}', which is no metric" + _meant(guess))
            elif part.type != "simple":
                problems.append(f"has the {role} '{name}', which is a ratio itself; its parts have to be simple")
        return problems


def _read(path: Path) -> tuple[list[Metric], list[str]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return [], [f"cannot be read: {' '.join(str(error).split())}"]
    if content is None:
        return [], []
    if not isinstance(content, list):
        return [], ["has to be a list of metrics, each starting with `- name:`"]
    metrics, problems = [], []
    for place, entry in enumerate(content, start=1):
        called = f"metric '{entry['name']}'" if isinstance(entry, dict) and entry.get("name") else f"entry {place}"
        try:
            metrics.append(Metric.model_validate(entry))
        except ValidationError as error:
            problems += [f"{called} {said}" for said in _sentences(error)]
    return metrics, problems


def _sentences(error: ValidationError) -> list[str]:
    said = []
    for problem in error.errors():
        where = ".".join(str(step) for step in problem["loc"])
        match problem["type"]:
            case "extra_forbidden":
                guess = nearest(str(problem["loc"][-1]), _fields(problem["loc"]))
                said.append(f"has the unknown field '{where}'" + _meant(guess))
            case "missing":
                said.append(f"needs '{where}'")
            case "literal_error":
                guess = nearest(str(problem["input"]), _choices(problem["ctx"]))
                said.append(
                    f"has the {where} '{problem['input']}'" + (_meant(guess) or f"; use {problem['ctx']['expected']}")
                )
            case "value_error":
                said.append(str(problem["ctx"]["error"]))
            case "model_type":
                said.append(
                    "is not a mapping of fields" if not where else f"has a '{where}' that is not a mapping of fields"
                )
            case "string_pattern_mismatch":
                said.append(f"has the {where} '{problem['input']}'; use lower-case letters, digits and underscores")
            case _:
                said.append(f"has a wrong '{where}': {problem['msg'].lower()} (it is {problem['input']!r})")
    return said


def _fields(place: Sequence[Any]) -> Iterable[str]:
    return Dimension.model_fields if len(place) > 1 and place[0] == "dimensions" else Metric.model_fields


def _choices(context: Any) -> list[str]:
    return [choice.strip("' ") for choice in str(context["expected"]).replace(" or ", ",").split(",")]


def _meant(guess: str | None) -> str:
    return f"; did you mean '{guess}'?" if guess else ""


def _shared(dimensions: Sequence[Dimension], other: Metric) -> tuple[Dimension, ...]:
    return tuple(
        dimension
        for dimension in dimensions
        if (twin := other.dimension(dimension.name)) is not None and twin.sql == dimension.sql
    )
