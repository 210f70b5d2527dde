"""`workbench dataset contract`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl

from workbench import Workbench


def test_a_contract_is_set_shown_and_taken_away(wb: Workbench, command: Callable[..., Any]) -> None:
    wb.datasets.create("orders", pl.DataFrame({"k": [1]}))
    shown = json.loads(command("dataset", "contract", "orders", "--columns", "discard_value", "--json").out)
    expected = {"dataset": "orders", "tables": "evolve", "columns": "discard_value", "data_type": "freeze"}
    assert shown == [{**expected, "declared": True}]
    wb.datasets["orders"].append(pl.DataFrame({"k": [2], "more": [3]}))
    assert wb.datasets["orders"].to_polars().columns == ["k"]
    (cleared,) = json.loads(command("dataset", "contract", "orders", "--clear", "--json").out)
    assert (cleared["declared"], cleared["columns"]) == (False, "freeze")
    wrong = command("dataset", "contract", "orders", "--columns", "frezee")
    assert (wrong.code, "did you mean 'freeze'" in wrong.err) == (2, True)
