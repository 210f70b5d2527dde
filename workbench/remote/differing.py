"""What differs between two versions of a dataset, found by its server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from pydantic import TypeAdapter

from workbench.data.lake import Difference, Retyped
from workbench.foundation.errors import Invalid
from workbench.remote.door import Door, path

__all__ = ["differing"]

MOST = 1_000
"""Rows of each kind that a server gives along."""


@dataclass(frozen=True)
class _Head:
    before: int
    after: int
    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_retyped: tuple[Retyped, ...]


def differing(
    door: Door, dataset: str, before: int, after: int | None, *, key: Sequence[str] | None, limit: int
) -> Difference:
    """See `RemoteDataset.diff`.

    Args:
        key: Empty: whole rows are counted.
    """
    if limit > MOST:
        raise Invalid(f"a server gives {MOST:,} rows of each kind at most, not {limit:,}")
    asked = {"before": before, "after": after, "key": key or None, "limit": limit}
    if key is not None and not key:
        asked["whole"] = "true"
    where = path("datasets", dataset, "diff", "rows")
    with door.rows(where, f"what differs in '{dataset}'", **asked) as stream:
        lists = stream.frame()
        with door.understanding(where):
            head = TypeAdapter(_Head).validate_python(stream.head)
    return Difference(
        before=head.before,
        after=head.after,
        key=head.key,
        added=head.added,
        removed=head.removed,
        changed=head.changed,
        columns_added=head.columns_added,
        columns_removed=head.columns_removed,
        columns_retyped={one.name: (one.before, one.after) for one in head.columns_retyped},
        rows_added=_unlisted(lists, "added"),
        rows_removed=_unlisted(lists, "removed"),
        rows_changed=_unlisted(lists, "changed"),
    )


def _unlisted(lists: pl.DataFrame, kind: str) -> pl.DataFrame:
    return lists.select(kind).filter(pl.col(kind).list.len() > 0).explode(kind).unnest(kind)
