"""Rows of several runs, each sorted by subject and time, gone through subject by subject without sorting them: the
chains of `workbench.analytics.product.chains`, the sessions of `Sessions` and the cohorts of `Retention`, in compiled
code.

Imported by `workbench.compute.Compiled` only, once the code is worth the time that its compiler takes to load. It is
one file, since what numba keeps of a function is good as long as the function's own file does not change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.types import Array, UniTuple, boolean, int64, uint8, uint32, uint64

from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["begins", "in_order", "returns", "sessions"]

_GIVEN = Array(int64, 1, "C", readonly=True)
"""A column as Polars has it: nobody else may change it."""
_FILLED = int64[::1]

_GREATEST = np.iinfo(np.int64).max
_FEW = 64  # rows that are put in order one by one
_NEVER = -1


@compiled.taking(UniTuple(int64, 2)(_GIVEN, _GIVEN, _FILLED))
def begins(subjects: NDArray[np.int64], at: NDArray[np.int64], starts: NDArray[np.int64]) -> tuple[int, int]:
    """Where each run begins.

    Args:
        subjects: Of each row.
        at: The rows' times.
        starts: Filled in, with the number of rows behind the last; a place more than there may be runs.

    Returns:
        How many runs there are, -1 where there are more than places for them; and a number of rows that no subject has
        more of: the longest stretches of all runs, added up.
    """
    rows, runs = len(subjects), 0
    since, longest, most = 0, 0, 0
    for row in range(rows):
        if row > 0 and subjects[row - 1] == subjects[row] and at[row - 1] <= at[row]:
            continue
        longest, since = max(longest, row - since), row
        if row == 0 or subjects[row - 1] >= subjects[row]:
            if runs == len(starts) - 1:
                return -1, 0
            starts[runs] = row
            runs += 1
            most += longest
            longest = 0
    starts[runs] = rows
    return runs, most + max(longest, rows - since)


@compiled.taking(boolean(_GIVEN, _FILLED))
def _by_time(at: NDArray[np.int64], found: NDArray[np.int64]) -> bool:
    """Puts one subject's rows in order, and says whether any have the same time."""
    count = len(found)
    if count > _FEW:
        found[:] = found[np.argsort(at[found], kind="mergesort")]
    else:
        for place in range(1, count):
            row, to = found[place], place
            while to > 0 and at[found[to - 1]] > at[row]:
                found[to] = found[to - 1]
                to -= 1
            found[to] = row
    tied = False
    for place in range(1, count):
        tied = tied or at[found[place]] == at[found[place - 1]]
    return tied


