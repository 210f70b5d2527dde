"""`wb.product` on a small workspace: the same rows laid out for events and not, against loops over each subject."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median_low
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench import Workbench
from workbench.analytics.product import EventColumns, ProductResult, Step
from workbench.data.lake import EventLayout
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor, RunKind, RunStatus
from workbench.governance.security import Policy, Principal, Role

COLUMNS = EventColumns("who", "what", "at", "id")
STEPS = ["view", "cart", "buy"]
WINDOW = timedelta(days=7)
Events = dict[str, list[tuple[datetime, str, str | None]]]


def made() -> pl.DataFrame:
    """About a thousand events of 150 subjects in March 2024, 20 countries and none among them."""
    chance = random.Random(7)
    rows: list[tuple[Any, ...]] = []
    for n in range(150):
        at = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(days=chance.random() * 25)
        country = f"country {min(19, int(chance.expovariate(0.3)))}" if chance.random() > 0.2 else None
        for _ in range(chance.randint(1, 12)):
            what = chance.choices([*STEPS, "help"], [6, 3, 2, 1])[0]
            rows.append((f"s{n}", what, at, len(rows), country, n % 3))
            at += timedelta(seconds=chance.expovariate(1 / chance.choice([300, 3_600, 90_000])))
    chance.shuffle(rows)
    schema = {"who": pl.String, "what": pl.String, "at": pl.Datetime("us", "UTC"), "id": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"country": pl.String, "team": pl.Int64}, orient="row")


ROWS = made()


def by_subject() -> Events:
    found: Events = {}
    for who, what, at, _, country, _ in ROWS.sort("at", "id").iter_rows():
        found.setdefault(who, []).append((at, what, country))
    return found


def fill(wb: Workbench) -> None:
    half = ROWS.height // 2
    laid = wb.datasets.create("events", ROWS.head(half), layout=EventLayout("who", "at", "what", "id"))
    laid.append(ROWS.tail(ROWS.height - half))
    wb.datasets.create("plain", ROWS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workspace with both datasets. Its cohorts are named by the tests that save them."""
    home = tmp_path_factory.mktemp("shop")
    (home / "workbench.toml").write_text("")
    with Workbench.open(home) as wb:
        fill(wb)
        yield wb


QUESTIONS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "funnel": ("funnel", (STEPS,), {}),
    "funnel by country": ("funnel", (STEPS,), {"breakdown": "country", "top": 6}),
    "funnel by 20 countries": ("funnel", (STEPS,), {"breakdown": "country", "top": 30}),
    "funnel by week": ("funnel", (STEPS,), {"grain": "week"}),
    "funnel by week and country": ("funnel", (STEPS,), {"grain": "week", "breakdown": "country", "top": 30}),
    "retention": ("retention", ("view",), {"periods": 4}),
    "retention by month": ("retention", ("view", "buy"), {"grain": "day", "kind": "recurring"}),
    "stickiness": ("stickiness", ("view",), {}),
    "stickiness or more": ("stickiness", (Step("buy", where="team > 0"),), {"cumulative": True}),
    "lifecycle": ("lifecycle", ("view",), {}),
    "paths": ("paths", (), {"gap": "1 day", "top": 2}),
    "paths to buy": ("paths", (), {"gap": "1 day", "end_at": "buy"}),
    "sessions": ("sessions", (), {}),
    "sessions by country": ("sessions", (), {"by": ["country"], "grain": None}),
    "sessions by week and country": ("sessions", (), {"by": ["country"], "grain": "week"}),
    "sessions by team": ("sessions", (), {"by": ["team"], "grain": "week"}),
}


def asked(wb: Workbench, question: str, dataset: str = "events", **more: Any) -> ProductResult:
    name, given, options = QUESTIONS[question]
    columns = None if dataset == "events" else COLUMNS
    found = getattr(wb.product, name)(dataset, *given, columns=columns, **options, **more)
    assert isinstance(found, ProductResult)
    return found


def reached(events: list[tuple[datetime, str, str | None]]) -> list[tuple[datetime, int, datetime]]:
    """Each step that a subject came to: when first, the event that it began with, and when it did the step before.

    An attempt may begin with any view; of all that come to a step the latest counts.
    """
    ways = [[(n, n, at) for n, (at, what, _) in enumerate(events) if what == STEPS[0]]]
    for step in STEPS[1:]:
        ways.append(
            [
                (n, began, events[before][0])
                for n, (at, what, _) in enumerate(events)
                for before, began, _ in ways[-1]
                if what == step and before < n and at - events[began][0] <= WINDOW
            ]
        )
    found = []
    for step_ways in filter(None, ways):
        first = min(n for n, _, _ in step_ways)
        here = [way for way in step_ways if way[0] == first]
        found.append((events[first][0], max(way[1] for way in here), max(way[2] for way in here)))
    return found


