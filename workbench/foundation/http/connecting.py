"""Connections to addresses that were looked at first, each ended by the moment that its request must be over.

Where a name leads is found out once, here, and that very address is connected to: a name that leads elsewhere the
second time it is asked cannot get round the check.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench.foundation.errors import Forbidden, NotFound
from workbench.foundation.http.model import Clock

if TYPE_CHECKING:
    import httpcore

__all__ = ["Connector", "is_public"]

# IPv6 addresses that stand for an IPv4 one: whoever connects to them reaches that.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet at large: not this machine, a local network, a cloud's own service.

    Args:
        address: IPv4 or IPv6, with or without a zone.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        found = inner or found
    return found.is_global and not found.is_multicast


class Connector:
    """What a connection pool of httpcore asks for connections: of its network backend what it takes to reach hosts.

    Args:
        private: Names of hosts whose addresses need not be public.
    """

    def __init__(self, private: Collection[str], clock: Clock) -> None:
        self._private = {name.lower() for name in private}
        self._until = _Until(clock)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What this thread does in the block is over by then: reads and writes end with httpcore's timeouts."""
        self._until.begin(seconds)
        try:
            yield
        finally:
            self._until.begin(None)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """
        Raises:
            NotFound: No host is called so.
            Forbidden: The host is at an address that is not public, and not among those that may be.
        """
        import httpcore

        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            if isinstance(error, UnicodeError) or error.errno == socket.EAI_NONAME:
                raise NotFound(f"no host is called '{host}'", hint="check the address") from error
            raise httpcore.ConnectError(f"its name could not be looked up: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if host.lower() not in self._private and (inner := [one for one in addresses if not is_public(one)]):
            at = "" if inner[0] == host else f" is at {inner[0]}, which"
            raise Forbidden(
                f"{host}{at} is not an address of the internet",
                hint="one of your own network or machine has to be allowed: private=yes in a source's address",
            )
        last: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in addresses:
            try:
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, self._until.at_most(timeout), local_address, socket_options
                )
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                last = error
            else:
                return _stream(stream, self._until)
        raise last or httpcore.ConnectError("its name has no address")


class _Until(threading.local):
    """When the request that this thread works on must be over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._end: float | None = None

    def begin(self, seconds: float | None) -> None:
        self._end = None if seconds is None else self._clock.now() + seconds

    def at_most(self, timeout: float | None) -> float | None:
        if self._end is None:
            return timeout
        left = max(self._end - self._clock.now(), 0.001)  # 0 would mean: do not wait at all, and fail otherwise
        return left if timeout is None else min(timeout, left)


def _stream(inner: httpcore.NetworkStream, until: _Until) -> httpcore.NetworkStream:
    """The stream, none of whose steps goes on for longer than the request may."""
    import httpcore

    class Bounded(httpcore.NetworkStream):
        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return inner.read(max_bytes, until.at_most(timeout))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            inner.write(buffer, until.at_most(timeout))

        def start_tls(
            self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.NetworkStream:
            return _stream(inner.start_tls(ssl_context, server_hostname, until.at_most(timeout)), until)

        def close(self) -> None:
            inner.close()

        def get_extra_info(self, info: str) -> Any:
            return inner.get_extra_info(info)

    return Bounded()
