"""What each role may do to each kind of thing, for every door at once."""

from __future__ import annotations

from workbench.foundation.errors import Forbidden
from workbench.governance.identity.model import Credential
from workbench.governance.security import Role, Scope

__all__ = ["PERMISSIONS", "permit"]

PERMISSIONS: dict[tuple[str, str], tuple[Role, Scope]] = {
    ("me", "read"): (Role.VIEWER, Scope.READ),
    ("datasets", "read"): (Role.VIEWER, Scope.READ),
    ("contracts", "change"): (Role.ANALYST, Scope.RUN),
    # Rows as they came; the library lets only those at them who may change the dataset and see all of it.
    ("quarantine", "read"): (Role.ANALYST, Scope.READ),
    ("quarantine", "change"): (Role.ANALYST, Scope.RUN),
    ("promises", "change"): (Role.ANALYST, Scope.RUN),
    ("datasets", "restore"): (Role.ANALYST, Scope.RUN),
    ("uploads", "read"): (Role.ANALYST, Scope.READ),
    ("uploads", "write"): (Role.ANALYST, Scope.RUN),
    ("metrics", "read"): (Role.VIEWER, Scope.READ),
    ("metrics", "define"): (Role.ANALYST, Scope.RUN),
    ("product", "read"): (Role.VIEWER, Scope.READ),
    ("cohorts", "read"): (Role.VIEWER, Scope.READ),
    ("cohorts", "save"): (Role.ANALYST, Scope.RUN),
    ("reports", "read"): (Role.VIEWER, Scope.READ),
    ("dashboards", "read"): (Role.VIEWER, Scope.READ),
    ("events", "read"): (Role.VIEWER, Scope.READ),
    ("queries", "read"): (Role.VIEWER, Scope.READ),
    # It reads, under the asker's own policies; what it writes is the record of it.
    ("queries", "run"): (Role.VIEWER, Scope.READ),
    ("queries", "write"): (Role.ANALYST, Scope.RUN),
    ("sources", "read"): (Role.ANALYST, Scope.READ),
    # Whoever says where rows come from reads with the secrets of this machine.
    ("sources", "change"): (Role.ENGINEER, Scope.RUN),
    # What is written of them may quote values that a policy hides from viewers.
    ("transforms", "read"): (Role.ANALYST, Scope.READ),
    ("transforms", "apply"): (Role.ANALYST, Scope.RUN),
    ("views", "read"): (Role.ANALYST, Scope.READ),
    # The library lets only its owner or an engineer change one.
    ("views", "change"): (Role.ANALYST, Scope.RUN),
    ("preferences", "read"): (Role.VIEWER, Scope.READ),
    ("preferences", "write"): (Role.VIEWER, Scope.RUN),
    # A run's log and parameters can show data that a policy hides from viewers.
    ("runs", "read"): (Role.ANALYST, Scope.READ),
    ("lab", "use"): (Role.ANALYST, Scope.ADMIN),
    ("server", "admin"): (Role.ADMIN, Scope.ADMIN),
}
"""(resource, action) -> the least role, and the scope that a token needs. What is not in here nobody may."""


def permit(credential: Credential, action: str, resource: str) -> None:
    """Lets somebody pass, or says why not.

    Raises:
        Forbidden: The role, or the token's scopes, do not include it; or there is no such permission.
    """
    needed = PERMISSIONS.get((resource, action))
    who = credential.principal
    if needed is None:
        raise Forbidden(f"nobody may {action} {resource} here")
    role, scope = needed
    if not who.role.includes(role):
        raise Forbidden(
            f"{who.name} ({who.role}) may not {action} {resource}: that takes the role {role}",
            hint="ask an admin of this workspace for the role",
        )
    if scope not in credential.scopes:
        raise Forbidden(
            f"this token may not {action} {resource}: it has no scope '{scope}'",
            hint=f"workbench token create --scope {scope}",
        )
