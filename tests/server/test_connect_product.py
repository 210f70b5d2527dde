"""Product analytics through `workbench.connect()`: the same numbers, words, charts and subjects as in the workspace."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
import shop_events
from polars.testing import assert_frame_equal
from pydantic_core import PydanticUndefined
from site_of_servers import Site
from workbench_server.endpoints import product as endpoints

import workbench
from workbench.analytics.product import EventColumns, Exclusion, Product, Step
from workbench.foundation.errors import Invalid, NotFound
from workbench.remote import Connection

STEPS = ["view", "cart", "buy"]
QUESTIONS: dict[str, tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    # question: arguments, options, and what names one of its numbers
    "funnel": ((STEPS,), {"window": timedelta(hours=36), "breakdown": "country"}, {"step": 2, "breakdown": "DE"}),
    "retention": (("view",), {"grain": "day", "periods": 3}, {"cohort": date(2024, 3, 4), "offset": 0}),
    "stickiness": (("view",), {"grain": "day"}, {"periods": 1}),
    "lifecycle": (("view",), {"grain": "day"}, {"period": date(2024, 3, 4), "state": "new"}),
    "paths": ((), {"gap": timedelta(days=3)}, {"position": 1, "source": "view", "target": "cart"}),
    "sessions": ((), {"by": ["country"], "grain": None}, {"country": "DE"}),
    "duplicates": ((), {"id": "what", "by": ["country"]}, {"country": "US"}),
}


@pytest.fixture(scope="module")
def shop(site: Site) -> Iterator[Site]:
    shop_events.fill(site.home)
    site.wb.product.cohorts.save("buyers", "events", {"did": "buy"}, description="who bought")
    site.wb.product.cohorts.save("some", "events", {"subjects": ["ada", "bob"]})
    yield site
    for name in ("buyers", "some"):
        site.wb.product.cohorts.delete(name)
    for name in ("events", "plain"):
        site.wb.datasets.delete(name)


@pytest.fixture(scope="module")
def ana(shop: Site) -> Iterator[Connection]:
    with workbench.connect(shop.url, shop.token("ana")) as connection:
        yield connection


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_the_same_answer_near_and_far(shop: Site, ana: Connection, question: str) -> None:
    args, options, cell = QUESTIONS[question]
    near = getattr(shop.wb.product, question)("events", *args, **options)
    far = getattr(ana.product, question)("events", *args, **options)
    assert_frame_equal(far.frame, near.frame)
    assert near.frame.height
    assert (far.title, far.dataset, far.version) == (near.title, near.dataset, near.version)
    assert repr(far) == repr(near)
    assert far.table().json() == near.table().json()
    assert far.chart().svg() == near.chart().svg()
    assert far.explain().startswith(f"{near.answer.analysis.name} of events version 0\n")
    here, there = near.subjects(**cell), far.subjects(**cell)
    assert here.what == there.what
    assert sorted(there) == sorted(here)
    assert len(here) > 0


def test_what_is_said_in_pythons_own_types_arrives(shop: Site, ana: Connection) -> None:
    told: dict[str, Any] = {
        "steps": [Step("view"), Step("cart", where="amount > 100", label="large cart")],
        "step_windows": [timedelta(hours=1)],
        "exclusions": [Exclusion(Step("buy"), 1, 2), "buy"],
        "between": (date(2024, 3, 4), None),
        "columns": EventColumns("who", "what", "at"),
        "within": {"did": "view"},
    }
    assert_frame_equal(ana.product.funnel("events", **told).frame, shop.wb.product.funnel("events", **told).frame)


def test_a_result_stays_with_the_version_that_it_is_of(shop: Site, ana: Connection) -> None:
    shop.wb.datasets.create("growing", shop_events.EVENTS, layout=shop_events.LAYOUT)
    result = ana.product.funnel("growing", STEPS)
    assert list(result.subjects(step=3)) == ["ada"]
    shop.wb.datasets["growing"].append(shop_events.EVENTS.head(3).with_columns(pl.lit("eve").alias("who")))
    assert list(result.subjects(step=3)) == ["ada"]
    assert sorted(ana.product.funnel("growing", STEPS).subjects(step=3)) == ["ada", "eve"]
    shop.wb.datasets.delete("growing")


def test_what_is_wrong_is_told_as_it_is_near(shop: Site, ana: Connection) -> None:
    with pytest.raises(NotFound, match="did you mean 'events'"):
        ana.product.funnel("event", STEPS)
    with pytest.raises(TypeError, match="windwo"):
        ana.product.funnel("events", STEPS, windwo="7 days")  # type: ignore[call-arg]
    with pytest.raises(Invalid, match="within has a object, which cannot be sent"):
        ana.product.funnel("events", STEPS, within=object())
    with pytest.raises(Invalid):
        ana.product.funnel("events", STEPS).subjects(stp=1)


def test_the_api_has_every_argument_with_pythons_own_default() -> None:
    for name, _, body, _ in endpoints.QUESTIONS:
        near = inspect.signature(getattr(Product, name)).parameters
        assert set(body.model_fields) == set(near) - {"self"}, name
        for argument, field in body.model_fields.items():
            default = near[argument].default
            far = field.get_default(call_default_factory=True)
            if default is inspect.Parameter.empty:
                assert far is PydanticUndefined, (name, argument)
            else:
                assert far == (list(default) if isinstance(default, tuple) else default), (name, argument)


def test_cohorts_and_preferences_are_read(shop: Site, ana: Connection) -> None:
    assert [one.name for one in ana.product.cohorts] == ["buyers", "some"]
    assert [one.size for one in ana.product.cohorts.list()] == [None, 2]
    assert repr(ana.product.cohorts["buyers"]) == repr(shop.wb.product.cohorts.get("buyers"))
    assert ana.product.cohorts["some"].definition == {"subjects": ["ada", "bob"]}
    near = shop.wb.product.cohorts.subjects("buyers")
    assert sorted(ana.product.cohorts.subjects("buyers").to_series()) == sorted(near.to_series())
    with pytest.raises(NotFound, match="did you mean 'buyers'"):
        ana.product.cohorts.get("buyer")
    assert ana.preferences.get("week_start") == 1
    assert "theme" in ana.preferences.all()
    with pytest.raises(NotFound, match="did you mean 'theme'"):
        ana.preferences.get("themes")
