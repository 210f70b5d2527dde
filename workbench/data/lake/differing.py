"""What is different between two versions of a dataset, as somebody may see them: frames in, frames out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.wording import counted

__all__ = ["Difference", "difference"]

_WHAT, _TIMES = ".what", ".times"
BEFORE, AFTER = "before ", "after "


@dataclass(frozen=True)
class Difference:
    """What became of a dataset's rows and columns from one version to another.

    Attributes:
        before: A version's number.
        after: Another's.
        key: What rows were told apart by; empty where whole rows were compared, and none can be said to be changed.
        added: How many rows are only in the later version.
        removed: How many are only in the earlier.
        changed: How many are in both and have other values.
        columns_added: Columns that only the later version has.
        columns_removed: Columns that only the earlier one has.
        columns_retyped: Column -> its type before and after. Their values are not compared.
        rows_added: Some of these rows.
        rows_removed: Some of these rows.
        rows_changed: Some of these: the key, and of each column that changed in one of them "before X" and "after X".
    """

    before: int
    after: int
    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_retyped: dict[str, tuple[str, str]]
    rows_added: pl.DataFrame
    rows_removed: pl.DataFrame
    rows_changed: pl.DataFrame

    def __repr__(self) -> str:
        said = [f"version {self.before} to {self.after}: {counted(self.added, 'row')} added, {self.removed:,} removed"]
        if self.key:
            said[0] += f", {self.changed:,} changed, by {', '.join(self.key)}"
        said += [f"column {name} added" for name in self.columns_added]
        said += [f"column {name} removed" for name in self.columns_removed]
        said += [f"column {name} was {old} and is {new}" for name, (old, new) in self.columns_retyped.items()]
        return "\n".join(said)


def difference(
    before: tuple[int, pl.LazyFrame], after: tuple[int, pl.LazyFrame], key: Sequence[str], limit: int
) -> Difference:
    """Compares the rows of two versions.

    Args:
        before: The number of a version, and its rows.
        key: Columns that tell rows apart in both; without any, whole rows are counted against each other.
        limit: At most so many rows of each kind are given.

    Raises:
        Invalid: A key is no column of both, or is on more than one row of what the asker may see.
    """
    old, new = before[1], after[1]
    was, now = old.collect_schema(), new.collect_schema()
    for name in key:
        for schema in (was, now):
            if name not in schema:
                raise unknown("column", name, schema, error=Invalid)
    shared = [name for name in now if name in was and was[name] == now[name]]
    if any(name not in shared for name in key):
        raise Invalid(f"the key {', '.join(key)} has another type in one of the versions")
    retyped = {name: (str(was[name]), str(now[name])) for name in now if name in was and was[name] != now[name]}
    found = _by_key(old, new, shared, key, limit) if key else _by_rows(old, new, shared, limit)
    return Difference(
        before=before[0],
        after=after[0],
        key=tuple(key),
        columns_added=tuple(name for name in now if name not in was),
        columns_removed=tuple(name for name in was if name not in now),
        columns_retyped=retyped,
        **found,  # type: ignore[arg-type]
    )


def _by_key(
    old: pl.LazyFrame, new: pl.LazyFrame, shared: Sequence[str], key: Sequence[str], limit: int
) -> dict[str, object]:
    for rows in (old, new):
        doubled = rows.group_by(key).len().filter(pl.col("len") > 1).select(pl.len()).collect(engine="streaming").item()
        if doubled:
            raise Invalid(
                f"{doubled:,} keys ({', '.join(key)}) are on more than one row of what you may see",
                hint="name columns that tell rows apart, or compare whole rows: key=[]",
            )
    others = [name for name in shared if name not in key]
    both = old.select(*key, *(pl.col(name).alias(f"{BEFORE}{name}") for name in others)).join(
        new.select(*key, *(pl.col(name).alias(f"{AFTER}{name}") for name in others)), on=list(key), nulls_equal=True
    )
    differs = [pl.col(f"{BEFORE}{name}").ne_missing(pl.col(f"{AFTER}{name}")) for name in others]
    changed = both.filter(pl.any_horizontal(differs)) if differs else both.clear()
    added = new.join(old.select(key), on=list(key), how="anti", nulls_equal=True)
    removed = old.join(new.select(key), on=list(key), how="anti", nulls_equal=True)
    counts = [rows.select(pl.len()).collect(engine="streaming").item() for rows in (added, removed, changed)]
    some = changed.sort(key).head(limit).collect(engine="streaming")
    moved = [name for name in others if not some[f"{BEFORE}{name}"].equals(some[f"{AFTER}{name}"], check_names=False)]
    return {
        "added": counts[0],
        "removed": counts[1],
        "changed": counts[2],
        "rows_added": added.sort(key).head(limit).collect(engine="streaming"),
        "rows_removed": removed.sort(key).head(limit).collect(engine="streaming"),
        "rows_changed": some.select(*key, *(f"{side}{name}" for name in moved for side in (BEFORE, AFTER))),
    }


def _by_rows(old: pl.LazyFrame, new: pl.LazyFrame, shared: Sequence[str], limit: int) -> dict[str, object]:
    """How often each row is there more, or less, than before."""
    if not shared:
        raise Invalid("the two versions have no column in common")
    counted = pl.concat(
        [old.select(*shared, pl.lit(-1, pl.Int64).alias(_WHAT)), new.select(*shared, pl.lit(1, pl.Int64).alias(_WHAT))]
    )
    net = counted.group_by(shared).agg(pl.col(_WHAT).sum().alias(_TIMES)).filter(pl.col(_TIMES) != 0)
    found = net.collect(engine="streaming")
    parts = {"added": found.filter(pl.col(_TIMES) > 0), "removed": found.filter(pl.col(_TIMES) < 0)}
    told: dict[str, object] = {"changed": 0, "rows_changed": found.select(shared).clear()}
    for what, part in parts.items():
        told[what] = int(part[_TIMES].abs().sum())
        told[f"rows_{what}"] = part.select(shared).head(limit)
    return told
