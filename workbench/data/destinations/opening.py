"""From a URL or a path to a destination."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from workbench.data.connectors import STORES
from workbench.data.destinations.api import ApiDestination
from workbench.data.destinations.database import DatabaseDestination
from workbench.data.destinations.duck import DuckDestination
from workbench.data.destinations.files import LocalFile, StoredFile
from workbench.data.destinations.model import Destination
from workbench.foundation.errors import Invalid
from workbench.foundation.registry import Registry

__all__ = ["destinations", "open_destination"]

_DATABASES = {
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), "sqlite"),
    **dict.fromkeys((".duckdb", ".ddb"), "duckdb"),
}


def _file(url: str) -> Destination:
    return LocalFile(Path(unquote(urlsplit(url).path)))


destinations: Registry[Callable[[str], Destination]] = Registry("destination", "workbench.destinations")
destinations.register("file", _file)
for _scheme in STORES:
    destinations.register(_scheme, StoredFile)
for _scheme in ("sqlite", "postgresql", "mysql", "mariadb"):
    destinations.register(_scheme, DatabaseDestination)
destinations.register("duckdb", DuckDestination)
for _scheme in ("http+json", "https+json"):
    destinations.register(_scheme, ApiDestination)


def open_destination(url: str | Path, *, base: Path | None = None) -> Destination:
    """
    Args:
        url: A path (`out/orders.parquet`, `shop.db`), or a URL whose scheme names a destination
            (`postgresql://user@host/name`, `s3://bucket/orders.csv`, `https+json://host/orders`).
        base: The folder that relative paths start from; the current one when not given.

    Raises:
        NotFound: No destination for the scheme.
        Invalid: The address cannot be used.
        Unavailable: What it needs is not installed.
    """
    given = str(url)
    folder = (base or Path.cwd()).resolve()
    scheme, mark, rest = given.partition("://")
    if isinstance(url, Path) or not mark:
        path = folder / Path(given).expanduser()
        kind = _DATABASES.get(path.suffix.lower())
        if kind is None:
            return LocalFile(path)
        given, scheme, rest = f"{kind}:///{path}", kind, f"/{path}"
    if scheme in ("sqlite", "duckdb"):
        if rest.lstrip("/") in ("", ":memory:"):
            raise Invalid(f"'{given}' names no database file", hint=f"write {scheme}:///path/to/file")
        given = f"{scheme}:///{folder / rest.removeprefix('/')}"
    kind = scheme if scheme in destinations.names() else scheme.partition("+")[0]
    return destinations.get("postgresql" if kind == "postgres" else kind)(given)
