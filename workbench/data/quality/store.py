"""Quality results in the catalog. The only file that opens sessions on `quality_result`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, Select, cast, delete, func, select, update
from sqlalchemy.orm import Session

from workbench.data.quality.model import Held, Outcome, QualityResult, State
from workbench.data.quality.tables import HeldRow, PromiseRow, QualityResultRow
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import NotFound
from workbench.foundation.jobs import Jobs, Lease

__all__ = ["HeldStore", "PromiseStore", "QualityStore", "nothing_as"]

NameOf = Callable[[str], str | None]


class QualityStore:
    """What checks found, over time."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def add(self, result: QualityResult, principal: str, sights: Mapping[str, str | None]) -> None:
        """Keeps a result without its sample rows.

        Args:
            sights: Dataset -> who sees the same of it, for those that were looked at.
        """
        outcomes = [{name: value for name, value in asdict(o).items() if name != "sample"} for o in result.outcomes]
        with self._catalog.begin() as session:
            session.add(
                QualityResultRow(
                    dataset=result.dataset,
                    version=result.version,
                    suite=result.suite,
                    run=result.run,
                    principal=principal,
                    checked=result.checked,
                    seconds=result.seconds,
                    rows=result.rows,
                    passed=result.passed,
                    outcomes=outcomes,
                    sights=dict(sights),
                )
            )

    def of(
        self, dataset: str, limit: int, seen: Callable[[Mapping[str, str | None]], bool], *, suite: str | None = None
    ) -> list[QualityResult]:
        """The latest results of a dataset, newest first.

        Args:
            seen: Whether whoever asks sees the same of these datasets, by the sights of a result.
            suite: Only of this one.
        """
        query = (
            select(QualityResultRow)
            .where(QualityResultRow.dataset == dataset)
            .order_by(QualityResultRow.id.desc())
            .execution_options(yield_per=100)
        )
        if suite is not None:
            query = query.where(QualityResultRow.suite == suite)
        with self._catalog.read() as session:
            alike = (row for row in session.scalars(query) if seen(row.sights or {dataset: None}))
            return [_result(row) for row in islice(alike, limit)]


