"""A host that fails again and again is left alone for a while, then asked once to find out."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from workbench.foundation.errors import Unavailable
from workbench.foundation.http.model import Circuit, CircuitState, Clock, Limits

__all__ = ["Circuits"]


@dataclass
class _Host:
    failures: int = 0
    opened: float | None = None
    probed: bool = False
    why: str = ""


class Circuits:
    """The circuits of a client's hosts. Safe to share between threads."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def enter(self, host: str) -> None:
        """Before a request. After it comes one of `succeeded`, `failed` and `left`.

        Raises:
            Unavailable: The host is left alone, or somebody is finding out right now.
        """
        with self._lock:
            found = self._hosts.setdefault(host, _Host())
            if found.opened is None:
                return
            rests = self._rests(found)
            if rests > 0 or found.probed:
                when = f"in {rests:.0f} s" if rests > 0 else "right now"
                raise Unavailable(
                    f"{host} failed {found.failures} times in a row and is left alone: {found.why}",
                    hint=f"it is asked again {when}",
                )
            found.probed = True

    def succeeded(self, host: str) -> None:
        with self._lock:
            self._hosts[host] = _Host()

    def failed(self, host: str, why: str) -> None:
        with self._lock:
            found = self._hosts.setdefault(host, _Host())
            found.failures += 1
            found.why = why
            if found.probed or (found.opened is None and found.failures >= self._limits.failures):
                found.opened = self._clock.now()
            found.probed = False

    def left(self, host: str) -> None:
        """Nothing was found out: the request was given up."""
        with self._lock:
            self._hosts[host].probed = False

    def states(self) -> list[Circuit]:
        """Every host that was asked, by name."""
        with self._lock:
            return [self._state(host, found) for host, found in sorted(self._hosts.items())]

    def _state(self, host: str, found: _Host) -> Circuit:
        if found.opened is None:
            return Circuit(host, CircuitState.CLOSED, found.failures, 0, found.why)
        rests = self._rests(found)
        state = CircuitState.OPEN if rests > 0 else CircuitState.HALF_OPEN
        return Circuit(host, state, found.failures, rests, found.why)

    def _rests(self, found: _Host) -> float:
        return 0 if found.opened is None else max(0, found.opened + self._limits.rest - self._clock.now())
