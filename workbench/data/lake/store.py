"""The catalog's side of the lake. The only file that opens sessions on the table `dataset`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.exc import IntegrityError as AlreadyThere
from sqlalchemy.orm import Session

from workbench.data.lake.contracting import drop_contract, move_contract
from workbench.data.lake.finding import Order, words
from workbench.data.lake.layout import EventLayout
from workbench.data.lake.model import DatasetPage, DatasetRecord, DatasetSummary, Outline, Version
from workbench.data.lake.tables import DatasetRow
from workbench.foundation.bus import publish
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, NotFound, unknown
from workbench.governance.runs import Runs
from workbench.governance.security import Security, audit_append

__all__ = ["DatasetStore"]

SORTED = "sort_by"


class DatasetStore:
    """Names, owners and recorded versions of datasets."""

    def __init__(self, catalog: Catalog, runs: Runs, security: Security) -> None:
        self._catalog = catalog
        self._runs = runs
        self._security = security

    def get(self, name: str) -> DatasetRecord:
        """
        Raises:
            NotFound: No dataset of that name; says the nearest one, or that it was deleted.
        """
        with self._catalog.read() as session:
            row = self._named(session, name)
            if row is None:
                raise self._missing(session, name)
            return _record(row)

    def find(self, name: str) -> DatasetRecord | None:
        with self._catalog.read() as session:
            row = self._named(session, name)
            return None if row is None else _record(row)

    def again(self, dataset_id: str) -> DatasetRecord | None:
        """What is known by now of a dataset that was looked up before; None where it was deleted."""
        with self._catalog.read() as session:
            row = session.get(DatasetRow, dataset_id)
            return None if row is None or row.deleted is not None else _record(row)

    def all(self) -> list[DatasetRecord]:
        with self._catalog.read() as session:
            rows = session.scalars(select(DatasetRow).where(DatasetRow.name.is_not(None)).order_by(DatasetRow.name))
            return [_record(row) for row in rows]

    def name_of(self, dataset_id: str) -> str | None:
        with self._catalog.read() as session:
            return session.scalar(select(DatasetRow.name).where(DatasetRow.id == dataset_id))

    def ids(self) -> set[str]:
        with self._catalog.read() as session:
            return set(session.scalars(select(DatasetRow.id).where(DatasetRow.deleted.is_(None))))

    def deleted_ids(self) -> set[str]:
        with self._catalog.read() as session:
            return set(session.scalars(select(DatasetRow.id).where(DatasetRow.deleted.is_not(None))))

    def check_free(self, name: str, *, but: str | None = None) -> None:
        """
        Args:
            but: The id of the dataset that is to have the name.

        Raises:
            Conflict: The name is taken, or differs from a taken one only in upper and lower case.
        """
        with self._catalog.read() as session:
            _check_free(session, name, but)

    def add(self, record: DatasetRecord, first: Version, outline: Outline) -> None:
        """
        Raises:
            Conflict: The name is taken, or differs from a taken one only in upper and lower case.
        """
        try:
            with self._catalog.begin() as session:
                _check_free(session, record.name, record.id)
                row = DatasetRow(
                    id=record.id,
                    name=record.name,
                    former_name=None,
                    key=list(record.key),
                    partition_by=list(record.partition_by),
                    description=record.description,
                    source=record.source,
                    owner=record.owner,
                    created=record.created,
                    version=first.number,
                    complete_from=record.complete_from,
                    layout=_kept(record),
                    deleted=None,
                )
                _outline(row, outline)
                session.add(row)
                session.flush()
                self._recorded(session, record.name, first)
        except AlreadyThere as error:
            raise _taken(record.name) from error

    def settle(self, dataset_id: str, versions: Sequence[Version], outline: Outline) -> None:
        """Records the commits that the catalog has not seen yet, each exactly once: audit entry, lineage, version.

        Args:
            outline: Of the last of them.

        Raises:
            NotFound: The dataset was deleted meanwhile.
        """
        with self._catalog.begin() as session:
            row = self._locked(session, dataset_id)
            for version in sorted(versions, key=lambda found: found.number):
                if version.number > row.version:
                    self._recorded(session, str(row.name), version)
                    row.version = version.number
                    _outline(row, outline)

    def rename(self, dataset_id: str, new_name: str, *, by: str) -> None:
        """Renames; policies go along in the same transaction.

        Raises:
            Conflict: The new name is taken, or differs from a taken one only in upper and lower case; or policies were
                set for it.
        """
        try:
            with self._catalog.begin() as session:
                row = self._locked(session, dataset_id)
                _check_free(session, new_name, dataset_id)
                old_name, row.name = str(row.name), new_name
                _index(row)
                session.flush()
                self._security.move_policies(session, old_name, new_name)
                move_contract(session, old_name, new_name)
                audit_append(
                    session, actor=by, action="rename dataset", thing=f"dataset {new_name}", detail={"from": old_name}
                )
                publish(session, "dataset", new_name, {"action": "rename", "from": old_name})
        except AlreadyThere as error:
            raise _taken(new_name) from error

    def delete(self, dataset_id: str, *, by: str, told: bool = True) -> None:
        """Frees the name and drops pins and policies; the files are the caller's to remove afterwards.

        Args:
            told: Whoever asks for the name is told that it was deleted.
        """
        with self._catalog.begin() as session:
            row = self._locked(session, dataset_id)
            name = str(row.name)
            row.former_name, row.name, row.deleted = name if told else None, None, utcnow()
            self._runs.forget_pins(session, dataset_id)
            self._security.drop_policies(session, name, by=by)
            drop_contract(session, name, by=by)
            audit_append(
                session, actor=by, action="delete dataset", thing=f"dataset {name}", detail={"version": row.version}
            )
            publish(session, "dataset", name, {"action": "delete"})

    def cleaned(self, dataset_id: str, complete_from: int, *, by: str) -> None:
        """Records which versions are about to be incomplete, before a file of them is removed."""
        with self._catalog.begin() as session:
            row = self._locked(session, dataset_id)
            row.complete_from = max(row.complete_from, complete_from)
            audit_append(
                session,
                actor=by,
                action="clean dataset",
                thing=f"dataset {row.name}",
                detail={"complete_from": row.complete_from},
            )

    def search(self, text: str, *, owner: str | None, sort: str, limit: int, cursor: str | None) -> DatasetPage:
        """See `Datasets.search`; rows are counted without any policy."""
        order = Order.named(sort)
        column: Any = getattr(DatasetRow, order.column)
        fitting: list[ColumnElement[bool]] = [DatasetRow.name.is_not(None)]
        fitting += [DatasetRow.words.contains(word, autoescape=True) for word in text.casefold().split()]
        query = select(DatasetRow).where(*fitting)
        query = query.order_by(column.desc() if order.descending else column.asc(), DatasetRow.name)
        if owner is not None:
            query = query.where(DatasetRow.owner == owner)
        if cursor is not None:
            value, name = order.place(cursor)
            further = column < value if order.descending else column > value
            query = query.where(or_(further, and_(column == value, DatasetRow.name > name)))
        number = func.count()
        owners = select(DatasetRow.owner, number).where(*fitting).group_by(DatasetRow.owner)
        with self._catalog.read() as session:
            rows = session.scalars(query.limit(limit + 1)).all()
            counts = {
                found: int(count) for found, count in session.execute(owners.order_by(number.desc(), DatasetRow.owner))
            }
        last = rows[limit - 1] if len(rows) > limit else None
        return DatasetPage(
            items=tuple(_summary(row) for row in rows[:limit]),
            total=sum(counts.values()) if owner is None else counts.get(owner, 0),
            owners=counts,
            next=None if last is None else order.cursor(getattr(last, order.column), str(last.name)),
        )

    def laid_out(self) -> list[DatasetRecord]:
        """Datasets of events."""
        with self._catalog.read() as session:
            rows = session.scalars(select(DatasetRow).where(DatasetRow.name.is_not(None)).order_by(DatasetRow.name))
            return [record for record in map(_record, rows) if record.layout is not None]

    def without_outline(self) -> list[DatasetRecord]:
        """Datasets that an older workbench made and nobody has written to since."""
        with self._catalog.read() as session:
            rows = session.scalars(select(DatasetRow).where(DatasetRow.name.is_not(None), DatasetRow.updated.is_(None)))
            return [_record(row) for row in rows]

    def outline(self, dataset_id: str, outline: Outline) -> None:
        """Records the outline of one of these."""
        with self._catalog.begin() as session:
            row = self._locked(session, dataset_id)
            if row.updated is None:
                _outline(row, outline)

    def _recorded(self, session: Session, name: str, version: Version) -> None:
        detail = {"version": version.number} | ({"run": version.run} if version.run else {})
        audit_append(
            session,
            actor=version.principal,
            action=f"{version.operation} dataset",
            thing=f"dataset {name}",
            detail=detail,
        )
        publish(session, "dataset", name, {"action": version.operation, **detail})
        if version.run is not None:
            self._runs.record_in(session, version.run, "write", "dataset", name, str(version.number))

    def _named(self, session: Session, name: str) -> DatasetRow | None:
        return session.scalars(select(DatasetRow).where(DatasetRow.name == name)).one_or_none()

    def _locked(self, session: Session, dataset_id: str) -> DatasetRow:
        row = session.get(DatasetRow, dataset_id, with_for_update=True)
        if row is None or row.deleted is not None:
            name = dataset_id if row is None else row.former_name or dataset_id
            raise NotFound(f"the dataset '{name}' was deleted meanwhile")
        return row

    def _missing(self, session: Session, name: str) -> NotFound:
        gone = session.scalars(
            select(DatasetRow.deleted).where(DatasetRow.former_name == name).order_by(DatasetRow.deleted.desc())
        ).first()
        if gone is not None:
            deleted = NotFound(f"the dataset '{name}' was deleted on {gone:%Y-%m-%d %H:%M} UTC")
            deleted.missing = "dataset", name
            return deleted
        names = session.scalars(select(DatasetRow.name).where(DatasetRow.name.is_not(None)))
        error = unknown("dataset", name, [found for found in names if found], hint="workbench dataset list shows them")
        assert isinstance(error, NotFound)
        return error


def _check_free(session: Session, name: str, but: str | None) -> None:
    # SQL does not tell upper from lower case, so a second such name would be answered with the rows of the first.
    alike = select(DatasetRow.name).where(func.lower(DatasetRow.name) == name.lower(), DatasetRow.id != (but or ""))
    names = sorted((found for found in session.scalars(alike) if found), key=lambda found: found != name)
    if not names:
        return
    if names[0] == name:
        raise _taken(name)
    raise Conflict(
        f"there is a dataset '{names[0]}' already, and '{name}' differs from it only in upper and lower case",
        hint="choose another name: SQL does not tell the two apart",
    )


def _taken(name: str) -> Conflict:
    return Conflict(f"there is a dataset '{name}' already", hint="choose another name, or overwrite or append to it")


def _outline(row: DatasetRow, outline: Outline) -> None:
    row.rows, row.bytes, row.columns, row.updated = outline.rows, outline.bytes, list(outline.columns), outline.updated
    _index(row)


def _index(row: DatasetRow) -> None:
    row.words = words(str(row.name), row.description, row.source, row.owner, row.columns or ())


def _summary(row: DatasetRow) -> DatasetSummary:
    return DatasetSummary(
        name=str(row.name),
        rows=row.rows or 0,
        columns=len(row.columns or ()),
        bytes=row.bytes or 0,
        version=row.version,
        updated=row.updated or row.created,
        owner=row.owner,
        description=row.description,
        source=row.source,
    )


def _record(row: DatasetRow) -> DatasetRecord:
    return DatasetRecord(
        id=row.id,
        name=str(row.name),
        key=tuple(row.key),
        partition_by=tuple(row.partition_by),
        description=row.description,
        source=row.source,
        owner=row.owner,
        created=row.created,
        version=row.version,
        complete_from=row.complete_from,
        layout=None if row.layout is None or SORTED in row.layout else EventLayout.from_dict(row.layout),
        sort_by=tuple((row.layout or {}).get(SORTED, ())),
    )


def _kept(record: DatasetRecord) -> dict[str, Any] | None:
    """How files lie, as the catalog keeps it."""
    if record.layout is not None:
        return record.layout.to_dict()
    return {SORTED: list(record.sort_by)} if record.sort_by else None
