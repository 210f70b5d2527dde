"""The chains of `workbench.analytics.product.chains`, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.types import Array, boolean, int64, uint8, uint32, uint64

from workbench.analytics.product.compiled.runs import GIVEN, at_their_heads, next_subject
from workbench.compute import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["in_order"]

_NEVER = -1


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
            GIVEN, GIVEN, Array(mask, 1, "C", readonly=True), int64[::1], int64, int64, int64, int64, int64[::1],
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
        starts: See `runs.begins`.
        most: As `runs.begins` says.
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
    heads, left = at_their_heads(subjects, starts, runs)
    own = np.empty(most, np.int64)
    reached, row_of = np.empty(steps, np.int64), np.empty(steps, np.int64)
    began, last = np.empty(steps, np.int64), np.empty(steps, np.int64)
    spoiled = np.empty(64, np.int64)
    enters, total = np.uint64(1) << np.uint64(entry), 0
    others = np.uint64(0)
    for step in range(steps):
        others |= spoiling[step]
    while True:
        count = next_subject(subjects, at, starts, heads, left, own)
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
