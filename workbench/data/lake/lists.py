"""Lists of datasets. One that is damaged or closed to the asker keeps no other from being listed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from workbench.data.lake.deltalog import DeltaLog
from workbench.data.lake.describing import outlined
from workbench.data.lake.model import DatasetInfo, DatasetPage, DatasetRecord
from workbench.data.lake.store import DatasetStore
from workbench.foundation.errors import Forbidden, IntegrityError, NotFound
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor
from workbench.governance.security import Role, Security

__all__ = ["Lists"]


class Lists:
    """
    Args:
        log: Opens a dataset's log.
        info: Looks at one dataset, as somebody may see it.
    """

    def __init__(
        self,
        store: DatasetStore,
        security: Security,
        log: Callable[[DatasetRecord], DeltaLog],
        info: Callable[[str, Actor], DatasetInfo],
    ) -> None:
        self._store = store
        self._security = security
        self._log = log
        self._info = info

    def infos(self, actor: Actor) -> list[DatasetInfo]:
        """Every dataset that the asker may see, by name."""
        found = []
        for name in [record.name for record in self._store.all()]:
            with suppress(Forbidden, NotFound):  # closed by a policy that cannot be applied, or deleted just now
                try:
                    found.append(self._info(name, actor))
                except IntegrityError as error:
                    logger("lake").error("left out of a list: %s", error)
        return found

    def search(
        self, actor: Actor, text: str, *, owner: str | None, sort: str, limit: int, cursor: str | None
    ) -> DatasetPage:
        """See `Datasets.search`. Only the datasets that a policy restricts for the asker are opened."""
        self._security.require(actor.principal, Role.VIEWER, "list datasets")
        for record in self._store.without_outline():
            log = self._log(record)
            with suppress(NotFound, IntegrityError):  # deleted just now, or listed without what it holds
                newest = log.history(record.version)[0]
                self._store.outline(record.id, outlined(log.newest(record.version), newest))
        page = self._store.search(text, owner=owner, sort=sort, limit=limit, cursor=cursor)
        restricted = self._security.restricted_datasets(actor.principal)
        items = []
        for item in page.items:
            if item.name in restricted:
                with suppress(Forbidden, NotFound):
                    try:
                        items.append(replace(item, rows=self._info(item.name, actor).rows))
                    except IntegrityError:
                        items.append(replace(item, rows=0))
            else:
                items.append(item)
        return replace(page, items=tuple(items))
