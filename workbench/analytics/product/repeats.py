"""Which rows have an id that another row of their subject has, in compiled code: rows that lie in sorted runs are gone
through by ranges of subjects, so that the table of a range's ids stays near the processor.

Imported by `workbench.compute.Compiled` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.types import Array, boolean, int64

from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["repeats"]

_GIVEN = Array(int64, 1, "C", readonly=True)
"""A column as Polars has it: nobody else may change it."""

_MOST_RUNS = 1024  # with more, going through them by ranges takes longer than sorting
_ROWS = 16_384  # of a range, about
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: Knuth, The Art of Computer Programming, 6.4


@compiled.taking(boolean(_GIVEN, _GIVEN, boolean[::1]))
def repeats(subjects: NDArray[np.int64], ids: NDArray[np.int64], found: NDArray[np.bool_]) -> bool:
    """
    Args:
        subjects: Of each row, a hash; sorted in each of the runs, which follow each other.
        ids: Of each row.
        found: All false; set where another row has the id, one of the same subject or of one whose hash is near.

    Returns:
        Whether it was done; not of rows in very many runs.
    """
    rows = len(subjects)
    if rows == 0:
        return True
    starts = np.empty(_MOST_RUNS + 1, np.int64)
    runs, least, greatest = 0, subjects[0], subjects[0]
    for row in range(rows):
        if row == 0 or subjects[row] < subjects[row - 1]:
            if runs == _MOST_RUNS:
                return False
            starts[runs] = row
            runs += 1
        least, greatest = min(least, subjects[row]), max(greatest, subjects[row])
    starts[runs] = rows
    heads, ends = starts[:runs].copy(), starts[:runs].copy()
    ranges = max(1, rows // _ROWS)
    step = (np.uint64(greatest) - np.uint64(least)) // np.uint64(ranges)
    slots = np.empty(4 * _ROWS, np.int64)
    for number in range(ranges):
        last = greatest if number == ranges - 1 else np.int64(np.uint64(least) + step * np.uint64(number + 1))
        count = 0
        for run in range(runs):
            end = heads[run]
            while end < starts[run + 1] and subjects[end] <= last:
                end += 1
            ends[run] = end
            count += end - heads[run]
        bits = 4
        while 1 << bits < 2 * count:
            bits += 1
        if 1 << bits > len(slots):
            slots = np.empty(1 << bits, np.int64)
        slots[: 1 << bits] = -1
        for run in range(runs):
            for row in range(heads[run], ends[run]):
                place = np.int64((np.uint64(ids[row]) * _SPREAD) >> np.uint64(64 - bits))
                while slots[place] >= 0 and ids[slots[place]] != ids[row]:
                    place = (place + 1) & ((1 << bits) - 1)
                if slots[place] < 0:
                    slots[place] = row
                else:
                    found[row] = found[slots[place]] = True
            heads[run] = ends[run]
    return True
