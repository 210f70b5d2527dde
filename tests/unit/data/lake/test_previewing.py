"""A page of a dataset's rows."""

from __future__ import annotations

import polars as pl
import pytest

from workbench import Workbench
from workbench.data.lake import Dataset
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.security import Policy, Principal, Role

ROWS = pl.DataFrame({"origin": ["JFK", "EWR", "JFK", None], "delay": [3, None, 1, 2], "-x": [1, 2, 3, 4]})


@pytest.fixture
def flights(wb: Workbench) -> Dataset:
    return wb.datasets.create("flights", ROWS)


def test_a_page_is_filtered_sorted_and_cut(flights: Dataset) -> None:
    page = flights.page(where="delay > 0", order=["-delay"], columns="delay", offset=1, limit=1)
    assert page.frame.rows() == [(2,)]
    assert page.total == 3


def test_nulls_come_last_and_equal_rows_stay(flights: Dataset) -> None:
    assert flights.page(order="-delay").frame["delay"].to_list() == [3, 2, 1, None]
    assert flights.page(order="origin").frame["-x"].to_list() == [2, 1, 3, 4]


def test_a_column_may_begin_with_a_minus(flights: Dataset) -> None:
    assert flights.page(order="-x").frame["-x"].to_list() == [1, 2, 3, 4]
    assert flights.page(order="--x", limit=1).frame["-x"].to_list() == [4]


def test_beyond_the_end_there_is_nothing(flights: Dataset) -> None:
    page = flights.page(offset=10)
    assert (page.frame.height, page.total) == (0, 4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"columns": "orign"}, "did you mean 'origin'"),
        ({"columns": ["delay", "delay"]}, "twice"),
        ({"order": "-dely"}, "did you mean 'delay'"),
        ({"where": "delay"}, "not a condition"),
        ({"where": "max(delay) > 1"}, "across rows"),
        ({"where": "CAST(origin AS INT) > 1"}, "cannot be computed"),
    ],
)
def test_a_wrong_page_is_refused(flights: Dataset, options: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        flights.page(**options)  # type: ignore[arg-type]


def test_a_condition_is_not_computed_on_hidden_rows(wb: Workbench, flights: Dataset) -> None:
    wb.security.set_policy(Policy(dataset="flights", role=Role.VIEWER, row_filter="delay = 3"), by=wb.actor.principal)
    viewer = wb.acting_as(Principal("vera", Role.VIEWER))
    with pytest.raises(Invalid) as refused:
        viewer.datasets.get("flights").page(where="CAST(origin AS INT) > 1")
    assert "EWR" not in str(refused.value)


def test_a_dataset_deleted_meanwhile_is_said_to_be(wb: Workbench, flights: Dataset) -> None:
    wb.datasets.delete("flights")
    with pytest.raises(NotFound, match="was deleted on"):
        flights.page()