@compiled.taking(int64(_GIVEN, _GIVEN, _FILLED, _FILLED, _FILLED, _FILLED))
def _next_subject(
    subjects: NDArray[np.int64],
    at: NDArray[np.int64],
    starts: NDArray[np.int64],
    heads: NDArray[np.int64],
    left: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """The rows of the least subject that is left, by time; they are taken off their runs.

    Args:
        starts: As `begins` filled them in.
        heads: Of each run the first row that is left; moved on.
        left: Of each run the subject of that row, or the greatest number there is, and then the least of them; moved
            on.
        found: Filled in; as long as `begins` says.

    Returns:
        How many rows there are, 0 where none is left; below zero where rows have the same time, and so are in the order
        of their runs and, in one, as they lie there.
    """
    runs = len(heads)
    least, after = left[runs], _GREATEST
    count, ordered, tied = 0, True, False
    for run in range(runs):
        if left[run] != least:
            after = min(after, left[run])
            continue
        head, end = heads[run], starts[run + 1]
        ordered = ordered and (count == 0 or head == end or at[found[count - 1]] < at[head])
        since = count
        while head < end and subjects[head] == least:
            tied = tied or (count > since and at[head - 1] == at[head])
            found[count] = head
            count += 1
            head += 1
        heads[run] = head
        left[run] = subjects[head] if head < end else _GREATEST
        after = min(after, left[run])
    left[runs] = after
    if not ordered:
        tied = _by_time(at, found[:count])
    return -count if tied else count


@compiled.taking(UniTuple(_FILLED, 2)(_GIVEN, _FILLED, int64))
def _at_their_heads(
    subjects: NDArray[np.int64], starts: NDArray[np.int64], runs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`heads` and `left` of `_next_subject` before anything is taken off."""
    heads = starts[:runs].copy()
    left = np.full(runs + 1, _GREATEST)
    for run in range(runs):
        left[run] = subjects[heads[run]]
    left[runs] = left.min()
    return heads, left


@compiled.taking(boolean(uint64, int64[::1], int64))
def _is_spoiled(bits: np.uint64, spoiled: NDArray[np.int64], before: int) -> bool:
    """Whether something that spoils came after the step before."""
    found = False
    for bit in range(64):
        found = found or (bits >> np.uint64(bit) & np.uint64(1) != 0 and spoiled[bit] > before)
    return found


@compiled.taking(
    *(
        int64(
            _GIVEN, _GIVEN, Array(mask, 1, "C", readonly=True), int64[::1], int64, int64, int64, int64, int64[::1],
            uint64[::1], boolean, boolean, boolean, uint32[:, ::1], int64[:, ::1],
        )
        for mask in (uint8, uint64)
    )
)  # fmt: skip
def in_order(
    subjects: NDArray[np.int64],
    at: NDArray[np.int64],
    masks: NDArray[np.uint64],
    starts: NDArray[np.int64],
    runs: int,
    most: int,
    entry: int,
    window: int,
    step_windows: NDArray[np.int64],
    spoiling: NDArray[np.uint64],
    strict: bool,
    first_only: bool,
    ties: bool,
    rows: NDArray[np.uint32],
    times: NDArray[np.int64],
) -> int:
    """What `chains.in_order` finds.

    Args:
        subjects: Of each row; each run is sorted by it and `at`.
        at: Microseconds since 1970.
        masks: Bit k says that the row is of step k.
        starts: See `begins`.
        most: As `begins` says.
        entry: The bit of rows that a subject may enter with.
        window: Microseconds.
        step_windows: Of each step but the first, microseconds since the one before, or -1; as long as steps, the first
            unused.
        spoiling: Of each step, the bits of what spoils it when it stands before it.
        ties: Rows of one time may be taken in the order of their runs, and in one as they lie there.
        rows: Filled in, a row each for what is found: the row's number, that of the row that its subject entered with,
            and the step.
        times: Filled in: when the way to the step began, and how long it waited since the step before, or -1.

    Returns:
        How much was found; -1 where there are rows of one time that may not.
    """
    steps = len(spoiling)
    heads, left = _at_their_heads(subjects, starts, runs)
    own = np.empty(most, np.int64)
    reached, row_of = np.empty(steps, np.int64), np.empty(steps, np.int64)
    began, last = np.empty(steps, np.int64), np.empty(steps, np.int64)
    spoiled = np.empty(64, np.int64)
    enters, total = np.uint64(1) << np.uint64(entry), 0
    others = np.uint64(0)
    for step in range(steps):
        others |= spoiling[step]
    while True:
        count = _next_subject(subjects, at, starts, heads, left, own)
        if count == 0:
            return total
        if count < 0:
            if not ties:
                return -1
            count = -count
        reached[:] = _NEVER
        entered, done = False, 0
        for place in range(count):
            row = own[place]
            mask, now = np.uint64(masks[row]), at[row]
            if entered:
                if first_only and now - began[0] > window:
                    break
                for step in range(min(done, steps - 1), 0, -1):
                    before = reached[step - 1]
                    if mask >> np.uint64(step) & np.uint64(1) == 0 or now - began[step - 1] > window:
                        continue
                    if strict and before != place - 1:
                        continue
                    if step_windows[step] >= 0 and now - last[step - 1] > step_windows[step]:
                        continue
                    if spoiling[step] != 0 and _is_spoiled(spoiling[step], spoiled, before):
                        continue
                    if reached[step] == _NEVER:
                        rows[total, 0], rows[total, 1], rows[total, 2] = row, row_of[step - 1], step
                        times[total, 0], times[total, 1] = began[step - 1], now - last[step - 1]
                        total += 1
                        done = step + 1
                    reached[step], began[step], row_of[step], last[step] = place, began[step - 1], row_of[step - 1], now
            if mask & enters != 0 and not (entered and first_only):
                if not entered:
                    rows[total, 0], rows[total, 1], rows[total, 2] = row, row, 0
                    times[total, 0], times[total, 1] = now, -1
                    total += 1
                    entered, done = True, 1
                    spoiled[:] = _NEVER
                reached[0], began[0], row_of[0], last[0] = place, now, row, now
            if mask & others != 0 and entered:
                for bit in range(64):
                    if mask >> np.uint64(bit) & np.uint64(1) != 0:
                        spoiled[bit] = place
            if done == steps:
                break


@compiled.taking(int64(_GIVEN, _GIVEN, int64[::1], int64, int64, int64, boolean, uint32[::1], int64[:, ::1]))
def sessions(
    subjects: NDArray[np.int64],
    at: NDArray[np.int64],
    starts: NDArray[np.int64],
    runs: int,
    most: int,
    gap: int,
    ties: bool,
    first: NDArray[np.uint32],
    found: NDArray[np.int64],
) -> int:
    """What `Sessions.of` finds.

    Args:
        subjects: Of each row; each run is sorted by it and `at`.
        at: Microseconds since 1970.
        starts: See `begins`.
        most: As `begins` says.
        gap: Microseconds.
        ties: Rows of one time may be taken in the order of their runs, and in one as they lie there.
        first: Filled in, for each session: the number of its first row.
        found: Filled in: when it began and ended, and how many rows it has.

    Returns:
        How many sessions there are; -1 where there are rows of one time that may not.
    """
    heads, left = _at_their_heads(subjects, starts, runs)
    own = np.empty(most, np.int64)
    total = 0
    while True:
        count = _next_subject(subjects, at, starts, heads, left, own)
        if count == 0:
            return total
        if count < 0:
            if not ties:
                return -1
            count = -count
        begun = 0
        for place in range(1, count + 1):
            if place == count or at[own[place]] - at[own[place - 1]] > gap:
                first[total] = own[begun]
                found[0, total], found[1, total] = at[own[begun]], at[own[place - 1]]
                found[2, total] = place - begun
                total += 1
                begun = place


@compiled.taking(
    int64(
        _GIVEN, _GIVEN, int64[::1], int64, int64, Array(uint8, 1, "C", readonly=True), int64, boolean, int64[:, ::1]
    )
)  # fmt: skip
def returns(
    subjects: NDArray[np.int64],
    at: NDArray[np.int64],
    starts: NDArray[np.int64],
    runs: int,
    most: int,
    marks: NDArray[np.uint8],
    first: int,
    last_only: bool,
    found: NDArray[np.int64],
) -> int:
    """How many came back, as `Retention` counts those whose cohort is that of their first start.

    Args:
        subjects: Of each row; each run is sorted by it and `at`.
        at: The number of the period.
        starts: See `begins`.
        most: As `begins` says.
        marks: 1 where the row is a start, 2 where it is a return, 3 where it is both.
        first: The number of the first cohort's period.
        last_only: A subject counts at its last offset only.
        found: Zeros, counted up: subjects by cohort and offset.

    Returns:
        How many subjects are in a cohort.
    """
    cohorts, length = found.shape
    heads, left = _at_their_heads(subjects, starts, runs)
    own = np.empty(most, np.int64)
    total = 0
    while True:
        count = abs(_next_subject(subjects, at, starts, heads, left, own))
        if count == 0:
            return total
        cohort, last = _NEVER, _NEVER
        for place in range(count):
            row = own[place]
            if cohort == _NEVER:
                if marks[row] & 1 == 0:
                    continue
                cohort = at[row] - first
                if not 0 <= cohort < cohorts:
                    cohort = _NEVER
                    break
                total += 1
                offset = 0
            else:
                offset = at[row] - first - cohort
                if offset >= length:
                    break
                if marks[row] & 2 == 0:
                    continue
            if offset > last:
                last = offset
                if not last_only:
                    found[cohort, offset] += 1
        if last_only and cohort != _NEVER:
            found[cohort, last] += 1
