"""One server: questions to it, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from workbench._version import __version__
from workbench.foundation.errors import Unavailable
from workbench.remote.address import loops_back
from workbench.remote.arrow import MEDIA_TYPE, RowStream
from workbench.remote.refusals import API_VERSION, check_version, refusal, strange, unreachable

__all__ = ["Door", "path"]

MOST = 500
"""Items of one page, which is the most that a server gives."""

_CONNECT_SECONDS = 10
_CONNECTIONS = httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=30)

T = TypeVar("T")


@dataclass(frozen=True)
class _Page:
    items: list[dict[str, Any]]
    next: str | None


def path(*parts: str) -> str:
    """Below the API: a name may hold anything, a slash too, or be what elsewhere means the folder above."""
    return "/".join("%2E" * len(part) if part in (".", "..") else quote(part, safe="") for part in parts)


class Door:
    """Asks the API of one server, and no other: no answer leads elsewhere. Safe to share between threads.

    Args:
        where: The server's address.
        token: Sent with every question, and shown nowhere.
        timeout: Seconds that the server may be silent.
    """

    def __init__(self, where: str, token: str | None, timeout: float) -> None:
        self.where = where
        self._timeout = timeout
        self._with_token = token is not None
        headers = {"User-Agent": f"analytics-workbench/{__version__}"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        base = f"{where}/workbench/api/v{API_VERSION}/"
        self._client = httpx.Client(
            base_url=base,
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=_CONNECT_SECONDS),
            limits=_CONNECTIONS,
            follow_redirects=False,
            trust_env=not loops_back(httpx.URL(base).host),  # what goes to this machine goes through no proxy
        )

    def ask(self, path: str, kind: type[T], sent: Mapping[str, Any] | None = None, /, **parameters: Any) -> T:
        """An answer, as what it is.

        Args:
            sent: What goes along, as JSON; None for a question that is its address alone.
            parameters: None is not sent; several values of one name are a list.

        Raises:
            WorkbenchError: What the server says is wrong, as the library itself would have said it.
            Unavailable: It cannot be reached, broke off, or answers what this library does not know.
        """
        with self._answer(path, parameters, "application/json", sent) as answer:
            content = answer.read()
        with self.understanding(path):
            return TypeAdapter(kind).validate_json(content)

    def pages(self, path: str, kind: type[T], /, *, limit: int | None = None, **parameters: Any) -> Iterator[T]:
        """The items of a list, page after page, at most `limit` of them. Raises what `ask` does."""
        cursor, left = None, limit
        while left is None or left > 0:
            size = MOST if left is None else min(MOST, left)
            page = self.ask(path, _Page, limit=size, cursor=cursor, **parameters)
            with self.understanding(path):
                read = TypeAdapter(kind)
                items = [read.validate_python(item) for item in page.items]
            yield from items
            left = None if left is None else left - len(items)
            cursor = page.next
            if cursor is None:
                return

    @contextmanager
    def rows(
        self, path: str, what: str, sent: Mapping[str, Any] | None = None, /, **parameters: Any
    ) -> Iterator[RowStream]:
        """A stream of rows, to be read in the block.

        Args:
            what: Whose rows, for errors: "the rows of 'flights'".
            sent: What goes along, as JSON; None for a question that is its address alone.

        Raises:
            WorkbenchError: As `ask`.
            Unavailable: The stream was cut off.
        """
        with self._answer(path, parameters, MEDIA_TYPE, sent) as answer:
            yield RowStream(answer.iter_bytes(), what)

    @contextmanager
    def understanding(self, path: str) -> Iterator[None]:
        """An answer is read in the block.

        Raises:
            Unavailable: It is not what this library knows.
        """
        try:
            yield
        except ValidationError as error:
            raise Unavailable(
                f"the workbench at {self.where} answers about {path} what this library does not understand",
                hint="its version may be another: upgrade analytics-workbench",
            ) from error

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _answer(
        self, path: str, parameters: Mapping[str, Any], media_type: str, sent: Mapping[str, Any] | None = None
    ) -> Iterator[httpx.Response]:
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            method, headers = "GET" if sent is None else "POST", {"Accept": media_type}
            with self._client.stream(method, path, params=given, headers=headers, json=sent) as answer:
                check_version(answer, self.where)
                if answer.status_code != httpx.codes.OK:
                    answer.read()
                    raise refusal(answer, self.where, with_token=self._with_token)
                if answer.headers.get("content-type", "").partition(";")[0] != media_type:
                    raise strange(answer, self.where)
                yield answer
        except httpx.HTTPError as error:
            raise unreachable(error, self.where, self._timeout) from error
