"""Where definitions come from, and changing those that are kept in the catalog: nothing unsound gets in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from workbench.analytics.metrics.checking import misfits, misfits_of_parts, type_of
from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.model import Metric
from workbench.analytics.metrics.sources import Sources
from workbench.analytics.metrics.store import MetricStore, MetricVersion
from workbench.data.lake import Lake
from workbench.foundation.definitions import validated
from workbench.foundation.errors import Conflict, Forbidden, Invalid, WorkbenchError, half_a_character, unknown
from workbench.governance.runs import Actor

__all__ = ["Defining"]


class Defining:
    """The definitions of a workspace: those of its files, and those of the catalog.

    Args:
        folder: Of the files; read again whenever one of them changed.
    """

    def __init__(self, lake: Lake, actor: Actor, folder: Path, store: MetricStore) -> None:
        self._lake = lake
        self._actor = actor
        self._folder = folder
        self._store = store

    def current(self) -> Definitions:
        """What files and catalog say now."""
        return Definitions.current(self._folder, self._store.stamp(), self._store.current)

    def define(self, given: Metric | Mapping[str, Any], comment: str) -> Metric:
        """Keeps a definition in the catalog; what it said before stays in its history.

        Raises:
            Forbidden: It takes an analyst.
            Conflict: A file defines a metric of that name.
            Invalid: It has mistakes, does not fit its dataset, or a metric that is made of it would no longer work.
        """
        metric = given if isinstance(given, Metric) else _validated(given)
        known, kept = self.current(), self._store.current()
        self._store.require(self._actor.principal, f"define the metric '{metric.name}'", new=metric.name not in kept)
        self._refuse_written(metric.name, kept)
        said = metric.model_dump(mode="json", exclude_defaults=True)
        then = Definitions.load(self._folder, {**kept, metric.name: said})
        then.get(metric.name)
        for name in known.names():
            if name not in then.names():
                raise Invalid(f"metric '{name}' would no longer work: {_reason(then, name)}")
        for name in _affected(metric.name, then):
            for found in self._of_one(name, then):
                raise Invalid(found if name == metric.name else f"metric '{name}' would no longer work: {found}")
        self._store.add(metric.name, said, comment=comment, by=self._actor.principal)
        return self.current().get(metric.name)

    def remove(self, name: str, comment: str) -> None:
        """Takes a definition out of the catalog; its history stays.

        Raises:
            Forbidden: It takes an analyst.
            NotFound: The catalog has no metric of that name.
            Conflict: A file defines it, or other metrics are made of it.
        """
        self._store.require(self._actor.principal, f"remove the metric '{name}'")
        kept = self._store.current()
        if name not in kept:
            self._refuse_written(name, kept)
            raise unknown("metric in the catalog called", name, kept)
        if users := self.current().users(name):
            raise Conflict(f"metric '{name}' is what '{users[0]}' is made of", hint="remove that first")
        self._store.add(name, None, comment=comment, by=self._actor.principal)

    def history(self, name: str) -> list[MetricVersion]:
        """Every state of a definition in the catalog, newest first.

        Raises:
            NotFound: The catalog never had a metric of that name; that of a file is where the file's is.
        """
        found = self._store.history(name)
        if not found:
            written = Definitions.load(self._folder)
            hint = (
                f"it is defined in {written.where(name)}, so its history is that file's" if written.has(name) else None
            )
            raise unknown("metric in the catalog called", name, self._store.current(), hint=hint)
        return found

    def misfits(self) -> Iterator[str]:
        """What of the sound definitions does not fit the datasets: a sentence each, with file and line."""
        known = self.current()
        for name in known.names():
            yield from (f"{known.where(name)}: metric '{name}': {said}" for said in self._of_one(name, known))

    def _of_one(self, name: str, known: Definitions) -> Iterator[str]:
        sources = Sources(self._lake, self._actor)
        metric, written = known.get(name), known.as_written(name)
        fits = True
        for part in {str(part.dataset): part for part in known.simple(metric)}.values():
            try:
                schema = sources.schema(str(part.dataset), part.joins)
            except Forbidden:
                return
            except WorkbenchError as error:
                if written.type == "simple":
                    yield str(error)
                return
            for said in misfits(written, str(part.dataset), schema):
                fits = False
                yield said

        def schema_of(part: Metric) -> pl.Schema:
            return sources.schema(str(part.dataset), part.joins)

        yield from dict.fromkeys(misfits_of_parts(written, known, schema_of))
        if written.type == "derived" and fits:
            try:
                type_of(written, known, schema_of)
            except WorkbenchError as error:
                yield f"{error} ({error.hint})" if error.hint else str(error)

    def _refuse_written(self, name: str, kept: Mapping[str, Any]) -> None:
        written = Definitions.load(self._folder, {other: said for other, said in kept.items() if other != name})
        if written.has(name):
            raise Conflict(
                f"metric '{name}' is defined in {written.where(name)}",
                hint="change it there, or take it out of the file",
            )


def _validated(given: Mapping[str, Any]) -> Metric:
    if not isinstance(given, Mapping):
        raise Invalid(
            f"a metric is defined by its keys, not by a {type(given).__name__}",
            hint="wb.metrics.define({'name': 'sold', 'dataset': 'sales', 'aggregation': 'count'}), or a file",
        )
    try:
        return validated(Metric, given, noun="metric")
    except UnicodeEncodeError as error:  # a mistake whose sentence quotes it
        raise half_a_character(error) from error


def _reason(known: Definitions, name: str) -> str:
    try:
        known.get(name)
    except WorkbenchError as error:
        return str(error)
    raise AssertionError(f"{name} is sound")


def _affected(name: str, known: Definitions) -> list[str]:
    """A metric and all that is made of it, directly or not."""
    found = [name]
    for one in found:
        found += [user for user in known.users(one) if user not in found]
    return found
