"""What a workspace has around the rows of a check: other datasets, versions, and SQL over them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from workbench.data.lake import Lake
from workbench.data.quality.functions import Answering, function_at
from workbench.data.sql import Limits, SqlDoor, SqlResult, TooLarge, TooLong
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor
from workbench.governance.security import Role

__all__ = ["Surroundings"]

# Commits that lay the same rows otherwise.
_SAME_ROWS = {"optimize"}


class Surroundings:
    """See `Around`.

    Args:
        dataset: What is checked; None for a frame.
        version: Its version.
        functions: The folder that functions are found in.
    """

    def __init__(
        self,
        lake: Lake,
        sql: SqlDoor,
        actor: Actor,
        dataset: str | None,
        version: int | None,
        functions: Path | None = None,
    ) -> None:
        self._functions = functions
        self._lake = lake
        self._sql = sql
        self._actor = actor
        self._dataset = dataset
        self._version = version
        self.now = utcnow()
        self._read = {} if dataset is None else {dataset: lake.sight(dataset, actor)}

    @property
    def sights(self) -> dict[str, str | None]:
        """Dataset -> who sees the same of it, for those that were looked at; see `Lake.sight`."""
        return dict(self._read)

    def rows_of(self, dataset: str | None, version: int | None = None) -> pl.LazyFrame:
        """
        Raises:
            NotFound: No such dataset or version.
            Invalid: None is named, and a frame is checked.
        """
        name = dataset or self._dataset
        if name is None:
            raise Invalid("a frame has no versions; name a dataset to compare with")
        self._read[name] = self._lake.sight(name, self._actor)
        if version is None and name == self._dataset:
            version = self._version
        return self._lake.read(name, self._actor, version=version)

    def changed(self) -> datetime:
        """When the version's rows were written; one that only lays files otherwise does not count.

        Raises:
            Invalid: A frame is checked, or all such versions were cleaned away.
        """
        if self._dataset is None or self._version is None:
            raise Invalid("a frame has no versions; name a column of times")
        for version in self._lake.versions(self._dataset, self._actor):
            if version.number <= self._version and version.operation not in _SAME_ROWS:
                return version.time
        raise Invalid(f"nothing tells any more when '{self._dataset}' got its rows")

    def answered(self, sql: str, most: int) -> tuple[int, list[dict[str, Any]]]:
        """
        Raises:
            Invalid: A frame is checked, or it is not one SELECT that can be answered.
            NotFound: No such dataset.
            Forbidden: It asks for something else than datasets.
        """
        if self._dataset is None:
            raise Invalid("a frame is not asked in SQL; make it a dataset first")
        text = sql.replace("{dataset}", f'"{self._dataset}"').strip().rstrip(";")
        read = self._sql.check(text, self._actor).datasets
        self._read |= {name: self._lake.sight(name, self._actor) for name in read}
        versions = {self._dataset: self._version} if self._dataset in read and self._version is not None else {}
        limits = self._sql.limits.lowered(rows=most)
        found = self._query(text, versions, limits)
        if not found.cut:
            return len(found), found.to_dicts()
        counted = f"SELECT count(*) AS rows FROM (\n{text}\n)"
        (count,) = self._query(counted, versions, self._sql.limits).to_dicts()
        return int(count["rows"]), found.to_dicts()

    def function(self, reference: str) -> Answering:
        """
        Raises:
            Forbidden: The actor may run no Python here, as a notebook.
            NotFound: No such function.
            Invalid: Its file cannot be run.
        """
        if self._functions is None:
            raise NotFound(f"there are no functions here, and so no {reference}")
        principal = self._actor.principal
        if not principal.role.includes(Role.ANALYST):
            raise Forbidden(f"{principal.name} ({principal.role}) may not run Python: that takes the role analyst")
        return function_at(self._functions, reference)

    def _query(self, text: str, versions: dict[str, int], limits: Limits) -> SqlResult:
        try:
            return self._sql.query(text, self._actor, versions=versions, limits=limits)
        except (TooLarge, TooLong):
            raise
        except Invalid as error:
            if isinstance(error.__cause__, duckdb.BinderException | duckdb.CatalogException):  # these tell of names
                raise
            # Others may quote a value, and what was found is kept for people who may not see it.
            raise Invalid("its rows cannot be computed; ask it with wb.sql to see why") from error
