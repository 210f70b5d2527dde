"""The SQL door: datasets are tables, and there is nothing else behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.data.lake import Lake, went
from workbench.data.sql.apart import Apart
from workbench.data.sql.explaining import explained
from workbench.data.sql.limits import Limits, Watch
from workbench.data.sql.plans import Read, told
from workbench.data.sql.result import SqlResult
from workbench.data.sql.session import Session, Sessions, Unread
from workbench.data.sql.statement import Statement
from workbench.foundation.errors import Forbidden, Invalid, unknown
from workbench.governance.runs import Actor

__all__ = ["Reading", "SqlDoor"]

_TIME = pa.timestamp("us", "UTC")

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True)
class Reading:
    """What a statement reads, known without running it.

    Attributes:
        datasets: The names of the datasets, sorted.
        parameters: The names of its `$name`.
    """

    datasets: tuple[str, ...]
    parameters: frozenset[str]


class SqlDoor:
    """Answers SELECT statements over the datasets of a lake.

    Args:
        limits: The most that a statement may take.
        apart: Statements are answered in processes of their own, so that none can harm this one.
    """

    def __init__(self, lake: Lake, limits: Limits, *, apart: bool = False) -> None:
        self._lake = lake
        self._session: Callable[[Limits], Sessions] = Apart if apart else Session
        self.limits = limits

    def query(
        self,
        statement: str,
        actor: Actor,
        *,
        parameters: Parameters | None = None,
        versions: Mapping[str, int] | None = None,
        limits: Limits | None = None,
        cancelled: Callable[[], bool] | None = None,
        over: Mapping[str, Any] | None = None,
    ) -> SqlResult:
        """Answers one SELECT, under the asker's policies; inside a run, on its sealed versions.

        Args:
            statement: SQL in DuckDB's dialect. Datasets are its tables; quote a name that has a `-`. A past version is
                `FROM flights AT (VERSION => 3)`, with an alias before the AT.
            parameters: Values for `$name` by name, or for `?` in order. They are bound, never pasted into the text.
            versions: Dataset -> the version to read, where the statement itself names none.
            limits: What it may take; by default as much as any.
            cancelled: Whether somebody wants the statement ended; asked a few times a second, in another thread.
            over: Name -> rows, as a table or dataset of Arrow, that stand for the dataset of that name, or beside all
                datasets.

        Returns:
            The rows. Times are UTC with microseconds, and so is a timestamp that the statement made without a zone.
            Whole-number sums are 64-bit where they fit.

        Raises:
            Invalid: It is not one SELECT, does not parse, or names a column that is not there.
            Forbidden: It tries to read or change something else than datasets, or a policy cannot be applied.
            NotFound: No such dataset or version; the message has the nearest name.
            IntegrityError: A file of a dataset cannot be read.
            TooLong: It took longer than it may.
            TooLarge: It, or its result, needs more memory than it may take.
            Cancelled: Somebody asked for its end.
        """
        allowed = limits or self.limits
        began = time.perf_counter()
        bound = parameters if isinstance(parameters, Mapping) else list(parameters or ())

        def answered(asked: _Asked) -> SqlResult:
            table, cut = asked.session.fetched(asked.parsed.text, bound, asked.watch.check)
            explain = partial(
                self.explain, statement, actor, parameters=parameters, versions=dict(asked.unsaid), limits=allowed
            )
            seconds = time.perf_counter() - began
            return SqlResult(_tidied(table), versions=asked.read, cut=cut, seconds=seconds, explain=explain)

        return self._asked(answered, statement, actor, versions or {}, allowed, cancelled, over)

    def check(self, statement: str, actor: Actor, *, parameters: Mapping[str, Any] | None = None) -> Reading:
        """Looks whether a statement can be answered, without running it: whether datasets and columns are there.

        Args:
            parameters: A value of the right type for each `$name`. Not given: it is only read, and columns are not
                looked for.

        Raises:
            As `query`, where that needs no rows to be read.
        """

        def looked(asked: _Asked) -> Reading:
            if parameters is not None:
                asked.session.plan(asked.parsed.text, parameters)
            return Reading(tuple(sorted(asked.read)), asked.parsed.parameters)

        return self._asked(looked, statement, actor, {}, self.limits, None)

    def explain(
        self,
        statement: str,
        actor: Actor,
        *,
        parameters: Parameters | None = None,
        versions: Mapping[str, int] | None = None,
        limits: Limits | None = None,
    ) -> str:
        """How a statement is answered, without answering it: the plan, and what is read of each dataset's files.

        What a policy says is not in it: a plan begins with the rows that it leaves.

        Raises:
            As `query`, where that needs no rows to be read.
        """
        bound = parameters if isinstance(parameters, Mapping) else list(parameters or ())
        allowed = limits or self.limits

        def looked(asked: _Asked) -> str:
            plan = asked.session.plan(asked.parsed.text, bound)
            schemas = {label: one.schema for label, one in asked.tables.items()}
            columns = asked.session.columns_read(asked.parsed.text, schemas, bound)
            reads: dict[tuple[str, int], Read] = {}
            for label, one in asked.tables.items():
                parts, version = self._lake.parts(one.dataset, actor, version=one.version)
                before = reads.get((one.dataset, version))
                read = set(schemas[label].names if parts.veiled else columns[label])
                read |= set(before.columns) if before else set()
                named = tuple(name for name in schemas[label].names if name in read)
                reads[one.dataset, version] = Read(one.dataset, version, parts, named)
            return told(plan, reads.values(), allowed)

        return self._asked(looked, statement, actor, versions or {}, allowed, None)

    def _asked(
        self,
        work: Callable[[_Asked], T],
        statement: str,
        actor: Actor,
        versions: Mapping[str, int],
        limits: Limits,
        cancelled: Callable[[], bool] | None,
        over: Mapping[str, Any] | None = None,
    ) -> T:
        """Works in a session in which nothing but the statement's datasets is; what fails there is told plainly."""
        columns: set[str] = set()
        read: dict[str, tuple[int, ...]] = {}

        def worked() -> T:
            try:
                asked = _Asked(session, session.parsed(statement), watch, read)
                self._register(asked, actor, versions, columns, over or {})
                watch.check()
                return work(asked)
            except Unread as error:
                self._look_for_damage(read, actor)
                raise Forbidden(
                    "the statement cannot be answered: what your policy leaves of the datasets cannot be computed",
                    hint="an admin of this workspace can mend the policy",
                ) from error
            except (duckdb.Error, pa.ArrowException, OSError, MemoryError) as error:
                gone = isinstance(error, FileNotFoundError)
                if gone or "reading the stream" in str(error):
                    self._look_for_damage(read, actor)
                    gone = gone or "No such file" in str(error)
                if gone:
                    raise went(" and ".join(sorted(read))) from error
                raise explained(error, statement, columns, megabytes=limits.megabytes) from error

        with self._session(limits) as session:
            watch = Watch(session.interrupt, session.memory, limits, cancelled)
            return watch.run(worked)

    def _look_for_damage(self, read: Mapping[str, Sequence[int]], actor: Actor) -> None:
        for name, versions in read.items():
            for version in versions:
                self._lake.read_through(name, actor, version=version)

    def _register(
        self,
        asked: _Asked,
        actor: Actor,
        versions: Mapping[str, int],
        columns: set[str],
        over: Mapping[str, Any],
    ) -> None:
        parsed = asked.parsed
        known = {name.casefold(): name for name in self._lake.names()} if parsed.tables else {}  # none differ in case
        wanted = {name.casefold(): (name, _number(name, version)) for name, version in versions.items()}
        given = {name.casefold(): rows for name, rows in over.items()}
        read = asked.read
        for label, table in sorted(parsed.tables.items()):
            if table.version is None and (rows := given.get(table.name.casefold())) is not None:
                columns.update(asked.session.register(label, rows).names)
                continue
            name = known.get(table.name.casefold())
            if name is None and table.name in parsed.defined and table.version is None:
                continue
            if name is None:
                raise unknown("dataset", table.name, known.values(), hint="workbench dataset list shows them")
            asked_for = wanted.pop(name.casefold(), (name, None))[1] if table.version is None else table.version
            if asked_for is None and actor.run is None:  # held fast, so that the version told is the one read
                asked_for = self._lake.read_with_version(name, actor)[1]
            version = self._lake.read_with_version(name, actor)[1] if asked_for is None else asked_for
            read[name] = tuple(sorted({*read.get(name, ()), version}))
            parts, _ = self._lake.parts(name, actor, version=asked_for)
            whole = parts if parts.veiled else self._lake.arrow_dataset(name, actor, version=asked_for)
            known_as = label if table.version is not None else name
            schema = asked.session.register(known_as, whole)
            asked.tables[known_as] = _Table(name, version, schema)
            if table.version is None:
                asked.unsaid[name] = version
            columns.update(schema.names)
        unread = sorted(name for key, (name, _) in wanted.items() if key not in {one.casefold() for one in read})
        if unread:
            raise unknown("dataset that the statement reads is called", unread[0], read, error=Invalid)


