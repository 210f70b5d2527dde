"""Rows of several runs, each sorted by subject and time, gone through subject by subject without sorting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.types import Array, UniTuple, boolean, int64

from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GIVEN", "at_their_heads", "begins", "next_subject"]

GIVEN = Array(int64, 1, "C", readonly=True)
"""A column as Polars has it: nobody else may change it."""
_FILLED = int64[::1]

_GREATEST = np.iinfo(np.int64).max
_FEW = 64  # rows that are put in order one by one


@compiled.taking(UniTuple(int64, 2)(GIVEN, GIVEN, _FILLED))
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


@compiled.taking(boolean(GIVEN, _FILLED))
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


@compiled.taking(int64(GIVEN, GIVEN, _FILLED, _FILLED, _FILLED, _FILLED))
def next_subject(
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
        left: Of each run the subject of that row, or the greatest number there is; moved on.
        found: Filled in; as long as `begins` says.

    Returns:
        How many rows there are, 0 where none is left; below zero where rows have the same time, and so are in the order
        of their runs and, in one, as they lie there.
    """
    if len(left) == 0:
        return 0
    least = left.min()
    count, ordered, tied = 0, True, False
    for run in range(len(left)):
        if left[run] != least:
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
    if not ordered:
        tied = _by_time(at, found[:count])
    return -count if tied else count


@compiled.taking(UniTuple(_FILLED, 2)(GIVEN, _FILLED, int64))
def at_their_heads(
    subjects: NDArray[np.int64], starts: NDArray[np.int64], runs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`heads` and `left` of `next_subject` before anything is taken off."""
    heads = starts[:runs].copy()
    left = np.empty(runs, np.int64)
    for run in range(runs):
        left[run] = subjects[heads[run]]
    return heads, left
