"""`wb.exploration`: looking at a dataset that one does not know yet, and keeping what one sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from workbench.analytics.exploration.defining import definition
from workbench.analytics.exploration.model import Condition, Group, View, kind_of
from workbench.analytics.exploration.seen import Rows, Seen
from workbench.analytics.exploration.select import MOST_POINTS, conditions, counting, preview, reach, select
from workbench.analytics.metrics import Metric, Metrics
from workbench.analytics.queries import Queries, SavedQuery
from workbench.compute import grains
from workbench.data.lake import Lake
from workbench.data.quality import Profile, profiled
from workbench.data.sql import SqlDoor, SqlResult
from workbench.foundation.errors import Conflict, Invalid, unknown
from workbench.governance.runs import Actor
from workbench.governance.security import Role, Scope

__all__ = ["Exploring"]

MOST_GROUPS = 5_000
MOST_COLUMNS = 30
_BANDS = 20
_FEW = 30
_GRAINS: tuple[tuple[float, grains.Grain], ...] = (
    (3 / 24, "minute"), (4, "hour"), (120, "day"), (730, "week"), (12 * 366, "month"), (60 * 366, "quarter"),
)  # fmt: skip


class Exploring:
    """Looks at datasets as SQL does, under the asker's policies and within what a statement may take."""

    def __init__(self, lake: Lake, door: SqlDoor, metrics: Metrics, queries: Queries, actor: Actor) -> None:
        self._lake = lake
        self._door = door
        self._metrics = metrics
        self._queries = queries
        self._actor = actor

    def __repr__(self) -> str:
        return "wb.exploration.look(View('flights', by=(Group('carrier'),)))"

    @property
    def keeps(self) -> bool:
        """Whether who asks may keep what they see."""
        who = self._actor.principal
        scoped = who.scopes is None or bool(who.scopes & {Scope.KEEP, Scope.RUN})
        return who.role.includes(Role.ANALYST) and scoped

    def columns(self, dataset: str) -> dict[str, pl.DataType]:
        """The columns that there are now, and their types.

        Raises:
            NotFound: No such dataset.
            Forbidden: The policy for the asker's role cannot be applied.
        """
        return dict(self._opened(dataset)[0])

    def look(self, view: View) -> Seen:
        """What a view shows of the newest version, or of the one that a run is sealed to.

        Raises:
            NotFound: No such dataset.
            Invalid: A column is not there, or cannot be asked for this; or it takes longer or more memory than it may.
            Forbidden: The policy for the asker's role cannot be applied.
        """
        schema, version = self._opened(view.dataset)
        view.check(schema)
        total = self._lake.info(view.dataset, self._actor, version=version).rows
        matched = total
        if view.where or view.aggregation is None:
            matched = int(self._asked(counting(view, schema), view.dataset, version).to_polars().item())
        sampled = view.aggregation is None and matched > MOST_POINTS
        sql = select(view, schema, sampled=sampled)
        found = self._asked(sql, view.dataset, version, rows=MOST_GROUPS)
        return Seen(view, sql, found.to_polars(), schema, version, matched, total, found.cut, sampled)

    def profile(self, dataset: str, where: Sequence[Condition] = (), *, most: int | None = None) -> Profile:
        """What the rows that meet conditions hold, column by column.

        Args:
            most: See `Quality.profile`.

        Raises:
            NotFound: No such dataset.
            Invalid: A column is not there, or cannot be asked for this.
            Forbidden: The policy for the asker's role cannot be applied.
        """
        rows, version = self._lake.read_with_version(dataset, self._actor)
        schema = rows.collect_schema()
        View(dataset, tuple(where)).check(schema)
        if where:
            rows = rows.filter(pl.sql_expr(conditions(where, schema)))
        with self._lake.telling(dataset, self._actor, version=version):
            return replace(profiled(rows, most=most), dataset=dataset, version=version)

    def rows(
        self, dataset: str, where: Sequence[Condition] = (), *, limit: int = 20, first: Sequence[str] = ()
    ) -> Rows:
        """The first rows that meet conditions, as they lie, and of many columns the first.

        Args:
            first: Columns that are shown before the others.

        Raises:
            As `look`.
        """
        schema, version = self._opened(dataset)
        view = View(dataset, tuple(where))
        view.check(schema)
        total = self._lake.info(dataset, self._actor, version=version).rows
        matched = total
        if where:
            matched = int(self._asked(counting(view, schema), dataset, version).to_polars().item())
        shown = [name for name in dict.fromkeys([*first, *schema]) if name in schema][:MOST_COLUMNS]
        found = self._asked(preview(view, schema, shown), dataset, version, rows=limit)
        return Rows(found.to_polars(), version, matched, total, len(schema))

    def group(self, dataset: str, column: str) -> Group:
        """How a column is best grouped by: times by a grain that suits how far they reach, many numbers in bands.

        Raises:
            NotFound: No such dataset.
            Invalid: No such column, or none that rows can be grouped by.
        """
        schema, version = self._opened(dataset)
        if column not in schema:
            raise unknown("column", column, schema, error=Invalid)
        kind = kind_of(schema[column])
        View(dataset, by=(Group(column),)).check(schema)
        if kind not in ("moment", "number"):
            return Group(column)
        least, greatest, distinct = self._asked(reach(dataset, column, schema), dataset, version).to_polars().row(0)
        if kind == "moment":
            return Group(column, grain=_grain(least, greatest, hours=schema[column] != pl.Date))
        return Group(column, band=_band(least, greatest) if distinct > _FEW else None)

    def keep_query(
        self, view: View, name: str, *, description: str = "", shared: Role | str | None = None
    ) -> SavedQuery:
        """Keeps what one sees as a query of a new name.

        Raises:
            Forbidden: It takes an analyst.
            Conflict: There is a query of that name.
            Invalid: The name cannot be used; or as `look`.
        """
        seen = self.look(view)
        if name in [query.name for query in self._queries.list()]:
            raise Conflict(f"there is a query '{name}' already", hint="choose another name")
        return self._queries.save(name, seen.sql, description=description, shared=shared, expected=0)

    def keep_metric(self, view: View, name: str, *, label: str = "", description: str = "") -> Metric:
        """Keeps the figure as a metric of a new name: by what it is grouped by, of the rows that it is of.

        Raises:
            Forbidden: It takes an analyst.
            Conflict: There is a metric of that name.
            Invalid: The name cannot be used, or no metric says this.
        """
        schema, _ = self._opened(view.dataset)
        view.check(schema)
        made = definition(view, schema, name, label=label, description=description)
        if name in self._metrics:
            raise Conflict(f"there is a metric '{name}' already", hint="choose another name")
        return self._metrics.define(made, comment=f"kept while exploring '{view.dataset}'")

    def _opened(self, dataset: str) -> tuple[pl.Schema, int]:
        rows, version = self._lake.read_with_version(dataset, self._actor)
        return rows.collect_schema(), version

    def _asked(self, sql: str, dataset: str, version: int, *, rows: int | None = None) -> SqlResult:
        limits = self._door.limits.lowered(rows=rows)
        return self._door.query(sql, self._actor, versions={dataset: version}, limits=limits)


def _grain(least: Any, greatest: Any, *, hours: bool) -> grains.Grain:
    if not isinstance(least, date) or not isinstance(greatest, date):
        return "day"
    days = (greatest - least).total_seconds() / 86_400
    fits: grains.Grain = next((grain for most, grain in _GRAINS if days <= most), "year")
    return "day" if not hours and fits in ("minute", "hour") else fits


def _band(least: Any, greatest: Any) -> float | None:
    """The round width of which about twenty make up the whole."""
    if least is None or greatest is None or not math.isfinite(span := float(greatest) - float(least)) or span <= 0:
        return None
    rough = span / _BANDS
    power = 10.0 ** math.floor(math.log10(rough))
    found = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return float(f"{found:.6g}")
