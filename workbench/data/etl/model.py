from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Landed", "Loaded"]


@dataclass(frozen=True)
class Landed:
    """What extracting slices did.

    Attributes:
        written: Slices that were new or had changed.
        unchanged: Slices whose rows were as they had landed before.
        rows: Rows of the written slices.
    """

    dataset: str
    version: int
    written: int
    unchanged: int
    rows: int

    def __str__(self) -> str:
        slices = self.written + self.unchanged
        return (
            f"{self.dataset}: {self.rows:,} rows landed in {self.written:,} of {slices:,} slices, "
            f"{self.unchanged:,} unchanged; version {self.version}"
        )


@dataclass(frozen=True)
class Loaded:
    """What writing a frame into a dataset did. Without a change there is no new version."""

    dataset: str
    version: int
    added: int
    changed: int
    unchanged: int
    removed: int = 0

    def __str__(self) -> str:
        removed = f", {self.removed:,} removed" if self.removed else ""
        return (
            f"{self.dataset}: {self.added:,} rows added, {self.changed:,} changed{removed}, "
            f"{self.unchanged:,} unchanged; version {self.version}"
        )
