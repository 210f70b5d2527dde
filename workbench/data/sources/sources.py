"""`wb.sources`: where rows come from, as the catalog knows it, and bringing them in."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.data.connectors import FileSource, Stream, kind_of
from workbench.data.lake import Lake
from workbench.data.quality import Quality
from workbench.data.sources.cards import listed, syncs_listed
from workbench.data.sources.filing import load_files
from workbench.data.sources.following import follow
from workbench.data.sources.job import Job, stream_of
from workbench.data.sources.model import DataSource, SourceDefinition, SyncRecord, Tested
from workbench.data.sources.reading import Opened, opened, told
from workbench.data.sources.refreshing import refresh
from workbench.data.sources.store import SourceStore
from workbench.data.sources.streaming import offered, refuse_again, take
from workbench.foundation.catalog import Catalog
from workbench.foundation.definitions import validated
from workbench.foundation.errors import Conflict, Forbidden, Invalid, WorkbenchError, unknown
from workbench.foundation.jobs import Jobs, Lease
from workbench.foundation.listing import Listing
from workbench.foundation.observability import logger
from workbench.foundation.settings import Settings
from workbench.foundation.wording import counted, do
from workbench.governance.runs import Actor, Run, RunKind, Runs, RunStatus
from workbench.governance.security import Role, Scope, Security

__all__ = ["Sources"]

_logger = logger("sources")
_WAYS: dict[str, Callable[[Job], None]] = {
    "refresh": refresh,
    "append": follow,
    "upsert": follow,
    "files": load_files,
    "stream": take,
}


class Sources:
    """The data sources of a workspace, as one actor sees them. To look takes an analyst, all else an engineer.

    Args:
        quality: Gives what holds rows against a suite of expectations, and messages back, as an actor does.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        lake: Lake,
        runs: Runs,
        security: Security,
        actor: Actor,
        quality: Callable[[Actor], Quality],
    ) -> None:
        self._store = SourceStore(catalog)
        self._jobs = Jobs(catalog)
        self._settings = settings
        self._lake = lake
        self._runs = runs
        self._security = security
        self._actor = actor
        self._quality = quality

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def list(self) -> Listing[DataSource]:
        """Every source, by name.

        Raises:
            Forbidden: It takes an analyst.
        """
        self._may_look()
        return listed(self._counted(source) for source in self._store.all())

    def get(self, name: str) -> DataSource:
        """
        Raises:
            NotFound: No such source; the message has the nearest one.
            Forbidden: It takes an analyst.
        """
        self._may_look()
        return self._counted(self._store.get(name))

    def add(self, name: str, /, url: str, *, into: str, **settings: Any) -> DataSource:
        """Adds a source: `wb.sources.add("orders", "postgresql://shop@db/shop", into="orders", table="orders",
        password="env:SHOP_PASSWORD", mode="upsert", key="id", cursor="updated_at")`.

        Nothing is read yet: `test` looks whether it can be, `sync` brings the rows in.

        Args:
            url: A path or a URL as for `wb.datasets.load`, without a password.
            into: The dataset.
            settings: See `SourceDefinition`.

        Raises:
            Invalid: It has mistakes, or a secret in clear; all of them are named.
            NotFound: No connector for what its URL begins with.
            Conflict: There is a source of that name.
            Forbidden: It takes an engineer.
        """
        self._may_change(f"add the source '{name}'")
        definition = validated(SourceDefinition, {**settings, "name": name, "url": url, "into": into}, noun="source")
        kind_of(definition.url)
        self._refuse_own_state(definition)
        return self._counted(self._store.add(definition, by=self._actor.principal.name))

    def change(self, name: str, /, **settings: Any) -> DataSource:
        """Changes some of what a source says; what it said before stays in `versions`.

        Where another table, key or cursor decides which rows there are, the next sync loads all of it anew, aside, and
        swaps it in.

        Raises:
            NotFound: No such source, or no connector for its URL.
            Invalid: It would have mistakes; all of them are named.
            Conflict: Somebody else changed it meanwhile.
            Forbidden: It takes an engineer.
        """
        self._may_change(f"change the source '{name}'")
        source = self._store.get(name)
        if "name" in settings:
            raise Conflict("a source keeps its name", hint="add another one, and remove this")
        given = {**source.definition.model_dump(exclude_defaults=True), **settings}
        definition = validated(SourceDefinition, given, noun="source")
        kind_of(definition.url)
        self._refuse_own_state(definition)
        if definition == source.definition:
            return self._counted(source)
        if self._lake.exists(definition.into):
            refuse_again(source.definition, definition)
        return self._counted(self._store.change(source, definition, by=self._actor.principal.name))

    def pause(self, name: str) -> DataSource:
        """Has syncs of a source refused until it is resumed; one that is under way ends.

        Raises:
            NotFound: No such source.
            Forbidden: It takes an engineer.
        """
        self._may_change(f"pause the source '{name}'")
        return self._counted(self._store.pause(name, paused=True, by=self._actor.principal.name))

    def resume(self, name: str) -> DataSource:
        """Lets a paused source be synced again.

        Raises:
            NotFound: No such source.
            Forbidden: It takes an engineer.
        """
        self._may_change(f"resume the source '{name}'")
        return self._counted(self._store.pause(name, paused=False, by=self._actor.principal.name))

    def remove(self, name: str) -> None:
        """Forgets a source and how far it is. Its dataset, its runs and the audit log stay.

        Raises:
            NotFound: No such source.
            Conflict: It is being synced.
            Forbidden: It takes an engineer.
        """
        self._may_change(f"remove the source '{name}'")
        source = self._store.get(name)
        with self._jobs.held("source", name):
            if self._lake.exists(source.definition.into):
                held = self._quality(self._actor).held
                held.turning(stream_of(source)).settle(source.definition.into, forgotten=True)
            self._store.remove(name, by=self._actor.principal.name)

    def versions(self, name: str) -> builtins.list[DataSource]:
        """What a source said, newest first.

        Raises:
            NotFound: No such source.
            Forbidden: It takes an analyst.
        """
        self._may_look()
        return self._store.history(self._store.get(name).id)

    def history(self, name: str, *, limit: int = 50) -> Listing[SyncRecord]:
        """The syncs of a source, newest first.

        Raises:
            NotFound: No such source.
            Forbidden: It takes an analyst.
        """
        self._may_look()
        source = self._store.get(name)
        found = self._store.syncs.latest(source.id, limit)
        return syncs_listed(one.closed() for one in found) if self._closed(source) else syncs_listed(found)

    def test(self, name: str) -> Tested:
        """Looks whether a source can be read and has the columns that it is to be loaded by. Nothing is loaded.

        Raises:
            NotFound: No such source, or what it names is not there.
            Invalid: It cannot be read as what it claims to be.
            Unavailable: It cannot be reached.
            Forbidden: It takes an engineer.
        """
        self._may_change(f"test the source '{name}'")
        one = self._store.get(name).definition
        secret = ""
        try:
            found = self._opened(one)
            if isinstance(found.place, Stream):
                with self._jobs.held("source", name):  # who asks a stream is one of those that it gives messages to
                    return offered(found.place)
            secret = found.secret
            first = next(found.frames(islice(found.all(), 1)))
            for column in (*one.key, *filter(None, (one.cursor, one.deleted))):
                if column not in first.columns:
                    raise unknown("column", column, first.columns)
        except WorkbenchError as error:
            raise told(error, one, secret) from None
        columns = {column: str(kind) for column, kind in first.schema.items()}
        asked = bool(one.cursor) and found.asks(first.to_arrow().schema.field(one.cursor).type)
        return Tested(columns, first.height, asked)

    def sync(
        self,
        name: str,
        *,
        anew: bool = False,
        on_progress: Callable[[str], None] | None = None,
        parent: str | None = None,
        fingerprint: str | None = None,
        run_name: str | None = None,
        guard: Callable[[Any], None] | None = None,
    ) -> SyncRecord:
        """Brings a source's rows in. Interrupted at any moment, the next sync goes on without losing a row or having
        one twice.

        Args:
            anew: Load all of it and put that in the place of what is there, whatever was loaded before.
            on_progress: Called with a line of text, now and then.
            parent: The run that asked for it; by default the one that is acted in.
            fingerprint: Of a stage of a pipeline, kept with the run.
            run_name: Of the run, where it is not the source's name.
            guard: Called in the transaction that records the run's success.

        Returns:
            What it did; its run has a receipt.

        Raises:
            NotFound: No such source, or what it names is not there.
            Conflict: It is paused, or being synced already.
            Invalid: The source cannot be read, or its rows do not fit the dataset.
            CheckFailed: The rows do not meet what is expected of them; none of them came in.
            Unavailable: The source cannot be reached, or the disk is full.
            Forbidden: It takes an engineer.
        """
        self._may_change(f"sync the source '{name}'")
        source = self._store.get(name)
        if anew and source.definition.mode == "stream":
            raise Invalid(
                f"source '{name}' is a stream, which gives its messages once",
                hint="a source with another group= in its address is given those that are still there",
            )
        if source.paused:
            raise Conflict(
                f"source '{name}' is paused since {source.paused:%Y-%m-%d %H:%M} UTC",
                hint=f"workbench source resume {name}",
            )
        self._runs.reap()
        with self._jobs.held("source", name) as lease:
            source = self._store.get(name)  # as nobody changes it for another sync any more
            run = self._runs.start(
                RunKind.SYNC,
                run_name or name,
                actor=self._actor,
                parameters={"source": name, "version": source.version, "anew": anew},
                parent=parent or self._actor.run,
                fingerprint=fingerprint,
            )
            sync = self._store.syncs.begin(
                source.id, run.id, by=self._actor.principal.name, mode=source.definition.mode
            )
            try:
                job = self._job(source, lease, run, anew=anew, on_progress=on_progress or (lambda line: None))
                done = self._work(job, sync)
                self._runs.finish(run.id, RunStatus.SUCCEEDED, guard=lambda session: self._guard(session, lease, guard))
            except BaseException as error:
                said, hint = str(error) or type(error).__name__, getattr(error, "hint", None)
                self._store.syncs.end(sync, None, outcome="failed", error=said, hint=hint)
                self._runs.finish(run.id, RunStatus.FAILED, error=said)
                raise
        _logger.info("source %s: %r", name, done)
        return done

    def _job(
        self, source: DataSource, lease: Lease, run: Run, *, anew: bool, on_progress: Callable[[str], None]
    ) -> Job:
        actor = Actor(self._actor.principal, run.id)
        found = self._opened(source.definition)
        return Job(
            source=source,
            opened=found,
            lake=self._lake,
            store=self._store,
            lease=lease,
            actor=actor,
            quality=self._quality(actor),
            anew=anew,
            on_progress=on_progress,
        )

    def _work(self, job: Job, sync: int) -> SyncRecord:
        one = job.definition
        where = job.opened.place.url + (f", table {one.table}" if one.table else "")
        try:
            look = job.opened.look()
            self._runs.record(job.actor.run or "", "read", "source", one.name, look, detail={"url": where})
            if self._lake.exists(one.into):
                job.quality.held.turning(job.stream).settle(one.into)
            _WAYS[one.mode](job)
        except BaseException as error:
            if job.made and self._lake.versions(one.into, job.actor)[0].number == 0:
                with suppress(WorkbenchError):  # it is empty, and nobody asked for an empty dataset
                    self._lake.delete(one.into, job.actor, told=False)
            if isinstance(error, WorkbenchError):
                raise told(error, one, job.opened.secret) from error.__cause__
            raise
        version = self._lake.version(one.into) if self._lake.exists(one.into) else None
        found = job.found
        if found.held and one.mode != "stream":
            kept = f"{counted(found.held, 'row')} that {do(found.held)} not fit"
            found.notes.append(f"{kept}, held back with the reasons: workbench quarantine list {one.into}")
        return self._store.syncs.end(
            sync, job.lease, outcome="succeeded", rows=found.rows, removed=found.removed, held=found.held,
            version=version, everything=found.everything, notes=found.notes,
        )  # fmt: skip

    def _guard(self, session: Any, lease: Lease, more: Callable[[Any], None] | None) -> None:
        self._jobs.guard(session, lease)
        if more is not None:
            more(session)

    def _counted(self, source: DataSource) -> DataSource:
        if source.last is not None and self._closed(source):
            source = replace(source, last=source.last.closed())
        with suppress(WorkbenchError):
            return replace(source, records=self._lake.info(source.definition.into, self._actor).rows)
        return source

    def _closed(self, source: DataSource) -> bool:
        """Whether a policy hides some of the source's dataset from the actor."""
        return self._security.policy_for(self._actor.principal, source.definition.into) is not None

    def _may_look(self) -> None:
        self._security.require(self._actor.principal, Role.ANALYST, "look at data sources", scope=Scope.READ)

    def _may_change(self, doing: str) -> None:
        self._security.require(self._actor.principal, Role.ENGINEER, doing)

    def _opened(self, definition: SourceDefinition) -> Opened:
        found = opened(definition, self._settings.home)
        if isinstance(found.place, FileSource):
            for file in found.place.files():
                self._refuse_own(definition, Path(file.place))
        return found

    def _refuse_own_state(self, definition: SourceDefinition) -> None:
        scheme, _, rest = definition.url.partition("://")
        if rest and scheme.partition("+")[0] not in ("file", "sqlite", "duckdb", "delta"):
            return
        path = (rest or definition.url).partition("#")[0]
        # Of a database's URL the first slash is none of the path's.
        for written in {path, path.removeprefix("/")}:
            self._refuse_own(definition, self._settings.home / Path(written).expanduser())

    def _refuse_own(self, definition: SourceDefinition, path: Path) -> None:
        """The workspace's own files are read through the lake, under policies, and not around it."""
        for own in (self._settings.state, self._settings.lake_root):
            if path.resolve().is_relative_to(own.resolve()):
                raise Forbidden(
                    f"source '{definition.name}' would read the workspace's own files",
                    hint="a dataset is read by its name, under the policies that hold for it",
                )
