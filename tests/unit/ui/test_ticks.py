from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from workbench.ui.ticks import day_ticks, level_labels, level_ticks


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5.4, 52.3], [0, 20, 40, 60]),
        ([90.0, 98.0], [90, 92, 94, 96, 98]),
        ([-3.0, 12.0], [-5, 0, 5, 10, 15]),
        ([0.02, 0.04], [0, 0.01, 0.02, 0.03, 0.04]),
        ([-8.0, -6.0], [-8, -6, -4, -2, 0]),
        ([7.0], [0, 2, 4, 6, 8]),
        ([0.0], [0, 0.25, 0.5, 0.75, 1]),
        ([np.nan], [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_levels_are_round_and_hold_all_values(values: list[float], expected: list[float]) -> None:
    assert level_ticks(np.array(values)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("days", "count", "said"),
    [(1, 1, "%-d %b"), (6, 6, "%-d %b"), (28, 4, "%-d %b"), (120, 4, "%b"), (366, 5, "%b %Y")],
)
def test_a_handful_of_days_is_named_whatever_the_range(days: int, count: int, said: str) -> None:
    times = pl.Series([date(2023, 1, 1) + timedelta(days=at) for at in range(days)])
    ticks, written = day_ticks(times)
    assert (len(ticks), written) == (count, said)
    assert times.min() <= ticks[0].astype("datetime64[D]").item()  # type: ignore[operator]
    assert ticks[-1].astype("datetime64[D]").item() <= times.max()


def test_levels_below_zero_have_the_true_minus_sign() -> None:
    assert level_labels([-25.0, 0.0, 2.5], ",~f") == {"-25": "−25", "0": "0", "2.5": "2.5"}


def test_nothing_has_no_ticks() -> None:
    assert len(day_ticks(pl.Series([], dtype=pl.Date))[0]) == 0
