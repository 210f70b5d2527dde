"""Principals, roles, policies and the audit log."""

from workbench.governance.security.audit import AuditEntry, audit_append, audit_entries
from workbench.governance.security.model import Policy, Principal, Role, Scope, local_owner
from workbench.governance.security.store import Security

__all__ = [
    "AuditEntry",
    "Policy",
    "Principal",
    "Role",
    "Scope",
    "Security",
    "audit_append",
    "audit_entries",
    "local_owner",
]
