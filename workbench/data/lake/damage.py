"""Files that are not what the log says: found, and told so that somebody can act on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from workbench.data.lake.snapshot import Snapshot
from workbench.foundation.errors import IntegrityError, WorkbenchError

__all__ = ["check", "damaged", "read_through", "telling"]

_LAST = b"PAR1"  # what every Parquet file ends with


def damaged(dataset: str, what: str, *, older: bool = False) -> IntegrityError:
    """
    Args:
        older: Whether other versions of the dataset may still be whole.
    """
    other = f", read an older version (workbench dataset versions {dataset})" if older else ""
    return IntegrityError(
        f"the dataset '{dataset}' is damaged: {what}",
        hint=f"restore its folder from a backup{other}, or delete it: workbench dataset delete {dataset}",
    )


def check(dataset: str, snapshot: Snapshot) -> None:
    """Looks at the size and the end of each file, which is what a crash, a full disk or a lost file shows in.

    Raises:
        IntegrityError: A file is gone, cut short or none of ours.
    """
    for name, size in snapshot.files.select("path", "size_bytes").iter_rows():
        why = _wrong(snapshot.folder / name, size)
        if why:
            raise damaged(dataset, f"{snapshot.folder / name} {why}", older=True)


def read_through(dataset: str, snapshot: Snapshot) -> None:
    """Reads every file to its end.

    Raises:
        IntegrityError: One cannot be read.
    """
    check(dataset, snapshot)
    for path in snapshot.paths():
        try:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    file.read_row_group(group)
        except (OSError, pa.ArrowException) as error:
            said = str(error).splitlines()[0]
            raise damaged(dataset, f"{path} cannot be read: {said}", older=True) from error


@contextmanager
def telling(look: Callable[[], None]) -> Iterator[None]:
    """Asks, when something in the block could not be computed, whether that is because of the files.

    Args:
        look: Raises IntegrityError if it is.
    """
    try:
        yield
    except WorkbenchError:
        raise
    except (OSError, PolarsError, pa.ArrowException) as error:
        try:
            look()
        except IntegrityError as found:
            raise found from error
        raise


def _wrong(path: Path, size: int) -> str | None:
    try:
        with path.open("rb", buffering=0) as file:
            found = os.fstat(file.fileno()).st_size
            if found != size:
                return f"has {found:,} bytes where {size:,} were written"
            file.seek(-len(_LAST), os.SEEK_END)
            return None if file.read() == _LAST else "is no Parquet file any more"
    except FileNotFoundError:
        return "is gone"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
