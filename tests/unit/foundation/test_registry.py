from __future__ import annotations

import pytest

from workbench.foundation.errors import Conflict, NotFound
from workbench.foundation.registry import Registry


def test_what_is_registered_is_found() -> None:
    registry: Registry[int] = Registry("number")
    registry.register("one", 1)
    assert registry.get("one") == 1
    assert registry.names() == ["one"]


def test_a_name_is_given_once() -> None:
    registry: Registry[object] = Registry("number")
    registry.register("one", object())
    with pytest.raises(Conflict, match="a number named 'one' is registered already"):
        registry.register("one", object())


def test_an_unknown_name_has_a_nearest_one() -> None:
    registry: Registry[int] = Registry("number")
    registry.register("eleven", 11)
    with pytest.raises(NotFound, match="did you mean 'eleven'"):
        registry.get("elven")


def test_entry_points_of_other_distributions_are_found_and_loaded_when_asked_for() -> None:
    registry: Registry[object] = Registry("console script", group="console_scripts")
    assert "pytest" in registry.names()
    assert callable(registry.get("pytest"))
