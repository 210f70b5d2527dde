"""Saved cohorts: sets of subjects by name, kept as what they say, so that who is in one is found when it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from workbench.analytics.product.asking import Asking
from workbench.analytics.product.cohort import Cohort, cohorts_listed
from workbench.analytics.product.conditions import Condition
from workbench.analytics.product.events import EventColumns
from workbench.analytics.product.segment_document import condition_of
from workbench.analytics.product.segments import Segment
from workbench.analytics.product.store import CohortStore
from workbench.foundation import definitions
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Conflict, Invalid
from workbench.foundation.listing import Listing
from workbench.governance.security import Role, Security

__all__ = ["MOST_SUBJECTS", "Cohorts"]

MOST_SUBJECTS = 1_000_000
"""Of a static cohort: it is kept in the catalog, and read whole."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Cohorts:
    """The cohorts of a workspace, as one actor sees them: `wb.product.cohorts`.

    Who is in a cohort is found among the rows that whoever asks may see, each time that it is asked.
    """

    def __init__(self, store: CohortStore, asking: Asking, security: Security) -> None:
        self._store = store
        self._asking = asking
        self._security = security

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def list(self) -> Listing[Cohort]:
        """Every cohort, by name."""
        return cohorts_listed(map(self._seen, self._store.all()))

    def get(self, name: str) -> Cohort:
        """
        Raises:
            NotFound: No such cohort; the message has the nearest name.
        """
        return self._seen(self._store.get(name))

    def save(
        self,
        name: str,
        dataset: str,
        definition: Mapping[str, Any] | str,
        *,
        description: str = "",
        replace: bool = False,
        columns: EventColumns | None = None,
    ) -> Cohort:
        """Keeps a cohort: `wb.product.cohorts.save("buyers", "events", {"did": "buy", "last": "30 days"})`.

        Args:
            name: Lower-case letters, digits and underscores, a letter first.
            definition: Conditions, as a mapping or as YAML; `{"subjects": [...]}` for a static one. See
                `segment_document`.
            replace: Takes the place of a cohort of that name.
            columns: Of the dataset, where it is not laid out for events: what the definition is checked against.

        Raises:
            Invalid: The name, or something in the definition, cannot be used; says where.
            Conflict: There is a cohort of that name.
            Forbidden: Saving takes an analyst; replacing another's takes an engineer.
        """
        if not _NAME.fullmatch(name):
            raise Invalid(
                f"{name!r} cannot be a cohort's name", hint="lower-case letters, digits and underscores, a letter first"
            )
        self._may_change(name, f"save the cohort '{name}'")
        read = _kept(_said(definition, name))
        condition = self._read(read, dataset, name)
        if isinstance(read.get("subjects"), list) and len(read["subjects"]) > MOST_SUBJECTS:
            raise Invalid(f"a static cohort has at most {MOST_SUBJECTS:,} subjects, not {len(read['subjects']):,}")
        known = self._asking.columns(dataset, columns) if columns or self._asking.laid_out(dataset) else None
        if known is not None:
            Segment(known, condition).check(self._asking.schema(dataset), dataset)
        self._store.save(
            name,
            self._asking.dataset_id(dataset),
            read,
            description,
            by=self._asking.actor.principal.name,
            replace=replace,
        )
        return self.get(name)

    def keep(self, dataset: str, name: str, subjects: pl.Series, description: str, replace: bool) -> Cohort:
        """Saves subjects as a static cohort."""
        return self.save(name, dataset, {"subjects": subjects.to_list()}, description=description, replace=replace)

    def delete(self, name: str) -> None:
        """
        Raises:
            NotFound: No such cohort.
            Conflict: Another cohort is made of it.
            Forbidden: Deleting takes its owner, or an engineer.
        """
        self.get(name)
        self._may_change(name, f"delete the cohort '{name}'")
        for other in self._store.all():
            if name in _named(other.definition):
                raise Conflict(f"the cohort '{other.name}' is made of '{name}'", hint="delete or change that one first")
        self._store.delete(name, by=self._asking.actor.principal.name)

    def subjects(self, name: str, *, columns: EventColumns | None = None) -> pl.DataFrame:
        """Who is in a cohort now, among the rows that the actor may see: the dataset's column of subjects."""
        cohort = self.get(name)
        known = self._asking.columns(cohort.dataset, columns)
        parts, version = self._asking.parts(cohort.dataset, known, (None, None), version=None, members=None)
        asked = Segment(known, self.condition(name, cohort.dataset))
        return self._asking.ask(asked, cohort.dataset, parts, version).frame.select(known.subject)

    def condition(self, within: str | Mapping[str, Any], dataset: str) -> Condition:
        """What a cohort's name, or conditions, mean for a dataset.

        Raises:
            NotFound: No such cohort.
            Invalid: The conditions are none; says where.
        """
        if isinstance(within, str):
            return self._read(self._store.get(within).definition, dataset, within)
        return self._read(within, dataset, "")

    def _seen(self, cohort: Cohort) -> Cohort:
        if self._security.policy_for(self._asking.actor.principal, cohort.dataset) is None:
            return cohort
        definition = _without_lists(cohort.definition)
        return replace(cohort, definition=definition, hidden=definition != cohort.definition)

    def _read(self, definition: Mapping[str, Any], dataset: str, name: str, path: tuple[str, ...] = ()) -> Condition:
        what = f"cohort '{name}'" if name else "the conditions"
        if name and name in path:
            raise Invalid(f"the cohort '{name}' is made of itself: {' > '.join((*path, name))}")
        others = {
            other: self._read(self._store.get(other).definition, dataset, other, (*path, *([name] if name else [])))
            for other in sorted(_named(definition))
        }
        return condition_of(definition, now=utcnow(), others=others, what=what)

    def _may_change(self, name: str, doing: str) -> None:
        actor = self._asking.actor
        self._security.require(actor.principal, Role.ANALYST, doing)
        owner = next((one.owner for one in self._store.all() if one.name == name), actor.principal.name)
        if owner != actor.principal.name:
            self._security.require(actor.principal, Role.ENGINEER, doing)


def _said(definition: Mapping[str, Any] | str, name: str) -> Any:
    if not isinstance(definition, str):
        return definition
    shown = f"the definition of cohort '{name}'"
    return definitions.read_text(definition, kind="cohort", shown=shown, most_values=2 * MOST_SUBJECTS).content


def _kept(definition: Any) -> Any:
    """The same as the catalog keeps it: YAML makes dates and times of what looks like one."""
    if isinstance(definition, Mapping):
        return {key: _kept(value) for key, value in definition.items()}
    if isinstance(definition, list | tuple):
        return [_kept(one) for one in definition]
    return definition.isoformat() if isinstance(definition, date) else definition


def _without_lists(definition: Any) -> Any:
    """The same with nobody in any list of subjects."""
    if isinstance(definition, Mapping):
        return {key: [] if key == "subjects" else _without_lists(value) for key, value in definition.items()}
    return [_without_lists(one) for one in definition] if isinstance(definition, list) else definition


def _named(definition: Any) -> set[str]:
    """The cohorts that a definition calls by name."""
    if isinstance(definition, Mapping):
        own = {definition[key] for key in ("in", "not_in") if isinstance(definition.get(key), str)}
        return own.union(*(_named(value) for value in definition.values()))
    return set().union(*map(_named, definition)) if isinstance(definition, list) else set()
