"""One refresh of a view: its rows are made aside, and come in by one commit that names what they are of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from workbench.data.lake import Checkpoint, Lake, Opened, Staged
from workbench.data.sql import SqlDoor
from workbench.data.views.deciding import Decision, decided, standing
from workbench.data.views.model import View
from workbench.data.views.planning import Plan, planned
from workbench.data.views.putting import keys_of, put_together
from workbench.data.views.store import ViewStore
from workbench.foundation.errors import Forbidden
from workbench.foundation.failpoints import failpoint
from workbench.foundation.jobs import Lease
from workbench.governance.runs import Actor
from workbench.governance.security import Security

__all__ = ["Done", "Refreshing"]

ROWS = "rows"
_SAME_ROWS = ("optimize",)


class _Otherwise(Exception):
    """What came does not fit what is there; the message is a clause."""


@dataclass(frozen=True)
class Done:
    """What a refresh did; see `RefreshRecord`."""

    decision: Decision
    rows: int
    version: int
    read: Mapping[str, int]


class Refreshing:
    """A view, and its datasets as one actor reads them.

    Args:
        actor: Inside a run, whose reads are recorded and pinned.

    Raises:
        Invalid, NotFound: Its SQL cannot be answered.
        Forbidden: A policy hides something of a dataset from the actor.
    """

    def __init__(self, view: View, lake: Lake, door: SqlDoor, store: ViewStore, actor: Actor) -> None:
        self._view = view
        self._lake = lake
        self._door = door
        self._store = store
        self._actor = actor
        self._looking = Actor(actor.principal)  # what is there already is no read that the run's result depends on
        reading = door.check(view.definition.sql, actor)
        self.opened: dict[str, Opened] = {name: lake.opened(name, actor) for name in reading.datasets}
        for name in (*self.opened, *([view.name] if self._there else [])):
            if lake.sight(name, self._looking) is not None:
                raise Forbidden(
                    f"{actor.principal.name} ({actor.principal.role}) may not refresh view '{view.name}': a policy"
                    f" hides something of '{name}' from that role",
                    hint="have it refreshed by somebody who sees all of its datasets",
                )
        columns = [column for one in self.opened.values() for column in one.schema]
        self.plan: Plan = planned(view.definition.sql, columns)

    @property
    def _there(self) -> bool:
        """Whether the view's dataset is."""
        return self._lake.exists(self._view.name)

    @property
    def stream(self) -> str:
        return f"view {self._view.id}"

    def mark(self) -> int | None:
        """What the dataset says of what its rows are of."""
        return self._lake.checkpoint(self._view.name, self.stream, ROWS) if self._there else None

    def decision(self, *, anew: bool = False) -> Decision:
        """What is to be done."""
        mark = self.mark()
        if mark is None and self.plan.steady:
            return Decision("whole", "it is computed for the first time")
        if anew:
            return Decision("whole", "that was asked for")
        state = None if mark is None else self._store.refreshes.state(self._view.id, mark)
        meddled = "" if state is None else self._meddled(state["version"])
        return decided(self.plan, self._view.definition, state, meddled, self.opened)

    def run(self, lease: Lease, security: Security, *, anew: bool = False) -> Done:
        """Does it.

        Raises:
            Conflict: The dataset is not the view's, or somebody else committed to it meanwhile.
            Invalid: The SQL cannot be answered, or its columns cannot be kept.
        """
        decision = self.decision(anew=anew)
        made: tuple[int, int] | None = None
        if decision.way in ("rows", "groups"):
            try:
                made = self._carried_on(decision, lease, security)
            except _Otherwise as error:
                decision = Decision("whole", str(error))
        if decision.way == "whole":
            made = self._whole(lease, security)
        rows, version = made or (0, self._lake.version(self._view.name))
        return Done(decision, rows, version, {name: one.version for name, one in self.opened.items()})

    def _whole(self, lease: Lease, security: Security) -> tuple[int, int]:
        rows = self._answered(self._view.definition.sql)
        if not self._there:
            sources = ", ".join(self.opened)
            description = self._view.definition.description
            self._lake.create(
                self._view.name, rows.clear(), self._actor, description=description, source=f"view of {sources}"
            )
        with self._staged(rows, lease, security, anew=True) as (staged, checkpoint, mark):
            version = staged.overwrite(checkpoint, after=mark)
        return rows.height, version.number

    def _carried_on(self, decision: Decision, lease: Lease, security: Security) -> tuple[int, int]:
        """
        Raises:
            _Otherwise: What came does not fit what is there.
        """
        grown = self.opened[decision.grown]
        came = self._answered(self._view.definition.sql, {grown.name: grown.rows_in(decision.files)})
        there = self._lake.read(self._view.name, self._looking)
        schema = there.collect_schema()
        rows = _as(came, schema)
        if decision.way == "rows":
            with self._staged(rows, lease, security) as (staged, checkpoint, mark):
                version = staged.append(checkpoint, after=mark)
            return rows.height, version.number
        keys = keys_of(self.plan, schema)
        if any(schema[name].is_nested() for name in keys):
            raise _Otherwise("it groups by lists or structs")
        touched = there
        if keys:
            touched = there.join(rows.lazy().select(keys), on=keys, how="semi", nulls_equal=True)
        before = touched.collect(engine="streaming")
        if any(part.select(keys).n_unique() != part.height for part in (rows, before) if keys) or (
            not keys and (rows.height, before.height) != (1, 1)
        ):
            raise _Otherwise("two of its groups look alike")
        merged = self._answered(put_together(self.plan, schema), {"there": before.to_arrow(), "came": rows.to_arrow()})
        rows = _as(merged, schema)
        with self._staged(rows, lease, security) as (staged, checkpoint, mark):
            if keys:
                version = staged.exchange(keys, checkpoint, after=mark)
            else:
                version = staged.overwrite(checkpoint, after=mark)
        return rows.height, version.number

    def _answered(self, sql: str, over: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """
        Raises:
            Invalid: It takes more memory than a statement may, among others.
        """
        limits = replace(self._door.limits, seconds=math.inf)  # a refresh is nobody's waiting
        return self._door.query(sql, self._actor, limits=limits, over=over).to_polars()

    @contextmanager
    def _staged(
        self, rows: pl.DataFrame, lease: Lease, security: Security, *, anew: bool = False
    ) -> Iterator[tuple[Staged, Checkpoint, int | None]]:
        """The rows beside the dataset's files, and what their commit is to name."""
        view, mark = self._view, self.mark()
        # Before a row of theirs is in it: who may not see all of them sees nothing of it.
        security.made_of(view.name, self.opened)
        self._store.made(view.id, lease, self._lake.id_of(view.name))
        with self._lake.staged(view.name, iter([rows]), self._actor, evolve=anew, replace=anew) as staged:
            failpoint("view.staged")
            state = {**standing(view.definition, self.opened), "version": self._lake.version(view.name) + 1}
            number = self._store.refreshes.propose(view.id, lease, state, beyond=mark or 0)
            failpoint("view.proposed")
            yield staged, Checkpoint(self.stream, ROWS, number), mark
        failpoint("view.committed")

    def _meddled(self, version: int) -> str:
        """Whether somebody else changed the view's dataset since its version, as a clause."""
        for one in self._lake.versions(self._view.name, self._looking):
            if one.number > version and one.operation not in _SAME_ROWS:
                return f"{one.principal} changed its dataset in version {one.number} ({one.operation})"
        return ""


def _as(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Rows in the columns of the view.

    Raises:
        _Otherwise: They do not fit.
    """
    if rows.columns != list(schema):
        raise _Otherwise("it has other columns than before")
    try:
        return rows.cast(schema, strict=True)
    except pl.exceptions.PolarsError:
        raise _Otherwise("its values do not fit the types that its columns had") from None
