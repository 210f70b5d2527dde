"""Who somebody is and what they may ask for: sign-in links, signed cookies, tokens, and the table of permissions.

Knows no web framework. A server's adapter takes what a request shows (a cookie, a token), asks `Identities` who that
is, and `permit` whether they may.
"""

from workbench.governance.identity.door import COOKIE, cookie_attributes, local_target, shown
from workbench.governance.identity.model import Credential, IssuedToken, SignInRefused, TokenInfo
from workbench.governance.identity.permissions import PERMISSIONS, permit
from workbench.governance.identity.store import COOKIE_SECONDS, Identities

__all__ = [
    "COOKIE",
    "COOKIE_SECONDS",
    "PERMISSIONS",
    "Credential",
    "Identities",
    "IssuedToken",
    "SignInRefused",
    "TokenInfo",
    "cookie_attributes",
    "local_target",
    "permit",
    "shown",
]
