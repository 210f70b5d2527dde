from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from workbench.governance.security import Role

__all__ = ["Parameter", "ParameterType", "QueryRun", "RunState", "SavedQuery", "Scalar"]

ParameterType = Literal["text", "integer", "number", "boolean", "date", "time"]
Scalar = str | bool | int | float


class Parameter(BaseModel):
    """What may be given for a `$name` of a query.

    Attributes:
        default: Taken where nothing is given; a date or time as ISO text. None: a value has to be given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ParameterType = Field("text", description="text, integer, number, boolean, date or time.")
    default: Scalar | None = Field(None, description="Taken where nothing is given; null: a value has to be given.")
    description: str = Field("", max_length=500, description="For whoever is asked for a value.")


@dataclass(frozen=True)
class SavedQuery:
    """A query as it was at one of its versions. Times are UTC.

    Attributes:
        id: Stays for as long as the query is there; another query of the same name has another.
        shared: The least role that may see and run it; None: its owner alone. Admins may in any case.
        parameters: By name, without the `$`.
        datasets: What it reads.
        version: Grows by one with each change of what it says, from 1.
        created: When its first version was saved.
        updated: When this version was saved.
        saved_by: Who saved this version.
    """

    id: str
    name: str
    sql: str
    description: str
    owner: str
    shared: Role | None
    parameters: Mapping[str, Parameter]
    datasets: tuple[str, ...]
    version: int
    created: datetime
    updated: datetime
    saved_by: str

    def __repr__(self) -> str:
        given = ", ".join(f"${name}: {parameter.type}" for name, parameter in self.parameters.items())
        about = f"\n{self.description}" if self.description else ""
        return (
            f"Query {self.name}, version {self.version}, of {self.owner}, {self.audience}{about}\n{given}\n{self.sql}"
        )

    @property
    def audience(self) -> str:
        """Who may run it, in words."""
        return "private" if self.shared is None else f"shared with {self.shared}s and above"


class RunState(StrEnum):
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class QueryRun:
    """Somebody ran a query.

    Attributes:
        query: Its name then.
        query_version: Which version of it ran.
        by: Who ran it, and so whose policies applied.
        role: What they were then.
        started: UTC.
        seconds: How long it took; None while it runs.
        rows: How many it gave; None unless its state is ok.
        cut: Whether a limit left rows out.
        versions: Dataset -> the versions that were read.
        parameters: What was given, dates and times as text.
        error: Why it did not end well.
        cancelled_by: Who asked for its end.
    """

    id: str
    query: str
    query_version: int
    by: str
    role: Role
    started: datetime
    state: RunState
    seconds: float | None
    rows: int | None
    cut: bool
    versions: Mapping[str, tuple[int, ...]]
    parameters: Mapping[str, Scalar]
    error: str | None
    cancelled_by: str | None
