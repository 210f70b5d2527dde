"""Files that somebody took away on purpose while they were to be read, told apart from files that are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.data.lake.model import DatasetRecord
from workbench.data.lake.store import DatasetStore
from workbench.foundation.errors import IntegrityError, NotFound

__all__ = ["cleaned_away", "telling", "went"]


@contextmanager
def telling(store: DatasetStore, record: DatasetRecord, version: int | None = None) -> Iterator[None]:
    """What is missing in the block is damage, unless the catalog says that it was deleted or cleaned away since.

    Args:
        record: As it was looked up before.
        version: The one that is read; None where none is chosen yet.

    Raises:
        NotFound: It was; a new question gets what is there now.
    """
    try:
        yield
    except (IntegrityError, FileNotFoundError) as error:  # the catalog knows before a file goes
        now = store.again(record.id)
        if now is None:
            raise NotFound(f"the dataset '{record.name}' was deleted meanwhile") from error
        if version is not None and version < now.complete_from:
            raise cleaned_away(record.name, version, now.complete_from) from error
        raise


def went(dataset: str) -> NotFound:
    """For files that were read when somebody took them away, where nothing that is there by now lacks any."""
    return NotFound(
        f"files of '{dataset}' went while they were read: it was cleaned or deleted meanwhile", hint="ask again"
    )


def cleaned_away(dataset: str, version: int, complete_from: int) -> NotFound:
    return NotFound(
        f"version {version} of '{dataset}' was cleaned away", hint=f"versions from {complete_from} on are complete"
    )
