"""What a commit did to a dataset's rows and columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import polars as pl

from workbench.data.lake.counts import Tally

__all__ = ["UNKNOWN", "Effect", "Retyped", "columns_changed"]


@dataclass(frozen=True)
class Retyped:
    """A column whose type became another one."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Effect:
    """What became of rows and columns with a version. A number that nobody counted is None.

    Rows that a commit only moved to other files are none of these.

    Attributes:
        added: Rows that were not there.
        changed: Rows that took the place of another of the same key, and have other values.
        removed: Rows that are there no more.
        columns_added: Columns that the version before has not.
        columns_removed: Columns that only the version before has.
        columns_retyped: Columns that have another type.
    """

    added: int | None = None
    changed: int | None = None
    removed: int | None = None
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[Retyped, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether somebody counted the rows."""
        return None not in (self.added, self.changed, self.removed)

    @property
    def rows_told(self) -> str:
        """What became of the rows, in words."""
        if not self.counted:
            return "rows not counted"
        counts = ((self.added, "added"), (self.changed, "changed"), (self.removed, "removed"))
        parts = [f"{count:,} {what}" for count, what in counts if count]
        if not parts:
            return "no row changed"
        number, _, what = parts[0].partition(" ")
        return ", ".join([f"{number} row{'' if number == '1' else 's'} {what}", *parts[1:]])

    @property
    def columns_told(self) -> str:
        """What became of the columns, in words; empty where nothing did."""
        said = [f"column {name} added" for name in self.columns_added]
        said += [f"column {name} removed" for name in self.columns_removed]
        said += [f"column {one.name} was {one.before} and is {one.after}" for one in self.columns_retyped]
        return ", ".join(said)

    def __str__(self) -> str:
        return "; ".join(part for part in (self.rows_told, self.columns_told) if part)

    def uncounted(self) -> Effect:
        """The same, for somebody who is not told how many rows there are."""
        return replace(self, added=None, changed=None, removed=None)

    def with_rows(self, tally: Tally | None) -> Effect:
        return self if tally is None else replace(self, **asdict(tally))

    def to_text(self) -> str:
        """As it stands in a commit."""
        return json.dumps({name: value for name, value in asdict(self).items() if value not in (None, ())})

    @classmethod
    def from_text(cls, text: str) -> Effect:
        said = json.loads(text)
        return cls(
            **{name: said.get(name) for name in ("added", "changed", "removed")},
            columns_added=tuple(said.get("columns_added", ())),
            columns_removed=tuple(said.get("columns_removed", ())),
            columns_retyped=tuple(Retyped(**one) for one in said.get("columns_retyped", ())),
        )


UNKNOWN = Effect()


def columns_changed(before: Mapping[str, pl.DataType], after: Mapping[str, pl.DataType]) -> Effect:
    """What became of the columns, and of rows nothing that is known."""
    return Effect(
        columns_added=tuple(name for name in after if name not in before),
        columns_removed=tuple(name for name in before if name not in after),
        columns_retyped=tuple(
            Retyped(name, str(before[name]), str(after[name]))
            for name in after
            if name in before and before[name] != after[name]
        ),
    )
