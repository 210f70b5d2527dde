"""Users and policies. The only file that opens sessions on their tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Forbidden, Invalid, unknown
from workbench.governance.security.audit import AuditEntry, audit_append, audit_entries
from workbench.governance.security.model import Policy, Principal, Role, Scope, local_owner
from workbench.governance.security.origins import add_origins, close_what_is_made_of, closing, descended, move
from workbench.governance.security.tables import PolicyRow, UserRow

__all__ = ["Security"]

LONGEST_NAME = 128
_SCOPES = {Role.VIEWER: Scope.READ, Role.ADMIN: Scope.ADMIN}


class Security:
    """Who exists, what each role may do, and what it sees of a dataset."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._check_policy: Callable[[Policy], None] = lambda policy: None

    def require(self, principal: Principal, role: Role, doing: str, *, scope: Scope | None = None) -> None:
        """Stops a principal whose role, or whose token, does not include what is needed.

        Args:
            scope: What a token needs; by default "admin" for what only admins may, "run" for other changes, else
                "read".

        Raises:
            Forbidden: It does not; the message names who, what, and the role or scope that may.
        """
        if not principal.role.includes(role):
            raise Forbidden(
                f"{principal.name} ({principal.role}) may not {doing}: that takes the role {role}",
                hint="ask an admin of this workspace for the role",
            )
        needed = scope or _SCOPES.get(role, Scope.RUN)
        enough = {needed, Scope.RUN} if needed is Scope.KEEP else {needed}
        if principal.scopes is not None and not enough & principal.scopes:
            raise Forbidden(
                f"this token of {principal.name} may not {doing}: it has no scope '{needed}'",
                hint=f"workbench token create --scope {needed}",
            )

    def add_user(self, name: str, role: Role, *, by: Principal) -> Principal:
        """Registers a user. Where nobody is registered yet, `by` is registered too: a workspace keeps its owner.

        Raises:
            Forbidden: `by` is no admin.
            Conflict: The name is taken.
            Invalid: The name is empty, too long or has characters that do not print.
        """
        self.require(by, Role.ADMIN, f"add the user '{name}'")
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise Invalid(f"{name!r} cannot be a user's name", hint=f"1 to {LONGEST_NAME} characters that print")
        if not self.users():
            self.register_owner(by)
        with self._catalog.begin() as session:
            if session.get(UserRow, name) is not None:
                raise Conflict(f"there is a user '{name}' already")
            session.add(UserRow(name=name, role=role.value, created=utcnow()))
            audit_append(session, actor=by.name, action="add user", thing=f"user {name}", detail={"role": role.value})
        return Principal(name, role)

    def set_role(self, name: str, role: Role, *, by: Principal) -> Principal:
        """Gives a user another role, in force from their next request on.

        Raises:
            Forbidden: `by` is no admin.
            NotFound: No such user.
            Conflict: The workspace would be left without an admin.
        """
        self.require(by, Role.ADMIN, f"change the role of '{name}'")
        with self._catalog.begin() as session:
            row = self._row(session, name)
            if row.role == Role.ADMIN.value and role is not Role.ADMIN:
                self._keep_an_admin(session, name)
            audit_append(
                session,
                actor=by.name,
                action="set role",
                thing=f"user {name}",
                detail={"from": row.role, "to": role.value},
            )
            row.role = role.value
        return Principal(name, role)

    def remove_user(self, name: str, *, by: Principal) -> None:
        """Removes a user: their sign-ins and tokens are worthless at once; what they made stays.

        Raises:
            Forbidden: `by` is no admin.
            NotFound: No such user.
            Conflict: It is the last admin.
        """
        self.require(by, Role.ADMIN, f"remove the user '{name}'")
        with self._catalog.begin() as session:
            row = self._row(session, name)
            if row.role == Role.ADMIN.value:
                self._keep_an_admin(session, name)
            session.delete(row)
            audit_append(session, actor=by.name, action="remove user", thing=f"user {name}")

    def users(self) -> list[Principal]:
        """Everybody who is registered, by name."""
        with self._catalog.read() as session:
            rows = session.scalars(select(UserRow).order_by(UserRow.name))
            return [Principal(row.name, Role(row.role)) for row in rows]

    def local(self) -> Principal:
        """Whoever runs this process on the workspace's own machine.

        Its owner and admin, as long as nobody is registered; afterwards the registered user of the same name.

        Raises:
            Forbidden: Others are registered, and this system user is not among them.
        """
        owner = local_owner()
        users = {user.name: user for user in self.users()}
        if users and owner.name not in users:
            raise Forbidden(
                f"the system user '{owner.name}' is no user of this workspace",
                hint=f"an admin adds it: workbench user add {owner.name}",
            )
        return users.get(owner.name, owner)

    def register_owner(self, owner: Principal) -> None:
        """Writes the single user of a workspace down, before somebody joins them. Does nothing where it is done."""
        with self._catalog.begin() as session:
            if session.get(UserRow, owner.name) is None:
                session.add(UserRow(name=owner.name, role=owner.role.value, created=utcnow()))
                audit_append(session, actor=owner.name, action="register owner", thing=f"user {owner.name}")

    def registered(self, name: str) -> datetime | None:
        """Since when a user is one, UTC; None for who is none. A name that was given again is another user."""
        found = self.registration(name)
        return found[1] if found else None

    def registration(self, name: str) -> tuple[Principal, datetime] | None:
        """A user, and since when they are one, UTC, as one look at the catalog finds both; None for who is none."""
        with self._catalog.read() as session:
            row = session.get(UserRow, name)
            return (Principal(row.name, Role(row.role)), row.created) if row is not None else None

    def user(self, name: str) -> Principal:
        """
        Raises:
            NotFound: No such user; the message has the nearest name.
        """
        with self._catalog.read() as session:
            row = self._row(session, name)
            return Principal(row.name, Role(row.role))

    def check_policies_with(self, check: Callable[[Policy], None]) -> None:
        """Has who knows datasets look at each policy before it is set; it raises where the policy cannot be applied."""
        self._check_policy = check

    def set_policy(self, policy: Policy, *, by: Principal) -> None:
        """Sets, or replaces, what one role sees of one dataset. In force for every read that begins afterwards.

        Roles below that have no policy of their own have this one, too.

        Raises:
            Forbidden: `by` is no admin, or the policy's expressions cannot be applied to the dataset.
            NotFound: No such dataset.
        """
        self.require(by, Role.ADMIN, f"set a policy on dataset '{policy.dataset}'")
        self._check_policy(policy)
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
        return self.policy_of(principal.role, dataset)

    def policy_of(self, role: Role, dataset: str) -> Policy | None:
        """What restricts a role's view of a dataset, or None where nothing does.

        A role without a policy of its own has that of the nearest role above it: who may do less does not see more.
        Where there is none, a dataset that was made of others is closed to whom something is hidden of one of them.
        """
        with self._catalog.read() as session:
            return closing(session, role, dataset)

    def made_of(self, dataset: str, others: Iterable[str]) -> None:
        """Says whose rows a dataset shows, beside those that it has shown before, which its old versions still do.

        Who may not see all of one of them sees nothing of the dataset, until it gets a policy of its own for them.

        Raises:
            Invalid: One of the others is the dataset, or was made of it.
        """
        with self._catalog.begin() as session:
            add_origins(session, dataset, others)

    def restricted_datasets(self, principal: Principal) -> set[str]:
        """The datasets that something restricts this principal's view of."""
        with self._catalog.read() as session:
            roles = [role.value for role in Role if role.includes(principal.role)]
            own = set(session.scalars(select(PolicyRow.dataset).where(PolicyRow.role.in_(roles))))
            return own | descended(session, own)

    def move_policies(self, session: Session, dataset: str, new_name: str) -> None:
        """Takes a dataset's policies along when it is renamed, in the transaction that renames it.

        Raises:
            Conflict: Policies were set for the new name; which are to hold is not for us to say.
        """
        roles = session.scalars(select(PolicyRow.role).where(PolicyRow.dataset == new_name)).all()
        if roles:
            raise Conflict(
                f"there are policies for a dataset '{new_name}' already, for the role {', '.join(sorted(roles))}",
                hint="an admin clears them: wb.security.clear_policy(dataset, role, by=wb.actor.principal)",
            )
        session.execute(update(PolicyRow).where(PolicyRow.dataset == dataset).values(dataset=new_name))
        move(session, dataset, new_name)

    def drop_policies(self, session: Session, dataset: str, *, by: str) -> None:
        """Forgets a dataset's policies when it is deleted, in the transaction that deletes it.

        What was made of it stays closed to whom it was closed: by a policy of its own, which an admin may clear.
        """
        for closed, other in close_what_is_made_of(session, dataset):
            audit_append(session, actor=by, action="set policy", thing=f"policy {other}/{closed}")
        gone = delete(PolicyRow).where(PolicyRow.dataset == dataset).returning(PolicyRow.role)
        for role in sorted(session.scalars(gone)):
            audit_append(session, actor=by, action="clear policy", thing=f"policy {dataset}/{role}")

    def audit(self, *, thing: str | None = None, action: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """The newest audit entries first."""
        with self._catalog.read() as session:
            return audit_entries(session, thing=thing, action=action, limit=limit)

    def _row(self, session: Session, name: str) -> UserRow:
        row = session.get(UserRow, name)
        if row is None:
            raise unknown("user", name, session.scalars(select(UserRow.name)))
        return row

    def _keep_an_admin(self, session: Session, but: str) -> None:
        others = select(UserRow.name).where(UserRow.role == Role.ADMIN.value, UserRow.name != but).with_for_update()
        if not session.scalars(others).all():
            raise Conflict(f"'{but}' is the last admin of this workspace", hint="make somebody else admin first")
