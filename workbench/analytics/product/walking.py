"""Rows of sorted runs gone through subject by subject, by compiled code that is a step of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from workbench.analytics.product.chains import AT, BEGAN, ENTRY_VALUE, MASK, STEP, WAITED
from workbench.compute import SUBJECT_HASH, Compiled

__all__ = ["CODE", "Walk"]

CODE: Final = Compiled("workbench.analytics.product.compiled")

_MOST_RUNS = 1024  # more are sorted sooner than they are gone through side by side


class _Lie(NamedTuple):
    """How rows lie, as compiled code is told."""

    subjects: np.ndarray[Any, np.dtype[np.int64]]
    at: np.ndarray[Any, np.dtype[np.int64]]
    starts: np.ndarray[Any, np.dtype[np.int64]]
    runs: int
    most: int


@dataclass(frozen=True)
class Walk:
    """Goes through rows of one run after the other, each sorted by `SUBJECT_HASH` and time.

    Attributes:
        code: What `CODE` gives.
        order: What a subject's rows of one time are in order by, and the time itself; columns of the rows. None where
            they are to be taken as they lie: in the order of the runs and, in one, as they come.
    """

    code: ModuleType
    order: tuple[str, ...]

    def in_order(
        self,
        rows: pl.LazyFrame,
        steps: int,
        *,
        entry: int,
        window: int,
        step_windows: Sequence[int | None],
        exclusions: Mapping[int, int],
        strict: bool,
        first_only: bool,
        value: str | None = None,
    ) -> pl.LazyFrame:
        """As `chains.in_order`."""
        limits = np.array([-1, *(-1 if limit is None else limit for limit in step_windows)], np.int64)
        spoiling = np.zeros(steps, np.uint64)
        for place, spoiled in exclusions.items():
            spoiling |= np.array([(spoiled >> step & 1) << place for step in range(steps)], np.uint64)

        def walked(frame: pl.DataFrame) -> pl.DataFrame:
            numbers, times = np.empty((frame.height, 3), np.uint32), np.empty((frame.height, 2), np.int64)

            def go(frame: pl.DataFrame, lie: _Lie, ties: bool) -> int:
                masks = frame[MASK] if frame[MASK].dtype == pl.UInt8 else frame[MASK].cast(pl.UInt64)
                found: int = self.code.in_order(
                    lie.subjects, lie.at, masks.rechunk().to_numpy(), lie.starts, lie.runs, lie.most, entry, window,
                    limits, spoiling, strict, first_only, ties, numbers, times,
                )  # fmt: skip
                return found

            frame, lie, found = self._gone_through(frame, go)
            row, entered, step = (numbers[:found, place].copy() for place in range(3))
            began, waited = (pl.Series(times[:found, place].copy()) for place in range(2))
            return pl.DataFrame(
                [
                    pl.Series(SUBJECT_HASH, lie.subjects[row]),
                    pl.Series(AT, lie.at[row]),
                    *(frame[name].rechunk().gather(row) for name in own),
                    *([] if value is None else [frame[value].rechunk().gather(entered).alias(ENTRY_VALUE)]),
                    pl.Series(STEP, step, pl.UInt8),
                    began.alias(BEGAN),
                    waited.set(waited < 0, None).alias(WAITED),
                ]
            )

        schema = rows.collect_schema()
        own = [name for name in schema if name not in (SUBJECT_HASH, AT, MASK, *self.order)]
        made = {} if value is None else {ENTRY_VALUE: schema[value]}
        made |= {STEP: pl.UInt8(), BEGAN: pl.Int64(), WAITED: pl.Int64()}
        return _step(rows, walked, {name: schema[name] for name in (SUBJECT_HASH, AT, *own)} | made)

    def sessions(self, rows: pl.LazyFrame, gap: int, spans: Sequence[str], attributes: Sequence[str]) -> pl.LazyFrame:
        """As `Sessions.of`.

        Args:
            rows: With `AT`, microseconds since 1970.
            gap: Microseconds.
            spans: What to call when a session began, when it ended, and how many rows it has.
            attributes: Columns that a session has of its first row.
        """

        def walked(frame: pl.DataFrame) -> pl.DataFrame:
            first, made = np.empty(frame.height, np.uint32), np.empty((3, frame.height), np.int64)

            def go(_: pl.DataFrame, lie: _Lie, ties: bool) -> int:
                found: int = self.code.sessions(*lie, gap, ties, first, made)
                return found

            frame, lie, found = self._gone_through(frame, go)
            return pl.DataFrame(
                [
                    pl.Series(SUBJECT_HASH, lie.subjects[first[:found]]),
                    *(pl.Series(name, made[place, :found]) for place, name in enumerate(spans)),
                    *(frame[name].rechunk().gather(first[:found]) for name in attributes),
                ]
            )

        schema = rows.collect_schema()
        made = dict.fromkeys((SUBJECT_HASH, *spans), pl.Int64())
        return _step(rows, walked, made | {name: schema[name] for name in attributes})

    def returns(
        self, rows: pl.LazyFrame, cohorts: range, length: int, called: Sequence[str], *, last_only: bool
    ) -> pl.LazyFrame:
        """How many subjects came back, as `Retention` counts those whose cohort is that of their first start.

        Args:
            rows: With `AT`, the number of a period, and `MASK`: 1 of a start, 2 of a return, 3 of both.
            cohorts: The numbers of the periods of cohorts.
            length: How many offsets there are.
            called: What to call the cohort, the offset and the number of subjects.
            last_only: A subject counts at its last offset only.
        """

        def walked(frame: pl.DataFrame) -> pl.DataFrame:
            counts = np.zeros((len(cohorts), length), np.int64)

            def go(frame: pl.DataFrame, lie: _Lie, _: bool) -> int:
                marks = frame[MASK].rechunk().to_numpy()
                found: int = self.code.returns(*lie, marks, cohorts.start, last_only, counts)
                return found

            self._gone_through(frame, go)
            cohort, offset = counts.nonzero()
            return pl.DataFrame([cohort + cohorts.start, offset, counts[cohort, offset]], schema=made)

        made = dict(zip(called, (pl.Int32(), pl.Int32(), pl.Int64()), strict=True))
        return _step(rows, walked, made)

    def _gone_through(
        self, frame: pl.DataFrame, go: Callable[[pl.DataFrame, _Lie, bool], int]
    ) -> tuple[pl.DataFrame, _Lie, int]:
        """The rows in the order that they were gone through in, how they lie, and what going through them gave."""
        lie = self._lie(frame)
        found = -1 if lie.runs < 0 else go(frame, lie, not self.order)
        if found < 0:
            frame = frame.sort(SUBJECT_HASH, *(self.order or (AT,)), maintain_order=True)
            lie = self._lie(frame)
            found = go(frame, lie, True)
        return frame, lie, found

    def _lie(self, frame: pl.DataFrame) -> _Lie:
        """How the rows lie; with -1 runs where they are more than are worth it."""
        subjects, at = (frame[name].rechunk().to_numpy() for name in (SUBJECT_HASH, AT))
        starts = np.empty(_MOST_RUNS + 1, np.int64)
        return _Lie(subjects, at, starts, *self.code.begins(subjects, at, starts))


def _step(
    rows: pl.LazyFrame, walked: Callable[[pl.DataFrame], pl.DataFrame], schema: Mapping[str, pl.DataType]
) -> pl.LazyFrame:
    """A plan that goes on with what `walked` makes of all rows at once."""
    return rows.map_batches(
        walked, schema=dict(schema), predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
    )
