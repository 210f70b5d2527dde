"""Datasets that show other datasets' rows: who may not see all of those sees nothing of them, unless it is said so."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from workbench.foundation.errors import Invalid
from workbench.governance.security.model import Policy, Role
from workbench.governance.security.tables import PolicyOriginRow, PolicyRow

__all__ = ["add_origins", "close_what_is_made_of", "closing", "descended", "move"]

NOTHING = "false"
"""The row filter that leaves no row."""


def closing(session: Session, role: Role, dataset: str) -> Policy | None:
    """What restricts a role's view of a dataset: its own policy, else what the datasets say that it was made of."""
    rows = session.scalars(select(PolicyRow).where(PolicyRow.dataset == dataset))
    found = {Role(row.role): row for row in rows}
    row = next((found[one] for one in Role if one.includes(role) and one in found), None)
    if row is not None:
        return Policy(dataset=row.dataset, role=Role(row.role), row_filter=row.row_filter, columns=row.columns)
    # None is made of itself, at whatever distance: a view that would be is refused.
    for origin in sorted(session.scalars(select(PolicyOriginRow.made_of).where(PolicyOriginRow.dataset == dataset))):
        if (policy := closing(session, role, origin)) is not None and not policy.hides_no_more_than(None):
            return Policy(dataset=dataset, role=role, row_filter=NOTHING, closed_by=policy.closed_by or origin)
    return None


def descended(session: Session, datasets: Iterable[str]) -> set[str]:
    """What was made of some datasets, at any distance."""
    found: set[str] = set()
    new = set(datasets)
    while new:
        made = session.scalars(select(PolicyOriginRow.dataset).where(PolicyOriginRow.made_of.in_(new)))
        new = set(made) - found
        found |= new
    return found


def add_origins(session: Session, dataset: str, others: Iterable[str]) -> None:
    """
    Raises:
        Invalid: One of the others is the dataset, or was made of it.
    """
    there = set(session.scalars(select(PolicyOriginRow.made_of).where(PolicyOriginRow.dataset == dataset)))
    new = sorted(set(others) - there)
    made = descended(session, [dataset]) if new else set()
    for other in new:
        if other == dataset or other in made:
            raise Invalid(f"'{dataset}' would be made of itself" + (f": '{other}' was made of it" if made else ""))
        session.add(PolicyOriginRow(dataset=dataset, made_of=other))


def move(session: Session, dataset: str, new_name: str) -> None:
    """Goes along with a dataset that is renamed."""
    session.execute(delete(PolicyOriginRow).where(PolicyOriginRow.dataset == new_name))  # of one that is gone
    for column in (PolicyOriginRow.dataset, PolicyOriginRow.made_of):
        session.execute(update(PolicyOriginRow).where(column == dataset).values({column.key: new_name}))


def close_what_is_made_of(session: Session, dataset: str) -> list[tuple[Role, str]]:
    """Of a dataset that is deleted: gives what was made of it policies of its own, where the dataset's closed it.

    Returns:
        The roles, and the datasets that are closed to them.
    """
    closed: list[tuple[Role, str]] = []
    made = session.scalars(select(PolicyOriginRow.dataset).where(PolicyOriginRow.made_of == dataset)).all()
    for other in sorted(made):
        for role in Role:
            policy = closing(session, role, other)
            if policy is not None and policy.closed_by is not None:
                closed.append((role, other))
    for role, other in closed:
        session.add(PolicyRow(dataset=other, role=role.value, row_filter=NOTHING, columns={}))
    either = or_(PolicyOriginRow.dataset == dataset, PolicyOriginRow.made_of == dataset)
    session.execute(delete(PolicyOriginRow).where(either))
    session.flush()
    return closed
