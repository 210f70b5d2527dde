"""The one handler of all endpoints: who asks, may they, what do they ask, and the answer or the problem."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import parse_qs

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

from workbench import Workbench
from workbench.foundation.errors import Forbidden, NotFound, Unavailable, WorkbenchError
from workbench.foundation.observability import logger
from workbench.governance.identity import permit
from workbench_server import arrow
from workbench_server.access import Access
from workbench_server.arrow import Rows, pieces
from workbench_server.endpoint import Endpoint, Method, named, parsed, read_body
from workbench_server.identity import refusal
from workbench_server.problems import MEDIA_TYPE, Problem, problem_of

__all__ = ["API_VERSION", "EndpointHandler", "OpenEndpointHandler", "UnknownHandler", "problem_for", "work_for"]

API_VERSION = 1
"""In every answer of the API, as the header `Workbench-API`, so that a program of another version can tell."""

STALLED_SECONDS = 120
"""How long somebody who is sent rows may take none before the connection is cut."""

MOST_SENT = 32 * 2**20
"""Bytes that may be sent: a cohort's list of a million subjects fits in."""

_WORKERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="workbench")
# Whoever watches the process ends it when it does not answer: that must not wait behind long questions.
_OPEN_WORKERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="workbench-open")


def work_for(work: Any, *args: Any, workers: ThreadPoolExecutor = _WORKERS) -> Awaitable[Any]:
    """Runs what may wait for a disk or a database away from the event loop."""
    return asyncio.get_running_loop().run_in_executor(workers, partial(work, *args))


def problem_for(handler: web.RequestHandler, error: BaseException | None, status: int) -> Problem:
    """The problem of a request that failed; without a user, the reason is that."""
    if error is None:
        error = web.HTTPError(status)
    if isinstance(error, web.HTTPError) and error.status_code == 403 and not handler.current_user:
        error = refusal(handler)
    elif isinstance(error.__cause__, Forbidden):
        error = error.__cause__  # with its hint, which Jupyter's has no place for
    return problem_of(error, where=f"{handler.request.method} {handler.request.path}")


class EndpointHandler(APIHandler):
    """Answers the endpoints of one path, by method."""

    _track_activity = False

    def initialize(self, endpoints: Mapping[Method, Endpoint], access: Access) -> None:
        self.endpoints = endpoints
        self.access = access

    @property
    def endpoint(self) -> Endpoint:
        method: Any = "GET" if self.request.method == "HEAD" else self.request.method
        if method not in self.endpoints:
            raise web.HTTPError(405, f"there is no {method} here, but {' and '.join(self.endpoints)}")
        return self.endpoints[method]

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Workbench-API", str(API_VERSION))

    def get_login_url(self) -> str:
        raise refusal(self)

    @web.authenticated
    async def get(self, **parts: str) -> None:
        await self.answer(parts)

    @web.authenticated
    async def head(self, **parts: str) -> None:
        await self.answer(parts)

    @web.authenticated
    async def post(self, **parts: str) -> None:
        await self.answer(parts)

    @web.authenticated
    async def put(self, **parts: str) -> None:
        await self.answer(parts)

    @web.authenticated
    async def delete(self, **parts: str) -> None:
        await self.answer(parts)

    async def answer(self, parts: dict[str, str]) -> None:
        if len(self.request.body) > MOST_SENT:
            raise web.HTTPError(413, f"more than {MOST_SENT // 2**20} MB were sent")
        asked = parse_qs(self.request.query, keep_blank_values=True)
        workers = _OPEN_WORKERS if self.endpoint.public else _WORKERS
        found = await work_for(self._answered, self.current_user, parts, asked, workers=workers)
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Vary", "Cookie, Authorization")
        if isinstance(found, bytes):
            self.finish(found)
        else:
            await self._send(found)

    def _answered(self, user: Any, parts: dict[str, str], asked: dict[str, list[str]]) -> bytes | Iterator[bytes]:
        wb = self._workbench(user)
        query = parsed(self.endpoint.query, asked)
        body = read_body(self.endpoint.body, self.request.body)
        found = self.endpoint.run(wb, named(parts), query, body)
        if isinstance(found, Rows):
            stream = pieces(found)
            return chain([next(stream)], stream)
        return found.model_dump_json(by_alias=True).encode()

    async def _send(self, stream: Iterator[bytes]) -> None:
        """Sends rows as fast as they are taken. What fails midway cannot be told: the connection is cut instead, so
        that nobody takes a part for the whole."""
        self.set_header("Content-Type", arrow.MEDIA_TYPE)
        try:
            while self.request.method != "HEAD" and (piece := await work_for(next, stream, None)) is not None:
                self.write(piece)
                await asyncio.wait_for(self.flush(), STALLED_SECONDS)
        except StreamClosedError:
            return
        except BaseException as error:
            where = f"{self.request.method} {self.request.path}"
            logger(__name__).warning("%s was cut off: %s", where, problem_of(error, where=where).detail)
            self.detach().close()
            raise
        self.finish(set_content_type=arrow.MEDIA_TYPE)

    def _workbench(self, user: Any) -> Workbench:
        credential = self.access.credential(user)
        assert self.endpoint.resource is not None
        permit(credential, self.endpoint.action, self.endpoint.resource)
        return self.access.workbench(credential.principal)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Nothing here: `problem_of` logs what nobody foresaw, and the rest is the asker's business."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        problem = problem_for(self, kwargs.get("exc_info", (None, None, None))[1], status_code)
        self.set_status(problem.status)
        self.set_header("Cache-Control", "no-store")
        if problem.status == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="workbench"')
        self.finish(problem.model_dump_json(exclude_none=True).encode(), set_content_type=MEDIA_TYPE)


class OpenEndpointHandler(EndpointHandler):
    """Answers an endpoint that needs no sign-in. Why something is not well is for the log alone."""

    @allow_unauthenticated
    async def get(self, **parts: str) -> None:
        await self.answer(parts)

    @allow_unauthenticated
    async def head(self, **parts: str) -> None:
        await self.answer(parts)

    def _workbench(self, user: Any) -> Workbench:
        try:
            return self.access.server()
        except WorkbenchError as error:
            logger(__name__).warning("the workspace cannot be opened: %s", error)
            raise Unavailable("the workspace cannot be opened", hint="its log says why") from None


class UnknownHandler(EndpointHandler):
    """Below the API, where nothing is: a problem, and no page of Jupyter's."""

    def initialize(self, access: Access) -> None:  # type: ignore[override]
        self.access = access

    async def answer(self, parts: dict[str, str]) -> None:
        raise NotFound(f"there is nothing at {self.request.path}", hint="/workbench/api says what there is")
