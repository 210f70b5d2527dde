"""Sessions, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.types import boolean, int64, uint32

from workbench.analytics.product.compiled.runs import GIVEN, at_their_heads, next_subject
from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["sessions"]


@compiled.taking(int64(GIVEN, GIVEN, int64[::1], int64, int64, int64, boolean, uint32[::1], int64[:, ::1]))
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
        starts: See `runs.begins`.
        most: As `runs.begins` says.
        gap: Microseconds.
        ties: Rows of one time may be taken in the order of their runs, and in one as they lie there.
        first: Filled in, for each session: the number of its first row.
        found: Filled in: when it began and ended, and how many rows it has.

    Returns:
        How many sessions there are; -1 where there are rows of one time that may not.
    """
    heads, left = at_their_heads(subjects, starts, runs)
    own = np.empty(most, np.int64)
    total = 0
    while True:
        count = next_subject(subjects, at, starts, heads, left, own)
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
