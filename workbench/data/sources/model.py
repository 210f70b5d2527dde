"""What a data source is, and what became of a sync."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from workbench.data.attempts import Outcome
from workbench.data.connectors import kind_of, streams
from workbench.data.sources.cursor import lag_of
from workbench.foundation.errors import NotFound, nearest
from workbench.foundation.secret import is_reference, named_like_a_secret
from workbench.foundation.wording import counted

__all__ = ["DataSource", "Mode", "SourceDefinition", "SyncRecord", "Tested"]

Mode = Literal["refresh", "append", "upsert", "files", "stream"]
_NOT_OF_STREAMS = (
    *("table", "query", "cursor", "initial", "lag", "bounds", "deletions", "deleted"),
    *("time_zone", "partition_by", "file_column"),
)
_REFERENCE = re.compile(r"(^|:)(env|file|keyring):")


def _several(given: Any) -> Any:
    return tuple(part for part in given.split(",") if part) if isinstance(given, str) else given


def _streams(url: str) -> bool:
    scheme, there, _ = url.partition("://")
    return bool(there) and scheme in streams.names()


Columns = Annotated[tuple[str, ...], BeforeValidator(_several)]


class SourceDefinition(BaseModel):
    """Where rows come from, and how they are brought into a dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$",
        description="Letters, digits, - and _, a letter first; at most 63.",
    )
    url: str = Field(min_length=1, max_length=2_000, description="Its scheme says what it is; a path is a file.")
    into: str = Field(description="The dataset; made by the first sync.")
    mode: Mode = Field(
        "refresh",
        description="refresh: all rows, in the place of those there; append: rows beyond the cursor are added; upsert:"
        " they replace those of their key; files: each file by itself, new and changed ones only; stream: the messages"
        " that are there, each once.",
    )
    table: str = Field("", description="Of a database, or the sheet of a workbook.")
    query: str = Field("", description="A SELECT instead of a table; for an API what stands behind the ?.")
    password: str = Field(
        "", description="Where the URL's password is kept: env:NAME, file:/path or keyring:service/name."
    )
    key: Columns = Field((), description="The columns that tell rows apart.")
    cursor: str = Field("", description="The column that grows: a time, a date, a number or a text.")
    initial: int | float | str | None = Field(None, description="Where the cursor begins; by default at the first row.")
    lag: int | float | str | None = Field(
        None, description="How far before the last cursor a sync looks again: 2h, 3d, or a number."
    )
    bounds: Literal["closed", "open"] = Field(
        "closed", description="Whether rows at the last cursor itself are looked at again."
    )
    deletions: Literal["keep", "column", "compare"] = Field(
        "keep",
        description="Rows deleted at the source: keep them, take out those that a column marks, or compare all keys.",
    )
    deleted: str = Field("", description="The column that marks deleted rows: true, not 0, or a time.")
    expect: str = Field("", description="The suite of expectations that rows have to meet before they are in.")
    quarantine: bool = Field(
        False, description="Rows that do not fit what is expected of single rows are held back, and the others loaded."
    )
    time_zone: str = Field("", description="Of times that have none.")
    evolve: bool = Field(False, description="New columns are taken over, where otherwise they are refused.")
    partition_by: Columns = Field((), description="Of a dataset that is made.")
    most: int | None = Field(None, ge=1, description="Of a stream: a sync ends when it took about so many messages.")
    seconds: float = Field(300, gt=0, description="Of a stream: a sync ends after so long; the rest is the next one's.")
    file_column: str = Field("source_file", description="Of the mode files: the column that says the file.")
    description: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_a_stream(cls, given: Any) -> Any:
        """There is one way to take what a stream has, so that it need not be said."""
        if isinstance(given, Mapping) and "mode" not in given and _streams(str(given.get("url", ""))):
            return {**given, "mode": "stream"}
        return given

    @field_validator("url")
    @classmethod
    def _no_secret(cls, url: str) -> str:
        """Without repeating what may be one."""
        try:
            parts = urlsplit(url)
            clear = parts.password is not None
        except ValueError:
            raise ValueError("has a url that is none") from None
        if clear:
            raise ValueError(
                "has a password in clear in its url: leave it out there, and say password=env:NAME,"
                " password=file:/path or password=keyring:service/name"
            )
        for part in (parts.query, parts.fragment):
            for name, value in parse_qsl(part, keep_blank_values=True):
                secret = named_like_a_secret(name) or name in ("auth", "secrets")
                if secret and not all(_REFERENCE.search(one) for one in value.split(",")):
                    raise ValueError(
                        f"has '{name}' in clear in its url: say where it is kept, env:NAME, file:/path or"
                        " keyring:service/name"
                    )
        return url

    @field_validator("password")
    @classmethod
    def _by_reference(cls, password: str) -> str:
        if password and not is_reference(password):
            raise ValueError("has a password in clear: write env:NAME, file:/path or keyring:service/name")
        return password

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone and zone not in available_timezones():
            guess = nearest(zone, available_timezones())
            raise ValueError(f"has no time zone '{zone}'" + (f"; did you mean '{guess}'?" if guess else ""))
        return zone

    @field_validator("lag")
    @classmethod
    def _known_lag(cls, lag: int | float | str | None) -> int | float | str | None:
        lag_of(lag)
        return lag

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        following = self.mode in ("append", "upsert")
        self._agrees_on_stream()
        if self.quarantine and not self.expect:
            raise ValueError("holds rows back, and needs a suite that says which: expect")
        if self.table and self.query:
            raise ValueError("has a table and a query: say one of them")
        if following and not self.cursor:
            raise ValueError(f"needs a cursor to {self.mode} by, the column that grows")
        if not following and (given := [name for name in ("cursor", "initial", "lag") if getattr(self, name)]):
            raise ValueError(f"has {given[0]}, which the mode '{self.mode}' does not use")
        if self.mode == "upsert" and not self.key:
            raise ValueError("needs a key to upsert by, the columns that tell rows apart")
        if self.mode == "files" and (self.query or self.partition_by):
            raise ValueError(f"has {'a query' if self.query else 'partitions'}, which the mode 'files' does not use")
        if (self.deletions == "column") != bool(self.deleted):
            raise ValueError("needs both deletions=column and deleted=, the column, or neither")
        if self.deletions == "column" and self.mode not in ("refresh", "upsert"):
            raise ValueError(f"takes out rows by a column, for which the mode '{self.mode}' does not know them: upsert")
        if self.deletions == "compare":
            if self.mode == "refresh":
                raise ValueError("compares keys, where a refresh leaves out what is gone by itself")
            if following and not self.key:
                raise ValueError("needs a key to compare")
            if self.mode == "files" and self.key:
                raise ValueError("cannot tell which rows a file left, where rows are put in by key")
        return self

    def _agrees_on_stream(self) -> None:
        """The position of its messages is what a stream is followed by, and nothing is deleted in one."""
        if self.mode == "stream":
            if given := [name for name in _NOT_OF_STREAMS if self._says(name)]:
                raise ValueError(f"has {given[0]}, which the mode 'stream' does not use")
            if self.password:
                raise ValueError("has a password, which a stream's address names: ...#secrets=password:env:NAME")
        elif _streams(self.url):
            raise ValueError(f"has the mode '{self.mode}', and a stream's messages are taken by the mode 'stream'")
        elif given := [name for name in ("most", "seconds") if self._says(name)]:
            raise ValueError(f"has {given[0]}, which the mode '{self.mode}' does not use")

    def _says(self, name: str) -> bool:
        return bool(getattr(self, name) != type(self).model_fields[name].default)

    @property
    def kind(self) -> str:
        """What it is, by its URL: "postgresql", "https+json", "sqlite", "file"."""
        try:
            return kind_of(self.url)
        except NotFound:  # the package that had a connector for it is gone
            return self.url.partition("://")[0]

    @property
    def about(self) -> str:
        """A digest of what decides which rows are loaded: where it changes, what was loaded is loaded anew."""
        names = ("url", "table", "query", "mode", "key", "cursor", "deleted", "time_zone", "file_column")
        said = json.dumps({name: getattr(self, name) for name in names}, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SyncRecord:
    """One sync. Times are UTC.

    Attributes:
        run: Its run; `wb.runs.receipt(run)` says all of it.
        rows: How many were loaded; those that are as they were when they were last looked at are not. None, as are
            `removed` and `held`, for whom a policy hides some of the dataset; they are not told the notes, the error
            and its hint either.
        removed: How many were taken out, being deleted at the source.
        held: How many were held back, as they do not fit what is expected of them.
        version: Of the dataset, afterwards; None where there is none.
        everything: Whether all rows of the source were read, since it cannot be asked for some.
        notes: What somebody should know, a sentence each.
        hint: What to do about the error.
    """

    run: str
    mode: str
    by: str
    started: datetime
    finished: datetime | None
    outcome: Outcome
    rows: int | None = 0
    removed: int | None = 0
    version: int | None = None
    everything: bool = False
    notes: tuple[str, ...] = ()
    error: str | None = None
    held: int | None = 0
    hint: str | None = None

    def closed(self) -> SyncRecord:
        """For whom a policy hides some of the dataset: without what may tell of the rows that it hides."""
        error = "not told, since a policy hides some of the dataset from you" if self.error else None
        return replace(self, rows=None, removed=None, held=None, notes=(), error=error, hint=None)

    def __repr__(self) -> str:
        took = "" if self.finished is None else f" in {(self.finished - self.started).total_seconds():.1f} s"
        gone = f", {self.removed:,} removed" if self.removed else ""
        came = "" if self.rows is None else f", {counted(self.rows, 'row')} loaded"
        kept = f", {self.held:,} held back" if self.held else ""
        said = f"{self.outcome}: {self.error}" if self.error else f"{self.outcome}{came}{gone}{kept}"
        lines = [
            f"{self.mode} {said}{took} (run {self.run})",
            *(f"  {note}" for note in (*self.notes, *filter(None, [self.hint]))),
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Tested:
    """What a look at a source found. Nothing was loaded.

    Attributes:
        columns: Column -> its type.
        rows: In the first batch; a source may have more.
        incremental: Whether it can be asked for the rows beyond a cursor alone; otherwise all are read.
    """

    columns: Mapping[str, str]
    rows: int
    incremental: bool


@dataclass(frozen=True)
class DataSource:
    """A source in the catalog. Times are UTC.

    Attributes:
        version: Counts its changes, from 1.
        updated: When it was last changed.
        paused: Since when it may not be synced; None where it may.
        last: The latest sync; None before the first.
        records: Rows of its dataset that the asker may see; None where there is none yet.
    """

    id: str
    definition: SourceDefinition
    version: int
    owner: str
    created: datetime
    updated: datetime
    saved_by: str
    paused: datetime | None
    last: SyncRecord | None = None
    records: int | None = None

    @property
    def name(self) -> str:
        return self.definition.name

    def __repr__(self) -> str:
        one = self.definition
        what = f" {one.table or one.query}" if one.table or one.query else ""
        state = "paused" if self.paused else repr(self.last).splitlines()[0] if self.last else "never synced"
        return f"Source {one.name}: {one.url}{what} -> {one.into} by {one.mode}; {state}"
