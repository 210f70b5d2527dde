"""What is wrong with a question of `wb.product`, said in one sentence; and what only looks wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
import shop_events
from polars.testing import assert_frame_equal

from workbench import Workbench
from workbench.analytics.product import Asking, Cohorts, CohortStore, EventColumns, Product, ProductResult, Step
from workbench.compute import Analysis, Computed, Engine, Parts, engines
from workbench.foundation.errors import Invalid, NotFound, WorkbenchError

Ask = Callable[[Product], ProductResult]

QUESTIONS: dict[str, Ask] = {
    "funnel": lambda product: product.funnel("events", ["view", "cart"], breakdown="country"),
    "retention": lambda product: product.retention("events", "view"),
    "stickiness": lambda product: product.stickiness("events", "view"),
    "lifecycle": lambda product: product.lifecycle("events", "view"),
    "paths": lambda product: product.paths("events"),
    "sessions": lambda product: product.sessions("events"),
    "duplicates": lambda product: product.duplicates("events", by=["what"]),
}


@pytest.fixture
def shop(wb: Workbench) -> Workbench:
    wb.datasets.create("events", shop_events.EVENTS, layout=shop_events.LAYOUT)
    return wb


@pytest.mark.parametrize("laid_out", [True, False])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_dataset_without_rows_has_no_events_to_count(wb: Workbench, question: str, laid_out: bool) -> None:
    layout = shop_events.LAYOUT if laid_out else None
    wb.datasets.create("empty", shop_events.EVENTS.clear(), layout=layout)
    columns = EventColumns("who", "what", "at", "id")
    asked = {
        "funnel": lambda: wb.product.funnel("empty", ["view", "cart"], columns=columns),
        "sessions": lambda: wb.product.sessions("empty", columns=columns),
        "duplicates": lambda: wb.product.duplicates("empty", by=["what"], columns=columns),
        "retention": lambda: wb.product.retention("empty", "view", columns=columns),
        "stickiness": lambda: wb.product.stickiness("empty", "view", columns=columns),
        "lifecycle": lambda: wb.product.lifecycle("empty", "view", columns=columns),
        "paths": lambda: wb.product.paths("empty", columns=columns),
    }[question]
    if question == "funnel":
        result = asked()
        assert result.frame["subjects"].to_list() == [0, 0]
        assert len(result.subjects(step=1)) == 0
        assert "rows     0 rows" in result.explain()
    elif question in ("sessions", "duplicates"):
        result = asked()
        assert result.frame.is_empty()
        with pytest.raises(Invalid, match="nothing to draw"):
            result.chart()
    else:
        with pytest.raises(Invalid, match="'empty' has no events that could be counted"):
            asked()


@pytest.mark.parametrize("question", QUESTIONS)
def test_rows_without_a_subject_are_nobodys(shop: Workbench, question: str) -> None:
    nobody = shop_events.EVENTS.with_columns(who=pl.lit(None, pl.String), id=pl.col("id") + 100)
    before = QUESTIONS[question](shop.product)
    shop.datasets["events"].append(nobody)
    after = QUESTIONS[question](shop.product)
    assert after.version > before.version
    assert_frame_equal(after.frame, before.frame)


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (lambda p: p.funnel("evnts", ["view", "cart"]), NotFound, "did you mean 'events'"),
        (lambda p: p.funnel("events", []), Invalid, "2 to 30 steps, not 0"),
        (lambda p: p.funnel("events", ["view"]), Invalid, "2 to 30 steps, not 1"),
        (lambda p: p.funnel("events", ["view"] * 31), Invalid, "2 to 30 steps, not 31"),
        (lambda p: p.funnel("events", ["view", "cart"], window="0 days"), Invalid, "longer than nothing"),
        (lambda p: p.funnel("events", ["view", "cart"], window="-1 days"), Invalid, "longer than nothing"),
        (lambda p: p.funnel("events", ["view", "cart"], window=timedelta(0)), Invalid, "longer than nothing"),
        (lambda p: p.funnel("events", ["view", "cart"], window="4000 days"), Invalid, "at most ten years"),
        (lambda p: p.funnel("events", ["view", "cart"], window="999999999 weeks"), Invalid, "longer than any calendar"),
        (lambda p: p.funnel("events", ["view", "cart"], window=timedelta.max), Invalid, "at most ten years"),
        (lambda p: p.funnel("events", ["view", "cart"], window=timedelta.max, between=("2024-03-01", "2024-04-01")),
         Invalid, "at most ten years"),
        (lambda p: p.funnel("events", ["view", "cart"], step_windows=["0 days"]), Invalid, "longer than nothing"),
        (lambda p: p.funnel("events", ["view", "cart"], breakdown="contry"), Invalid, "did you mean 'country'"),
        (lambda p: p.funnel("events", ["view", "cart"], top=-1), Invalid, "-1"),
        (lambda p: p.funnel("events", ["view", "cart"], within="buyers"), NotFound, "no cohort 'buyers'"),
        (lambda p: p.funnel("events", ["view", "cart"], within={"did": "buy", "whre": "x"}), Invalid, "whre"),
        (lambda p: p.funnel("events", ["view", "cart"], columns=EventColumns("whom", "what", "at")), Invalid,
         "did you mean 'who'"),
        (lambda p: p.retention("events", "view", columns=EventColumns("whom", "what", "at")), Invalid,
         "did you mean 'who'"),
        (lambda p: p.retention("events", "view", columns=EventColumns("who", "what", "att")), Invalid,
         "did you mean 'at'"),
        (lambda p: p.stickiness("events", "view", columns=EventColumns("who", "what", "amount"),
                                between=("2024-03-01", None)), Invalid, "the time 'amount' is Int64"),
        (lambda p: p.paths("events", columns=EventColumns("amount", "id", "at")), Invalid, "the event 'id' is Int64"),
        (lambda p: p.funnel("events", ["view", "cart"], version=7), NotFound, "version"),
        (lambda p: p.sessions("events", gap="0 minutes"), Invalid, "longer than nothing"),
        (lambda p: p.sessions("events", gap="31 days"), Invalid, "at most 30 days"),
        (lambda p: p.sessions("events", by=["contry"]), Invalid, "did you mean 'country'"),
        (lambda p: p.sessions("events", grain="fortnight"), Invalid, "fortnight"),
        (lambda p: p.paths("events", gap="-5 minutes"), Invalid, "gap"),
        (lambda p: p.paths("events", where="amuont > 1"), Invalid, "did you mean 'amount'"),
        (lambda p: p.retention("events", "view", periods=0), Invalid, "0"),
        (lambda p: p.retention("events", "view", periods=10**9), Invalid, "1"),
        (lambda p: p.stickiness("events", "view", grain="fortnight"), Invalid, "fortnight"),
        (lambda p: p.stickiness("events", "view", grain="hour", between=("0002-01-01", "9000-01-01")), Invalid,
         "periods"),
        (lambda p: p.lifecycle("events", "view", time_zone="Mars/Phobos"), Invalid, "Mars/Phobos"),
        (lambda p: p.sessions("events", time_zone="Mars/Phobos"), Invalid, "Mars/Phobos"),
        (lambda p: p.lifecycle("events", "view", between=("2024-03-05", "2024-03-04")), Invalid, "not after its start"),
        (lambda p: p.cohorts.subjects("buyers"), NotFound, "no cohort 'buyers'"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused(shop: Workbench, asked: Any, error: type[WorkbenchError], said: str) -> None:
    with pytest.raises(error) as refused:
        asked(shop.product)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_of_ten_thousand_values_the_first_are_told_apart_and_no_subject_is_lost(wb: Workbench) -> None:
    count = 10_000
    first = pl.DataFrame(
        {
            "who": pl.int_range(count, eager=True),
            "what": ["view"] * count,
            "at": pl.Series([datetime(2024, 3, 4, tzinfo=UTC)] * count, dtype=pl.Datetime("us", "UTC")),
            "page": [f"page {n % 9_000}" if n < 9_999 else None for n in range(count)],
        }
    )
    second = first.head(4_000).with_columns(what=pl.lit("cart"), at=pl.col("at") + timedelta(hours=1))
    wb.datasets.create("wide", pl.concat([first, second]))
    columns = EventColumns("who", "what", "at")
    result = wb.product.funnel("wide", ["view", "cart"], breakdown="page", columns=columns)
    assert result.frame.height == (10 + 1) * 2
    assert result.frame["breakdown"].to_list()[-1] == "(other)"
    totals = result.frame.group_by("step").agg(pl.col("subjects").sum()).sort("step")["subjects"].to_list()
    assert totals == [10_000, 4_000]
    assert result.chart()
    whole = wb.product.funnel("wide", ["view", "cart"], breakdown="page", columns=columns, top=10_000)
    assert whole.frame.height == 2 * 9_001


class Meddled(Engine):
    """An engine under whose hands the dataset changes each time that it begins."""

    name = "meddled"

    def __init__(self, engine: Engine, meddle: Callable[[], object]) -> None:
        self._engine = engine
        self._meddle = meddle

    def run(self, analysis: Analysis, parts: Parts) -> Computed:
        self._meddle()
        return self._engine.run(analysis, parts)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_reads_one_version_whatever_happens_meanwhile(shop: Workbench, question: str) -> None:
    ids = iter(range(1_000, 100_000, 100))

    def more() -> None:
        later = shop_events.EVENTS.with_columns(who=pl.col("who") + "x", id=pl.col("id") + next(ids))
        shop.datasets["events"].append(later)

    expected = QUESTIONS[question](shop.product)
    asking = Asking(shop.lake, shop.runs, Meddled(engines.get("local"), more), shop.actor)
    cohorts = Cohorts(CohortStore(shop.catalog, shop.lake.name_of), asking, shop.security)
    found = QUESTIONS[question](Product(asking, cohorts))
    assert found.version == expected.version < shop.datasets["events"].info.version
    assert_frame_equal(found.frame, expected.frame)
    if question == "funnel":
        assert sorted(found.subjects(step=1)) == ["ada", "bob", "cyd"]


def test_a_funnel_may_reach_beyond_the_calendar(shop: Workbench) -> None:
    result = shop.product.funnel("events", ["view", "cart"], between=("2024-03-01", "9999-12-31"))
    assert result.frame["subjects"].to_list() == [3, 2]


def test_a_cohort_may_say_dates_as_yaml_writes_them(shop: Workbench) -> None:
    text = "did: view\nbetween: [2024-03-05, 2024-03-06T12:00:00Z]"
    assert shop.product.cohorts.save("march", "events", text).definition == {
        "did": "view",
        "between": ["2024-03-05", "2024-03-06T12:00:00+00:00"],
    }
    assert shop.product.cohorts.subjects("march")["who"].to_list() == ["cyd"]


def test_a_cohort_is_not_made_of_itself(shop: Workbench) -> None:
    cohorts = shop.product.cohorts
    with pytest.raises(NotFound, match="no cohort 'carts'"):
        cohorts.save("carts", "events", {"in": "carts"})
    cohorts.save("carts", "events", {"did": "cart"})
    cohorts.save("most", "events", {"not_in": "carts"})
    for definition in ({"in": "carts"}, {"all": [{"did": "buy"}, {"in": "most"}]}):
        with pytest.raises(Invalid, match="the cohort 'carts' is made of itself: carts > "):
            cohorts.save("carts", "events", definition, replace=True)
    assert cohorts.get("carts").definition == {"did": "cart"}
    with pytest.raises(WorkbenchError, match="the cohort 'most' is made of 'carts'"):
        cohorts.delete("carts")


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"did": "cart", "at_laest": 2}, "did you mean 'at_least'"),
        ({"did": "cart", "where": "amuont > 1"}, "did you mean 'amount'"),
        ("did: [", "YAML"),
        ("", "mapping"),
        ("- did: cart", "mapping"),
        ({"in": "nobody"}, "no cohort 'nobody'"),
        ("all: &a [*a]", "line 1: an alias stands inside of what it stands for"),
        ("all: [" * 3_000, "nested more deeply than a cohort should be"),
        ("{did: cart, did: view}", "'did' stands there twice"),
        ("did: caf\ud83d", "holds half a character"),
        (
            "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
            + "".join(f"{two}: &{two} [{', '.join([f'*{one}'] * 10)}]\n" for one, two in pairwise("abcdefghi")),
            "with its aliases this is more than 2,000,000 values",
        ),
    ],
)
def test_a_cohort_that_says_nothing_is_refused(shop: Workbench, definition: Any, said: str) -> None:
    with pytest.raises(WorkbenchError) as refused:
        shop.product.cohorts.save("some", "events", definition)
    assert said in str(refused.value)
    assert not shop.product.cohorts.list()


def test_a_text_is_no_list_of_its_letters(shop: Workbench) -> None:
    with pytest.raises(Invalid, match="the steps of a funnel are given as a list, not as the text 'view'"):
        shop.product.funnel("events", "view")
    with pytest.raises(Invalid, match="the exclusions of a funnel are given as a list"):
        shop.product.funnel("events", ["view", "cart"], exclusions="pay")


HALF = "caf\ud83d"


@pytest.mark.parametrize(
    "ask",
    [
        lambda wb: wb.product.funnel("events", ["view", HALF]),
        lambda wb: wb.product.funnel("events", ["view", Step("cart", label=HALF)]),
        lambda wb: wb.product.retention("events", Step("view", where=f"country = '{HALF}'")),
        lambda wb: wb.product.paths("events", events=["view", HALF]),
        lambda wb: wb.product.paths("events", end_at=HALF),
        lambda wb: wb.product.stickiness("events", "view", within=HALF),
        lambda wb: wb.product.cohorts.save("some", "events", {"did": HALF}),
        lambda wb: wb.product.cohorts.save("some", "events", {"did": "view"}, description=HALF),
        lambda wb: wb.product.cohorts.save("some", "events", {"subjects": ["ada", HALF]}),
    ],
)
def test_half_a_character_is_no_text(shop: Workbench, ask: Callable[[Workbench], Any]) -> None:
    with pytest.raises(Invalid, match="holds half a character"):
        ask(shop)
    assert not shop.product.cohorts.list()


def test_the_hash_of_subjects_is_no_column_to_ask_about(shop: Workbench) -> None:
    with pytest.raises(Invalid, match="no column '_subject_hash'"):
        shop.product.funnel("events", ["view", Step("cart", where="_subject_hash > 0")])
