"""Values of groups in bars: of the numbers that floats' bits are in the order of the floats, the upper digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.types import Array, UniTuple, int32, int64, uint16, void

from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["count", "extent", "take"]

_BITS = Array(int64, 1, "C", readonly=True)
_NUMBERS = Array(uint16, 1, "C", readonly=True)


@compiled.taking(int64(int64))
def _ordered(bits: np.int64) -> np.int64:
    """A number that is less than another one where the float of these bits is."""
    return bits ^ ((bits >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))


@compiled.taking(int64(int64, int64, int64))
def _bar(bits: np.int64, low: int, shift: int) -> np.int64:
    """Which bar a float is in; in numbers without a sign, since the least and the greatest may be far apart."""
    return np.int64((np.uint64(_ordered(bits)) - np.uint64(low)) >> np.uint64(shift))


@compiled.taking(UniTuple(int64, 2)(_BITS))
def extent(bits: NDArray[np.int64]) -> tuple[int, int]:
    """The least and the greatest of floats, as numbers in their order."""
    low, high = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    for row in range(len(bits)):
        value = int(_ordered(bits[row]))
        low, high = min(low, value), max(high, value)
    return low, high


@compiled.taking(void(_NUMBERS, _BITS, _BITS, int64, int64, int32[:, ::1]))
def count(
    numbers: NDArray[np.uint16],
    groups: NDArray[np.int64],
    bits: NDArray[np.int64],
    low: int,
    shift: int,
    counts: NDArray[np.int32],
) -> None:
    """Adds rows to the bars of their groups.

    Args:
        numbers: Of each row.
        groups: The group of each number.
        bits: Of each row's float.
        low: What the first bar begins with.
        shift: How many digits of a number say where in its bar it is.
        counts: By group and bar.
    """
    for row in range(len(bits)):
        counts[groups[numbers[row]], _bar(bits[row], low, shift)] += 1


@compiled.taking(void(_NUMBERS, _BITS, _BITS, int64, int64, int64[:, ::1], int64[::1]))
def take(
    numbers: NDArray[np.uint16],
    groups: NDArray[np.int64],
    bits: NDArray[np.int64],
    low: int,
    shift: int,
    places: NDArray[np.int64],
    taken: NDArray[np.int64],
) -> None:
    """Takes the values of some bars.

    Args:
        places: By group and bar: where its next value goes, moved on; -1 where none is wanted.
        taken: Filled in with the bits.
    """
    for row in range(len(bits)):
        group, bar = groups[numbers[row]], _bar(bits[row], low, shift)
        place = places[group, bar]
        if place >= 0:
            taken[place] = bits[row]
            places[group, bar] = place + 1
