"""By plans, and by compiled code: for tests of what has to be the same either way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from workbench.compute import compiled

__all__ = ["WAYS", "computing_by"]

WAYS = ("plans", "compiled code")


@contextmanager
def computing_by(way: str) -> Iterator[None]:
    """Has analyses run so in this process; skips the test where the compiler is missing."""
    if way != "plans":
        pytest.importorskip("numba", reason="the extra 'compiled' is not installed")
        compiled.load()
    try:
        yield
    finally:
        compiled.put_away()
