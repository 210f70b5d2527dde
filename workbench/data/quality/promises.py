"""`wb.quality.promises`: how fresh datasets are promised to be, and whether they are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import eq
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field, TypeAdapter, ValidationError

from workbench.data.lake import Lake
from workbench.data.quality.checking import check
from workbench.data.quality.model import QualityResult
from workbench.data.quality.promising import Arrived, Day, Freshness, days_of
from workbench.data.quality.store import PromiseStore, QualityStore
from workbench.data.quality.suite import Suite
from workbench.data.quality.surroundings import Surroundings
from workbench.data.quality.wholes import Fresh
from workbench.data.sql import SqlDoor
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Invalid, NotFound, WorkbenchError
from workbench.governance.runs import Actor

__all__ = ["PROMISE", "Promises"]

PROMISE = "promise"
"""The suite under which results of promises are kept, beside those of checks."""

Promise = Annotated[Arrived | Fresh, Field(discriminator="expect")]
_ADAPTER: TypeAdapter[Arrived | Fresh] = TypeAdapter(Promise)


class Promises:
    """How fresh datasets are promised to be: one promise each. Seen and judged as one actor may see the rows."""

    def __init__(self, catalog: Catalog, lake: Lake, sql: SqlDoor, actor: Actor) -> None:
        self._store = PromiseStore(catalog)
        self._results = QualityStore(catalog)
        self._lake = lake
        self._sql = sql
        self._actor = actor

    def make(
        self,
        dataset: str,
        *,
        column: str,
        by: str | None = None,
        time_zone: str = "UTC",
        behind: int = 0,
        rows: int = 1,
        within: str | None = None,
    ) -> Freshness:
        """Promises how fresh a dataset is, in the place of what was promised before.

        `wb.quality.promises.make("sales", column="day", by="08:00", time_zone="Europe/Berlin")`: each day's rows are
        there by 8 in the morning. `make("sales", column="sold_at", within="2 hours")`: the newest row is no older.

        Args:
            column: Of days or times, by which rows are told apart: when a row was loaded does not count.
            by: A time of day.
            time_zone: Whose day and time of day.
            behind: By that time the rows of so many days before are there: 1 for yesterday's.
            rows: How many a day has to have.
            within: A length of time instead.

        Returns:
            Whether it is kept now.

        Raises:
            NotFound: No such dataset.
            Invalid: No such column, or it holds no times; neither or both of `by` and `within` are given.
            Forbidden: Neither the dataset's owner nor an engineer.
        """
        self._lake.check_may_change(dataset, self._actor, "promise the freshness of")
        if (by is None) == (within is None):
            raise Invalid(
                "a promise has either a time of day or a length of time", hint="by='08:00' or within='2 hours'"
            )
        given: dict[str, Any] = {"expect": "fresh", "column": column, "within": within}
        if by is not None:
            told = {"by": by, "time_zone": time_zone, "behind": behind, "rows": rows}
            given = {"expect": "arrived", "column": column, **told}
        try:
            promise = _ADAPTER.validate_python(given)
        except ValidationError as error:
            raise Invalid(f"a promise {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
        found = self._judged(dataset, promise, strict=True)
        self._store.put(
            self._lake.id_of(dataset), promise.model_dump(exclude_defaults=True), self._actor.principal.name
        )
        return found

    def remove(self, dataset: str) -> None:
        """
        Raises:
            NotFound: No such dataset, or nothing was promised of it.
        """
        self._lake.check_may_change(dataset, self._actor, "take back the promise of")
        self._of(dataset)
        self._store.remove(self._lake.id_of(dataset))

    def list(self) -> list[Freshness]:
        """Every promise, by the dataset's name; a dataset that cannot be read as its promise asks is a broken one."""
        names = [name for one in self._store.ids() if (name := self._lake.name_of(one)) is not None]
        return [self.look(name) for name in sorted(names)]

    def look(self, dataset: str) -> Freshness:
        """Whether a dataset is as fresh as was promised, and the rows of its latest days.

        Raises:
            NotFound: No such dataset, or nothing was promised of it.
        """
        promise = self._of(dataset)
        return self._judged(dataset, promise)

    def keep_watch(self) -> int:
        """Looks at every promise; what was found is kept among the dataset's results where it is another than before.

        Returns:
            How many changed.
        """
        changed = 0
        for one in self._store.ids():
            name = self._lake.name_of(one)
            if name is None or not self._lake.exists(name):
                continue
            with suppress(WorkbenchError):  # a dataset that cannot be read is told of where it is
                result, _, _ = self._result(name, self._of(name))
                sights = {name: self._lake.sight(name, self._actor)}
                before = self._results.of(name, 1, partial(eq, sights), suite=result.suite)
                if not before or before[0].passed != result.passed:
                    self._results.add(result, self._actor.principal.name, sights)
                    changed += 1
        return changed

    def __repr__(self) -> str:
        lines = [f"{'kept  ' if one.kept else 'BROKEN'} {one.dataset}: {one.sentence}" for one in self.list()]
        return "\n".join(lines) or "nothing is promised: wb.quality.promises.make('sales', column='day', by='08:00')"

    def _of(self, dataset: str) -> Arrived | Fresh:
        definition = self._store.get(self._lake.id_of(dataset))
        if definition is None:
            raise NotFound(
                f"nothing is promised of the freshness of '{dataset}'",
                hint=f"workbench dataset promise {dataset} --column DAY --by 08:00",
            )
        return _ADAPTER.validate_python(definition)

    def _result(self, dataset: str, promise: Arrived | Fresh) -> tuple[QualityResult, pl.LazyFrame, datetime]:
        """What the check of a promise found, of which rows, and when."""
        rows, version = self._lake.read_with_version(dataset, self._actor)
        around = Surroundings(self._lake, self._sql, self._actor, dataset, version)
        suite = Suite(name=PROMISE, dataset=dataset, expectations=(promise,))
        with self._lake.telling(dataset, self._actor, version=version):
            found = replace(check(rows, suite, around), dataset=dataset, version=version, run=self._actor.run)
        return found, rows, around.now

    def _judged(self, dataset: str, promise: Arrived | Fresh, *, strict: bool = False) -> Freshness:
        """
        Raises:
            Invalid: The dataset has no such days; only where it is `strict`, else that is a broken promise.
        """
        result, rows, now = self._result(dataset, promise)
        (outcome,) = result.outcomes
        assert result.version is not None
        assert promise.column is not None
        days: tuple[Day, ...] = ()
        dtype = rows.collect_schema().get(promise.column)
        if dtype == pl.Date or (isinstance(dtype, pl.Datetime) and dtype.time_zone is not None):
            zone = promise.time_zone if isinstance(promise, Arrived) else "UTC"
            due = promise.due(now)[0] if isinstance(promise, Arrived) else None
            least = promise.rows if isinstance(promise, Arrived) else 1
            today = now.astimezone(ZoneInfo(zone)).date()
            with self._lake.telling(dataset, self._actor, version=result.version):
                days = days_of(rows, promise.column, zone, today, due, least)
        elif strict:
            raise Invalid(f"'{dataset}' cannot promise that: {outcome.problem}")
        return Freshness(
            dataset=dataset,
            version=result.version,
            promise=promise.statement,
            kept=outcome.passed,
            sentence=outcome.sentence,
            days=days,
            checked=now,
        )
