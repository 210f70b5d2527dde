"""The page of a dataset's history: what each version did to rows and columns, who made it, and when."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tornado import web

from workbench.data.lake import Dataset, Effect, Version
from workbench.foundation.errors import Invalid, NotFound
from workbench.publishing.reports import moment
from workbench_server.endpoint import cursor_of, position_in
from workbench_server.handler import work_for
from workbench_server.pages import PageHandler, around

__all__ = ["HistoryHandler"]

SHOWN = 30
"""How many versions a page lists."""


class HistoryHandler(PageHandler):
    """A dataset's versions, newest first. What a commit does not say of its rows is counted where somebody asks."""

    @web.authenticated
    async def get(self, name: str) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        self.show("history.html.j2", here="Datasets", **await work_for(self._told, name))

    def _told(self, name: str) -> dict[str, Any]:
        wb = self.permitted("datasets", "read")
        dataset = wb.datasets.get(name)
        before, counted = self._number("cursor"), self._number("count")
        found = dataset.versions(before=before, limit=SHOWN + 1)
        shown = found[:SHOWN]
        page = {"cursor": self.get_query_argument("cursor", None)}
        return {
            "title": f"History of {name}",
            "name": name,
            "about": dataset.info.description,
            "pages": around(name, self.base_url, "History"),
            "versions": [_row(dataset, one, page, counting=one.number == counted) for one in shown],
            "more": urlencode({"cursor": cursor_of(str(shown[-1].number))}) if len(found) > SHOWN else None,
        }

    def _number(self, argument: str) -> int | None:
        said = self.get_query_argument(argument, None)
        position = said if argument == "count" else position_in(said)
        if position is not None and not position.isdecimal():
            raise Invalid(f"'{said}' is no version of this list")
        return None if position is None else int(position)


def _row(dataset: Dataset, version: Version, page: dict[str, str | None], *, counting: bool) -> dict[str, Any]:
    effect = version.effect
    rows, note = effect.rows_told, ""
    if counting and not effect.counted:
        rows, note = _counted(dataset, version.number)
    ask = {"count": version.number, **{name: value for name, value in page.items() if value}}
    return {
        "number": version.number,
        "what": version.operation,
        "rows": rows,
        "columns": effect.columns_told,
        "note": note,
        "count": "" if effect.counted or not version.number or counting else urlencode(ask),
        "when": moment(version.time),
        "who": version.principal or "another program",
        "run": version.run or "",
    }


def _counted(dataset: Dataset, number: int) -> tuple[str, str]:
    """What became of the rows, as whoever looks may see them, and how it was counted."""
    try:
        found = dataset.diff(number - 1, number, limit=0)
    except (Invalid, NotFound) as error:
        return "rows cannot be counted", f"{str(error)[:1].upper()}{str(error)[1:]}."
    by = f"by {', '.join(found.key)}" if found.key else "as whole rows"
    return Effect(found.added, found.changed, found.removed).rows_told, f"Counted now, {by}."
