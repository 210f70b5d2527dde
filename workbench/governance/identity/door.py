"""What is alike at every web door: how somebody shows who they are, their cookie, and where they go on to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from workbench.governance.identity.model import Credential
from workbench.governance.identity.store import Identities

__all__ = ["COOKIE", "cookie_attributes", "local_target", "shown"]

COOKIE = "workbench"
"""The name of the cookie that a sign-in link gives."""

_BEARER = re.compile(r"(?:bearer|token) +(\S+)", re.IGNORECASE)


def shown(identities: Identities, *, authorization: str, cookie: str | None) -> Credential | None:
    """Whom a request shows; None where it shows nothing. It reads the catalog: call it in a worker thread.

    Args:
        authorization: The header of that name, whose token counts before the cookie; empty for none.
        cookie: The value of the cookie `COOKIE`.

    Raises:
        SignInRefused: What it shows is not valid, or not any more.
        Forbidden: The token of a kernel that belongs to nobody yet.
    """
    header = _BEARER.fullmatch(authorization.strip())
    if header:
        return identities.of_token(header[1])
    return identities.of_cookie(cookie) if cookie else None


def cookie_attributes(*, scheme: str) -> dict[str, Any]:
    """How a browser keeps the cookie, and forgets it: for every port of its host, out of reach of scripts.

    Args:
        scheme: What the browser asked by: "http" or "https".
    """
    # Lax: a link to a page in a mail has to find its reader signed in.
    return {"path": "/", "httponly": True, "samesite": "Lax", "secure": scheme == "https"}


def local_target(wanted: str, *, host: str, scheme: str) -> str | None:
    """Where to go on after signing in: a path of this server, or a page at another port of this host; else None.

    Browsers read backslashes as slashes and drop control characters, so that "/\\\\evil.org" would lead away.
    """
    if not wanted or "\\" in wanted or any(ord(letter) <= 32 or ord(letter) == 127 for letter in wanted):
        return None
    try:
        parts = urlsplit(wanted)
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme and not parts.netloc:
        # "//evil.org" has a netloc; "///evil.org" has none, and a browser would still leave.
        return wanted if wanted.startswith("/") and not wanted.startswith("//") else None
    if parts.scheme != scheme or parts.hostname != host.strip("[]").lower() or "@" in parts.netloc:
        return None
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = name if port is None else f"{name}:{port}"
    return urlunsplit((scheme, netloc, parts.path, parts.query, parts.fragment))
