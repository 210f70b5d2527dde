from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workbench.foundation.errors import WorkbenchError
from workbench.governance.security import Principal, Scope

__all__ = ["Credential", "IssuedToken", "SignInRefused", "TokenInfo"]


class SignInRefused(WorkbenchError):
    """What was shown names nobody: forged, expired, used up or revoked. The message never says which secret it was."""

    code = "sign_in_refused"


@dataclass(frozen=True)
class Credential:
    """Somebody who has shown who they are.

    Attributes:
        scopes: What this way of asking is good for; a cookie is good for all that its user may do.
        via: How they showed it. "kernel" is a token that was made for one kernel.
    """

    principal: Principal
    scopes: frozenset[Scope]
    via: Literal["cookie", "token", "kernel"]


@dataclass(frozen=True)
class TokenInfo:
    """A token as it is listed: everything but its secret. Times are UTC.

    Attributes:
        user: Whose it is; None for a kernel's that has no viewer yet.
        last_used: To the minute; None when never.
    """

    id: str
    user: str | None
    kind: Literal["api", "kernel"]
    scopes: tuple[Scope, ...]
    note: str
    created: datetime
    expires: datetime
    last_used: datetime | None
    revoked: datetime | None


@dataclass(frozen=True)
class IssuedToken:
    """A new token. The only time its secret is seen."""

    info: TokenInfo
    secret: str
