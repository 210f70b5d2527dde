"""Rows into an HTTP API that takes JSON: some at once, or each to an address of its own."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pyarrow as pa

from workbench.data.connectors import SendOptions
from workbench.data.destinations.model import Sent
from workbench.foundation.errors import Invalid, WorkbenchError, unknown
from workbench.foundation.http import Client, Clock, Limits
from workbench.foundation.secret import named_like_a_secret

__all__ = ["ApiDestination"]

_FIELD = re.compile(r"\{([^{}]+)\}")


class ApiDestination:
    """An HTTP API: `https+json://host/orders` takes lists of rows, `https+json://host/orders/{id}` one row at a time.

    A request is sent again where that may help, with the same `Idempotency-Key`: a hash of its rows and of their key,
    so that sending the same rows another day says so, too.

    Args:
        clock: How the client waits.
    """

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        """
        Raises:
            Invalid: No address, one with a secret in it, or options that are none.
        """
        rest, _, fragment = url.partition("#")
        try:
            parts = urlsplit(rest.replace("+json://", "://", 1))
            host = parts.hostname
        except ValueError:  # which repeats the address, and whatever is in it
            raise Invalid("the address of the API is none", hint="https+json://host/path") from None
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if parts.username is not None or parts.password is not None:
            raise Invalid(
                f"{self.url} has a name or a password in it, and addresses are shown and kept",
                hint="say where the secret is: #auth=basic:USER:env:NAME",
            )
        for name, _ in parse_qsl(parts.query, keep_blank_values=True):
            if named_like_a_secret(name):
                raise Invalid(
                    f"{self.url} has '{name}' in clear, and addresses are shown and kept",
                    hint=f"say where the secret is: #auth=query:{name}:env:NAME",
                )
        if not host:
            raise Invalid(f"'{rest}' names no host", hint="https+json://host/path")
        self._address = parts._replace(fragment="").geturl()
        self._options = SendOptions.of_fragment(fragment, self.url)
        options = self._options
        self._client = Client(
            Limits(silence=options.timeout, attempts=options.attempts),
            rate=options.rate,
            private=[host] if options.private else [],
            clock=clock,
        )

    def __repr__(self) -> str:
        return f"ApiDestination({self.url})"

    def write(self, rows: pa.RecordBatchReader, *, table: str | None, key: Sequence[str], overwrite: bool) -> Sent:
        """See `Destination.write`. Requests are answered one by one: what was sent before one fails is there."""
        if table is not None:
            raise Invalid(f"{self.url} has no tables", hint="leave `table` out: the address says where rows go")
        if overwrite:
            raise Invalid(f"{self.url} takes rows and is not emptied first", hint="leave overwrite out")
        fields = _FIELD.findall(self._address)
        if not key and not fields:
            raise Invalid(
                f"rows for {self.url} need a key, so that sending them again changes nothing",
                hint="key='id' (--key id), which the API tells them apart by",
            )
        names = rows.schema.names
        for name in (*key, *fields):
            if name not in names:
                raise unknown("column", name, names, error=Invalid)
        credentials = self._options.credentials()
        method = self._options.method or ("PUT" if fields else "POST")
        done = 0
        try:
            for part in _parts(rows, 1 if fields else self._options.size):
                address = self._of(part[0]) if fields else self._address
                body: Any = part[0] if fields else part
                body = {self._options.rows: body} if self._options.rows else body
                try:
                    self._client.request(
                        method,
                        address,
                        headers={"Idempotency-Key": _mark(body, key)},
                        body=body,
                        credentials=credentials,
                        repeatable=True,
                    )
                except WorkbenchError as error:
                    raise type(error)(
                        f"rows {done + 1:,} to {done + len(part):,}: {error}; {done:,} rows before them are there",
                        hint=error.hint or "send them again: what is there is not there twice",
                    ) from error
                done += len(part)
        finally:
            self._client.close()
        return Sent(self.url, done)

    def _of(self, row: Mapping[str, Any]) -> str:
        def filled(found: re.Match[str]) -> str:
            value = row[found[1]]
            if value is None or value == "":
                raise Invalid(f"a row for {self.url} has no '{found[1]}', which its address needs")
            return quote(str(value), safe="")

        return _FIELD.sub(filled, self._address)


def _parts(rows: pa.RecordBatchReader, size: int) -> Iterator[list[dict[str, Any]]]:
    """Lists of so many rows, however they come in batches: the same rows make the same requests."""
    waiting: list[dict[str, Any]] = []
    for batch in rows:
        for row in batch.to_pylist():
            waiting.append({name: _as_json(value) for name, value in row.items()})
            if len(waiting) == size:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _as_json(value: Any) -> Any:
    """Times with their zone, decimals and bytes as text, what is no number as null."""
    match value:
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.hex()
        case list():
            return [_as_json(one) for one in value]
        case dict():
            return {name: _as_json(one) for name, one in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _mark(body: Any, key: Sequence[str]) -> str:
    said = json.dumps([list(key), body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()[:32]
