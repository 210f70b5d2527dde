"""One version of a dataset as one asker reads it, before any of its files is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from workbench.compute import Parts, frames
from workbench.data.lake.changes import Changes, changes, commit_of
from workbench.data.lake.growing import Growth, growth
from workbench.data.lake.parting import Window, parted
from workbench.data.lake.restricting import restricted
from workbench.data.lake.snapshot import Snapshot
from workbench.governance.security import Policy

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as pads

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
    _check: Callable[[Snapshot], None]

    @property
    def version(self) -> int:
        """The version that is read; inside a run it is recorded and pinned."""
        return self._snapshot.version

    @cached_property
    def commit(self) -> str:
        """What tells the version from another one of its number, in a folder that came back from a backup."""
        return commit_of(self._snapshot.folder, self.version)

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

    @property
    def subject(self) -> str | None:
        """The column whose hash the files have, by which rows are quickly cut.

        None where the dataset is not laid out for events, or the asker is shown another subject than the files have.
        """
        layout, policy = self._snapshot.layout, self._policy
        return None if layout is None or (policy and layout.subject in policy.columns) else layout.subject

    def parts(self, *, subject: str | None = None, window: Window | None = None, unowned: bool = False) -> Parts:
        """The rows for an engine: see `Lake.parts`.

        Args:
            unowned: Where there is a subject: each row that has none is in one part, too. Otherwise it may be in none.

        Raises:
            IntegrityError: A file is gone or cut short.
            NotFound: The dataset was deleted, or the version cleaned away, since this was opened.
        """
        self._check(self._snapshot)
        return parted(self._snapshot, self._policy, subject=subject, window=window, unowned=unowned)

    def changes(self, version: int, commit: str, column: str) -> Changes:
        """Where the rows of another version may differ from these, by a column of times; whatever the policy.

        Args:
            commit: The other version's; anything may differ from one that is not there any more.
        """
        if not commit or commit_of(self._snapshot.folder, version) != commit:
            return Changes(anything=True)
        return changes(self._snapshot.folder, version, self.version, column)

    def growth(self, version: int, commit: str) -> Growth:
        """Whether rows were only added since an earlier version, and in which files.

        Args:
            commit: The earlier version's.
        """
        return growth(self._snapshot.folder, version, commit, self.version)

    def rows_in(self, files: Sequence[str]) -> pads.Dataset | pa.Table:
        """The rows of some of the dataset's files, be they laid out anew since, for a reader of Arrow."""
        if self._policy is None:
            return self._snapshot.arrow(files)
        return frames.to_arrow(restricted(self._snapshot.scan(files), self._policy))
