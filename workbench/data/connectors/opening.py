"""From a URL or a path to a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl
import pyarrow as pa

from workbench.data.connectors.api import ApiSource
from workbench.data.connectors.databases import DatabaseSource, DuckSource
from workbench.data.connectors.delta import DeltaSource
from workbench.data.connectors.files import (
    SCHEMES,
    FileOptions,
    FileSource,
    Local,
    Remote,
    TextFormat,
    Web,
    format_of,
)
from workbench.data.connectors.model import Source
from workbench.data.connectors.streams import streams
from workbench.foundation.errors import Invalid, NotFound, unknown
from workbench.foundation.registry import Registry

__all__ = ["connectors", "kind_of", "open_source", "read_frame", "read_reader"]

SQLITE_SUFFIXES = {".db", ".sqlite", ".sqlite3"}
DUCKDB_SUFFIXES = {".duckdb", ".ddb"}


def _file(url: str, text: TextFormat | None = None) -> Source:
    parts = urlsplit(url)
    return _near(Path(unquote(parts.path)), parts.fragment, text)


def _local(given: str, folder: Path, text: TextFormat | None) -> Source:
    """A `#` may belong to the file's own name; options behind one have a `=`."""
    rest, fragment = _split(given)
    if (folder / Path(given).expanduser()).exists():
        rest, fragment = given, ""
    return _near(folder / Path(rest).expanduser(), fragment, text)


def _near(path: Path, fragment: str, text: TextFormat | None) -> Source:
    options = FileOptions.of_fragment(fragment, str(path))
    options.only(str(path))
    return FileSource(Local(path), options, fragment, text)


def _remote(url: str, text: TextFormat | None = None) -> Source:
    place, fragment = _split(url)
    options = FileOptions.of_fragment(fragment, place)
    options.only(place, "secrets", "settings")
    return FileSource(Remote(place, options), options, fragment, text)


def _web(url: str, text: TextFormat | None = None) -> Source:
    place, _, fragment = url.partition("#")
    options = FileOptions.of_fragment(fragment, place.partition("?")[0].rpartition("@")[2])
    options.only(place, "auth", "private", "most_mb")
    try:
        said = {} if text is None else {"separator": text.separator, "encoding": text.encoding}
        format_of(urlsplit(place).path, options.model_copy(update=said))
    except Invalid as error:
        scheme = place.partition(":")[0]
        raise NotFound(
            f"no connector '{scheme}' for what is no file; did you mean '{scheme}+json'?",
            hint=f"that reads an API that answers with JSON; {error.hint}",
        ) from error
    return FileSource(Web(place, options), options, fragment, text)


def _split(given: str) -> tuple[str, str]:
    rest, _, fragment = given.rpartition("#")
    return (rest, fragment) if rest and "=" in fragment else (given, "")


FILES: dict[str, Callable[[str, TextFormat | None], Source]] = {"file": _file, "http": _web, "https": _web}
FILES |= dict.fromkeys(SCHEMES, _remote)

connectors: Registry[Callable[[str], Source]] = Registry("connector", "workbench.connectors")
connectors.register("file", _file)
connectors.register("http", _web)
connectors.register("https", _web)
for _scheme in SCHEMES:
    connectors.register(_scheme, _remote)
for _scheme in ("sqlite", "postgresql", "mysql", "mariadb"):
    connectors.register(_scheme, DatabaseSource)
connectors.register("duckdb", DuckSource)
connectors.register("delta", DeltaSource)
connectors.register("http+json", ApiSource)
connectors.register("https+json", ApiSource)


def open_source(url: str | Path, *, base: Path | None = None, text: TextFormat | None = None) -> Source:
    """Opens a file, a database or an API for reading. Nothing is created and nothing is written there.

    Args:
        url: A path (`data/flights.csv`), a pattern (`data/flights-*.csv#file=month`), or a URL whose scheme names a
            connector (`sqlite:///ops.db`, `postgresql://user@host/name`, `file:///data/flights.csv`,
            `delta:///data/orders`, `https+json://api.example.com/orders`).
        base: The folder that relative paths start from; the current one when not given.
        text: How a delimited text file is written; a UTF-8 file with the separator of its ending needs none.

    Raises:
        NotFound: No such file, or no connector for the scheme.
        Invalid: The file is of no known format, or `text` is given for what is no such file.
        Unavailable: The connector's driver is not installed.
    """
    given = str(url)
    folder = (base or Path.cwd()).resolve()
    local = isinstance(url, Path) or "://" not in given
    path = folder / Path(given).expanduser()
    if local and path.suffix.lower() not in SQLITE_SUFFIXES | DUCKDB_SUFFIXES:
        return _local(given, folder, text)
    scheme, _, rest = given.partition("://")
    if scheme in FILES:
        return FILES[scheme](given, text)
    if text is not None:
        raise Invalid(f"'{given}' has no separator or encoding: it is not a delimited text file, such as CSV")
    if local:
        duck = path.suffix.lower() in DUCKDB_SUFFIXES
        return DuckSource(f"duckdb:///{path}") if duck else DatabaseSource(f"sqlite:///{path}")
    kind = _kind(scheme)
    if kind in ("sqlite", "duckdb"):
        if rest.lstrip("/") in ("", ":memory:"):
            raise Invalid(f"'{given}' names no database file", hint=f"write {kind}:///path/to/file.db")
        given = f"{scheme}:///{folder / rest.removeprefix('/')}"
    if scheme in streams.names():
        raise Invalid(
            f"'{scheme}' is a stream, which has no end to read to",
            hint="wb.sources.add(name, url, into=...) and a sync take its messages, or wb.etl.drain(url, into=...)",
        )
    if scheme == "delta" and not rest.startswith("/"):
        given = f"delta://{folder / rest}"
    return connectors.get(kind)(given)


def kind_of(url: str) -> str:
    """What an address is: the connector or the stream that its scheme names, `file` for a path, or `sqlite` or `duckdb`
    by its ending. Nothing is opened.

    Raises:
        NotFound: No connector for the scheme; the message has the nearest.
    """
    scheme, there, _ = url.partition("://")
    if not there:
        suffix = Path(url).suffix.lower()
        return "sqlite" if suffix in SQLITE_SUFFIXES else "duckdb" if suffix in DUCKDB_SUFFIXES else "file"
    kind, names = _kind(scheme), sorted({*connectors.names(), *streams.names()})
    if kind not in names:
        raise unknown("connector", scheme, names)
    return kind


def _kind(scheme: str) -> str:
    """The connector that a scheme names, of which it may say the driver as well: `postgresql+psycopg`."""
    if scheme in connectors.names() or scheme in streams.names():
        return scheme
    kind = scheme.split("+")[0]
    return "postgresql" if kind == "postgres" else kind


def read_frame(
    source: Source,
    *,
    table: str | None = None,
    query: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """All rows of a table or a query, in memory. Aware times are in UTC."""
    with read_reader(source, table=table, query=query, parameters=parameters) as reader:
        frame = pl.from_arrow(reader.read_all())
    assert isinstance(frame, pl.DataFrame)
    return frame


def read_reader(
    source: Source,
    *,
    table: str | None = None,
    query: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> pa.RecordBatchReader:
    """The rows as an Arrow stream: one batch in memory at a time."""
    batches = source.batches(table=table, query=query, parameters=parameters)
    first = next(batches)
    return pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
