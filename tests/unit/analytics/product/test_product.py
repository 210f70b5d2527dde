"""`wb.product` on a small workspace: the same rows laid out for events and not, against loops over each subject."""

from __future__ import annotations

import random
from datetime import date, timedelta
from statistics import median_low
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from product_shop import QUESTIONS, STEPS, asked, by_subject, country_of, reached

from workbench import Workbench
from workbench.foundation.errors import Invalid


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_layout_changes_nothing(shop: Workbench, question: str) -> None:
    laid, plain = asked(shop, question), asked(shop, question, "plain")
    assert laid.frame.height > 0
    assert_frame_equal(laid.frame, plain.frame)
    assert (laid.dataset, laid.version, plain.version) == ("events", 1, 0)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_is_a_table_and_a_chart(shop: Workbench, question: str) -> None:
    found = asked(shop, question)
    table = found.table()
    assert table.frame.height == found.frame.height == len(found)
    assert all("_" not in label and label[0].isupper() for label in table.labels.values())
    assert set(table.labels) == set(table.frame.columns), "every column has a name for people"
    assert "seconds" not in " ".join(table.frame.columns)
    assert f"From {found.dataset} version {found.version}." in repr(found)
    assert "<table" in found._repr_html_()
    assert found.to_pandas().shape == found.to_arrow().shape == found.to_polars().shape
    chart = found.chart()
    assert all(chart.svg(width).startswith("<svg") for width in (336, 736))
    assert "Medians" not in chart.note, "a note speaks of what is drawn"


def test_a_chart_draws_the_largest_series_and_says_so(shop: Workbench) -> None:
    for question in ("funnel by 20 countries", "funnel by week and country", "sessions by week and country"):
        found = asked(shop, question)
        chart = found.chart()
        assert chart.color is not None
        name, by = chart.color, "sessions" if "sessions" in found.frame.columns else "subjects"
        sizes = found.frame.group_by(pl.col(name).fill_null("(none)")).agg(pl.col(by).sum())
        smallest = sizes.filter(pl.col(name).is_in(chart.frame[name].unique().to_list()))[by].min()
        left = sizes.filter(pl.col(name).is_in(chart.frame[name].unique().to_list()).not_())[by].max()
        assert chart.frame[name].n_unique() == 8
        assert smallest >= left
        assert f"The 8 largest of {sizes.height} are drawn." in chart.note
    assert "(none)" in asked(shop, "sessions by country").chart().frame["country"]


def test_funnel_bars_stand_in_the_order_of_the_steps(shop: Workbench) -> None:
    assert asked(shop, "funnel").chart().frame["event"].to_list() == ["1. view", "2. cart", "3. buy"]
    broken = asked(shop, "funnel by country").chart()
    assert broken.frame["event"].unique(maintain_order=True).to_list() == ["2. cart", "3. buy"]
    assert broken.note == "1. view is 100% of each."


def test_retention_is_drawn_from_the_oldest_cohort_down(shop: Workbench) -> None:
    chart = asked(shop, "retention").chart()
    assert (chart.kind, chart.x, chart.y) == ("heatmap", "offset", "cohort")
    assert chart.frame["cohort"].is_sorted()
    assert chart.frame["offset"].min() == 1, "everybody is there at 0: shades are for what differs"
    assert chart.note.startswith("At 0 it is 100%.")
    assert chart.frame["complete"].all()


def test_a_funnel_is_what_a_loop_finds(shop: Workbench) -> None:
    events = by_subject()
    went = {who: reached(rows) for who, rows in events.items()}
    found = asked(shop, "funnel").frame
    for n, row in enumerate(found.iter_rows(named=True)):
        there = {who: steps[n] for who, steps in went.items() if len(steps) > n}
        took = [(at - events[who][began][0]).total_seconds() for who, (at, began, _) in there.items()]
        assert (row["step"], row["event"], row["subjects"]) == (n + 1, STEPS[n], len(there))
        assert row["share_of_first"] == pytest.approx(len(there) / sum(map(bool, went.values())))
        assert row["mean_seconds"] == pytest.approx(sum(took) / len(took))
        assert row["median_seconds"] == pytest.approx(median_low(took), rel=0.01)
        if n == 0:
            assert (row["mean_wait"], row["median_wait"], row["share_of_previous"]) == (None, None, 1.0)
        else:
            waited = [(at - before).total_seconds() for at, _, before in there.values()]
            assert row["mean_wait"] == pytest.approx(sum(waited) / len(waited))
            assert row["median_wait"] == pytest.approx(median_low(waited), rel=0.01)


def test_where_nobody_entered_there_are_no_shares_and_the_text_says_why(shop: Workbench) -> None:
    found = shop.product.funnel("events", ["veiw", "buy"])
    assert found.frame.select("share_of_first", "share_of_previous").rows() == [(None, None), (None, None)]
    assert "There is no event 'veiw'; did you mean 'view'?" in repr(found).splitlines()[-1]


