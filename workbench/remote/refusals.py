"""What a server says is wrong, as the error that the library itself would have raised."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from workbench.foundation.errors import (
    CheckFailed,
    Conflict,
    Forbidden,
    IntegrityError,
    Invalid,
    NotFound,
    Unavailable,
    WorkbenchError,
)
from workbench.governance.identity import SignInRefused

__all__ = ["API_VERSION", "check_version", "refusal", "strange", "unreachable"]

API_VERSION = 1
"""Of the API that this library speaks."""

_ERRORS = {
    kind.code: kind
    for kind in (CheckFailed, Conflict, Forbidden, IntegrityError, Invalid, NotFound, SignInRefused, Unavailable)
}
_NOT_READY = (502, 503, 504)


def refusal(answer: httpx.Response, where: str, *, with_token: bool) -> WorkbenchError:
    """The error for an answer that is none.

    Args:
        answer: Read to its end.
        where: The server's address.
        with_token: Whether one was sent.
    """
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return _told(answer, where, with_token=with_token)
    if answer.is_redirect:
        target = urlsplit(answer.headers.get("location", ""))
        to = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else "a page of its own"
        return Invalid(
            f"the server at {where} sends on to {to}, and a token goes only where it was sent",
            hint="connect to the address that a browser ends at",
        )
    if answer.status_code in _NOT_READY:
        return Unavailable(f"the workbench at {where} is not ready ({answer.status_code})", hint="try again shortly")
    return strange(answer, where)


def strange(answer: httpx.Response, where: str) -> WorkbenchError:
    """For an answer that no workbench gives."""
    kind = answer.headers.get("content-type", "nothing").partition(";")[0]
    return NotFound(
        f"there is no workbench at {where}: it answers with {kind} ({answer.status_code})",
        hint="`workbench serve --status` says where it is, on the machine that serves it",
    )


def check_version(answer: httpx.Response, where: str) -> None:
    """
    Raises:
        Unavailable: The server speaks another version of the API.
    """
    said = answer.headers.get("workbench-api", "")
    if not said.isdecimal() or int(said) == API_VERSION:
        return
    newer = int(said) > API_VERSION
    raise Unavailable(
        f"the workbench at {where} speaks version {said} of the API, and this library version {API_VERSION}",
        hint="upgrade analytics-workbench here" if newer else "have the server's analytics-workbench upgraded",
    )


def unreachable(error: httpx.HTTPError, where: str, timeout: float) -> Unavailable:
    """The error for no answer, or one that broke off."""
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        why = str(error) or "no answer"
        return Unavailable(
            f"the workbench at {where} cannot be reached: {why}", hint="is it running? `workbench serve` starts it"
        )
    if isinstance(error, httpx.TimeoutException):
        return Unavailable(
            f"the workbench at {where} was silent for {timeout:g} seconds",
            hint="ask for less, or wait longer: connect(..., timeout=...)",
        )
    return Unavailable(
        f"the workbench at {where} broke off before its answer was whole",
        hint="ask again; its log says why, if it was not ended",
    )


def _told(answer: httpx.Response, where: str, *, with_token: bool) -> WorkbenchError:
    try:
        problem: dict[str, Any] = answer.json()
        code, detail, hint = str(problem["code"]), str(problem["detail"]), problem.get("hint")
    except (ValueError, TypeError, KeyError):
        return strange(answer, where)
    if code == SignInRefused.code and not with_token:
        hint = "give one, workbench.connect(url, token=...), or set WORKBENCH_TOKEN; `workbench token create` makes it"
        return SignInRefused(f"the workbench at {where} needs a token", hint=hint)
    kind = _ERRORS.get(code, Unavailable if answer.status_code >= 500 else Invalid)
    return kind(detail, hint=hint)
