"""The ledger of runs. The only file that opens sessions on its tables."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from workbench.foundation.bus import publish
from workbench.foundation.catalog import Catalog, add_missing, utcnow
from workbench.foundation.errors import Conflict, Forbidden, NotFound, unknown
from workbench.foundation.jobs import holder_ended, this_process
from workbench.foundation.listing import Listing
from workbench.foundation.settings import Settings
from workbench.governance.runs.cards import listing
from workbench.governance.runs.environment import environment, sha256_file
from workbench.governance.runs.model import Actor, Direction, Edge, Receipt, Run, RunKind, RunStatus
from workbench.governance.runs.tables import EdgeRow, EngineUseRow, PinRow, RunRow
from workbench.governance.security import Principal, Role, Scope, audit_append

__all__ = ["Runs"]

SHOWN = 10
"""How many of the newest runs stand for all of them."""


class Runs:
    """Every run of a notebook, pipeline, report or replay: what it read and wrote, and its receipt."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings

    def __repr__(self) -> str:
        return repr(self.list(limit=SHOWN))

    def _repr_html_(self) -> str:
        return self.list(limit=SHOWN)._repr_html_()

    def start(
        self,
        kind: RunKind,
        name: str,
        *,
        actor: Actor,
        parameters: Mapping[str, Any],
        fingerprint: str | None = None,
        source: Path | None = None,
        parent: str | None = None,
    ) -> Run:
        """Records that a run begins and makes its directory.

        Args:
            parameters: JSON-safe.
            source: The notebook that runs; its digest goes into the receipt.
        """
        row = RunRow(
            id=_new_id(),
            kind=kind.value,
            name=name,
            status=RunStatus.RUNNING.value,
            started=utcnow(),
            finished=None,
            principal=actor.principal.name,
            role=actor.principal.role.value,
            parent=parent,
            parameters=dict(parameters),
            fingerprint=fingerprint,
            source=None if source is None else str(source),
            source_sha256=None if source is None else sha256_file(source),
            tables={},
            environment=environment(self._settings.home),
            error=None,
            holder=this_process(),
        )
        (self._settings.runs_dir / row.id).mkdir(parents=True)
        with self._catalog.begin() as session:
            session.add(row)
            audit_append(
                session,
                actor=actor.principal.name,
                action="start run",
                thing=f"run {row.id}",
                detail={"kind": row.kind, "name": name, "parent": parent},
            )
            publish(session, "run", row.id, {"action": "start", "kind": row.kind, "name": name})
            session.flush()
            return self._run(row)

    def finish(
        self,
        run_id: str,
        status: RunStatus,
        *,
        error: str | None = None,
        tables: Mapping[str, str] | None = None,
        guard: Callable[[Session], None] | None = None,
    ) -> Run:
        """Records how a run ended and writes its receipt.

        Args:
            tables: Digest of each table the run's output shows, by title.
            guard: Called in the same transaction; raises when the work's lease was lost.

        Raises:
            Conflict: The run has ended already.
        """
        with self._catalog.begin() as session:
            if guard is not None:
                guard(session)
            row = self._row(session, run_id)
            if row.status != RunStatus.RUNNING.value:
                raise Conflict(f"run {run_id} has ended already: {row.status}")
            row.status, row.finished, row.error = status.value, utcnow(), error
            row.tables = dict(tables or {})
            audit_append(
                session,
                actor=row.principal,
                action="finish run",
                thing=f"run {run_id}",
                detail={"status": status.value},
            )
            publish(
                session,
                "run",
                run_id,
                {"action": "finish", "kind": row.kind, "name": row.name, "status": status.value},
            )
            session.flush()
            run = self._run(row)
        self.write_receipt(run_id)
        return run

    def get(self, run_id: str) -> Run:
        """A run by its id, or by a beginning of it that no other run has.

        Raises:
            NotFound: No such run.
            Conflict: Several runs begin like that.
        """
        with self._catalog.read() as session:
            row = session.get(RunRow, run_id)
            if row is None:
                rows = session.scalars(
                    select(RunRow).where(RunRow.id.startswith(run_id, autoescape=True)).limit(3)
                ).all()
                if len(rows) > 1:
                    raise Conflict(f"several runs begin with '{run_id}': {', '.join(found.id for found in rows)}")
                row = rows[0] if rows else None
            if row is None:
                newest = session.scalars(select(RunRow.id).order_by(RunRow.started.desc()).limit(200))
                raise unknown("run", run_id, newest, hint="workbench runs lists them")
            return self._run(row)

    def list(
        self,
        *,
        kind: RunKind | None = None,
        name: str | None = None,
        status: RunStatus | None = None,
        parent: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Listing[Run]:
        """The newest runs first, of those that began before the run with the id `before`; shows itself as a table."""
        query = select(RunRow).order_by(RunRow.started.desc(), RunRow.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(RunRow.kind == kind.value)
        if name is not None:
            query = query.where(RunRow.name == name)
        if status is not None:
            query = query.where(RunRow.status == status.value)
        if parent is not None:
            query = query.where(RunRow.parent == parent)
        with self._catalog.read() as session:
            if before is not None:
                last = self._row(session, before)
                earlier = or_(RunRow.started < last.started, and_(RunRow.started == last.started, RunRow.id < last.id))
                query = query.where(earlier)
            chosen = any(choice is not None for choice in (kind, name, status, parent))
            return listing((self._run(row) for row in session.scalars(query)), chosen=chosen)

    def last_success(self, name: str) -> Run | None:
        """The newest successful run of a name."""
        query = (
            select(RunRow)
            .where(RunRow.name == name, RunRow.status == RunStatus.SUCCEEDED.value, RunRow.kind != RunKind.REPLAY.value)
            .order_by(RunRow.started.desc())
            .limit(1)
        )
        with self._catalog.read() as session:
            row = session.scalars(query).first()
            return None if row is None else self._run(row)

    def reap(self) -> Sequence[Run]:
        """Marks as failed the runs whose process on this host has ended without saying how."""
        with self._catalog.begin() as session:
            running = session.scalars(select(RunRow).where(RunRow.status == RunStatus.RUNNING.value)).all()
            lost = [row for row in running if holder_ended(row.holder)]
            for row in lost:
                row.status, row.finished = RunStatus.FAILED.value, utcnow()
                row.error = "the process that ran it ended"
                audit_append(
                    session,
                    actor=row.principal,
                    action="finish run",
                    thing=f"run {row.id}",
                    detail={"status": "failed"},
                )
            session.flush()
            return [self._run(row) for row in lost]

    def actor(self, run_id: str, asker: Principal, *, replay_of: str | None = None) -> Actor:
        """Who the code inside a run acts as; for a replay, with the versions the original read.

        Args:
            asker: Who the code's process is without the run: the run's own principal, or an admin.

        Raises:
            NotFound: No such run.
            Forbidden: The run has ended, or it is somebody else's.
        """
        with self._catalog.read() as session:
            row = self._row(session, run_id)
            name, role, status = row.principal, Role(row.role), row.status
        if status != RunStatus.RUNNING.value:
            raise Forbidden(f"run {run_id} has ended: nobody acts inside of it any more", hint="unset WORKBENCH_RUN_ID")
        if name == asker.name:
            # A role that was taken away meanwhile is gone; one that was given holds from the next run on.
            principal = replace(asker, role=role if asker.role.includes(role) else asker.role)
        elif asker.role is Role.ADMIN and (asker.scopes is None or Scope.ADMIN in asker.scopes):
            principal = Principal(name, role)
        else:
            raise Forbidden(f"run {run_id} is {name}'s: {asker.name} cannot act inside of it")
        return Actor(principal, run_id, self.versions_read(replay_of) if replay_of else {})

    def versions_read(self, run_id: str) -> dict[str, int]:
        """The version of each dataset that a run first read without naming one: its input, not what it wrote itself."""
        found: dict[str, int] = {}
        for edge in self.edges(run_id):
            if edge.kind == "dataset" and edge.direction == "read" and not edge.detail.get("explicit"):
                found.setdefault(edge.name, int(edge.version))
        return found

    def record(
        self,
        run_id: str,
        direction: Direction,
        kind: str,
        name: str,
        version: str,
        *,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds a lineage edge; the same one twice is one."""
        with self._catalog.begin() as session:
            self.record_in(session, run_id, direction, kind, name, version, detail=detail)

    def record_in(
        self,
        session: Session,
        run_id: str,
        direction: Direction,
        kind: str,
        name: str,
        version: str,
        *,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """`record` in the caller's own transaction."""
        values = {"run": run_id, "direction": direction, "kind": kind, "name": name, "version": version}
        add_missing(session, EdgeRow, **values, detail=dict(detail or {}))

    def edges(self, run_id: str) -> Sequence[Edge]:
        """What a run read and wrote, in the order it first did."""
        with self._catalog.read() as session:
            rows = session.scalars(select(EdgeRow).where(EdgeRow.run == run_id).order_by(EdgeRow.id))
            return [_edge(row) for row in rows]

    def lineage(self, kind: str, name: str) -> Sequence[Edge]:
        """Every edge of one thing, newest first: which runs read it and which wrote it."""
        with self._catalog.read() as session:
            query = select(EdgeRow).where(EdgeRow.kind == kind, EdgeRow.name == name).order_by(EdgeRow.id.desc())
            return [_edge(row) for row in session.scalars(query)]

    def record_engine(self, run_id: str, use: Mapping[str, Any]) -> None:
        """Records which engine computed something in a run, whether it fell back, and how long it took."""
        with self._catalog.begin() as session:
            session.add(EngineUseRow(run=run_id, use=dict(use)))

    def pin(self, run_id: str, dataset_id: str, version: int) -> None:
        """Keeps a dataset's version from clean-up for `pin_days`. Call it before reading."""
        until = utcnow() + timedelta(days=self._settings.pin_days)
        with self._catalog.begin() as session:
            add_missing(session, PinRow, run=run_id, dataset=dataset_id, version=version, until=until)

    def pinned(self, dataset_id: str) -> set[int]:
        """The versions of a dataset that some run's receipt still needs."""
        with self._catalog.read() as session:
            query = select(PinRow.version).where(
                PinRow.dataset == dataset_id, or_(PinRow.until.is_(None), PinRow.until > utcnow())
            )
            return set(session.scalars(query))

    def pinned_by(self, run_id: str) -> set[str]:
        """The ids of the datasets that a run read; of those deleted since, none."""
        with self._catalog.read() as session:
            return set(session.scalars(select(PinRow.dataset).where(PinRow.run == run_id)))

    def keep(self, run_id: str) -> None:
        """Keeps everything a run read, for ever."""
        with self._catalog.begin() as session:
            self._row(session, run_id)
            session.execute(update(PinRow).where(PinRow.run == run_id).values(until=None))

    def forget_pins(self, session: Session, dataset_id: str) -> None:
        """Drops the pins of a dataset that is deleted, in the transaction that deletes it."""
        session.execute(delete(PinRow).where(PinRow.dataset == dataset_id))

    def receipt(self, run_id: str) -> Receipt:
        """What made a run's result, as far as the run has come."""
        run = self.get(run_id)
        edges = self.edges(run.id)
        with self._catalog.read() as session:
            row = self._row(session, run.id)
            engines = session.scalars(
                select(EngineUseRow.use).where(EngineUseRow.run == run.id).order_by(EngineUseRow.id)
            ).all()
            return Receipt(
                run=run.id,
                kind=run.kind,
                name=run.name,
                status=run.status,
                principal=run.principal,
                started=run.started,
                finished=run.finished,
                parameters=dict(run.parameters),
                notebook=row.source,
                notebook_sha256=row.source_sha256,
                read=[edge for edge in edges if edge.direction == "read"],
                wrote=[edge for edge in edges if edge.direction == "write"],
                engines=list(engines),
                tables=row.tables,
                seeds={},
                error=run.error,
                **row.environment,
            )

    def write_receipt(self, run_id: str) -> Path:
        """Writes `receipt.json` into the run's directory: whole or not at all."""
        run = self.get(run_id)
        path = run.directory / "receipt.json"
        aside = path.with_suffix(".tmp")
        with aside.open("w", encoding="utf-8") as file:
            file.write(self.receipt(run.id).model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        return path

    def _row(self, session: Session, run_id: str) -> RunRow:
        row = session.get(RunRow, run_id)
        if row is None:
            raise NotFound(f"no run '{run_id}'", hint="workbench runs lists them")
        return row

    def _run(self, row: RunRow) -> Run:
        return Run(
            id=row.id,
            kind=RunKind(row.kind),
            name=row.name,
            status=RunStatus(row.status),
            started=row.started,
            finished=row.finished,
            principal=row.principal,
            role=Role(row.role),
            parent=row.parent,
            parameters=row.parameters,
            fingerprint=row.fingerprint,
            error=row.error,
            directory=self._settings.runs_dir / row.id,
            holder=row.holder,
        )


def _new_id() -> str:
    """Sorts by time and can be read aloud: "20130101-063000-4f2a9c"."""
    return f"{utcnow():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _edge(row: EdgeRow) -> Edge:
    direction: Direction = "read" if row.direction == "read" else "write"
    return Edge(row.run, direction, row.kind, row.name, row.version, row.detail)
