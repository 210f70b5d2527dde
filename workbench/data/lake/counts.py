"""What a load does with rows, counted while it is planned."""

from __future__ import annotations

from dataclasses import dataclass, fields

from workbench.foundation.wording import counted

__all__ = ["Counts", "Tally"]


@dataclass(frozen=True)
class Tally:
    """Rows of a dataset that a commit adds, changes and removes. What there is after it is what was there before, and
    what is added, without what is removed.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass
class Counts:
    """What became of the rows of a load. A plan that is made again begins at zero.

    Attributes:
        rows: Rows given.
        added: Rows whose key was not there.
        changed: Rows that took the place of another of the same key.
        unchanged: Rows that were there already, as they are.
        removed: Rows that were there and are no more, or are current no more.
        late: Rows of a history that are older than what it knew of their key.
        discarded: Rows that the dataset's contract let go of.
        values: Values that it let go of.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    late: int = 0
    discarded: int = 0
    values: int = 0

    @property
    def loss(self) -> str:
        """What the contract let go of, in words."""
        parts = [(self.discarded, "row"), (self.values, "value")]
        return " and ".join(counted(count, what) for count, what in parts if count)

    @property
    def tally(self) -> Tally:
        return Tally(self.added, self.changed, self.removed)

    def reset(self) -> None:
        for one in fields(self):
            setattr(self, one.name, 0)
