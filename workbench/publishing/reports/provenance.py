"""A run's receipt in words: what a reader needs to trust a page, and a reviewer to make it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workbench.governance.runs import Edge, Receipt

__all__ = ["Fact", "Provenance", "in_words", "moment", "parameters_in_words", "provenance"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


@dataclass(frozen=True)
class Fact:
    """One line: what it is, and its value. `exact` values are for machines too and set in a fixed width."""

    what: str
    value: str
    exact: bool = False


@dataclass(frozen=True)
class Provenance:
    """The footer of a page.

    Attributes:
        run: The run's id.
        read: Datasets with the versions that were read: (name, version).
        metrics: Metrics with the versions of their definitions.
        other: Whatever else was read or written: (what, name, version).
        facts: Parameters, code, engine, time, who.
        replay: The command that makes it again on the same versions and compares.
    """

    run: str
    read: tuple[tuple[str, str], ...]
    metrics: tuple[tuple[str, str], ...]
    other: tuple[tuple[str, str, str], ...]
    facts: tuple[Fact, ...]
    replay: str


def provenance(receipt: Receipt, *, home: str = "") -> Provenance:
    """What made a page, from the receipt of its run.

    Args:
        home: The workspace's folder, which is taken off paths.
    """
    edges = [*receipt.read, *receipt.wrote]
    read = tuple((edge.name, edge.version) for edge in receipt.read if edge.kind == "dataset")
    metrics = tuple(dict.fromkeys((edge.name, edge.version) for edge in edges if edge.kind == "metric"))
    other = tuple(_other(edge) for edge in edges if edge.kind not in {"dataset", "metric"} or _is_written(edge))
    return Provenance(
        receipt.run, read, metrics, other, tuple(_facts(receipt, home)), f"workbench replay {receipt.run}"
    )


def _is_written(edge: Edge) -> bool:
    return edge.direction == "write" and edge.kind == "dataset"


def _other(edge: Edge) -> tuple[str, str, str]:
    if edge.kind == "report":
        return "report’s definition", edge.name, edge.version
    done = "wrote" if edge.direction == "write" else "read"
    return f"{done} {edge.kind}", edge.name, edge.version


def _facts(receipt: Receipt, home: str) -> Iterable[Fact]:
    given = ", ".join(f"{name} = {value}" for name, value in receipt.parameters.items())
    yield Fact("Parameters", given or "none", exact=bool(given))
    if receipt.notebook:
        yield Fact("Notebook", receipt.notebook.removeprefix(home).lstrip("/"), exact=True)
    if receipt.notebook_sha256:
        yield Fact("Notebook’s digest", f"sha256 {receipt.notebook_sha256}", exact=True)
    yield Fact("Code", f"git {receipt.git_commit}" if receipt.git_commit else "not under version control", exact=True)
    yield Fact("Packages", f"sha256 {receipt.packages_sha256}", exact=True)
    yield Fact("Software", f"workbench {receipt.workbench_version}, Python {receipt.python}, {receipt.platform}")
    yield Fact("Engine", _engines(receipt.engines))
    if receipt.seeds:
        yield Fact("Seeds", ", ".join(f"{name} = {seed}" for name, seed in receipt.seeds.items()), exact=True)
    yield Fact("Time", _time(receipt))
    yield Fact("Who", receipt.principal)


def _engines(uses: Sequence[Mapping[str, Any]]) -> str:
    """Every engine that computed something, how often, whether it fell back, and for how long in all."""
    if not uses:
        return "none was needed"
    told = []
    for name in dict.fromkeys(str(use.get("engine", "unknown")) for use in uses):
        own = [use for use in uses if str(use.get("engine", "unknown")) == name]
        seconds = sum(float(use.get("load_seconds") or 0) + float(use.get("compute_seconds") or 0) for use in own)
        version = next((f", Polars {use['polars']}" for use in own if use.get("polars")), "")
        fell = sum(bool(use.get("fell_back")) for use in own)
        back = f", {fell} fell back" if fell else ", none fell back"
        times = "1 computation" if len(own) == 1 else f"{len(own)} computations"
        told.append(f"{name}{version}: {times} in {seconds:.2f} s{back}")
    return "; ".join(told)


def _time(receipt: Receipt) -> str:
    if receipt.finished is None:
        return f"begun {moment(receipt.started)}"
    seconds = (receipt.finished - receipt.started).total_seconds()
    return f"{moment(receipt.started)}, {seconds:.1f} s"


def moment(when: datetime) -> str:
    """A time in UTC as people write it: 3 October 2026, 14:05 UTC."""
    return f"{_day(when.date())}, {when:%H:%M} UTC"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def parameters_in_words(parameters: Mapping[str, Any], explained: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each parameter and its value as a reader says them: by what it is explained as, otherwise by its name."""
    return [(_label(explained.get(name, name)), in_words(value)) for name, value in parameters.items()]


def _label(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def in_words(value: Any) -> str:
    """A parameter's value, as JSON holds it, for people: dates spelled out, lists with an "and"."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, list):
        items = [in_words(item) for item in value]
        return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {in_words(item)}" for name, item in value.items()) or "none"
    text = str(value)
    try:
        if _DATE.fullmatch(text):
            return _day(date.fromisoformat(text))
        if _MOMENT.match(text):
            return moment(datetime.fromisoformat(text))
    except ValueError:
        return text
    return text
