"""Sessions, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from numba.types import boolean, int64, uint32

from workbench.analytics.product.compiled.runs import GIVEN, at_their_heads, next_subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["sessions"]


@numba.njit(
    int64(GIVEN, GIVEN, int64[::1], int64, int64, int64, boolean, uint32[::1], int64[:, ::1]),
    nogil=True,
    cache=True,
)
def sessions(
    subjects: NDArray[np.int64],
    at: NDArray[np.int64],
    starts: NDArray[np.int64],
    runs: int,
    most: int,
    gap: int,
    chronological: bool,
    first: NDArray[np.uint32],
    found: NDArray[np.int64],
) -> int:
    """What `Sessions.of` finds.

    Args:
        subjects: Of each row; each run is sorted by it and `at`.
        at: Microseconds since 1970.
        starts: See `runs.begins`.
        most: As `runs.begins` says.
        gap: Microseconds.
        chronological: Rows of one time are in order as their runs are.
        first: Filled in, for each session: the number of its first row.
        found: Filled in: when it began and ended, and how many rows it has.

    Returns:
        How many sessions there are; -1 where nothing says which of two rows comes first.
    """
    heads, left = at_their_heads(subjects, starts, runs)
    own = np.empty(most, np.int64)
    total = 0
    while True:
        count = next_subject(subjects, at, starts, heads, left, own)
        if count == 0:
            return total
        if count < 0:
            if not chronological:
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