def country_of(events: list[tuple[datetime, str, str | None]]) -> str | None:
    """Where the attempt that came furthest began."""
    return events[reached(events)[-1][1]][2]


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
    ],
)
def test_a_number_that_is_not_there_is_refused(shop: Workbench, question: str, cell: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        asked(shop, question).subjects(**cell)


def test_a_cell_is_saved_as_a_cohort_and_used(shop: Workbench) -> None:
    found = asked(shop, "funnel").subjects(step=3)
    cohort = found.save("bought_in_time", "came to the end")
    assert (cohort.static, cohort.size, cohort.dataset) == (True, len(found), "events")
    assert set(shop.product.cohorts.subjects("bought_in_time")["who"]) == set(found)
    among = asked(shop, "funnel", within="bought_in_time").frame
    assert among["subjects"].to_list() == [len(found)] * 3
    assert asked(shop, "funnel", within="bought_in_time").title.endswith(", among bought in time")
    assert asked(shop, "funnel", "plain", within="bought_in_time").frame.equals(among)
    with pytest.raises(Conflict, match="there is a cohort 'bought_in_time' already"):
        found.save("bought_in_time")
    assert asked(shop, "funnel").subjects(step=2).save("bought_in_time", replace=True).size > len(found)


def test_cohorts_by_conditions_and_of_others(shop: Workbench) -> None:
    cohorts = shop.product.cohorts
    events = by_subject()
    buyers = {who for who, rows in events.items() if any(what == "buy" for _, what, _ in rows)}
    helped = {who for who, rows in events.items() if any(what == "help" for _, what, _ in rows)}
    cohorts.save("buyers", "events", {"did": "buy"}, description="bought at least once")
    cohorts.save("alone", "events", "all:\n  - in: buyers\n  - did_not: help")
    assert set(cohorts.subjects("buyers")["who"]) == buyers
    assert set(cohorts.subjects("alone")["who"]) == buyers - helped
    inside = asked(shop, "sessions", within={"not_in": "buyers"})
    assert {who for day in inside.frame["period"] for who in inside.subjects(period=day)} == set(events) - buyers
    with pytest.raises(Conflict, match="the cohort 'alone' is made of 'buyers'"):
        cohorts.delete("buyers")
    with pytest.raises(Invalid, match="the cohort 'buyers' is made of itself: buyers > alone"):
        cohorts.save("buyers", "events", {"in": "alone"}, replace=True)
    assert set(cohorts.subjects("buyers")["who"]) == buyers, "a refused change changes nothing"
    with pytest.raises(NotFound, match="did you mean 'buyers'"):
        asked(shop, "funnel", within="buyer")
    assert {"buyers", "alone"} <= {cohort.name for cohort in cohorts.list()}
    cohorts.delete("alone")
    cohorts.delete("buyers")
    assert "buyers" not in {cohort.name for cohort in cohorts.list()}


@pytest.mark.parametrize(
    ("name", "definition", "said"),
    [
        ("Buyers", {"did": "buy"}, "'Buyers' cannot be a cohort's name"),
        ("empty", {}, "a condition needs one of"),
        ("odd", {"did": "buy", "where": "cuontry = 'x'"}, "did you mean 'country'"),
        ("odd", "- a\n- b", "has to be a mapping"),
        ("odd", "just words", "has to be a mapping"),
        ("odd", "did: [", "is no YAML"),
        ("odd", "", "has to be a mapping"),
    ],
)
def test_a_cohort_that_is_none_is_refused(shop: Workbench, name: str, definition: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        shop.product.cohorts.save(name, "events", definition)


def test_who_may_change_cohorts(wb: Workbench) -> None:
    fill(wb)
    wb.product.cohorts.save("buyers", "events", {"did": "buy"})
    viewer, analyst, engineer = (
        wb.acting_as(Principal(role.value, role)).product for role in (Role.VIEWER, Role.ANALYST, Role.ENGINEER)
    )
    with pytest.raises(Forbidden, match="save the cohort 'carts'"):
        viewer.cohorts.save("carts", "events", {"did": "cart"})
    analyst.cohorts.save("carts", "events", {"did": "cart"})
    with pytest.raises(Forbidden):
        analyst.cohorts.save("buyers", "events", {"did": "help"}, replace=True)
    with pytest.raises(Forbidden):
        analyst.cohorts.delete("buyers")
    assert viewer.cohorts.subjects("carts").height > 0
    engineer.cohorts.delete("buyers")
    analyst.cohorts.delete("carts")
    assert list(wb.product.cohorts.list()) == []


def test_a_policy_decides_who_is_counted_and_named(wb: Workbench) -> None:
    fill(wb)
    wb.product.cohorts.save("buyers", "events", {"did": "buy"})
    for dataset in ("events", "plain"):
        wb.security.set_policy(Policy(dataset=dataset, role=Role.VIEWER, row_filter="team = 1"), by=wb.actor.principal)
    viewer = wb.acting_as(Principal("vera", Role.VIEWER))
    allowed = {who for who, team in ROWS.select("who", "team").unique().rows() if team == 1}
    for dataset in ("events", "plain"):
        found = asked(viewer, "funnel", dataset)
        expected = [
            sum(len(reached(rows)) > n for who, rows in by_subject().items() if who in allowed) for n in (0, 1, 2)
        ]
        assert found.frame["subjects"].to_list() == expected
        assert set(found.subjects(step=1)) <= allowed
    assert set(viewer.product.cohorts.subjects("buyers")["who"]) <= allowed
    wb.security.set_policy(Policy(dataset="events", role=Role.VIEWER, columns={"who": "'***'"}), by=wb.actor.principal)
    masked = asked(viewer, "funnel")
    assert masked.frame["subjects"].to_list() == [1, 1, 1], "who cannot tell subjects apart sees one"
    assert list(masked.subjects(step=1)) == ["***"]


def test_explain_says_engine_files_and_bytes(shop: Workbench) -> None:
    said = asked(shop, "funnel").explain()
    assert said.startswith("funnel of events version 1\nengine   local, Polars ")
    assert "files    3 of 3 files, " in said
    assert " MB\n" in said
    march = asked(shop, "funnel", between=("2024-03-01", "2024-03-20")).explain()
    assert "files    2 of 3 files, " in march, "the file of April cannot matter"
    assert "plan of the first part:" in said
    assert "files    1 of 1 files" in asked(shop, "funnel", "plain").explain()


def test_a_run_is_sealed_to_one_version_and_says_what_it_read(wb: Workbench, tmp_path: Path) -> None:
    fill(wb)
    run = wb.runs.start(RunKind.NOTEBOOK, "n.ipynb", actor=wb.actor, parameters={})
    inside = Workbench(wb.settings, wb.catalog, Actor(wb.actor.principal, run=run.id))
    before = asked(inside, "funnel")
    late = ROWS.head(1).with_columns(
        pl.lit("late").alias("who"), pl.lit("view").alias("what"), pl.lit(10**6).alias("id")
    )
    wb.datasets["events"].append(late)
    again = asked(inside, "funnel")
    assert (before.version, again.version, asked(wb, "funnel").version) == (1, 1, 2)
    assert again.frame.equals(before.frame)
    assert asked(wb, "funnel").frame["subjects"][0] == before.frame["subjects"][0] + 1
    assert asked(wb, "funnel", version=1).frame.equals(before.frame)
    wb.runs.finish(run.id, RunStatus.SUCCEEDED)
    receipt = wb.runs.receipt(run.id)
    assert {(read.kind, read.name, read.version) for read in receipt.read} == {("dataset", "events", "1")}
    assert {use["engine"] for use in receipt.engines} == {"local"}


def test_nothing_to_draw_and_nothing_to_ask(wb: Workbench) -> None:
    wb.datasets.create("none", ROWS.clear(), layout=EventLayout("who", "at", "what", "id"))
    empty = wb.product.funnel("none", STEPS)
    assert empty.frame["subjects"].to_list() == [0, 0, 0]
    assert wb.product.funnel("none", STEPS, breakdown="country").frame.is_empty()
    with pytest.raises(Invalid, match="there is nothing to draw"):
        wb.product.funnel("none", STEPS, breakdown="country").chart()
    with pytest.raises(Invalid, match="'none' has no events that could be counted"):
        wb.product.retention("none", "view")
    nobody = wb.product.stickiness("none", "view", between=("2024-03-01", "2024-03-05"))
    with pytest.raises(Invalid, match="there is nothing to draw"):
        nobody.chart()
    wb.datasets.create("plain", ROWS)
    with pytest.raises(Invalid, match="'plain' does not say which of its columns"):
        wb.product.funnel("plain", STEPS)
