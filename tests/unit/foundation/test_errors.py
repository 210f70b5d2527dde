from __future__ import annotations

import traceback
from enum import StrEnum

import pytest

from workbench.foundation import errors
from workbench.foundation.errors import Invalid, WorkbenchError, chosen, nearest, unknown


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    assert str(unknown("dataset", "flihgts", ["flights", "weather"])) == "no dataset 'flihgts'; did you mean 'flights'?"


def test_an_unknown_name_with_nothing_near_lists_what_there_is() -> None:
    assert str(unknown("dataset", "zzz", ["weather", "flights"])) == "no dataset 'zzz'; there is flights, weather"


def test_an_unknown_name_among_none_says_so() -> None:
    assert str(unknown("dataset", "flights", [])) == "no dataset 'flights': there is none yet"


def test_a_long_list_of_names_is_cut() -> None:
    assert str(unknown("run", "zzz", [f"aa{n}" for n in range(15)])).endswith("and 3 more")


def test_nearest_ignores_case() -> None:
    assert nearest("FLIGHT", ["flights"]) == "flights"


def test_the_error_can_be_of_another_class() -> None:
    assert isinstance(unknown("column", "x", ["y"], error=Invalid), Invalid)


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name[0].isupper()])
def test_every_error_has_a_code_of_its_own_and_an_exit_code(name: str) -> None:
    kind: type[WorkbenchError] = getattr(errors, name)
    others = [getattr(errors, other) for other in errors.__all__ if other[0].isupper() and other != name]
    assert kind.exit_code in (1, 2)
    assert kind.code not in {other.code for other in others}


def test_a_traceback_shows_the_hint_once() -> None:
    inner = Invalid("the file is wrong", hint="mend it")
    outer = type(inner)(f"stage one: {inner}", hint=inner.hint)
    shown = "".join(traceback.format_exception(outer))
    assert shown.splitlines()[-2:] == [
        "workbench.foundation.errors.Invalid: stage one: the file is wrong",
        "hint: mend it",
    ]
    assert str(outer) == "stage one: the file is wrong"
    assert "hint" not in "".join(traceback.format_exception(Invalid("the file is wrong")))


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def test_one_of_a_fixed_set_is_named_by_its_text() -> None:
    assert chosen("colour", "red", Colour) is Colour.RED
    with pytest.raises(Invalid, match="no colour 'gren'; did you mean 'green'"):
        chosen("colour", "gren", Colour)
