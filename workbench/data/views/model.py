from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workbench.data.attempts import Outcome
from workbench.foundation.wording import counted

__all__ = ["Explained", "Outcome", "RefreshRecord", "View", "ViewDefinition", "Way"]

Way = Literal["", "whole", "rows", "groups", "unchanged"]
"""How a view was brought up to date: computed whole, by the rows that came, by the groups they fall into, or not at
all, since nothing changed."""


class ViewDefinition(BaseModel):
    """What a view is. In a file, its name is the file's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="The dataset's, too: letters, digits, - and _.", min_length=1, max_length=128)
    sql: str = Field(description="One SELECT over datasets.")
    description: str = ""

    @field_validator("sql")
    @classmethod
    def _plain(cls, sql: str) -> str:
        if not (plain := sql.strip().removesuffix(";").rstrip()):
            raise ValueError("has no sql")
        return plain

    @property
    def about(self) -> str:
        """A digest of what decides which rows there are."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class RefreshRecord:
    """One refresh. Times are UTC.

    Attributes:
        run: Its run; `wb.runs.receipt(run)` says all of it.
        why: Why it was computed whole, or what was carried on; a clause.
        rows: How many were written: all, those that came, or those of the groups that changed.
        version: Of the view's dataset, afterwards; None where there is none.
        read: Dataset -> the version that the rows are of.
    """

    run: str
    by: str
    started: datetime
    finished: datetime | None
    outcome: Outcome
    way: Way = ""
    why: str = ""
    rows: int = 0
    version: int | None = None
    read: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None

    def __repr__(self) -> str:
        if self.outcome != "succeeded":
            return f"refresh {self.outcome}" + (f": {self.error}" if self.error else "")
        return told(self.way, self.why, self.rows)


def told(way: Way, why: str, rows: int) -> str:
    """A refresh in words."""
    match way:
        case "whole":
            return f"refreshed: whole ({counted(rows, 'row')}), because {why}"
        case "rows":
            return f"refreshed: {counted(rows, 'row')} appended, since {why}"
        case "groups":
            return f"refreshed: {counted(rows, 'group')} changed, since {why}"
    return f"as it was, since {why}"


@dataclass(frozen=True)
class View:
    """A view as the catalog knows it. Times are UTC.

    Attributes:
        version: Counts the changes of what it says, from 1; 0 where it stands in a file that nobody has asked for.
        owner: Whoever defined it; nobody has where the version is 0.
        dataset: The id of its dataset; None before the first refresh.
        last: The latest refresh.
    """

    id: str
    definition: ViewDefinition
    version: int
    owner: str
    created: datetime
    updated: datetime
    saved_by: str
    dataset: str | None = None
    last: RefreshRecord | None = None

    @property
    def name(self) -> str:
        return self.definition.name

    def __repr__(self) -> str:
        last = "never refreshed" if self.last is None else f"{self.last.started:%Y-%m-%d %H:%M} UTC {self.last!r}"
        return f"<view {self.name}, version {self.version}: {last}>"


@dataclass(frozen=True)
class Explained:
    """How a view can be brought up to date, and what its next refresh would do.

    Attributes:
        reads: Its datasets, and their newest versions.
        can: How it may be carried on: by "rows" or by "groups"; "whole" where it cannot.
        cannot: Why it is always computed whole; empty where it is not.
        way: What a refresh would do now.
        why: And why; a clause.
    """

    view: str
    reads: Mapping[str, int]
    can: Way
    cannot: str
    way: Way
    why: str

    def __repr__(self) -> str:
        lines = [f"view {self.view} of {', '.join(f'{name} version {number}' for name, number in self.reads.items())}"]
        if self.can == "whole":
            lines.append(f"always computed whole, because {self.cannot}")
        else:
            lines.append(f"carried on by the {self.can} that its datasets get")
        verb = {"whole": "computes it whole", "unchanged": "changes nothing"}.get(self.way, f"adds {self.way}")
        lines.append(f"a refresh now {verb}, because {self.why}")
        return "\n".join(lines)
