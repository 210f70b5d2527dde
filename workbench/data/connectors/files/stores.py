"""Where files lie, and which of them a path or a pattern means."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from workbench.foundation.errors import Invalid, NotFound, Unavailable, nearest

__all__ = ["File", "Found", "Held", "Local", "Store", "is_pattern", "table_of"]

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Found:
    """A file that a path or a pattern means.

    Attributes:
        place: Its whole path or address, for people.
        name: Its path below the folder that the pattern begins with.
        mark: Changes whenever its content may have changed; empty where nobody can say.
    """

    place: str
    name: str
    mark: str


@dataclass(frozen=True)
class File:
    """A file on this machine, called in errors what its reader called it."""

    path: Path
    place: str

    def __str__(self) -> str:
        return self.place


class Store(Protocol):
    """Where files lie.

    Attributes:
        place: The path, pattern or address that was given.
        near: Whether to open a file twice costs nothing.
    """

    place: str
    near: bool

    def find(self) -> list[Found]:
        """The files, by name; at least one.

        Raises:
            NotFound: There is none.
            Invalid: A folder.
            Unavailable: They cannot be asked for.
        """
        ...

    def opened(self, found: Found) -> AbstractContextManager[File]:
        """The file for as long as the block lasts."""
        ...


class Local:
    """Files of this machine.

    Args:
        path: A file's path, or a pattern with `*`, `?`, `[` and `**` in it. A file that is called so is meant itself.
    """

    near = True

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._path = path

    def find(self) -> list[Found]:
        if self._path.exists() or not is_pattern(self.place):
            return [self._one(self._path, self._path.name)]
        root = _fixed(self._path)
        there = (Path(name) for name in glob.glob(self.place, recursive=True))  # noqa: PTH207 - Path.glob finds hidden ones
        paths = sorted((path for path in there if path.is_file()), key=lambda path: path.as_posix())
        if not paths:
            raise _missing(self._path)
        return [self._one(path, path.relative_to(root).as_posix()) for path in paths]

    @contextmanager
    def opened(self, found: Found) -> Iterator[File]:
        try:
            yield File(Path(found.place), found.place)
        except PermissionError as error:
            raise Unavailable(f"{found.place} may not be read by this user", hint="check its permissions") from error
        except FileNotFoundError as error:
            raise _missing(Path(found.place)) from error

    def _one(self, path: Path, name: str) -> Found:
        try:
            state = path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _missing(path) from error
        except PermissionError as error:
            raise Unavailable(f"{path} may not be read by this user", hint="check its permissions") from error
        if path.is_dir():
            raise Invalid(f"{path} is a folder, not a file", hint=f"name one file in it, or several: {path.name}/*.csv")
        return Found(str(path), name, f"{path}\n{state.st_size}\n{state.st_mtime_ns}")


class Held:
    """One file that is on this machine already, as a store of its own."""

    near = True

    def __init__(self, found: Found, file: File) -> None:
        self.place = found.place
        self._found = found
        self._file = file

    def find(self) -> list[Found]:
        return [self._found]

    @contextmanager
    def opened(self, found: Found) -> Iterator[File]:
        yield self._file


def is_pattern(path: str) -> bool:
    """Whether a path may mean several files."""
    return _WILD.search(path) is not None


def table_of(path: str) -> str:
    """A table's name for a file or a pattern: `sales` of `sales.csv`, `sales-*.csv` and `sales/*.csv`."""
    for part in reversed(PurePosixPath(path).parts):
        literal = _WILD.split(part.split(".")[0] or part)[0].strip("-_ /")
        if literal:
            return literal
    return "files"


def _fixed(path: Path) -> Path:
    """The folder that a pattern begins with."""
    parts = path.parts
    wild = next(at for at, part in enumerate(parts) if is_pattern(part))
    return Path(*parts[:wild])


def _missing(path: Path) -> NotFound:
    if is_pattern(str(path)):
        root = _fixed(path)
        several = f"there is no folder {root} either" if not root.is_dir() else _some(root)
        return NotFound(f"no file matches {path}", hint=several)
    siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    guess = nearest(path.name, siblings)
    return NotFound(
        f"no file {path}" + (f"; did you mean '{guess}'?" if guess else ""),
        hint="check the path" if path.parent.is_dir() else f"there is no folder {path.parent} either",
    )


def _some(folder: Path) -> str:
    names = sorted(item.name for item in folder.iterdir())
    if not names:
        return f"{folder} is empty"
    return f"in {folder} there is {', '.join(names[:5])}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")
