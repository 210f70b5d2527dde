"""Bytes of any length, taken as they come: who sends them is asked before the first is read; memory holds a piece."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from tornado import web
from tornado.http1connection import HTTP1Connection

from workbench.foundation.errors import WorkbenchError
from workbench_server.endpoint import Sink, named, parsed
from workbench_server.handler import EndpointHandler, work_for
from workbench_server.identity import refusal

__all__ = ["BytesHandler"]

PIECE = 1 << 20
"""So many bytes are gathered before they are written."""
MOST = 1 << 40
"""A request may be as long as it likes: what is sent too much is refused by whoever takes it."""


@web.stream_request_body
class BytesHandler(EndpointHandler):
    """Answers an endpoint of a path that is sent bytes. What came before a connection was cut stays."""

    _sink: Sink | None = None
    _gathered: bytearray

    async def prepare(self, *_: Any, **__: Any) -> Any:
        self._gathered = bytearray()
        assert isinstance(self.request.connection, HTTP1Connection)
        self.request.connection.set_max_body_size(MOST)
        await super().prepare()
        if self._finished:
            return
        if not self.current_user:
            raise refusal(self)
        if self.endpoint.content:
            self._sink = await work_for(self._taking, self.current_user)

    async def data_received(self, chunk: bytes) -> None:
        if self._sink is None:
            raise web.HTTPError(413, "nothing is to be sent along here")
        self._gathered += chunk
        if len(self._gathered) >= PIECE:
            await self._write()

    async def answer(self, parts: dict[str, str]) -> None:
        if self._sink is not None:
            await self._write()
            await work_for(self._sink.close)
        await super().answer(parts)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._end()

    def on_finish(self) -> None:
        super().on_finish()
        self._end()

    async def _write(self) -> None:
        assert self._sink is not None
        piece, self._gathered = bytes(self._gathered), bytearray()
        await work_for(self._sink.write, piece)

    def _taking(self, user: Any) -> Sink:
        wb = self._workbench(user)
        endpoint = self.endpoint
        assert endpoint.taking is not None
        parts = {name: value for name, value in self.path_kwargs.items() if value is not None}
        query = parsed(endpoint.query, parse_qs(self.request.query, keep_blank_values=True))
        return endpoint.taking(wb, **named(parts), query=query)

    def _end(self) -> None:
        """Whatever came is kept, and the next piece may come."""
        sink, self._sink = self._sink, None
        if sink is None:
            return
        try:
            if self._gathered:
                sink.write(bytes(self._gathered))
                self._gathered = bytearray()
        except WorkbenchError:
            # It is too much, or the disk is full. The connection is gone, so nobody can be told here: what was not
            # kept is not counted either, and whoever goes on sends it again and is told then.
            pass
        finally:
            sink.close()
