"""Rows that a sync staged, on their way into the dataset: all, or those that fit while the others are held back.

What comes in and what is held back is decided by one commit; see `quality.turning`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import polars as pl

from workbench.data.lake import Checkpoint, Staged
from workbench.data.quality import Held, Kept, Parted, Screening
from workbench.data.sources.job import ROWS, Job

__all__ = ["Entering", "entering"]

Replacing = Literal["keys", "part", "all"]
"""Which rows of the dataset go as others come in: none but those of their keys; those of a part; all."""

HELD_ROWS = 100_000
"""Of a batch that is held back, about; at most those of one file more."""

_NUMBER = ".number"


@dataclass(frozen=True)
class Entering:
    """Staged rows that were held against what is expected of them.

    Attributes:
        fits: Those that are to come in.
        held: Which do not fit, and why; None where all do.
    """

    job: Job
    staged: Staged
    fits: Staged
    held: Screening | None

    def commit(
        self,
        checkpoint: Checkpoint,
        put: Callable[[], object],
        *,
        after: int | None,
        replacing: Replacing = "keys",
        key: Sequence[str] = (),
    ) -> None:
        """Takes the rows in that fit, and holds the others back.

        Args:
            put: Commits those that fit with the checkpoint.
            after: The mark that it goes on from.
            replacing: What was held back before goes likewise.
            key: By which rows take each other's place, if they do.
        """
        job, one = self.job, self.job.definition
        turning = job.quality.held.turning(job.stream)
        if not one.quarantine and not turning.holds(one.into):
            put()
            return

        def over(old: Held) -> bool:
            return replacing == "all" or (replacing == "part" and _is_of(old, checkpoint.slice))

        with turning.turn(
            one.into,
            one.expect,
            self._kept(),
            checkpoint,
            after=after,
            origin=f"source {one.name}",
            lease=job.lease,
            over=over,
            stays=self._staying(key, checkpoint.slice) if key and replacing == "keys" else None,
        ):
            put()
        bad = None if self.held is None else self.held.bad
        job.found.held += 0 if bad is None else int(bad.sum())

    def _kept(self) -> Iterator[Kept]:
        if self.held is None:
            return
        first = rows = 0
        parts: list[Parted] = []
        for piece in self.staged.pieces():
            found = self.held.part(piece, first)
            first += piece.height
            if found.held.height:
                parts.append(found)
                rows += found.held.height
            if rows >= HELD_ROWS:
                yield _together(parts)
                parts, rows = [], 0
        if parts:
            yield _together(parts)

    def _staying(self, key: Sequence[str], part: str) -> Callable[[Held, pl.DataFrame], pl.DataFrame]:
        """What of an older batch is held on: rows whose keys did not come again. One that has no key comes again with
        all of its file."""
        come = self.staged.lazy().select(key)

        def stays(old: Held, rows: pl.DataFrame) -> pl.DataFrame:
            alike = come.select(pl.col(name).cast(rows.schema[name]) for name in key)
            numbered = rows.lazy().with_row_index(_NUMBER)
            again = numbered.join(alike, on=key, how="semi").select(_NUMBER).collect()[_NUMBER]
            gone = pl.int_range(pl.len(), dtype=pl.get_index_type()).is_in(again.implode())
            if part != ROWS and _is_of(old, part):
                gone |= pl.any_horizontal(pl.col(name).is_null() for name in key)
            return rows.filter(~gone)

        return stays


@contextmanager
def entering(
    job: Job,
    staged: Staged,
    *,
    what: str = "",
    marked: pl.Expr | None = None,
    key: Sequence[str] = (),
    latest: str = "",
) -> Iterator[Entering]:
    """Holds staged rows against what is expected of them.

    Args:
        what: Which they are, where the source's name does not say it.
        marked: Rows for which this is true are only to take out those of their keys; these fit.
        key: Of rows with one key the one with the highest value of `latest` counts, the last of several.

    Raises:
        CheckFailed: They do not meet it, and that is not mended by holding some of them back.
    """
    one = job.definition
    if not one.quarantine or not staged.rows:
        job.gate(staged.lazy(), staged.rows, what)
        yield Entering(job, staged, staged, None)
        return
    found = job.screening(staged.lazy(), what)
    if marked is not None and found.bad is not None:
        found = found.but(_values(staged, marked.fill_null(value=False)))
    if (bad := found.bad) is None:
        yield Entering(job, staged, staged, None)
        return
    if latest:
        found = found.but(_superseded(staged, bad, key, latest))
    with staged.only(~bad) as fits:
        yield Entering(job, staged, fits, found)


def _together(parts: Sequence[Parted]) -> Kept:
    reasons: Counter[str] = Counter()
    for part in parts:
        reasons.update(part.reasons)
    return Kept(pl.concat([part.held for part in parts]), dict(reasons))


def _values(staged: Staged, of: pl.Expr) -> pl.Series:
    return staged.lazy().select(of.alias("value")).collect(engine="in-memory").to_series()


def _superseded(staged: Staged, bad: pl.Series, key: Sequence[str], latest: str) -> pl.Series:
    """Which rows have a later one of their key."""
    rows = staged.lazy().select(*key, latest).collect(engine="in-memory").with_row_index(_NUMBER)
    alike = rows.join(rows.filter(bad).select(key).unique(), on=key, how="semi")  # without a key, none is of another's
    last = alike.sort(latest, _NUMBER).unique(key, keep="last", maintain_order=True)
    earlier = alike.join(last, on=_NUMBER, how="anti")[_NUMBER]
    return rows[_NUMBER].is_in(earlier.implode()) & bad


def _is_of(old: Held, part: str) -> bool:
    return bool((old.how or {}).get("slice") == part)
