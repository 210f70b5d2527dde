"""The dataset that an upload goes into: whether it can, and what to do where its rows do not fit."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.data.connectors import ColumnType
from workbench.data.lake import Lake, Mode, check_name
from workbench.foundation.errors import Conflict, Invalid
from workbench.governance.runs import Actor

__all__ = ["advised", "check_into"]


def check_into(lake: Lake, dataset: str, mode: Mode | None, actor: Actor) -> None:
    """What can be told before there is a row.

    Raises:
        Invalid: The name cannot be a dataset's.
        NotFound: It is to go into a dataset that is not there.
        Conflict: It is to be a new one, and there is one.
        Forbidden: Its rows may not be changed by whoever asks.
    """
    if mode is not None:
        lake.check_may_change(dataset, actor, "load into")
        return
    check_name(dataset)
    if lake.exists(dataset):
        modes = ", ".join(one.value for one in Mode)
        raise Conflict(
            f"there is a dataset '{dataset}' already",
            hint=f"choose another name, or say how its rows go in: mode='append' (--mode append); there is {modes}",
        )


def advised(error: Invalid, dataset: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> Invalid:
    """The error of rows that do not fit a dataset, with what helps somebody who has a file and no frame to cast.

    Args:
        found: The types of the file's columns, as they were read.
        wanted: Those of the dataset's.
    """
    contract = f"workbench dataset contract {dataset}"
    name = next((one for one in wanted if one in found and f"column '{one}'" in str(error)), None)
    if name is None:
        if set(found) == set(wanted):
            return error
        return Invalid(str(error), hint=f"{contract} --columns evolve: new columns are added, missing ones left empty")
    there, here = _said(wanted[name]), _said(found[name])
    if there is None or here is None or there == here:
        return error
    widened = f"{contract} --data-type evolve: it becomes wide enough for both"
    if (here, there) == ("number", "integer"):  # it was asked whether they are whole
        return Invalid(str(error), hint=widened)
    read = f"have it read as the dataset has it: types={{'{name}': '{there}'}} (--type {name}={there})"
    return Invalid(str(error), hint=read if there == "text" else f"{read}; or {widened}")


def _said(dtype: str) -> ColumnType | None:
    """What the columns of a file are called by, for a type that they can be read as."""
    beginnings: dict[str, ColumnType] = {"Int": "integer", "UInt": "integer", "Float": "number", "Datetime": "time"}
    words: dict[str, ColumnType] = {"String": "text", "Boolean": "boolean", "Date": "date"}
    return words.get(dtype) or next((word for start, word in beginnings.items() if dtype.startswith(start)), None)
