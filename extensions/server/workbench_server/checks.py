"""The page of a dataset's quality: whether it is as it is expected to be, and how that went over time."""

from __future__ import annotations

from typing import Any

from tornado import web

from workbench import Workbench
from workbench.data.quality import PROMISE, QualityResult, Trend, trends
from workbench.foundation.errors import NotFound
from workbench.foundation.wording import counted
from workbench.publishing.reports import moment
from workbench_server.handler import work_for
from workbench_server.pages import PageHandler, around

__all__ = ["QualityHandler"]

SHOWN = 30
"""How many checks a page tells of."""


class QualityHandler(PageHandler):
    """What checks of a dataset found, as far as whoever looks sees the same rows: what is not met first."""

    @web.authenticated
    async def get(self, name: str) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        self.show("quality.html.j2", here="Datasets", **await work_for(self._told, name))

    def _told(self, name: str) -> dict[str, Any]:
        wb = self.permitted("datasets", "read")
        about = wb.datasets.get(name).info.description
        found = [one for one in wb.quality.history(name, limit=SHOWN) if one.suite != PROMISE]
        return {
            "title": f"Quality of {name}",
            "name": name,
            "about": about,
            "pages": around(name, self.base_url, "Quality"),
            "freshness": _freshness(wb, name),
            "held": _held(wb, name),
            "verdict": _verdict(found[0]) if found else None,
            "groups": _groups(found) if found else [],
            "checks": [_check(one) for one in found],
        }


def _verdict(result: QualityResult) -> dict[str, Any]:
    failures, warnings = len(result.failures), len(result.warnings)
    count = len(result.outcomes)
    said = f"{count - failures - warnings} of {count} expectations are met over {counted(result.rows, 'row')}"
    return {"passed": result.passed, "said": said, "when": moment(result.checked), "version": result.version}


def _groups(found: list[QualityResult]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The newest result's expectations, those that need somebody first, each with how it fared before."""
    before = {trend.said: trend for trend in trends([one for one in found if one.suite == found[0].suite])}
    told: dict[str, list[dict[str, Any]]] = {"Not met": [], "Not met, and only warns": [], "Met": []}
    for one in found[0].outcomes:
        group = "Met" if one.passed else "Not met" if one.severity == "error" else "Not met, and only warns"
        told[group].append(
            {
                "said": one.said,
                "found": one.sentence.removeprefix(one.said).lstrip(":, ") or "met",
                "note": one.note,
                "passed": one.passed,
                "trend": _trend(before.get(one.said)),
            }
        )
    return [(group, rows) for group, rows in told.items() if rows]


def _trend(trend: Trend | None) -> dict[str, Any] | None:
    """The checks as marks, oldest first, and in words; None where there was but one."""
    if trend is None or len(trend.points) < 2:
        return None
    marks = [point.passed for point in trend.points]
    return {"marks": marks, "said": f"met in {sum(marks)} of the last {len(marks)} checks"}


def _check(result: QualityResult) -> dict[str, Any]:
    return {**_verdict(result), "suite": result.suite}


def _freshness(wb: Workbench, name: str) -> dict[str, Any] | None:
    try:
        found = wb.quality.promises.look(name)
    except NotFound:
        return None
    return {"kept": found.kept, "said": found.sentence}


def _held(wb: Workbench, name: str) -> dict[str, Any] | None:
    """What is held back, for whom it is to be told; None where nothing is."""
    found = wb.quality.held.waiting(name)
    if found is None or found.since is None:
        return None
    said = f"{counted(found.rows, 'row')} for {counted(len(found.reasons), 'reason')}"
    return {"said": said, "since": moment(found.since)}
