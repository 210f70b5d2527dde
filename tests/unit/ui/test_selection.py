from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from workbench import Workbench
from workbench.ui import Selection
from workbench.ui.selection import condition

FEB = Selection(date(2024, 2, 1), date(2024, 2, 7), earliest=date(2024, 1, 20))


def test_the_last_day_belongs_to_a_range() -> None:
    assert FEB.between == (date(2024, 2, 1), date(2024, 2, 8))
    assert FEB.days == 7


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    before = FEB.before
    assert before is not None
    assert (before.first, before.last) == (date(2024, 1, 25), date(2024, 1, 31))
    assert before.before is None, "the data does not reach back far enough"


@pytest.mark.parametrize("values", [["O'Hara's"], ["Old Town", None], [None], ["no'; DROP"], []])
def test_a_condition_keeps_exactly_the_rows_with_these_values(shop: Workbench, values: list[Any]) -> None:
    by_shop = shop.metrics.query("sold", by="shop").frame
    kept = shop.metrics.query("sold", where=condition("shop", values)).frame.item()
    assert kept == by_shop.filter(by_shop["shop"].is_in(values, nulls_equal=True))["sold"].sum()


def test_numbers_are_compared_as_numbers(shop: Workbench) -> None:
    kept = shop.metrics.query("sold", where=condition("till", [0, 3])).frame.item()
    by_till = shop.metrics.query("sold", by="till").frame
    assert kept == by_till.filter(by_till["till"].is_in([0, 3]))["sold"].sum()
