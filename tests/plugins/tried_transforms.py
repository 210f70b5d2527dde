"""Transforms that are tried on a dataset, for those who look through a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench import Workbench


def transformed(secret: str) -> Callable[[Workbench], Any]:
    """What transforms read and join of the flights, told to look for what is hidden."""

    def through(wb: Workbench) -> Any:
        joined = {"join": {"right": "flights", "on": "delay", "columns": {"tailnum": "other"}}}
        said = {"reads": "flights", "transforms": [joined, {"where": {"condition": f"tailnum <> '{secret}'"}}]}
        found = wb.transforms.preview(said)
        assert (found.rows, found.total) == (2, 2)
        assert secret not in repr(found)
        return found.frame.drop("other")

    return through
