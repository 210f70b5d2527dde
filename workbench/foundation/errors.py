"""The error tree. Everything a user can cause ends in one of these.

    WorkbenchError
    ├── NotFound        the named thing does not exist
    ├── Invalid         the call was wrong: a bad name, type, file or definition
    ├── Conflict        somebody else holds it, or it changed meanwhile
    ├── Forbidden       the asker may not
    ├── Unavailable     a missing extra, service, file system or disk space
    ├── CheckFailed     the data did not pass its quality gate
    └── IntegrityError  something stored contradicts itself

A message is one sentence that names the thing and what was wrong with it; `hint` says what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar, TypeVar

__all__ = [
    "CheckFailed",
    "Conflict",
    "Forbidden",
    "IntegrityError",
    "Invalid",
    "NotFound",
    "Unavailable",
    "WorkbenchError",
    "chosen",
    "half_a_character",
    "nearest",
    "sentence",
    "unknown",
    "whole",
]


Choice = TypeVar("Choice", bound=StrEnum)


class WorkbenchError(Exception):
    """The root of everything the workbench raises on purpose.

    Attributes:
        code: Stable, for programs; part of the HTTP contract.
        exit_code: What the command line ends with: 1 the job failed, 2 the call was wrong.
        hint: What the reader can do about it, or None.
        missing: The kind and the name of what is not there, where that is what went wrong: ("dataset", "sales").
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.missing: tuple[str, str] | None = None
        if hint:  # so that tracebacks and notebooks show it, too
            self.add_note(f"hint: {hint}")


class NotFound(WorkbenchError):
    code = "not_found"
    exit_code = 2


class Invalid(WorkbenchError):
    code = "invalid"
    exit_code = 2


class Conflict(WorkbenchError):
    code = "conflict"


class Forbidden(WorkbenchError):
    code = "forbidden"


class Unavailable(WorkbenchError):
    code = "unavailable"


class CheckFailed(WorkbenchError):
    code = "check_failed"


class IntegrityError(WorkbenchError):
    code = "integrity"


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word closest to a mistyped one, or None where none is at least `cutoff` (0 to 1) alike."""
    candidates = {item.casefold(): item for item in known}
    close = difflib.get_close_matches(word.casefold(), candidates, n=1, cutoff=cutoff)
    return candidates[close[0]] if close else None


def sentence(error: BaseException) -> str:
    """What an error of somebody else's says first; its kind, where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def unknown(
    kind: str, name: str, known: Iterable[str], *, error: type[WorkbenchError] = NotFound, hint: str | None = None
) -> WorkbenchError:
    """The error for a name that is not there: says the nearest one, or lists what there is."""
    names = sorted(known)
    guess = nearest(name, names)
    if guess is not None:
        said = f"no {kind} '{name}'; did you mean '{guess}'?"
    elif not names:
        said = f"no {kind} '{name}': there is none yet"
    else:
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        said = f"no {kind} '{name}'; there is {shown}"
    made = error(said, hint=hint)
    made.missing = kind, name
    return made


def whole(*texts: str | None) -> None:
    """Refuses what is no text where it comes in: deep down it is told by whatever fails to write it.

    Raises:
        Invalid: One holds half a character.
    """
    for text in texts:
        try:
            (text or "").encode()
        except UnicodeEncodeError as error:
            raise half_a_character(error) from error


def half_a_character(error: UnicodeEncodeError) -> Invalid:
    """The error for a text that is none: a lone surrogate, as bytes on a command line give that are no UTF-8."""
    found = error.object[max(0, error.start - 30) : error.start + 30]
    return Invalid(
        f"the text {found!a} holds half a character, {error.object[error.start]!a}", hint="write it in UTF-8"
    )


def chosen(kind: str, name: str, choices: type[Choice]) -> Choice:
    """The one of a fixed set that a text names: `chosen("role", "viewer", Role)`.

    Raises:
        Invalid: None of them; the message has the nearest one.
    """
    try:
        return choices(name)
    except ValueError:
        raise unknown(kind, name, list(choices), error=Invalid) from None
