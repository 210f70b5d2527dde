"""Users and policies. The only file that opens sessions on their tables."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Forbidden, unknown
from workbench.governance.security.audit import AuditEntry, audit_append, audit_entries
from workbench.governance.security.model import Policy, Principal, Role
from workbench.governance.security.tables import PolicyRow, UserRow

__all__ = ["Security"]


class Security:
    """Who exists, what each role may do, and what it sees of a dataset."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def require(self, principal: Principal, role: Role, doing: str) -> None:
        """Stops a principal whose role does not include the one needed.

        Raises:
            Forbidden: It does not; the message names who, what and the role that may.
        """
        if not principal.role.includes(role):
            raise Forbidden(
                f"{principal.name} ({principal.role}) may not {doing}: that takes the role {role}",
                hint="ask an admin of this workspace for the role",
            )

    def add_user(self, name: str, role: Role, *, by: Principal) -> Principal:
        """Registers a user.

        Raises:
            Forbidden: `by` is no admin.
            Conflict: The name is taken.
        """
        self.require(by, Role.ADMIN, f"add the user '{name}'")
        with self._catalog.begin() as session:
            if session.get(UserRow, name) is not None:
                raise Conflict(f"there is a user '{name}' already")
            session.add(UserRow(name=name, role=role.value, created=utcnow()))
            audit_append(session, actor=by.name, action="add user", thing=f"user {name}", detail={"role": role.value})
        return Principal(name, role)

    def user(self, name: str) -> Principal:
        """
        Raises:
            NotFound: No such user; the message has the nearest name.
        """
        with self._catalog.read() as session:
            row = session.get(UserRow, name)
            if row is None:
                raise unknown("user", name, session.scalars(select(UserRow.name)))
            return Principal(row.name, Role(row.role))

    def set_policy(self, policy: Policy, *, by: Principal) -> None:
        """Sets, or replaces, what one role sees of one dataset. In force for every read that begins afterwards."""
        self.require(by, Role.ADMIN, f"set a policy on dataset '{policy.dataset}'")
        with self._catalog.begin() as session:
            session.merge(
                PolicyRow(
                    dataset=policy.dataset, role=policy.role.value, row_filter=policy.row_filter, columns=policy.columns
                )
            )
            audit_append(
                session,
                actor=by.name,
                action="set policy",
                thing=f"policy {policy.dataset}/{policy.role}",
                detail=policy.model_dump(mode="json"),
            )

    def clear_policy(self, dataset: str, role: Role, *, by: Principal) -> None:
        self.require(by, Role.ADMIN, f"clear a policy on dataset '{dataset}'")
        with self._catalog.begin() as session:
            session.execute(delete(PolicyRow).where(PolicyRow.dataset == dataset, PolicyRow.role == role.value))
            audit_append(session, actor=by.name, action="clear policy", thing=f"policy {dataset}/{role}")

    def policy_for(self, principal: Principal, dataset: str) -> Policy | None:
        """What restricts this principal's view of a dataset, or None where nothing does."""
        with self._catalog.read() as session:
            row = session.get(PolicyRow, (dataset, principal.role.value))
            if row is None:
                return None
            return Policy(dataset=row.dataset, role=Role(row.role), row_filter=row.row_filter, columns=row.columns)

    def move_policies(self, session: Session, dataset: str, new_name: str) -> None:
        """Takes a dataset's policies along when it is renamed, in the transaction that renames it."""
        session.execute(update(PolicyRow).where(PolicyRow.dataset == dataset).values(dataset=new_name))

    def audit(self, *, thing: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """The newest audit entries first."""
        with self._catalog.read() as session:
            return audit_entries(session, thing=thing, limit=limit)
