from __future__ import annotations

from typing import Literal

from pydantic import Field

from workbench import Workbench
from workbench.governance.identity import PERMISSIONS
from workbench.governance.security import Role, Scope
from workbench_server.endpoint import Answer, Endpoint

__all__ = ["ENDPOINTS"]


class Health(Answer):
    status: Literal["ok"]


class Me(Answer):
    """Who asks."""

    name: str
    role: Role
    may: list[str] = Field(description='What the role may do: "datasets:read". A token may do less, by its scopes.')
    scopes: list[Scope] = Field(description="What this way of asking is good for: a token's own, else all there are.")


def health(wb: Workbench) -> Health:
    wb.catalog.revision()
    return Health(status="ok")


def me(wb: Workbench) -> Me:
    who = wb.actor.principal
    may = [f"{what}:{action}" for (what, action), (role, _) in PERMISSIONS.items() if who.role.includes(role)]
    scopes = [scope for scope in Scope if who.scopes is None or scope in who.scopes]
    return Me(name=who.name, role=who.role, may=sorted(may), scopes=scopes)


ENDPOINTS = (
    Endpoint("health", None, "read", Health, health, "Whether the server can work. Needs no sign-in."),
    Endpoint("me", "me", "read", Me, me, "Who asks, and what they may do."),
)
