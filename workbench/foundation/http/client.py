"""A server is asked: as often as needed, as seldom as it wants, and told only what is for it."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from workbench.foundation.errors import Forbidden, Invalid, NotFound, Unavailable, WorkbenchError
from workbench.foundation.http.circuits import Circuits
from workbench.foundation.http.credentials import Credentials
from workbench.foundation.http.model import Answer, Circuit, Clock, Limits, Passing
from workbench.foundation.http.pace import Pace
from workbench.foundation.http.wire import Reply, Wire
from workbench.foundation.observability import logger

if TYPE_CHECKING:
    import httpx

__all__ = ["Client"]

_logger = logger("http")
_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_BUSY = {408, 425, 429}
_NEVER = {501, 505}
_NOBODY = Credentials()


class Client:
    """Asks servers over HTTP. Safe to share between threads; keeps connections until it is closed.

    A request is made again, after a random wait that grows, where another time may go better: no connection, an answer
    that breaks off, 408, 425, 429 and 5xx. A wait that the server asks for is kept. Only methods that do the same
    however often they are sent (GET, HEAD, OPTIONS, PUT, DELETE) are sent again, unless `repeatable` says otherwise.
    A host that fails `limits.failures` times in a row is left alone for `limits.rest` seconds.

    No cookies are kept, the environment's proxies are not used, and no error or log has a secret.

    Args:
        rate: Requests in a second to one host, however many threads ask.
        private: Hosts that may be on this machine or in the local network. All others may not: neither at once nor
            by a redirect.
        clock: How waits are made; a test gives its own.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        rate: float | None = None,
        private: Collection[str] = (),
        clock: Clock | None = None,
    ) -> None:
        """
        Raises:
            Invalid: The rate is not above 0.
        """
        if rate is not None and not rate > 0:
            raise Invalid(f"a rate of {rate:g} requests a second asks nothing at all")
        self._limits = limits or Limits()
        self._clock = clock or Clock()
        self._pace = Pace(rate, self._clock)
        self._circuits = Circuits(self._limits, self._clock)
        self._wire = Wire(self._limits, private, self._clock)

    def get(
        self, url: str, *, parameters: Mapping[str, str] | None = None, credentials: Credentials | None = None
    ) -> Answer:
        """See `request`."""
        return self.request("GET", url, parameters=parameters, credentials=credentials)

    def request(
        self,
        method: str,
        url: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        credentials: Credentials | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Sends a request and gives the answer, whole.

        Args:
            parameters: Put into the address's query; one that is there already is replaced.
            headers: Nothing secret: they go along wherever the server sends on to.
            body: Sent as JSON.
            credentials: For the host of this address. Where it sends on to another, they stay behind.
            repeatable: Whether the request may be sent twice; by default what its method says.

        Raises:
            NotFound: 404 or 410, or no host is called so.
            Forbidden: 401 or 403; or the host's address is private and not allowed.
            Invalid: The address is none; any other refusal; an answer larger than agreed; redirects without end, from
                https to http, or of a request that is not GET or HEAD.
            Unavailable: No answer, or none but failures, or a longer wait asked for than a request waits.
        """
        shows = credentials or _NOBODY
        target = _address(url, shows, parameters)
        sent = dict(headers or {})
        content = b""
        if body is not None:
            content = json.dumps(body, allow_nan=False).encode()
            sent["Content-Type"] = "application/json"
        again = method in _IDEMPOTENT if repeatable is None else repeatable
        first = _origin(target)
        hide = shows.hide
        for _ in range(self._limits.redirects + 1):
            own = shows if _origin(target) == first else _NOBODY
            shown = hide(_shown(target))
            reply = self._answered(method, target, sent, content, own, again, shown)
            if reply.location is None:
                found = str(target)
                return Answer(found, shown, reply.status, dict(reply.headers), reply.links, reply.content)
            after = _sent_on(method, target, reply.location, shown, shows)
            if _origin(after) != first:
                first = ""  # and back again is no way to get them either
            target = after
        raise Invalid(
            f"{hide(_shown(_address(url, shows)))} sends on more than {self._limits.redirects} times",
            hint="open it in a browser and take the address where that ends",
        )

    def circuits(self) -> list[Circuit]:
        """How it stands with every host that was asked."""
        return self._circuits.states()

    def close(self) -> None:
        self._wire.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _answered(
        self,
        method: str,
        target: httpx.URL,
        headers: Mapping[str, str],
        content: bytes,
        credentials: Credentials,
        repeatable: bool,
        shown: str,
    ) -> Reply:
        """An answer or a redirect, after as many attempts as it takes."""
        number = 0
        while True:
            number += 1
            try:
                return self._attempt(method, target, headers, content, credentials, shown)
            except Passing as passing:
                over = number >= self._limits.attempts or not (repeatable or passing.untouched)
                if over:
                    raise passing.error from passing.__cause__
                wait = self._wait(number, passing, shown)
                _logger.info("%s; attempt %d follows in %.1f s", passing.error, number + 1, wait)
                self._clock.sleep(wait)

    def _wait(self, number: int, passing: Passing, shown: str) -> float:
        """Seconds until the next attempt: at random from 0 to a bound that doubles, so that clients do not come back
        all at once; or what the server asks for."""
        limits = self._limits
        if passing.wait is not None and passing.wait > limits.longest_wait:
            raise Unavailable(
                f"{shown} asks to be left alone for {passing.wait:,.0f} s, longer than a request waits"
                f" ({limits.longest_wait:g} s)",
                hint="ask again then, or more slowly from the start: rate=",
            ) from passing.error
        bound = min(limits.longest_wait, limits.first_wait * 2 ** min(number - 1, 60))
        return max(passing.wait or 0, random.uniform(0, bound))

    def _attempt(
        self,
        method: str,
        target: httpx.URL,
        headers: Mapping[str, str],
        content: bytes,
        credentials: Credentials,
        shown: str,
    ) -> Reply:
        host = _origin(target)
        self._circuits.enter(host)
        known = False
        try:
            self._pace.wait(host)
            signed = target.copy_merge_params(dict(credentials.parameters)) if credentials.parameters else target
            reply = self._wire.send(method, signed, {**headers, **credentials.headers}, content, shown)
            if reply.status in _BUSY or (reply.status >= 500 and reply.status not in _NEVER):
                raise self._later(reply, host, shown, credentials)
            self._circuits.succeeded(host)
            known = True
        except Passing as passing:
            if passing.broken:
                self._circuits.failed(host, str(passing.error))
            else:
                self._circuits.succeeded(host)
            known = True
            raise
        finally:
            if not known:
                self._circuits.left(host)
        if reply.location is None and not 200 <= reply.status < 300:
            raise _refused(reply, shown, credentials)
        return reply

    def _later(self, reply: Reply, host: str, shown: str, credentials: Credentials) -> Passing:
        busy = reply.status == 429
        if reply.wait is not None:
            self._pace.hold(host, min(reply.wait, self._limits.longest_wait))
        said = _said(reply, credentials)
        error = Unavailable(
            f"{shown} is asked too often (429){said}" if busy else f"{shown} fails ({reply.status}){said}",
            hint="ask more slowly: rate=" if busy else "ask again later; its owner's log says why",
        )
        return Passing(error, wait=reply.wait, broken=not busy)


def _address(url: str, credentials: Credentials, parameters: Mapping[str, str] | None = None) -> httpx.URL:
    import httpx

    try:
        found = httpx.URL(url)
        if parameters:
            found = found.copy_merge_params(dict(parameters))
        str(found).encode("ascii")
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise Invalid(f"{credentials.hide(url)!r} is no address: {error}") from None
    if found.userinfo:
        raise Invalid(
            f"the address of {found.host} has a password or a name in it, and addresses are shown",
            hint="give it apart, as credentials",
        )
    if found.scheme not in ("http", "https") or not found.host or (found.port or 0) > 65_535:
        raise Invalid(f"{credentials.hide(url)!r} is no address of a server", hint="https://host/path")
    return found


def _sent_on(method: str, target: httpx.URL, location: str, shown: str, credentials: Credentials) -> httpx.URL:
    import httpx

    if method not in ("GET", "HEAD"):
        raise Invalid(f"{shown} sends on, and only what is read follows", hint="use the address where it ends")
    try:
        after = _address(str(target.join(location)), credentials)
    except (httpx.InvalidURL, ValueError) as error:
        raise Invalid(f"{shown} sends on to what is no address") from error
    except Invalid as error:
        raise Invalid(f"{shown} sends on to where nothing can be asked: {error}") from error
    if target.scheme == "https" and after.scheme == "http":
        raise Invalid(f"{shown} sends on to an address without encryption, {credentials.hide(_shown(after))}")
    return after


def _refused(reply: Reply, shown: str, credentials: Credentials) -> WorkbenchError:
    said = f" ({reply.status}){_said(reply, credentials)}"
    match reply.status:
        case 401 | 403:
            sent = bool(credentials.headers or credentials.parameters)
            hint = "is what it was shown still good, and for this?" if sent else "it wants to know who asks: auth="
            return Forbidden(f"{shown} refuses{said}", hint=hint)
        case 404 | 410:
            return NotFound(f"there is nothing at {shown}{said}", hint="check the address")
    return Invalid(f"{shown} refuses the request{said}", hint="its documentation says what it takes")


def _said(reply: Reply, credentials: Credentials) -> str:
    """The sentence that APIs put into a refusal, if there is one."""
    try:
        found = json.loads(reply.content)
    except (ValueError, RecursionError):
        return ""
    for name in ("detail", "message", "error_description", "error", "title"):
        text = found.get(name) if isinstance(found, dict) else None
        text = text.get("message") if isinstance(text, dict) else text
        if isinstance(text, str) and text.strip():
            shown = " ".join(text.encode("utf-8", "replace").decode().split())
            return f": {credentials.hide(shown)[:200]}"
    return ""


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii').lower()}"


def _shown(url: httpx.URL) -> str:
    """Without what follows the path: queries may be long, and hold what is nobody's business."""
    parts = urlsplit(str(url))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
