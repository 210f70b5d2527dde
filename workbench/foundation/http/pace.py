"""How many requests a host gets in a second, whoever makes them."""

from __future__ import annotations

import threading

from workbench.foundation.http.model import Clock

__all__ = ["Pace"]


class Pace:
    """Spaces the requests to each host evenly. Safe to share between threads.

    Args:
        rate: Requests in a second to one host; None: as they come.
    """

    def __init__(self, rate: float | None, clock: Clock) -> None:
        self._apart = 0 if rate is None else 1 / rate
        self._clock = clock
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Waits for the host's next free moment and takes it."""
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._free.get(host, now))
            self._free[host] = turn + self._apart
        if turn > now:
            self._clock.sleep(turn - now)

    def hold(self, host: str, seconds: float) -> None:
        """Keeps everybody's requests back: the host asked for it."""
        with self._lock:
            self._free[host] = max(self._free.get(host, 0), self._clock.now() + seconds)
