from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workbench.foundation.errors import Invalid, WorkbenchError

__all__ = ["Answer", "Circuit", "CircuitState", "Clock", "Limits", "Passing"]


@dataclass(frozen=True)
class Clock:
    """What time it is, and how to wait: the machine's own, or one that a test turns.

    Attributes:
        now: Seconds that only grow, from anywhere.
        wall: Seconds since 1970, UTC.
        sleep: Waits that many seconds.
    """

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Limits:
    """How long and how often a server is asked, and how much it may answer. Times are seconds.

    Attributes:
        connect: Until a connection stands.
        silence: How long a server may send nothing.
        total: How long one attempt may take, from its first byte to its last.
        attempts: How often a request is made at most, where it may be made again.
        first_wait: The second attempt comes after 0 to this, at random, the third after 0 to twice as much, and so on.
        longest_wait: Between two attempts. A server that asks for more (`Retry-After`) is not asked before, so the
            request ends.
        redirects: How often a server may send on.
        most_bytes: Of one answer, unpacked.
        failures: In a row, after which a host is left alone.
        rest: How long it is left alone.
    """

    connect: float = 10
    silence: float = 30
    total: float = 300
    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 60
    redirects: int = 5
    most_bytes: int = 64 << 20
    failures: int = 10
    rest: float = 30

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value >= (0 if name in ("redirects", "first_wait", "longest_wait") else 1e-9):
                raise Invalid(f"'{name}' cannot be {value}", hint="limits of a client are above 0")


@dataclass(frozen=True)
class Answer:
    """A server's answer that is one (200 to 299), whole.

    Attributes:
        url: Where it came from in the end. It may hold a key that was sent in it; `shown` never does.
        headers: By their names in lower case.
        links: What its `Link` headers name, by relation: "next".
    """

    url: str = field(repr=False)
    shown: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    links: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Invalid: It is something else: says what, or where it breaks off.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if "json" not in kind and kind not in _OF_ANYTHING:
            raise Invalid(
                f"{self.shown} answers with {kind}, not with JSON",
                hint="is it the address of the API, and not of its page? A page to sign in answers like this, too",
            )
        try:
            return json.loads(self.content, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            what = "an empty body" if not self.content.strip() else f"broken JSON: {error.msg} at {place}"
            raise Invalid(f"{self.shown} answers with {what}", hint="ask it with curl and see") from error
        except UnicodeDecodeError as error:
            raise Invalid(f"{self.shown} answers with bytes that are not UTF-8, at byte {error.start}") from error
        except RecursionError as error:
            raise Invalid(f"{self.shown} answers with JSON that is nested too deeply") from error
        except ValueError as error:
            raise Invalid(f"{self.shown} answers with what is not JSON: {error}") from error


class CircuitState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True)
class Circuit:
    """How it stands with one host.

    Attributes:
        host: Scheme, name and port.
        state: Closed: it is asked. Open: it failed again and again, and is left alone. Half-open: the next request
            finds out.
        failures: In a row.
        rests: Seconds that it is still left alone.
        why: Its last failure.
    """

    host: str
    state: CircuitState
    failures: int = 0
    rests: float = 0
    why: str = ""


class Passing(Exception):
    """A failure that may pass: the same request may be answered another time.

    Attributes:
        error: What it is when it does not pass.
        wait: Seconds that the server asks for.
        broken: Whether the host failed, or only said no for now.
        untouched: The request never reached the server.
    """

    def __init__(
        self, error: WorkbenchError, *, wait: float | None = None, broken: bool = True, untouched: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait
        self.broken = broken
        self.untouched = untouched


_OF_ANYTHING = {"", "text/plain", "application/octet-stream", "binary/octet-stream", "text/javascript"}


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number in JSON")