def test_rarer_values_are_put_together_and_missing_ones_are_a_value(shop: Workbench) -> None:
    entered: dict[str | None, set[str]] = {}
    bought: dict[str | None, set[str]] = {}
    for who, events in by_subject().items():
        steps = reached(events)
        if steps:
            entered.setdefault(country_of(events), set()).add(who)
        if len(steps) == 3:
            bought.setdefault(country_of(events), set()).add(who)
    top = sorted(entered, key=lambda one: (-len(entered[one]), one is None, one))[:6]
    assert None in top
    found = asked(shop, "funnel by country")
    first = found.frame.filter(pl.col("step") == 1)
    assert first["breakdown"].to_list() == [*top, "(other)"]
    assert first["subjects"].to_list()[:-1] == [len(entered[one]) for one in top]
    assert first["subjects"].sum() == sum(map(len, entered.values()))
    for one in top:
        assert set(found.subjects(step=3, breakdown=one)) == bought.get(one, set())
    rest = set().union(*(who for country, who in bought.items() if country not in top))
    other = found.subjects(step=3, breakdown="(other)")
    assert set(other) == rest
    assert len(other) == found.frame.row(-1, named=True)["subjects"]
    assert other.what == "who came to step 3, buy, of country (other)"
    with pytest.raises(Invalid, match=r"no value of country in the funnel 'country x'"):
        found.subjects(step=3, breakdown="country x")


def test_a_value_that_is_called_as_the_others_are_is_one_of_them(shop: Workbench) -> None:
    named = shop.product.funnel("events", STEPS, breakdown="country", top=3)
    largest = named.frame["breakdown"].drop_nulls()[0]
    called = f"CASE WHEN country = '{largest}' THEN '(other)' ELSE country END"
    found = shop.product.funnel("events", STEPS, breakdown=called, top=3)
    first = found.frame.filter(pl.col("step") == 1)
    assert first["breakdown"].to_list()[-1] == "(other)"
    assert first["breakdown"].n_unique() == 4
    others = found.subjects(step=1, breakdown="(other)")
    assert set(named.subjects(step=1, breakdown=largest)) < set(others)
    assert len(others) == first["subjects"][-1]


CELLS: dict[str, list[str]] = {
    "funnel": ["step"],
    "funnel by country": ["step", "breakdown"],
    "funnel by week": ["step", "period"],
    "funnel by week and country": ["step", "period", "breakdown"],
    "retention": ["cohort", "offset"],
    "stickiness": ["periods"],
    "stickiness or more": ["periods"],
    "lifecycle": ["period", "state"],
    "paths": ["position", "source", "target"],
    "sessions": ["period"],
    "sessions by country": ["country"],
    "sessions by team": ["period", "team"],
    "duplicates": ["what"],
    "duplicates by week and country": ["period", "country"],
}


@pytest.mark.parametrize("question", CELLS)
def test_behind_every_number_are_as_many_subjects(shop: Workbench, question: str) -> None:
    found = asked(shop, question)
    chance = random.Random(1)
    shown = [row for row in found.frame.iter_rows(named=True) if row["subjects"] is not None]
    for row in chance.sample(shown, min(12, len(shown))):
        behind = found.subjects(**{name: row[name] for name in CELLS[question]})
        assert len(behind) == row["subjects"] == len(set(behind)), row
        assert behind.frame.columns == ["who"]


def test_subjects_of_cells_are_whom_a_loop_finds(shop: Workbench) -> None:
    events = by_subject()
    went = {who: reached(rows) for who, rows in events.items()}
    funnel = asked(shop, "funnel")
    assert set(funnel.subjects(step=2)) == {who for who, times in went.items() if len(times) >= 2}
    assert set(funnel.subjects(step=2, dropped=True)) == {who for who, times in went.items() if len(times) == 2}
    weeks: dict[str, list[date]] = {}
    days: dict[str, set[date]] = {}
    for who, rows in events.items():
        seen = [at.date() for at, what, _ in rows if what == "view"]
        weeks[who] = sorted({day - timedelta(days=day.weekday()) for day in seen})
        days[who] = set(seen)
    monday, following = date(2024, 3, 11), date(2024, 3, 18)
    began = {who for who, found in weeks.items() if found and found[0] == monday}
    again = {who for who in began if following in weeks[who]}
    assert set(asked(shop, "retention").subjects(cohort=monday, offset=1)) == again != set()
    life = asked(shop, "lifecycle")
    assert set(life.subjects(period=monday, state="new")) == began
    gone = {who for who, found in weeks.items() if monday in found and following not in found}
    assert set(life.subjects(period=following, state="dormant")) == gone
    assert set(asked(shop, "stickiness").subjects(periods=3)) == {who for who, found in days.items() if len(found) == 3}
    active = {who for who, rows in events.items() if any(at.date() == monday for at, _, _ in rows)}
    # A session that began the day before belongs there.
    assert set(asked(shop, "sessions").subjects(period=monday)) <= active


@pytest.mark.parametrize(
    ("question", "cell", "said"),
    [
        ("funnel", {"step": 4}, "the funnel has the steps 1 to 3, not 4"),
        ("funnel", {"step": 1, "breakdown": "x"}, "the funnel is not broken down"),
        ("funnel", {"step": 1, "period": date(2024, 3, 4)}, "the funnel is not cut into periods"),
        ("funnel by week", {"step": 1, "period": date(2024, 3, 5)}, "the funnel has no week that begins at 2024-03-05"),
        ("retention", {"cohort": date(2024, 1, 1), "offset": 1}, "no cohort 2024-01-01"),
        ("lifecycle", {"period": date(2024, 3, 11), "state": "newish"}, "newish"),
        ("stickiness", {"periods": 0}, "0"),
        ("paths", {"position": 1, "source": "buy", "target": "nothing"}, "no step 1 from 'buy' to 'nothing'"),
        ("sessions", {"period": date(2023, 1, 1)}, "there are no sessions of period 2023-01-01"),
        ("sessions", {"country": "x"}, "country"),
        ("duplicates", {"what": "x"}, "there are no rows of what x"),
        ("duplicates", {"country": "x"}, "country"),
    ],
)
def test_a_number_that_is_not_there_is_refused(shop: Workbench, question: str, cell: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        asked(shop, question).subjects(**cell)