@dataclass(frozen=True)
class _Table:
    dataset: str
    version: int
    schema: pa.Schema


@dataclass(frozen=True)
class _Asked:
    """A statement in its session.

    Attributes:
        tables: What it reads, by the name that it calls it.
        unsaid: Dataset -> the version that is read where the statement names none.
    """

    session: Sessions
    parsed: Statement
    watch: Watch
    read: dict[str, tuple[int, ...]]
    tables: dict[str, _Table] = field(default_factory=dict)
    unsaid: dict[str, int] = field(default_factory=dict)


def _number(name: str, version: object) -> int:
    if isinstance(version, bool) or not isinstance(version, int):
        raise Invalid(f"{version!r} is not the number of a version of '{name}'", hint='versions={"flights": 3}')
    return version


def _tidied(table: pa.Table) -> pa.Table:
    columns = [_tidy(table.column(index)) for index in range(table.num_columns)]
    return pa.Table.from_arrays(columns, names=_distinct(table.column_names))


def _tidy(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return (
            column.cast(pa.timestamp("us", kind.tz)).cast(_TIME)
            if kind.tz
            else pc.assume_timezone(column.cast(pa.timestamp("us")), "UTC")
        )
    if pa.types.is_decimal(kind) and kind.scale == 0 and kind.precision == 38:  # a sum of whole numbers
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            return column
    return column


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    given = []
    for name in names:
        count = seen[name] = seen.get(name, 0) + 1
        given.append(name if count == 1 else f"{name}_{count}")
    return given
