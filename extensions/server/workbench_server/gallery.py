"""The pages: home, rendered reports, the API in words; and the rendered files themselves."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado import web

from workbench.foundation.errors import Forbidden, NotFound, Unavailable
from workbench.governance.identity import permit
from workbench.orchestration.processes import kinds
from workbench.publishing.reports import ReportRun, moment
from workbench_server.apidoc import errors, fields, groups
from workbench_server.elsewhere import address
from workbench_server.endpoint import cursor_of, named, position_in
from workbench_server.handler import work_for
from workbench_server.openapi import document
from workbench_server.pages import PageHandler

__all__ = [
    "ApiPageHandler",
    "DashboardsHandler",
    "DocumentHandler",
    "HomeHandler",
    "ReportFileHandler",
    "ReportsHandler",
]

SHOWN = 8
"""How many runs of each report are listed at once."""

# Process -> what it is called and what is there, and what one has to be allowed.
ELSEWHERE = {
    "voila": ("Dashboards", "Live numbers, with filters.", "read", "dashboards"),
    "lab": ("JupyterLab", "Notebooks over the workspace's datasets.", "use", "lab"),
}

# Whatever the file holds, in a browser it is a document of no site: no script, no request, no cookie of ours to use.
SEALED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
_FILES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}


class HomeHandler(PageHandler):
    """Where everything is."""

    @web.authenticated
    async def get(self) -> None:
        wb = await work_for(self.permitted, "me", "read")
        base = f"{self.base_url.rstrip('/')}/workbench"
        places = [
            {"url": f"{base}/reports", "title": "Reports", "about": "Rendered runs, with what made them."},
            *await work_for(self._elsewhere),
            {"url": f"{base}/datasets", "title": "Datasets", "about": "What there is, and where it comes from."},
            {"url": f"{base}/api", "title": "API", "about": "Datasets, metrics, runs and reports for programs."},
        ]
        self.set_header("Cache-Control", "private, no-cache")
        self.show(
            "home.html.j2", title="Home", here="Home", name=wb.settings.home.name, who=wb.actor.principal, places=places
        )

    def _elsewhere(self) -> list[dict[str, str]]:
        """The pages of other processes that run now and that the asker may open; the cookie holds there, too."""
        credential = self.access.credential(self.current_user)
        found = []
        for name, (title, about, action, resource) in ELSEWHERE.items():
            wb = self.access.server()
            there = address(self, wb, name)
            with suppress(Forbidden):
                permit(credential, action, resource)
                if there is not None and urlsplit(there).port != urlsplit(self.request.full_url()).port:
                    page = kinds.get(name).opens(wb.settings.home)
                    found.append({"url": there + page, "title": title, "about": about})
        return found


class DashboardsHandler(PageHandler):
    """Leads on to the dashboards, which a process of their own serves."""

    @web.authenticated
    async def get(self) -> None:
        self.redirect(await work_for(self._there))

    def _there(self) -> str:
        self.permitted("dashboards", "read")
        wb = self.access.server()
        there = address(self, wb, "voila")
        if there is None:
            raise Unavailable("nobody serves the dashboards at the moment", hint="`workbench serve voila` does")
        return there + kinds.get("voila").opens(wb.settings.home)


class ReportsHandler(PageHandler):
    """The rendered reports that the asker may open."""

    @web.authenticated
    async def get(self) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        self.show("reports.html.j2", title="Reports", here="Reports", reports=await work_for(self._reports))

    def _reports(self) -> list[dict[str, Any]]:
        wb = self.permitted("reports", "read")
        wanted = self.get_query_argument("report", None)
        before = position_in(self.get_query_argument("cursor", None))
        known = {one.name: one for one in wb.reports.list()}
        names = sorted({*known, *wb.gallery.names()})
        if wanted is not None and wanted not in names:
            raise NotFound(f"no report '{wanted}'")
        found = []
        for name in names:
            if wanted not in (None, name):
                continue
            runs = wb.gallery.list(name, before=before, limit=SHOWN + 1)
            if not runs and name not in known:
                continue
            about = known.get(name)
            found.append(
                {
                    "name": name,
                    "title": about.title if about else name,
                    "description": about.description if about else "",
                    "runs": [self._run(one) for one in runs[:SHOWN]],
                    "more": cursor_of(runs[SHOWN - 1].run.id) if len(runs) > SHOWN else None,
                }
            )
        return found

    def _run(self, one: ReportRun) -> dict[str, Any]:
        where = f"{self.base_url.rstrip('/')}/workbench/reports/{one.name}/{one.run.id}"
        return {
            "html": f"{where}/report.html",
            "pdf": f"{where}/report.pdf" if one.pdf else None,
            "when": moment(one.run.started),
            "status": one.run.status.value,
            "failed": one.run.status != "succeeded",
            "who": one.run.principal,
            "parameters": one.parameters,
        }


class ReportFileHandler(PageHandler):
    """A rendered file, sealed off from everything else on this server."""

    @web.authenticated
    async def get(self, name: str, run: str, ending: str) -> None:
        content = await work_for(self._content, name, run, ending)
        self.set_header("Content-Type", _FILES[ending])
        self.set_header("Content-Security-Policy", SEALED)
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Referrer-Policy", "no-referrer")
        if ending == "pdf":
            self.set_header("Content-Disposition", f'attachment; filename="{name}-{run}.pdf"')
        self.finish(content)

    def _content(self, name: str, run: str, ending: str) -> bytes:
        named({"report": name, "run": run})
        report = self.permitted("reports", "read").gallery.open(name, run)
        path: Path | None = {"html": report.html, "pdf": report.pdf}[ending]
        if path is None:
            raise NotFound(f"run {run} of '{name}' has no PDF", hint=report.note)
        return path.read_bytes()


class ApiPageHandler(PageHandler):
    """The API in words."""

    @web.authenticated
    async def get(self) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        host = f"{self.request.protocol}://{self.request.host}"
        told = {"groups": groups(), "change": fields("Heard"), "errors": errors()}
        self.show("api.html.j2", title="API", here="API", host=host, **told)


class DocumentHandler(PageHandler):
    """openapi.json."""

    @web.authenticated
    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(json.dumps(document(f"{self.base_url.rstrip('/')}/workbench/api/v1")))
