"""Words for numbers."""

from __future__ import annotations

from workbench.foundation.wording import counted, do


def test_one_of_a_thing_is_told_in_the_singular() -> None:
    assert counted(1, "row") == "1 row"
    assert counted(0, "row") == "0 rows"
    assert counted(336_776, "row") == "336,776 rows"


def test_the_verb_follows_the_number() -> None:
    assert [do(0), do(1), do(2)] == ["do", "does", "do"]
