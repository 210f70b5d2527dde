"""One request, once: sent, and its answer read whole."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from workbench._version import __version__
from workbench.foundation.errors import Invalid, Unavailable
from workbench.foundation.http.body import BrokenOff, unpacked
from workbench.foundation.http.connecting import Connector
from workbench.foundation.http.model import Clock, Limits, Passing

if TYPE_CHECKING:  # loading these takes a third of a second; who asks no server never pays for it
    import httpcore
    import httpx

__all__ = ["Reply", "Wire"]

_sending: ContextVar[bool] = ContextVar("sending", default=False)


def _not_ours(_record: logging.LogRecord) -> bool:
    return not _sending.get()


# At level DEBUG httpcore writes down the headers of answers, which may repeat what was sent in confidence.
logging.getLogger("httpcore.http11").addFilter(_not_ours)

MOST_OF_A_REFUSAL = 65_536
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Reply:
    """What a server sent back, whatever it is.

    Attributes:
        location: Where it sends on to, if it does.
        wait: Seconds that it asks to wait.
    """

    status: int
    headers: httpx.Headers
    content: bytes
    links: Mapping[str, str]
    location: str | None
    wait: float | None


class Wire:
    """Connections to servers, kept for the next request. Safe to share between threads."""

    def __init__(self, limits: Limits, private: Collection[str], clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._connector = Connector(private, clock)
        self._made: httpcore.ConnectionPool | None = None
        self._lock = threading.Lock()

    def send(self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes, shown: str) -> Reply:
        """
        Args:
            shown: The address as errors may show it.

        Raises:
            Passing: No answer, or one that breaks off.
            Invalid: The answer is too large, or packed in a way that was not asked for.
            Forbidden: The host's address is private, and not allowed.
        """
        import httpcore

        token = _sending.set(True)
        try:
            with self._connector.within(self._limits.total):
                return self._sent(method, url, headers, content, shown)
        except httpcore.TimeoutException as error:
            untouched = isinstance(error, httpcore.ConnectTimeout | httpcore.PoolTimeout)
            limits = self._limits
            what = (
                f"cannot be reached within {limits.connect:g} s"
                if untouched
                else f"was silent for {limits.silence:g} s, or not done in {limits.total:g} s"
            )
            raise Passing(
                Unavailable(f"{shown} {what}", hint="ask for less at once, or later"), untouched=untouched
            ) from error
        except httpcore.ConnectError as error:
            why = str(error) or "no answer"
            if "CERTIFICATE" in why:
                raise Unavailable(
                    f"{shown} does not show who it is: {_said(why)}",
                    hint="SSL_CERT_FILE names the certificates of your own organisation",
                ) from error
            gone = Unavailable(f"{shown} cannot be reached: {_said(why)}", hint="check the address and that it runs")
            raise Passing(gone, untouched=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, BrokenOff) as error:
            why = f": {_said(str(error))}" if str(error) else ""
            raise Passing(Unavailable(f"{shown} broke off before its answer was whole{why}")) from error
        finally:
            _sending.reset(token)

    def close(self) -> None:
        with self._lock:
            if self._made is not None:
                self._made.close()
                self._made = None

    def _sent(self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes, shown: str) -> Reply:
        import httpcore
        import httpx

        limits = self._limits
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = {
            "Host": url.netloc.decode("ascii"),
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"analytics-workbench/{__version__}",
            **headers,
        }
        times = {
            "connect": limits.connect,
            "read": limits.silence,
            "write": limits.silence,
            "pool": limits.total,
        }
        asked = self._pool().stream(
            method, target, headers=list(sent.items()), content=content, extensions={"timeout": times}
        )
        with asked as response:
            found = httpx.Response(response.status, headers=response.headers)
            location = found.headers.get("location") if response.status in _REDIRECTS else None
            body = b""
            if location is None and method != "HEAD":
                good = found.is_success
                try:
                    most = limits.most_bytes if good else MOST_OF_A_REFUSAL
                    packing = found.headers.get("content-encoding", "")
                    body = unpacked(response.iter_stream(), packing, most, shown)
                except (Invalid, BrokenOff):
                    if good:  # what a refusal says is of use where it can be read
                        raise
            links = {name: link["url"] for name, link in found.links.items() if name and "url" in link}
            return Reply(response.status, found.headers, body, links, location, self._wait(found.headers))

    def _pool(self) -> httpcore.ConnectionPool:
        import httpcore
        import httpx

        with self._lock:
            if self._made is None:
                self._made = httpcore.ConnectionPool(
                    ssl_context=httpx.create_ssl_context(),
                    max_connections=16,
                    max_keepalive_connections=4,
                    keepalive_expiry=30,
                    network_backend=self._connector,  # type: ignore[arg-type]  # its base class is loaded late
                )
            return self._made

    def _wait(self, headers: httpx.Headers) -> float | None:
        """What `Retry-After` asks for: seconds, or a time, which is meant by the server's own clock if it says so."""
        asked = headers.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?", asked):
            return float(asked)
        try:
            then = parsedate_to_datetime(asked).timestamp()
        except (ValueError, OverflowError):
            return None
        try:
            now = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            now = self._clock.wall()
        return max(0.0, then - now)


def _said(why: str) -> str:
    return why.strip().splitlines()[0].rstrip(".")[:200]
