"""Errors as problem documents (RFC 9457): a stable code, a sentence, a hint, never a stack trace."""

from __future__ import annotations

import secrets
from http.client import responses

from pydantic import BaseModel, Field
from tornado.web import HTTPError

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
from workbench.foundation.observability import logger
from workbench.governance.identity import SignInRefused

__all__ = ["MEDIA_TYPE", "STATUSES", "Problem", "problem_of", "status_of"]

MEDIA_TYPE = "application/problem+json"

STATUSES: dict[type[WorkbenchError], int] = {
    SignInRefused: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    CheckFailed: 422,
    IntegrityError: 500,
    Unavailable: 503,
}
"""Error -> the status that it is answered with."""

_CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Problem(BaseModel):
    """What went wrong, for a program by its `code` and for a person by its `detail`."""

    type: str = Field(default="about:blank", description="Always about:blank: `code` says what it is.")
    title: str = Field(description="The status in words.")
    status: int
    code: str = Field(description="Stable: not_found, invalid, conflict, forbidden, sign_in_refused, unavailable, ...")
    detail: str = Field(description="One sentence that names the thing and what was wrong with it.")
    hint: str | None = Field(default=None, description="What to do about it.")
    id: str | None = Field(default=None, description="Of an unforeseen error: it stands in the server's log, too.")


def status_of(error: WorkbenchError) -> int:
    """The status that an error of the library is answered with."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)


def problem_of(error: BaseException, *, where: str) -> Problem:
    """The document for an error. What nobody foresaw is logged with all its details and told by an id alone.

    Args:
        where: The request, for the log: no secret in it.
    """
    if isinstance(error, WorkbenchError):
        return _problem(status_of(error), error.code, str(error), error.hint)
    if isinstance(error, HTTPError):
        status = error.status_code
        said = error.log_message or responses.get(status, "the request cannot be answered").lower()
        return _problem(status, _CODES.get(status, "error"), said, None)
    known = secrets.token_hex(6)
    logger(__name__).error("unforeseen error %s at %s", known, where, exc_info=error)
    said = f"something went wrong that nobody foresaw; it stands in the server's log as {known}"
    return _problem(500, "unforeseen", said, "tell an admin of this workspace").model_copy(update={"id": known})


def _problem(status: int, code: str, detail: str, hint: str | None) -> Problem:
    return Problem(title=responses.get(status, "Error"), status=status, code=code, detail=detail, hint=hint)
