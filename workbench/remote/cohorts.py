"""The saved cohorts of a workspace through its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from pydantic import BaseModel

from workbench.analytics.product import Cohort, EventColumns, cohorts_listed
from workbench.foundation.listing import Listing
from workbench.remote.door import Door, path
from workbench.remote.reading import Named

__all__ = ["RemoteCohorts"]


@dataclass(frozen=True, repr=False)
class RemoteCohort(Cohort):
    """A cohort of which the server may have said how many it lists, and not whom."""

    told: int | None = None

    @property
    def size(self) -> int | None:
        return self.told


class _Item(BaseModel):
    name: str
    dataset: str
    static: bool
    size: int | None
    definition: Mapping[str, Any]
    description: str
    owner: str
    updated: datetime

    def cohort(self) -> RemoteCohort:
        told = {name: getattr(self, name) for name in _Item.model_fields if name not in ("static", "size")}
        return RemoteCohort(**told, hidden=self.static and self.size is None, told=self.size)


class _Cohorts(BaseModel):
    items: tuple[_Item, ...]


class RemoteCohorts(Named[Cohort]):
    """The cohorts of a workspace, as whoever the token belongs to sees them."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> Listing[Cohort]:
        """Every cohort, by name. Whom a static one lists is told by `get`."""
        return cohorts_listed(item.cohort() for item in self._door.ask("cohorts", _Cohorts).items)

    def get(self, name: str) -> Cohort:
        """
        Raises:
            NotFound: No such cohort; the message has the nearest name.
        """
        return self._door.ask(path("cohorts", name), _Item).cohort()

    def subjects(self, name: str, *, columns: EventColumns | None = None) -> pl.DataFrame:
        """Who is in a cohort now, among the rows that the asker may see: the dataset's column of subjects."""
        named = {} if columns is None else {one: getattr(columns, one) for one in ("subject", "event", "time", "id")}
        with self._door.rows(path("cohorts", name, "subjects", "rows"), f"who is in '{name}'", **named) as stream:
            return stream.frame()
