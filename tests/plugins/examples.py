"""How many generated examples a property is tried with: a few in `make test`, many in `make test-long`.

Each property says both numbers. In CI the examples are the same each time; elsewhere they are others each time.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

__all__ = ["examples"]

_many = True


def pytest_configure(config: pytest.Config) -> None:
    """In each of pytest's workers as well, which are told what the session was told."""
    global _many
    _many = "not long" not in config.option.markexpr


def pytest_report_header() -> str:
    return f"generated examples: {'many' if _many else 'few'}"


def examples(few: int, many: int) -> settings:
    """So many examples without `long` tests, and so many with them; none of them is timed."""
    return settings(deadline=None, max_examples=many if _many else few)
