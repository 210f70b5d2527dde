"""How views and their refreshes look where somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.data.views.model import RefreshRecord, View
from workbench.foundation.listing import Listing

__all__ = ["listed", "refreshes_listed"]


def listed(views: Iterable[View], problems: Sequence[str] = ()) -> Listing[View]:
    empty = "no view yet: wb.views.define(name, sql)"
    return Listing(views, caption="Views", row=_view, empty=empty, problems=problems)


def refreshes_listed(refreshes: Iterable[RefreshRecord]) -> Listing[RefreshRecord]:
    return Listing(refreshes, caption="Refreshes", row=_refresh, empty="no refresh yet")


def _view(view: View) -> dict[str, str]:
    last = view.last
    return {
        "name": view.name,
        "description": view.definition.description,
        "owner": view.owner,
        "last refresh": "never" if last is None else f"{last.started:%Y-%m-%d %H:%M} {last.outcome}",
        "way": "" if last is None else last.way,
        "said": "" if last is None else last.error or last.why,
    }


def _refresh(refresh: RefreshRecord) -> dict[str, str]:
    return {
        "started": f"{refresh.started:%Y-%m-%d %H:%M:%S}",
        "outcome": refresh.outcome,
        "way": refresh.way,
        "rows": f"{refresh.rows:,}",
        "version": "" if refresh.version is None else str(refresh.version),
        "run": refresh.run,
        "by": refresh.by,
        "said": refresh.error or refresh.why,
    }