class HeldStore:
    """Batches of rows that are held back. `name_of` says what the dataset of an id is called, None where it is gone."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._jobs = Jobs(catalog)

    def batches(self, dataset_id: str | None, *, ended: bool, name_of: NameOf) -> list[Held]:
        """Newest first.

        Args:
            dataset_id: Of one dataset; of all when None.
            ended: With those of which no rows are held any more.
        """
        query = select(HeldRow).order_by(HeldRow.held.desc(), HeldRow.id)
        if dataset_id is not None:
            query = query.where(HeldRow.dataset_id == dataset_id)
        if not ended:
            query = query.where(HeldRow.ended.is_(None))
        with self._catalog.read() as session:
            rows = list(session.scalars(query))
        names = {one: name_of(one) for one in {row.dataset_id for row in rows}}
        return [_held(row, name) for row in rows if (name := names[row.dataset_id]) is not None]

    def get(self, id: str, *, name_of: NameOf) -> Held:
        """
        Raises:
            NotFound: There is no such batch, or its dataset was deleted.
        """
        with self._catalog.read() as session:
            row = session.get(HeldRow, id)
        name = None if row is None else name_of(row.dataset_id)
        if row is None or name is None:
            raise nothing_as(id)
        return _held(row, name)

    def same(self, dataset_id: str, content: str, *, name_of: NameOf, origin: str | None = None) -> Held | None:
        """A batch of the same rows that is held now.

        Args:
            origin: Only of this one.
        """
        query = select(HeldRow).where(
            HeldRow.dataset_id == dataset_id, HeldRow.content == content, HeldRow.state == "held"
        )
        if origin is not None:
            query = query.where(HeldRow.origin == origin)
        with self._catalog.read() as session:
            row = session.scalars(query).first()
        name = None if row is None else name_of(row.dataset_id)
        return None if row is None or name is None else _held(row, name)

    def add(
        self,
        batches: Sequence[tuple[Held, str]],
        dataset_id: str,
        *,
        ending: Sequence[tuple[str, State]] = (),
        lease: Lease | None = None,
    ) -> None:
        """Records batches and what tells their content, all at once.

        Args:
            ending: Batches that end with that, and how: those that they are the parts of, or take the place of.
            lease: Under which they were made.

        Raises:
            Conflict: The lease was lost meanwhile.
        """
        with self._catalog.begin() as session:
            if lease is not None:
                self._jobs.guard(session, lease)
            for id, state in ending:
                self._changed(session, id, state, utcnow())
            for one, content in batches:
                told = {name: value for name, value in asdict(one).items() if name != "dataset"}
                session.add(HeldRow(**told, dataset_id=dataset_id, content=content))

    def turn(
        self,
        coming: Sequence[tuple[Held, str]],
        dataset_id: str,
        going: Iterable[str],
        turn: Mapping[str, Any],
        *,
        lease: Lease,
    ) -> None:
        """Records batches that are held once a commit is made, and beside others that they go by it.

        What was recorded of the same commit before, by whoever did not live to make it, counts no more.

        Raises:
            Conflict: The lease was lost meanwhile.
        """
        with self._catalog.begin() as session:
            self._jobs.guard(session, lease)
            turning = HeldRow.dataset_id == dataset_id, HeldRow.ended.is_(None), HeldRow.turns.is_not(None)
            for row in session.scalars(select(HeldRow).where(*turning)):
                turns = row.turns or {}
                if "comes" in turns and _same(turns["comes"], turn):
                    session.delete(row)
                elif "goes" in turns:
                    others = [one for one in turns["goes"] if not _same(one, turn)]
                    row.turns = {"goes": others} if others else None
            for one, content in coming:
                told = {name: value for name, value in asdict(one).items() if name != "dataset"}
                session.add(HeldRow(**told, dataset_id=dataset_id, content=content))
            for id in going:
                row = session.get_one(HeldRow, id)
                row.turns = {"goes": [*(row.turns or {}).get("goes", []), dict(turn)]}

    def turned(
        self, *, held: Sequence[str], replaced: Sequence[str], dropped: Sequence[str], cleared: Sequence[str]
    ) -> None:
        """Records what became of batches by commits, all at once; of those that are other ones by now nothing."""
        now = utcnow()
        with self._catalog.begin() as session:
            for ids, before, after in (
                (held, "pending", {"state": "held"}),
                (replaced, "held", {"state": "replaced", "ended": now}),
                (cleared, "held", {}),
            ):
                query = update(HeldRow).where(HeldRow.id.in_(ids), HeldRow.state == before)
                session.execute(query.values(turns=None, **after))
            session.execute(delete(HeldRow).where(HeldRow.id.in_(dropped), HeldRow.state == "pending"))

    def reached(self, dataset_id: str, origin: str, part: str) -> int:
        """The position of the last message of a part of a stream that was held back, whatever became of it; or 0."""
        query = _of_part(select(func.max(_to)), dataset_id, origin, part)
        with self._catalog.read() as session:
            return session.scalar(query) or 0

    def positions(self, dataset_id: str, origin: str, part: str, *, since: int) -> set[int]:
        """The positions of messages after `since` that were held back, whatever became of them."""
        query = _of_part(select(HeldRow.how), dataset_id, origin, part).where(_to > since)
        with self._catalog.read() as session:
            return {position for how in session.scalars(query) for position in how.get("positions", ())}

    def gone(self, name_of: NameOf) -> list[str]:
        """Ids of datasets that are no more, from which rows are held back."""
        with self._catalog.read() as session:
            ids = list(session.scalars(select(HeldRow.dataset_id).where(HeldRow.ended.is_(None)).distinct()))
        return [one for one in ids if name_of(one) is None]

    def open(self, dataset_id: str) -> set[str]:
        """Ids of the batches whose rows are held or being loaded."""
        query = select(HeldRow.id).where(HeldRow.dataset_id == dataset_id, HeldRow.ended.is_(None))
        with self._catalog.read() as session:
            return set(session.scalars(query))

    def end(self, dataset_id: str) -> None:
        """All that is held back from a dataset is discarded."""
        with self._catalog.begin() as session:
            query = update(HeldRow).where(HeldRow.dataset_id == dataset_id, HeldRow.ended.is_(None))
            session.execute(query.values(state="discarded", ended=utcnow()))

    def change(self, id: str, state: State, *, ended: datetime | None = None) -> None:
        with self._catalog.begin() as session:
            self._changed(session, id, state, ended)

    def _changed(self, session: Session, id: str, state: State, ended: datetime | None) -> None:
        row = session.get(HeldRow, id)
        assert row is not None
        row.state, row.ended = state, ended


class PromiseStore:
    """What is promised of datasets, by their ids."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put(self, dataset_id: str, definition: dict[str, Any], owner: str) -> None:
        with self._catalog.begin() as session:
            session.merge(PromiseRow(dataset_id=dataset_id, definition=definition, owner=owner, updated=utcnow()))

    def get(self, dataset_id: str) -> dict[str, Any] | None:
        with self._catalog.read() as session:
            row = session.get(PromiseRow, dataset_id)
            return None if row is None else dict(row.definition)

    def ids(self) -> list[str]:
        with self._catalog.read() as session:
            return list(session.scalars(select(PromiseRow.dataset_id)))

    def remove(self, dataset_id: str) -> None:
        with self._catalog.begin() as session:
            row = session.get(PromiseRow, dataset_id)
            if row is not None:
                session.delete(row)


def nothing_as(id: str) -> NotFound:
    """The error of a batch that there is not."""
    return NotFound(f"no rows are held back as '{id}'", hint="workbench quarantine list shows what is held back")


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two turns are one commit, whatever it goes on from."""
    return all(one[name] == other[name] for name in ("stream", "slice", "mark"))


_to = cast(HeldRow.how["to"].as_string(), BigInteger)


def _of_part(query: Select[Any], dataset_id: str, origin: str, part: str) -> Select[Any]:
    return query.where(
        HeldRow.dataset_id == dataset_id,
        HeldRow.kind == "stream",
        HeldRow.origin == origin,
        HeldRow.how["part"].as_string() == part,
    )


def _held(row: HeldRow, dataset: str) -> Held:
    told = {field.name: getattr(row, field.name) for field in fields(Held) if field.name != "dataset"}
    return Held(dataset=dataset, **told)


def _result(row: QualityResultRow) -> QualityResult:
    return QualityResult(
        suite=row.suite,
        outcomes=tuple(Outcome(**{**outcome, "columns": tuple(outcome["columns"])}) for outcome in row.outcomes),
        rows=row.rows,
        checked=row.checked,
        seconds=row.seconds,
        dataset=row.dataset,
        version=row.version,
        run=row.run,
    )
