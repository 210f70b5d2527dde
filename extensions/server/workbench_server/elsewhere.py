"""The other processes of the workspace, as a browser that asks this one reaches them."""

from __future__ import annotations

from urllib.parse import urlsplit

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import RequestHandler

from workbench import Workbench
from workbench.foundation.errors import Forbidden
from workbench_server.handler import work_for
from workbench_server.pages import POLICY, show
from workbench_server.problems import problem_of

__all__ = ["TurnedAway", "address"]


def address(handler: RequestHandler, wb: Workbench, process: str) -> str | None:
    """Where a process is reached, by the name that the browser knows this host by, whose cookie it has.

    None where the process does not run.
    """
    url = wb.processes.url(process)
    request = handler.request
    return None if url is None else f"{request.protocol}://{request.host_name}:{urlsplit(url).port}"


class TurnedAway:
    """Answers who may not use the Lab with a page that leads on to where they may be."""

    def __init__(self, wb: Workbench) -> None:
        self._wb = wb

    async def __call__(self, handler: JupyterHandler, error: Forbidden) -> None:
        there = await work_for(address, handler, self._wb, "api")
        problem = problem_of(error, where=handler.request.path)
        handler.set_status(problem.status)
        handler.set_header("Cache-Control", "no-store")
        handler.set_header("Content-Security-Policy", POLICY)
        home = f"{there}/workbench" if there else ""
        show(handler, "problem.html.j2", title=problem.title, home=home, problem=problem)
