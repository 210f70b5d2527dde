"""Where a server is, and whether a token may be sent there."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from workbench.foundation.errors import Forbidden, Invalid

__all__ = ["address", "checked_token", "loops_back"]

_OURS = re.compile(r"(/workbench(/api(/v\d+)?)?)?/*$")


def address(url: str, *, insecure: bool) -> str:
    """A server's address without what the workbench has below it, so that an address copied from a browser will do.

    Raises:
        Invalid: It is no address of a server. Says nothing of what may be a secret in it.
        Forbidden: A token would go to another machine unencrypted.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid("this is no address of a server", hint=_EXAMPLE) from error
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid("the address of a server begins with http:// or https:// and has a host", hint=_EXAMPLE)
    shown = f"[{host}]" if ":" in host else host
    where = f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}")
    if parts.username is not None or parts.query or parts.fragment:
        raise Invalid(f"the address of the server at {where} has more in it than that", hint=_EXAMPLE)
    if parts.scheme == "http" and not insecure and not loops_back(host):
        raise Forbidden(
            f"a token would go to {host} unencrypted, for everybody on the way to read",
            hint="use https://, or where the network itself is trusted: connect(..., insecure=True)",
        )
    return where + _OURS.sub("", parts.path)


def loops_back(host: str) -> bool:
    """Whether a host is this machine itself, by its name alone: none is looked up."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_token(token: str) -> str:
    """
    Raises:
        Invalid: No token has such characters. The message does not say which token it was.
    """
    token = token.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise Invalid("this is no token: it is empty, or has characters that no token has", hint=_TOKEN)
    return token


_EXAMPLE = "workbench.connect('http://127.0.0.1:8601', token='...')"
_TOKEN = "`workbench token create` makes one"
