from __future__ import annotations

from typing import Any

import pytest

from workbench.data.sql import typed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15", 15), ("-1", -1), ("0", 0), ("1.5", 1.5), ("-0.5e3", -500.0), ("true", True), ("false", False),
        ("007", "007"), ("JFK", "JFK"), ("", ""), ("'15'", "15"), ('"true"', "true"), ("'", "'"),
        ("1e400.0", "1e400.0"),
        ("9" * 19, "9" * 19), ("2013-01-31", "2013-01-31"), ("nan", "nan"), ("1.0e999", "1.0e999"), ("True", "True"),
    ],
)  # fmt: skip
def test_what_somebody_types_is_what_it_looks_like(text: str, value: Any) -> None:
    found = typed(text)
    assert (found, type(found)) == (value, type(value))
