"""Which uploads there are. The only file that opens sessions on the table `upload`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select, update

from workbench.data.uploads.model import Upload, UploadState
from workbench.data.uploads.tables import UploadRow
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import NotFound
from workbench.governance.security import audit_append

__all__ = ["UploadStore"]


class UploadStore:
    """
    Args:
        received: How many bytes of an upload are here, by its id.
    """

    def __init__(self, catalog: Catalog, received: Callable[[str], int]) -> None:
        self._catalog = catalog
        self._received = received

    def add(self, file: str, size: int, owner: str, check: Callable[[list[Upload]], None]) -> Upload:
        """
        Args:
            check: Given what its owner has already; raises where this would be too much.
        """
        now = utcnow()
        row = UploadRow(id=secrets.token_hex(16), file=file, owner=owner, size=size, created=now, touched=now)
        with self._catalog.begin() as session:
            mine = session.scalars(select(UploadRow).where(UploadRow.owner == owner)).all()
            check([self._upload(one) for one in mine])
            session.add(row)
            audit_append(
                session,
                actor=owner,
                action="start upload",
                thing=f"upload {row.id}",
                detail={"file": file, "size": size},
            )
            session.flush()
            return self._upload(row)

    def get(self, upload: str) -> Upload:
        """
        Raises:
            NotFound: No such upload, or none any more.
        """
        with self._catalog.read() as session:
            row = session.get(UploadRow, upload)
            if row is None:
                raise NotFound(f"no upload '{upload}'", hint="one that nobody goes on with is forgotten; begin anew")
            return self._upload(row)

    def all(self, owner: str | None = None) -> list[Upload]:
        """Newest first; of one owner, or of all."""
        query = select(UploadRow).order_by(UploadRow.created.desc(), UploadRow.id)
        if owner is not None:
            query = query.where(UploadRow.owner == owner)
        with self._catalog.read() as session:
            return [self._upload(row) for row in session.scalars(query)]

    def touch(self, upload: str, *, run: str | None = None) -> None:
        values = {"touched": utcnow()} | ({"run": run} if run is not None else {})
        with self._catalog.begin() as session:
            session.execute(update(UploadRow).where(UploadRow.id == upload).values(**values))

    def loaded(self, upload: str, dataset: str, version: int) -> Upload:
        """Records that it is in a dataset."""
        with self._catalog.begin() as session:
            row = session.get_one(UploadRow, upload)
            row.dataset, row.version, row.touched = dataset, version, utcnow()
            session.flush()
            return self._upload(row)

    def forget(self, upload: str) -> None:
        with self._catalog.begin() as session:
            session.execute(delete(UploadRow).where(UploadRow.id == upload))

    def untouched(self, since: datetime) -> list[str]:
        """The ids of those that nothing was done with since then."""
        with self._catalog.read() as session:
            return list(session.scalars(select(UploadRow.id).where(UploadRow.touched < since)))

    def _upload(self, row: UploadRow) -> Upload:
        here = row.size if row.dataset is not None else self._received(row.id)
        state = UploadState.RECEIVED if here >= row.size else UploadState.RECEIVING
        return Upload(
            id=row.id,
            file=row.file,
            owner=row.owner,
            size=row.size,
            received=here,
            state=UploadState.LOADED if row.dataset is not None else state,
            created=row.created,
            touched=row.touched,
            dataset=row.dataset,
            version=row.version,
            run=row.run,
        )
