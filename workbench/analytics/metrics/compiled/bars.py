"""Values of groups in bars: of whole numbers, or of those that floats' bits are in the order of the floats, the upper
digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba.types import Array, UniTuple, int32, int64, uint16, void

from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["count", "extent", "take"]

_NUMBERS = Array(uint16, 1, "C", readonly=True)
_VALUES = [Array(kind, 1, "C", readonly=True) for kind in (int64, int32)]


@compiled.taking(int64(int64, int64))
def _ordered(value: np.int64, flipped: int) -> np.int64:
    """A number that is less than another one where the value is.

    Args:
        flipped: Digits that are turned round where the first one is set: of the bits of floats all but that one, of
            whole numbers none.
    """
    return value ^ ((value >> 63) & flipped)


@compiled.taking(int64(int64, int64, int64, int64))
def _bar(value: np.int64, flipped: int, low: int, shift: int) -> np.int64:
    """Which bar a value is in; in numbers without a sign, since the least and the greatest may be far apart."""
    return np.int64((np.uint64(_ordered(value, flipped)) - np.uint64(low)) >> np.uint64(shift))


@compiled.taking(*(UniTuple(int64, 2)(values, int64) for values in _VALUES))
def extent(values: NDArray[np.integer[Any]], flipped: int) -> tuple[int, int]:
    """The least and the greatest of values, as numbers in their order."""
    low, high = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    for row in range(len(values)):
        value = int(_ordered(np.int64(values[row]), flipped))
        low, high = min(low, value), max(high, value)
    return low, high


@compiled.taking(*(void(_NUMBERS, _VALUES[0], values, int64, int64, int64, int32[:, ::1]) for values in _VALUES))
def count(
    numbers: NDArray[np.uint16],
    groups: NDArray[np.int64],
    values: NDArray[np.integer[Any]],
    flipped: int,
    low: int,
    shift: int,
    counts: NDArray[np.int32],
) -> None:
    """Adds rows to the bars of their groups.

    Args:
        numbers: Of each row.
        groups: The group of each number.
        values: Of each row a whole number, or the bits of a float.
        flipped: See `_ordered`.
        low: What the first bar begins with.
        shift: How many digits of a number say where in its bar it is.
        counts: By group and bar.
    """
    for row in range(len(values)):
        counts[groups[numbers[row]], _bar(np.int64(values[row]), flipped, low, shift)] += 1


@compiled.taking(
    *(void(_NUMBERS, _VALUES[0], values, int64, int64, int64, int64[:, ::1], int64[::1]) for values in _VALUES)
)
def take(
    numbers: NDArray[np.uint16],
    groups: NDArray[np.int64],
    values: NDArray[np.integer[Any]],
    flipped: int,
    low: int,
    shift: int,
    places: NDArray[np.int64],
    taken: NDArray[np.int64],
) -> None:
    """Takes the values of some bars.

    Args:
        places: By group and bar: where its next value goes, moved on; -1 where none is wanted.
        taken: Filled in with the values.
    """
    for row in range(len(values)):
        value = np.int64(values[row])
        group, bar = groups[numbers[row]], _bar(value, flipped, low, shift)
        place = places[group, bar]
        if place >= 0:
            taken[place] = value
            places[group, bar] = place + 1
