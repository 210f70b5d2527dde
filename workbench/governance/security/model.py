from __future__ import annotations

import getpass
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Policy", "Principal", "Role", "Scope", "local_owner"]


class Role(StrEnum):
    """What a principal may do; each role includes those before it."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ENGINEER = "engineer"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


class Scope(StrEnum):
    """What a token may be used for. A token never allows more than its user's role does.

    `keep` is for new queries and metrics alone; `run`, for changes of all kinds, has it in it.
    """

    READ = "read"
    KEEP = "keep"
    RUN = "run"
    ADMIN = "admin"


@dataclass(frozen=True)
class Principal:
    """Somebody, or a program, that asks.

    Attributes:
        scopes: What the token that is asked with may be used for; None where it is no token, and the role alone counts.
    """

    name: str
    role: Role
    scopes: frozenset[Scope] | None = None


def local_owner() -> Principal:
    """Whoever runs this process on their own machine: in a single-user workspace, its admin."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container whose user id has no name
        name = "owner"
    return Principal(name, Role.ADMIN)


class Policy(BaseModel):
    """What one role sees of one dataset.

    Attributes:
        row_filter: SQL condition; rows where it is not true are not there for this role.
        columns: SQL expression that stands in place of a column, by column name; `"NULL"` hides its values.
        closed_by: The dataset whose policy closes this one, which was made of it and has no policy of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    role: Role
    row_filter: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    closed_by: str | None = None

    def hides_no_more_than(self, other: Policy | None) -> bool:
        """Whether all that this policy leaves out or replaces, the other one does just so; None restricts nothing."""
        if self.closed_by is not None:
            return False
        if other is None:
            return self.row_filter is None and not self.columns
        same_rows = self.row_filter is None or self.row_filter == other.row_filter
        return same_rows and all(other.columns.get(name) == text for name, text in self.columns.items())
