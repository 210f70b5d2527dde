"""One version of a dataset as one asker reads it, before any of its files is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from workbench.compute import Parts
from workbench.data.lake.changes import Changes

__all__ = ["Opened"]


@dataclass(frozen=True, eq=False)
class Opened:
    """What a read is of. To make one costs the same however large the dataset is.

    Attributes:
        id: The dataset's, which stays when it is renamed.
        version: The version that is read; recorded and pinned, inside a run.
        schema: The columns, as the asker sees them.
        restricted: Whether a policy may hide rows, or replace values, from the asker.
        parts: The rows for an engine: what `Lake.parts` gives.
        changes: Version, column -> where the rows of that version may differ from these, by the column's times.
    """

    id: str
    name: str
    version: int
    schema: pl.Schema
    restricted: bool
    parts: Callable[[], Parts]
    changes: Callable[[int, str], Changes]
