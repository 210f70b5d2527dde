"""A step as it is typed on a command line."""

from __future__ import annotations

import pytest

from workbench.analytics.product import Step
from workbench.foundation.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "step"),
    [
        ("cart", Step("cart")),
        ("  open cart ", Step("open cart")),
        ("cart where amount > 100", Step("cart", "amount > 100", "cart where amount > 100")),
        ("cart  WHERE\n amount > 100", Step("cart", "amount > 100", "cart WHERE amount > 100")),
        ("where amount > 100", Step(None, "amount > 100", "where amount > 100")),
        ("* where amount > 100", Step(None, "amount > 100", "* where amount > 100")),
        ("*", Step()),
        ("whereabouts", Step("whereabouts")),
        ("cart where page = 'where to'", Step("cart", "page = 'where to'", "cart where page = 'where to'")),
    ],
)
def test_a_step_is_an_event_and_a_condition(typed: str, step: Step) -> None:
    assert Step.parse(typed) == step


@pytest.mark.parametrize("typed", ["", "  ", "cart where", "where", "cart where  "])
def test_half_a_step_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="step"):
        Step.parse(typed)


def test_a_text_in_python_is_the_name_of_an_event_whatever_it_holds() -> None:
    assert Step.of("cart where amount > 100") == Step("cart where amount > 100")
