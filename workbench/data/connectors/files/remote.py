"""Files that lie elsewhere: in any store that fsspec knows, or on a web server. Each is fetched while it is read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from workbench.data.connectors.files.options import FileOptions
from workbench.data.connectors.files.stores import File, Found, is_pattern
from workbench.foundation.errors import Forbidden, Invalid, NotFound, Unavailable, WorkbenchError, nearest
from workbench.foundation.http import Client, Limits
from workbench.foundation.secret import named_like_a_secret, read_secret

__all__ = ["SCHEMES", "Remote", "Web"]

# The stores, and what brings them. Many of the others that fsspec knows wrap a store, or run programs.
SCHEMES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "memory": ""}
EXTRAS = {"s3fs": "s3", "gcsfs": "gcs", "adlfs": "azure"}
_MARKS = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "updated", "mtime", "created")


class Remote:
    """Files of a store that fsspec knows.

    Args:
        place: `s3://bucket/sales/2026-*.csv`, without options.
    """

    near = False

    @classmethod
    def of_url(cls, url: str) -> Remote:
        """One file, with its options behind a `#`.

        Raises:
            Invalid: They are none, or say nothing about such a file.
        """
        place, _, fragment = url.partition("#")
        options = FileOptions.of_fragment(fragment, place)
        options.only(place, "secrets", "settings")
        return cls(place, options)

    def __init__(self, place: str, options: FileOptions) -> None:
        self.place = place
        self._scheme = place.partition("://")[0]
        self._options = options
        self._secrets: list[str] = []  # those that were read, which no error may show

    def find(self) -> list[Found]:
        store = self._store()
        path = store._strip_protocol(self.place)
        try:
            if is_pattern(path):
                there = store.glob(path, detail=True)
                infos = [info for _, info in sorted(there.items()) if info["type"] == "file"]
            else:
                infos = [store.info(path)]
        except Exception as error:  # noqa: BLE001 - every store's library has errors of its own
            self._refuse(error, store, path)
        if not infos:
            raise NotFound(
                f"no file matches {self.place}", hint="names are as they are written, large and small letters"
            )
        if infos[0]["type"] != "file":
            raise Invalid(
                f"{self.place} is a folder, not a file", hint=f"name one in it, or several: {self.place}/*.csv"
            )
        parts = PurePosixPath(path).parts
        fixed = next((at for at, part in enumerate(parts) if is_pattern(part)), len(parts) - 1)
        return [
            Found(
                store.unstrip_protocol(info["name"]),
                "/".join(PurePosixPath(info["name"]).parts[fixed:]),
                self._mark(info),
            )
            for info in infos
        ]

    @contextmanager
    def opened(self, found: Found) -> Iterator[File]:
        store = self._store()
        with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
            path = Path(folder) / PurePosixPath(found.name).name
            try:
                store.get_file(store._strip_protocol(found.place), str(path))
            except Exception as error:  # noqa: BLE001 - every store's library has errors of its own
                self._refuse(error, store, store._strip_protocol(found.place))
            yield File(path, found.place)

    def exists(self) -> bool:
        """Whether there is a file of that name."""
        store = self._store()
        path = store._strip_protocol(self.place)
        try:
            return bool(store.exists(path))
        except Exception as error:  # noqa: BLE001 - every store's library has errors of its own
            self._refuse(error, store, path)

    def put(self, file: Path) -> None:
        """Takes a file of this machine over, whole or not at all, in the place of one that is there."""
        store = self._store()
        path = store._strip_protocol(self.place)
        try:
            store.put_file(str(file), path)
        except Exception as error:  # noqa: BLE001 - every store's library has errors of its own
            self._refuse(error, store, path)

    def _store(self) -> Any:
        given: dict[str, Any] = {}
        self._secrets = []
        for name, value in self._options.settings.items():
            given[name] = {"true": True, "false": False}.get(value, value)
        for name, reference in self._options.secrets.items():
            given[name] = read_secret(reference)
            self._secrets.append(given[name])
        try:
            return _opened(self._scheme, self.place, given)
        except ImportError as error:
            package = SCHEMES[self._scheme]
            raise Unavailable(
                f"{self._scheme}:// needs {package}, which is not installed",
                hint=f'pip install "analytics-workbench[{EXTRAS[package]}]"',
            ) from error
        except Exception as error:  # noqa: BLE001 - every store's library has errors of its own
            self._refuse(error, None, "")

    def _mark(self, info: dict[str, Any]) -> str:
        said = [f"{name}={info[name]}" for name in _MARKS if info.get(name) is not None]
        return "\n".join([info["name"], str(info.get("size")), *said]) if said else ""

    def _refuse(self, error: Exception, store: Any, path: str) -> NoReturn:
        if isinstance(error, WorkbenchError):
            raise error
        if isinstance(error, FileNotFoundError):
            raise NotFound(f"no file {self.place}{self._nearest(store, path)}", hint="check the address") from None
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        for secret in self._secrets:
            why = why.replace(secret, "***")
        if isinstance(error, PermissionError):
            raise Forbidden(f"{self.place} may not be read: {why}", hint="who asks is said with #secrets=") from None
        raise Unavailable(
            f"{self.place} cannot be read: {type(error).__name__}: {why}",
            hint="who asks and where is said with #secrets= and #settings=; see docs/connectors.md",
        ) from None

    def _nearest(self, store: Any, path: str) -> str:
        folder, _, name = path.rpartition("/")
        try:
            names = [PurePosixPath(other).name for other in store.ls(folder, detail=False)]
        except Exception:  # noqa: BLE001 - it was only to help
            return ""
        guess = nearest(name, names)
        return f"; did you mean '{guess}'?" if guess else ""


def _opened(scheme: str, place: str, given: dict[str, Any]) -> Any:
    """A store that remembers no lists of files; an address may say more than a path, such as an account."""
    import fsspec

    kind = fsspec.get_filesystem_class(scheme)
    return kind(skip_instance_cache=True, use_listings_cache=False, **kind._get_kwargs_from_urls(place), **given)


class Web:
    """One file of a web server, through the client that every request of ours takes.

    Args:
        place: `https://host/sales.csv?year=2026`, without options.
    """

    near = False

    def __init__(self, place: str, options: FileOptions) -> None:
        """
        Raises:
            Invalid: No address, or one with a secret in it.
        """
        try:
            parts = urlsplit(place)
            host = parts.hostname
        except ValueError:
            raise Invalid("the address of the file is none", hint="https://host/file.csv") from None
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if parts.username is not None or parts.password is not None:
            raise Invalid(
                f"{self.place} has a name or a password in it, and addresses are shown and kept",
                hint="say where the secret is: #auth=basic:USER:env:NAME",
            )
        if not host:
            raise Invalid(f"'{self.place}' names no host", hint="https://host/file.csv")
        for name in (name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if named_like_a_secret(name)):
            raise Invalid(
                f"{self.place} has '{name}' in clear, and addresses are shown and kept",
                hint=f"say where the secret is: #auth=query:{name}:env:NAME",
            )
        self.place = place
        self._name = unquote(PurePosixPath(parts.path).name)
        self._options = options
        self._host = host

    def find(self) -> list[Found]:
        return [Found(self.place, self._name, "")]  # whether it changed, nobody can say before it is fetched

    @contextmanager
    def opened(self, found: Found) -> Iterator[File]:
        options = self._options
        limits = Limits(most_bytes=options.most_mb * 1_000_000)
        with (
            tempfile.TemporaryDirectory(prefix="workbench-") as folder,
            Client(limits, private=[self._host] if options.private else []) as client,
        ):
            path = Path(folder) / Path(found.name).name
            path.write_bytes(client.get(found.place, credentials=options.credentials()).content)
            yield File(path, found.place)
