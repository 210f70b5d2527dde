"""Every kind of expectation there is, told apart by what stands after `expect`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workbench.data.quality.elsewhere import NoRows, References
from workbench.data.quality.expectations import Between, Holds, InSet, Length, Matches, NotNull, Unique
from workbench.data.quality.promising import Arrived
from workbench.data.quality.python import Python
from workbench.data.quality.shift import Shift
from workbench.data.quality.wholes import Fresh, HasType, RowCount

__all__ = ["Expectation"]

Expectation = Annotated[
    NotNull
    | Between
    | InSet
    | Matches
    | Length
    | Holds
    | Unique
    | References
    | NoRows
    | RowCount
    | HasType
    | Fresh
    | Arrived
    | Shift
    | Python,
    Field(discriminator="expect"),
]
