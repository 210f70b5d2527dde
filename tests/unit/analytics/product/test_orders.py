"""Events lie in the order of one time, and may be asked about by another, or by one that goes back."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from event_rows import COLUMNS, SCHEMA
from polars.testing import assert_frame_equal
from product_shop import QUESTIONS, ROWS

from workbench import Workbench
from workbench.analytics.product import EventColumns, Every, Retention, Step
from workbench.compute import LocalEngine, Part, Parts, hashed
from workbench.data.lake import EventLayout

RECEIVED = ROWS["at"].sample(fraction=1, shuffle=True, seed=1).alias("received")
SHOP = ROWS.with_columns(RECEIVED, pl.Series("number", random.Random(1).sample(range(ROWS.height), ROWS.height)))


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A workspace with the same events laid out by `at`, and in no order."""
    home = tmp_path_factory.mktemp("orders")
    (home / "workbench.toml").write_text("")
    with Workbench.open(home) as wb:
        wb.datasets.create("laid", SHOP, layout=EventLayout("who", "at", "what", "id"))
        wb.datasets.create("plain", SHOP)
        yield wb


@pytest.mark.parametrize("question", ["funnel by week", "retention", "sessions by country"])
def test_another_time_than_it_lies_by(twice: Workbench, question: str) -> None:
    name, given, options = QUESTIONS[question]
    columns = EventColumns("who", "what", "received", "id")
    laid, plain = (getattr(twice.product, name)(one, *given, columns=columns, **options) for one in ("laid", "plain"))
    assert_frame_equal(laid.frame, plain.frame)
    there = EventColumns("who", "what", "at", "id")
    assert not laid.frame.equals(getattr(twice.product, name)("plain", *given, columns=there, **options).frame)


def test_another_order_of_events_of_one_time(twice: Workbench) -> None:
    when = pl.col("at").dt.truncate("1d").alias("at")
    twice.datasets.create("days", SHOP.with_columns(when), layout=EventLayout("who", "at", "what", "id"))
    twice.datasets.create("days_plain", SHOP.with_columns(when))
    columns = EventColumns("who", "what", "at", "number")
    found = [twice.product.funnel(one, ["view", "cart", "buy"], columns=columns) for one in ("days", "days_plain")]
    assert_frame_equal(found[0].frame, found[1].frame)


def test_a_day_that_comes_twice() -> None:
    """St. John's clocks went back at a minute past midnight, to 23:01 of the day before."""
    at = [datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC), datetime(2010, 11, 7, 2, 40, tzinfo=UTC)]
    rows = pl.DataFrame({"who": "s", "what": "a", "at": at, "id": [1, 2]}).select(
        *(
            (pl.col(name) if name in ("who", "what", "at", "id") else pl.lit(None)).cast(kind).alias(name)
            for name, kind in SCHEMA.items()
        )
    )
    days = rows["at"].dt.convert_time_zone("America/St_Johns").dt.date().to_list()
    assert days == [date(2010, 11, 7), date(2010, 11, 6)]
    since, until = datetime(2010, 11, 6, 12, tzinfo=UTC), datetime(2010, 11, 8, 12, tzinfo=UTC)
    asked = Retention(COLUMNS, Step("a"), Step("a"), since, until, length=2, every=Every("day", "America/St_Johns"))
    run = Part(frames=(rows.with_columns(hashed("who")),), sorted=True, chronological=True)
    found = LocalEngine().run(asked, Parts((run,), by_subject=True)).frame
    began = found.filter(pl.col("subjects") > 0).select("cohort", "offset").rows()
    assert began == [(date(2010, 11, 6), 0), (date(2010, 11, 6), 1)]
