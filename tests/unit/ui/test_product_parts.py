"""What the figures of product analytics hold is what `wb.product` gives."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from product_shop import STEPS, fill

from workbench import Workbench
from workbench.ui import Dashboard, Duplicates, Funnel, Lifecycle, Paths, Retention, Selection, Sessions, Stickiness
from workbench.ui.marks import EMPTY, LevelBar, LevelBars
from workbench.ui.product import Asked

ALL = Selection()
MARCH = Selection(date(2024, 3, 5), date(2024, 3, 18))


@pytest.fixture
def events(wb: Workbench) -> Workbench:
    fill(wb)
    return wb


def drawn(part: Asked, wb: Workbench, selection: Selection = ALL) -> pl.DataFrame:
    part.refresh(wb, selection)
    assert (part.state, part.message) == ("ready", "")
    assert part.result is not None
    assert part.chart is not None
    assert part.chart.alt in part._details.value
    assert part.versions == {"events": part.result.version}
    return part.result.frame


def test_a_funnel_has_a_bar_for_each_step_with_subjects_and_conversion(events: Workbench) -> None:
    part = Funnel("events", STEPS)
    frame = drawn(part, events)
    assert frame.equals(events.product.funnel("events", STEPS).frame)
    bars: Any = part.form
    assert list(bars.bars.x) == ["1. view", "2. cart", "3. buy"]
    assert bars.bars.y.tolist() == frame["share_of_first"].to_list()
    assert list(bars.labels.text) == [
        f"{row['subjects']:,d} · {row['share_of_first']:.1%}" for row in frame.iter_rows(named=True)
    ]
    assert f"Table, {frame.height} rows" in part._details.value


@pytest.mark.parametrize(("rows", "height"), [(1, 52 + 16), (3, 3 * 52 + 16), (6, 6 * 40 + 16), (15, 15 * 26 + 16)])
def test_few_bars_are_higher_so_that_their_card_is_not_left_empty(rows: int, height: int) -> None:
    bars = LevelBars()
    bars.draw([LevelBar(str(number), 1.0) for number in range(rows)])
    assert bars.figure.layout.height == f"{height}px"


def test_a_funnel_by_a_property_has_its_values_under_each_later_step(events: Workbench) -> None:
    part = Funnel("events", STEPS, breakdown="country", top=3)
    frame = drawn(part, events)
    bars: Any = part.form
    assert list(bars.headings.text) == ["2. cart", "3. buy"]
    later = frame.filter(pl.col("step") > 1).sort("step", maintain_order=True)
    assert bars.bars.y.tolist() == later["share_of_first"].to_list()
    names = [value or "(none)" for value in later["breakdown"].to_list()]
    assert [name.rstrip("\u200b") for name in bars.bars.x] == names
    assert len(set(bars.names.domain)) == len(bars.names.domain) == later.height + 2


def test_a_funnel_along_time_has_a_curve_for_each_value(events: Workbench) -> None:
    part = Funnel("events", STEPS, breakdown="country", top=2, grain="week")
    frame = drawn(part, events).filter(pl.col("step") == 3)
    curves: Any = part.form
    assert len(curves.lines.x) == frame["breakdown"].n_unique() == curves.legend.value.count("<li>")
    there = frame["share_of_first"].drop_nulls()
    assert sorted(curves.dots.y.tolist()) == there.sort().to_list()
    assert len(curves.dots.colors) == len(there)


def test_retention_has_the_band_of_every_cell_and_marks_what_is_not_over(events: Workbench) -> None:
    part = Retention("events", "view", periods=4)
    frame = drawn(part, events).filter((pl.col("size") > 0) & (pl.col("offset") > 0))
    grid: Any = part.form
    cells = grid.cells.color
    bands = len(grid.shades.domain) // 2
    assert (cells != EMPTY).sum() == frame.height
    assert (cells >= bands).sum() == frame.filter(~pl.col("complete")).height == len(grid.open.text) > 0
    weeks = frame["cohort"].unique().sort().to_list()
    ranked = sorted(frame.iter_rows(named=True), key=lambda row: row["share"])
    found = [cells[weeks.index(row["cohort"]), row["offset"] - 1] % bands for row in ranked]
    assert found == sorted(found)
    assert [name.split(", ")[1] for name in grid.cells.row] == [
        f"{size:,d}" for size in frame.unique("cohort").sort("cohort")["size"]
    ]
    assert "week is not over" in grid.legend.value


def test_retention_as_curves_is_the_mean_before_its_cohorts(events: Workbench) -> None:
    part = Retention("events", "view", periods=4, curves=True)
    frame = drawn(part, events).filter(pl.col("complete") & (pl.col("offset") > 0))
    curves: Any = part.form
    mean = frame.group_by("offset").agg(pl.col("subjects").sum() / pl.col("size").sum()).sort("offset")
    assert np.atleast_2d(curves.lines.y)[0].tolist() == pytest.approx(mean["subjects"].to_list())
    assert len(curves.faint.y) == frame.filter(pl.col("size") > 0)["cohort"].n_unique()
    assert np.isfinite(np.array(curves.faint.y)).all()


def test_stickiness_has_a_bar_for_each_number_of_periods(events: Workbench) -> None:
    part = Stickiness("events", "view")
    frame = drawn(part, events)
    last = frame.filter(pl.col("subjects") > 0)["periods"].max()
    bars: Any = part.form
    assert bars.bars.y.tolist() == frame["subjects"].to_list()[:last]
    assert bars.legend.value == ""


def test_a_lifecycle_stacks_who_is_there_and_hangs_who_is_not(events: Workbench) -> None:
    part = Lifecycle("events", "view")
    frame = drawn(part, events).filter("complete")
    bars: Any = part.form
    for place, state in enumerate(["new", "returning", "resurrecting", "dormant"]):
        sign = -1 if state == "dormant" else 1
        own = frame.filter(pl.col("state") == state).sort("period")["subjects"].to_list()
        assert bars.bars.y[place].tolist() == [sign * count for count in own]
    assert bars.bars.type == "stacked"
    assert (bars.amounts.min < 0) == (bars.bars.y.min() < 0)
    assert bars.legend.value.count("<li>") == 4


def test_paths_are_ribbons_as_wide_as_they_are_common(events: Workbench) -> None:
    part = Paths("events", gap="1 day", max_steps=4)
    frame = drawn(part, events)
    wide = defaultdict(float)
    for x, y in zip(part.form.ribbons.x, part.form.ribbons.y, strict=True):
        wide[int(x[0])] += float(y[0] - y[-1])
    counts = dict(frame.group_by("position").agg(pl.col("paths").sum()).iter_rows())
    unit = wide[1] / counts[1]
    assert wide == pytest.approx({place: count * unit for place, count in counts.items()})
    assert all(-1e-9 <= level <= 1 + 1e-9 for y in part.form.nodes.y for level in y)
    first = frame.filter(pl.col("position") == 1).group_by("source").agg(pl.col("paths").sum())
    said = set(part.form.labels.text)
    assert {f"{name} {count}" for name, count in first.iter_rows()} & said


def test_sessions_are_a_histogram_of_their_lengths(events: Workbench) -> None:
    part = Sessions("events")
    frame = drawn(part, events)
    bars: Any = part.form
    bounces = round(frame["bounce_rate"].item() * frame["sessions"].item())
    assert bars.bars.x[0] == "none"
    assert bars.bars.y[0] >= bounces
    assert bars.bars.y.sum() == frame["sessions"].item()


def test_duplicates_are_bars_of_values_or_a_curve_along_time(events: Workbench) -> None:
    part = Duplicates("events", id="team", by=["what"], grain=None)
    frame = drawn(part, events)
    bars: Any = part.form
    assert bars.bars.y.tolist() == frame["duplicates"].sort(descending=True).to_list()
    assert drawn(Duplicates("events"), events)["duplicates"].sum() == 0, "no resends are an answer, too"


MADE = {
    "duplicates": lambda: Duplicates("events", id="team", grain="day", by=["what"]),
    "funnel": lambda: Funnel("events", STEPS, breakdown="country"),
    "trend": lambda: Funnel("events", STEPS, grain="day"),
    "retention": lambda: Retention("events", "view", grain="day", kind="recurring"),
    "stickiness": lambda: Stickiness("events", "view"),
    "lifecycle": lambda: Lifecycle("events", "view", grain="day"),
    "paths": lambda: Paths("events", gap="1 day"),
    "sessions": lambda: Sessions("events", grain="day"),
}


@pytest.mark.parametrize("name", MADE)
def test_days_and_values_that_are_chosen_are_asked_for(events: Workbench, name: str) -> None:
    part = MADE[name]()
    drawn(part, events)
    drawn(part, events, Selection(MARCH.first, MARCH.last, "country IN ('country 0', 'country 1')"))
    own = {"did": None, "where": "country IN ('country 0', 'country 1')"}
    asked = getattr(events.product, part.question)(
        *part._given, **part._options | {"between": MARCH.between, "within": own}
    )
    assert part.result is not None
    assert part.result.frame.equals(asked.frame)


@pytest.mark.parametrize("name", MADE)
def test_nobody_is_said_and_is_no_error(events: Workbench, name: str) -> None:
    part = MADE[name]()
    part.refresh(events, Selection(date(2030, 1, 1), date(2030, 1, 8)))
    assert (part.state, part.message) == ("empty", "Nothing matches these filters.")
    drawn(part, events)


def test_a_mistake_stands_in_the_figure_s_place(events: Workbench) -> None:
    part = Funnel("events", STEPS, breakdown="contry")
    part.refresh(events, ALL)
    assert part.state == "error"
    assert "did you mean 'country'" in part.message


def test_figures_of_both_kinds_are_one_dashboard(events: Workbench) -> None:
    board = Dashboard(events, [Funnel("events", STEPS), Stickiness("events", "view")])
    assert [part.state for part in board.parts] == ["ready", "ready"]
    assert "From events version 1" in board._origin.value
