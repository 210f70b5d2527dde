"""What one statement may take: time, memory, rows; and who ends it when it takes more."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

from workbench.foundation.errors import Conflict, Invalid, WorkbenchError
from workbench.foundation.observability import logger

__all__ = ["LEAST_MEGABYTES", "Cancelled", "Limits", "TooLarge", "TooLong", "Watch", "too_large"]

LEAST_MEGABYTES = 32
_LOOK_SECONDS = 0.1
_ASK_SECONDS = 0.25
_SLACK_BYTES = 500_000_000

T = TypeVar("T")


class TooLong(Invalid):
    """A statement took longer than it may."""

    exit_code = 1


class TooLarge(Invalid):
    """A statement, or its result, took more memory than it may."""

    exit_code = 1


class Cancelled(Conflict):
    """Somebody ended a statement while it ran."""


@dataclass(frozen=True)
class Limits:
    """
    Attributes:
        seconds: From the call to the last row.
        megabytes: Of 10^6 bytes: what DuckDB may hold while it works, and once more for the result.
        rows: A result with more of them is cut, and says so; None: no limit.
    """

    seconds: float
    megabytes: int
    rows: int | None = None

    def lowered(self, *, seconds: float | None = None, megabytes: int | None = None, rows: int | None = None) -> Limits:
        """These limits for one call, with lower ones where they are given.

        Raises:
            Invalid: One is higher than this workspace allows, or is no limit at all.
        """
        given_seconds = self.seconds if seconds is None else seconds
        given_megabytes = self.megabytes if megabytes is None else megabytes
        if not (math.isfinite(given_seconds) and 0 < given_seconds <= self.seconds):
            raise Invalid(
                f"a time limit of {given_seconds:g} s cannot be given: it is above 0 and at most {self.seconds:g} s",
                hint="the setting sql_time_limit is the most that a statement may take here",
            )
        if not LEAST_MEGABYTES <= given_megabytes <= self.megabytes:
            raise Invalid(
                f"a memory limit of {given_megabytes} MB cannot be given: "
                f"it is between {LEAST_MEGABYTES} and {self.megabytes} MB",
                hint="the setting sql_memory_limit is the most that a statement may take here",
            )
        if rows is not None and rows < 1:
            raise Invalid(f"a limit of {rows} rows cannot be given: it is at least 1")
        return Limits(given_seconds, given_megabytes, self.rows if rows is None else rows)


def too_large(what: str, megabytes: int) -> TooLarge:
    return TooLarge(
        f"{what} needs more than the {megabytes:,} MB of memory that it may take",
        hint="aggregate or filter first, or name fewer columns; sql_memory_limit is the most there is",
    )


class Watch:
    """Has a statement worked on, and ends that when its time is up, when somebody asks for it, or at Ctrl-C.

    The work has a thread of its own: DuckDB can be interrupted from another one only, and Python tells of Ctrl-C only
    who waits in Python.

    Args:
        interrupt: Ends what the work waits for.
        memory: Bytes held by the process that works.
        asked: Whether somebody wants it ended; asked a few times a second.
    """

    def __init__(
        self,
        interrupt: Callable[[], None],
        memory: Callable[[], int],
        limits: Limits,
        asked: Callable[[], bool] | None,
    ) -> None:
        self._interrupt = interrupt
        self._memory = memory
        self._limits = limits
        self._asked = asked
        self._reason: WorkbenchError | KeyboardInterrupt | None = None

    def run(self, work: Callable[[], T]) -> T:
        """What the work gives or raises.

        Raises:
            TooLong: The time is up.
            TooLarge: The process grew by more than twice what the statement may take.
            Cancelled: Somebody asked for the end.
        """
        outcome: Future[T] = Future()

        def worked() -> None:
            try:
                outcome.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                outcome.set_exception(error)

        thread = threading.Thread(target=copy_context().run, args=(worked,), name="workbench-sql", daemon=True)
        thread.start()
        end = time.monotonic() + self._limits.seconds
        # DuckDB does not count the values that functions make between two steps; the process's memory has them. Others
        # work in the same process, so that only a growth that is no accident counts.
        most = self._memory() + 2_000_000 * self._limits.megabytes + _SLACK_BYTES
        ask = 0.0
        while not outcome.done():
            try:
                wait([outcome], min(_LOOK_SECONDS, max(end - time.monotonic(), 0.001)))
                now = time.monotonic()
                if self._reason is None and now >= end:
                    self._reason = self._too_long()
                if self._reason is None and self._memory() > most:
                    self._reason = too_large("the statement", self._limits.megabytes)
                if self._reason is None and now >= ask:
                    ask = now + _ASK_SECONDS
                    self._reason = Cancelled("the statement was cancelled") if self._wanted() else None
            except KeyboardInterrupt as pressed:
                self._reason = pressed
            if self._reason is not None and not outcome.done():
                end = time.monotonic() + _LOOK_SECONDS
                self._interrupt()  # again and again: between two steps there is nothing to interrupt
        thread.join()
        if outcome.exception() is not None:
            self.check()
        return outcome.result()

    def check(self) -> None:
        """Stops work that is not DuckDB's.

        Raises:
            TooLong: The time is up.
            TooLarge: The process grew by more than twice what the statement may take.
            Cancelled: Somebody asked for the end.
        """
        if self._reason is not None:
            raise self._reason

    def _too_long(self) -> TooLong:
        return TooLong(
            f"the statement was ended: it took longer than {self._limits.seconds:g} s",
            hint="read less: fewer rows, columns or days; or a higher time limit, up to sql_time_limit",
        )

    def _wanted(self) -> bool:
        try:
            return self._asked is not None and self._asked()
        except WorkbenchError as error:  # the catalog is away for a moment; it is asked again
            logger(__name__).warning("whether a statement is to be cancelled cannot be asked: %s", error)
            return False
