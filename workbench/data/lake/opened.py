"""One version of a dataset as one asker reads it, before any of its files is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from workbench.compute import Parts
from workbench.data.lake import damage
from workbench.data.lake.changes import Changes, changes
from workbench.data.lake.parting import Window, parted
from workbench.data.lake.restricting import restricted
from workbench.data.lake.snapshot import Snapshot
from workbench.governance.security import Policy

__all__ = ["Opened"]


@dataclass(frozen=True, eq=False)
class Opened:
    """What a read is of. To make one costs the same however large the dataset is.

    Attributes:
        id: The dataset's, which stays when it is renamed.
    """

    id: str
    name: str
    _snapshot: Snapshot
    _policy: Policy | None

    @property
    def version(self) -> int:
        """The version that is read; inside a run it is recorded and pinned."""
        return self._snapshot.version

    @property
    def restricted(self) -> bool:
        """Whether a policy may hide rows, or replace values, from the asker."""
        return self._policy is not None

    @cached_property
    def schema(self) -> pl.Schema:
        """The columns, as the asker sees them.

        Raises:
            Forbidden: The policy for the asker's role cannot be applied.
        """
        return restricted(pl.LazyFrame(schema=self._snapshot.schema), self._policy).collect_schema()

    def parts(self, *, subject: str | None = None, window: Window | None = None, unowned: bool = False) -> Parts:
        """The rows for an engine: see `Lake.parts`.

        Raises:
            IntegrityError: A file is gone or cut short.
        """
        damage.check(self.name, self._snapshot)
        return parted(self._snapshot, self._policy, subject=subject, window=window, unowned=unowned)

    def changes(self, version: int, column: str) -> Changes:
        """Where the rows of another version may differ from these, by a column of times; whatever the policy."""
        return changes(self._snapshot.folder, version, self.version, column)
