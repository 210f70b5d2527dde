"""Databases that are a file: whether it is there, and whether it changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from workbench.foundation.errors import NotFound, nearest

__all__ = ["file_mark", "there"]


def there(path: Path) -> None:
    """
    Raises:
        NotFound: There is no such file; says the nearest one.
    """
    if not path.exists():
        siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        guess = nearest(path.name, siblings)
        raise NotFound(
            f"no database file {path}" + (f"; did you mean '{guess}'?" if guess else ""), hint="check the path"
        )


def file_mark(file: Path, beside: str) -> str:
    """Changes whenever a database's file does, or the file beside it that is written first.

    Args:
        beside: What the latter's name has more: "-wal".
    """
    parts = [str(file)]
    for path in (file, file.with_name(file.name + beside)):
        if path.exists():
            found = path.stat()
            parts.append(f"{found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
