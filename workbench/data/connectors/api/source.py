"""A list of an HTTP API as a source of rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa

from workbench.data.connectors.api.options import ApiOptions
from workbench.data.connectors.api.paging import pages
from workbench.data.connectors.api.records import Records
from workbench.data.connectors.model import BATCH_ROWS
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.http import Answer, Circuit, Client, Clock, Limits
from workbench.foundation.secret import named_like_a_secret

__all__ = ["ApiSource"]

_PARAMETER = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")


class ApiSource:
    """A list of an HTTP API that answers with JSON; its one table is named after the address's last part.

    Its address is `https+json://host/path?query#options`, or `http+json://`; see `ApiOptions`. Its queries are those of
    an address, with values as parameters: `status=open&updated_since=:since`.

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
            own = parts.username is not None or parts.password is not None
        except ValueError:  # which repeats the address, and whatever is in it
            raise Invalid("the address of the API is none", hint="https+json://host/path") from None
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if own:
            raise Invalid(
                f"{place} has a name or a password in it, and addresses are shown and kept",
                hint="say where the secret is: #auth=basic:USER:env:NAME",
            )
        if not host:
            raise Invalid(f"'{rest}' names no host", hint="https+json://host/path")
        query = parse_qsl(parts.query, keep_blank_values=True)
        for name in (name for name, _ in query if named_like_a_secret(name)):
            raise Invalid(
                f"{place} has '{name}' in clear, and addresses are shown and kept",
                hint=f"say where the secret is: #auth=query:{name}:env:NAME",
            )
        self.url = url
        self._address = parts._replace(fragment="").geturl()
        self._place = place
        self._options = ApiOptions.of_fragment(fragment, place)
        options = self._options
        self._client = Client(
            Limits(silence=options.timeout, attempts=options.attempts, most_bytes=options.most_mb * 1_000_000),
            rate=options.rate,
            private=[host] if options.private else [],
            clock=clock,
        )
        last = unquote(parts.path).rstrip("/").rpartition("/")[2].removesuffix(".json")
        self._table = last or host

    def __repr__(self) -> str:
        return f"ApiSource({self._place})"

    def tables(self) -> list[str]:
        return [self._table]

    def circuits(self) -> list[Circuit]:
        """Whether its host is asked or left alone."""
        return self._client.circuits()

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        """Its columns, for which all rows are read: an API does not say what there is."""
        return next(self.batches(table=table, query=query)).schema

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        if table is not None and table != self._table:
            raise unknown("table", table, self.tables())
        asked = self._bound(query, dict(parameters or {}))
        credentials = self._options.credentials()

        def ask(url: str, parameters: Mapping[str, str]) -> Answer:
            return self._client.get(url, parameters=parameters, credentials=credentials)

        with Records(self._place, self._options.types) as records:
            try:
                for page in pages(ask, self._address, asked, self._options, self._place):
                    records.add(page.rows, page.number)
            finally:
                self._client.close()
            yield from records.batches(batch_rows)

    def fingerprint(self) -> str:
        return ""  # nothing but asking for all of it would tell

    def _bound(self, query: str | None, given: dict[str, Any]) -> dict[str, str]:
        """A query as parameters of the address, its own taking the place of those there are."""
        found: dict[str, str] = {}
        used: set[str] = set()
        for part in (query or "").split("&") if query else []:
            if not re.fullmatch(r"[^\s=&?#]+=[^&#]*", part):
                raise Invalid(
                    f"{self._place} refused the query: '{part[:80]}' is no name=value",
                    hint="an API takes what stands behind the ? of an address: status=open&since=:since",
                )
            ((name, value),) = parse_qsl(part, keep_blank_values=True)
            if (named := _PARAMETER.fullmatch(value)) is not None:
                if named[1] not in given:
                    raise unknown("parameter", named[1], given, error=Invalid)
                used.add(named[1])
                value = _written(named[1], given[named[1]])
            found[name] = value
        for name in given.keys() - used:
            raise Invalid(f"the query of {self._place} has no :{name}, for which a value is given")
        return found


def _written(name: str, value: Any) -> str:
    """A value as APIs take it: times in UTC with a Z, `true` and `false`."""
    match value:
        case bool():
            return str(value).lower()
        case datetime() if value.tzinfo is None:
            raise Invalid(f"the time of :{name} has no zone", hint="give it one: value.replace(tzinfo=UTC)")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case str() | int() | float():
            return str(value)
    raise Invalid(f"the value of :{name} is {type(value).__name__}, which an address cannot say")
