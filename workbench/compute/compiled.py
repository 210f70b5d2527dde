"""Compiled code, for what a plan can say only in a roundabout way: it is loaded behind the first questions, once a
process has gone through enough rows to be worth it, and until then, or without the extra `compiled`, plans do the same.

Loading takes most of a second, and the very first time on a machine, when it is compiled, some ten of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, TypeVar

from workbench.foundation.observability import logger

__all__ = ["Compiled", "load", "noted", "put_away", "taking"]

WORTH: Final = 2_000_000
"""Rows: plans take about as long for them as loading does."""

Function = TypeVar("Function", bound=Callable[..., Any])

_all: list[Compiled] = []
_lock = threading.Lock()
_rows = 0
_begun = False


class Compiled:
    """A module of compiled functions.

    Args:
        module: Its name. Importing it compiles them.
    """

    def __init__(self, module: str) -> None:
        self._name = module
        self._module: ModuleType | None = None
        _all.append(self)

    def __call__(self) -> ModuleType | None:
        """The module; None as long as it is not loaded."""
        return self._module

    def load(self) -> None:
        self._module = import_module(self._name)

    def put_away(self) -> None:
        """Has plans do it again."""
        self._module = None


def taking(*signatures: Any) -> Callable[[Function], Function]:
    """Compiles a function for some types, or takes what was compiled before; it runs beside other threads.

    Raises:
        ImportError: The extra `compiled` is not installed, or does not fit.
    """
    import numba

    made: Callable[[Function], Function] = numba.njit(list(signatures), nogil=True, cache=True)
    return made


def noted(rows: int) -> None:
    """Notes that this process goes through rows, and begins to load once they are many."""
    global _rows, _begun
    with _lock:
        _rows += rows
        if _begun or _rows < WORTH:
            return
        _begun = True
    if find_spec("numba") is not None:
        # Not a daemon: ending a process in the midst of a compiler can crash it.
        threading.Thread(target=_load_all, name="compiled").start()


def load() -> None:
    """Loads everything now.

    Raises:
        ImportError: The extra `compiled` is not installed, or does not fit.
    """
    for one in _all:
        one.load()


def put_away() -> None:
    """Has plans do everything again: what compares the two needs it."""
    for one in _all:
        one.put_away()


def _load_all() -> None:
    for one in _all:
        if not threading.main_thread().is_alive():
            return
        try:
            one.load()
        except Exception:  # noqa: BLE001  (what a compiler raises on a machine that it does not fit is no one type)
            logger("compute").warning("compiled code cannot be used; plans do the same, slower", exc_info=True)
            return
