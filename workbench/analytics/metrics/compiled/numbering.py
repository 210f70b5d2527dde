"""Small numbers for what rows are grouped by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.types import Array, int64, uint16, uint64

from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["number"]

_SLOTS = 1 << 13
_SHIFT = np.uint64(64 - 13)
_ODD, _ODDER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


@compiled.taking(int64(Array(uint64, 2, "C", readonly=True), uint16[::1], int64[::1]))
def number(things: NDArray[np.uint64], numbers: NDArray[np.uint16], firsts: NDArray[np.int64]) -> int:
    """Numbers things in the order in which they first come, in a table with open addressing.

    Args:
        things: Of each row, 16 bytes.
        numbers: Filled in; a row each.
        firsts: Filled in, for each number: the first row that has it. At most half of the table's 8,192 places.

    Returns:
        How many there are; -1 where `firsts` has too few places.
    """
    table = np.zeros((_SLOTS, 3), np.uint64)
    found = 0
    for row in range(len(things)):
        low, high = things[row, 0], things[row, 1]
        slot = ((low ^ (high * _ODD)) * _ODDER) >> _SHIFT
        while True:
            taken = table[slot, 2]
            if taken == 0:
                if found == len(firsts):
                    return -1
                firsts[found] = row
                numbers[row] = found
                found += 1
                table[slot, 0], table[slot, 1], table[slot, 2] = low, high, found
                break
            if table[slot, 0] == low and table[slot, 1] == high:
                numbers[row] = taken - np.uint64(1)
                break
            slot = (slot + np.uint64(1)) & np.uint64(_SLOTS - 1)
    return found
