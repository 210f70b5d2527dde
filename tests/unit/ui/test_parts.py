"""What the widgets hold is what the metric layer gives."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from workbench import Workbench
from workbench.foundation.errors import Unavailable
from workbench.governance.security import Policy, Principal, Role
from workbench.ui import Bars, Heat, Line, Part, Rows, Selection, Tiles
from workbench.ui.places import spaced

ALL = Selection()
LAST = Selection(date(2024, 2, 1), date(2024, 2, 9), earliest=date(2024, 1, 1))


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_tiles_show_the_figures_and_their_change(shop: Workbench) -> None:
    tiles = Tiles(["sold", "price", "return_rate"], higher_is_better=["sold"], lower_is_better=["price", "return_rate"])
    tiles.refresh(shop, LAST)
    now = shop.metrics.query(["sold", "price", "return_rate"], between=LAST.between).frame.row(0)
    assert LAST.before is not None
    then = shop.metrics.query(["sold", "price", "return_rate"], between=LAST.before.between).frame.row(0)
    assert tuple(figure.value for figure in tiles.figures) == now
    sold, price, rate = tiles.figures
    assert (sold.text, sold.change) == (f"{now[0]:,d}", f"{(now[0] - then[0]) / then[0]:.1%}")
    assert (sold.direction, sold.verdict) == ("up", "better")
    assert (price.text, price.change, price.verdict) == (
        f"{now[1]:.2f}\xa0EUR",
        f"{now[1] - then[1]:.2f}\xa0EUR",
        "worse",
    )
    assert rate.change == f"{abs(now[2] - then[2]) * 100:.1f} points"
    assert f"Sold {sold.text} ▲ up {sold.change} , better on the 9 days before" in text(tiles._head.value)


def test_a_tile_without_an_earlier_period_says_so(shop: Workbench) -> None:
    tiles = Tiles(["sold"])
    tiles.refresh(shop, Selection(date(2024, 1, 1), date(2024, 2, 9), earliest=date(2024, 1, 1)))
    assert tiles.figures[0].change == ""
    assert "no earlier period to compare with" in tiles._head.value


def test_a_line_has_every_day_and_a_gap_where_nothing_was_sold(shop: Workbench) -> None:
    line = Line("price")
    line.refresh(shop, ALL)
    frame = shop.metrics.query("price", grain="day").frame
    assert line.state == "ready"
    assert len(line._lines.x) == 40
    assert np.isnan(line._lines.y[9])
    assert np.nansum(line._lines.y) == pytest.approx(frame["price"].sum())
    assert line._lines.x[0] == np.datetime64("2024-01-01")
    assert line.chart is not None
    assert line.chart.alt in line._details.value
    assert line._axes[1].tick_values[0] <= np.nanmin(line._lines.y)
    assert line._axes[1].tick_values[-1] >= np.nanmax(line._lines.y)


def test_bars_stand_in_order_and_say_their_amounts(shop: Workbench) -> None:
    bars = Bars("sold", by="shop")
    bars.refresh(shop, ALL)
    frame = shop.metrics.query("sold", by="shop", order="-sold").frame
    assert list(bars.bars.bars.y) == frame["sold"].to_list()
    assert list(bars.bars.bars.x) == [name or "–" for name in frame["shop"].to_list()]
    assert list(bars.bars.labels.text) == [f"{count:,d}" for count in frame["sold"].to_list()]
    assert "O&#x27;Hara&#x27;s" in bars._details.value


def test_more_bars_than_are_drawn_stand_in_the_table(shop: Workbench) -> None:
    bars = Bars("sold", by="till", most=2)
    bars.refresh(shop, ALL)
    assert len(bars.bars.bars.x) == 2
    assert "the first 2 of 4" in bars._head.value
    assert "Table, 4 rows" in bars._details.value


def test_a_heatmap_has_the_band_of_every_cell_in_the_dimension_s_own_order(shop: Workbench) -> None:
    heat = Heat("sold", across="till", down="part")
    heat.refresh(shop, ALL)
    assert list(heat.grid.cells.row) == ["week", "weekend"]
    assert list(heat.grid.cells.column) == ["0", "1", "2", "3"]
    frame = shop.metrics.query("sold", by=["till", "part"]).frame
    order = frame.sort("sold")
    grid = heat.grid.cells.color
    bands = [grid[["week", "weekend"].index(row["part"]), row["till"]] for row in order.iter_rows(named=True)]
    assert bands == sorted(bands)
    assert heat.grid.legend.value.count("<li>") == len(heat.grid.shades.colors) - 1 == len(heat.grid.shades.domain) - 1


def test_a_heatmap_of_one_row_is_still_a_grid(shop: Workbench) -> None:
    heat = Heat("sold", across="till", down="part")
    heat.refresh(shop, Selection(date(2024, 2, 3), date(2024, 2, 3)))
    assert heat.state == "ready"
    assert heat.grid.cells.color.ndim == 2
    assert list(heat.grid.cells.row) == ["weekend"]
    assert heat.grid.cells.color.shape == (1, len(heat.grid.cells.column))


def test_a_cell_without_a_value_has_no_shade_and_the_legend_says_so(shop: Workbench) -> None:
    heat = Heat("sold", across="till", down="part")
    heat.refresh(shop, ALL)
    assert "no value" not in heat.grid.legend.value
    heat = Heat("sold", across="till", down="shop")
    heat.refresh(shop, Selection(date(2024, 1, 5), date(2024, 1, 6)))
    colors = dict(zip(heat.grid.shades.domain, heat.grid.shades.colors, strict=True))
    shades = [colors[int(cell)] for cell in heat.grid.cells.color.flat]
    frame = shop.metrics.query("sold", by=["till", "shop"], between=(date(2024, 1, 5), date(2024, 1, 7))).frame
    assert shades.count("transparent") == len(shades) - frame.height > 0
    assert "no value" in heat.grid.legend.value


def test_names_of_an_upright_scale_begin_at_the_bottom(shop: Workbench) -> None:
    bars, heat = Bars("sold", by="shop"), Heat("sold", across="till", down="part")
    for selection in (ALL, LAST):
        bars.refresh(shop, selection)
        heat.refresh(shop, selection)
        assert list(bars.bars.names.domain) == list(bars.bars.bars.x)[::-1]
        assert list(heat.grid.rows.domain) == ["weekend", "week"]
        assert {bars.bars.names.reverse, heat.grid.rows.reverse} == {False}


@pytest.mark.parametrize("count", [1, 3, 16, 31])
def test_names_side_by_side_are_not_printed_over_each_other(count: int) -> None:
    names = spaced([f"Airline number {at} Inc." for at in range(count)])
    seen = [at for at, name in enumerate(names) if name]
    apart = min((b - a for a, b in pairwise(seen)), default=count) * 270 / count
    assert seen[0] == 0
    assert max(len(name) for name in names) * 6.4 <= apart


def test_rows_are_searched_sorted_and_turned(shop: Workbench) -> None:
    rows = Rows(["sold", "price"], by=["shop", "kind"], size=2)
    rows.refresh(shop, ALL)
    frame = shop.metrics.query(["sold", "price"], by=["shop", "kind"]).frame
    assert (rows.found.height, rows.pages) == (6, 3)
    assert rows.back.disabled
    rows.forth.click()
    assert (rows.page, "Rows 3 to 4 of 6" in rows._where.value) == (1, True)
    rows.turn(99)
    assert (rows.page, rows.forth.disabled) == (2, True)
    rows.search.value = "HARA tea"
    assert rows.found.to_dicts() == frame.filter(pl.col("shop") == "O'Hara's", pl.col("kind") == "tea").to_dicts()
    assert rows.page == 0
    rows.search.value = ""
    rows.order.value = "-sold"
    assert rows.found["sold"].to_list() == sorted(frame["sold"].to_list(), reverse=True)
    rows.search.value = "%_("
    assert rows.found.is_empty()
    assert "No row matches the search" in rows._where.value
    assert rows._shown.value == "", "it is said once"


def test_a_search_and_an_order_stay_when_a_filter_changes(shop: Workbench) -> None:
    rows = Rows(["sold"], by=["shop", "kind"])
    rows.refresh(shop, ALL)
    rows.search.value, rows.order.value = "tea", "-sold"
    rows.refresh(shop, LAST)
    assert (rows.order.value, rows.found["kind"].unique().to_list()) == ("-sold", ["tea"])


PARTS = [
    lambda: Line("sold"),
    lambda: Bars("sold", by="shop"),
    lambda: Heat("sold", across="till", down="part"),
    lambda: Rows(["sold"], by=["shop"]),
]


@pytest.mark.parametrize("make", PARTS)
def test_nothing_to_show_is_said_and_is_no_error(shop: Workbench, make: object) -> None:
    part: Part = make()  # type: ignore[operator]
    assert part.state == "loading"
    part.refresh(shop, Selection(date(2030, 1, 1), date(2030, 1, 2)))
    assert (part.state, part.message) == ("empty", "Nothing matches these filters.")
    part.refresh(shop, ALL)
    assert (part.state, part.message) == ("ready", "")


@pytest.mark.parametrize("make", [lambda: Line("slod"), lambda: Bars("sold", by="shpo"), lambda: Tiles(["slod"])])
def test_a_mistake_is_said_in_a_sentence_in_the_part_s_place(shop: Workbench, make: object) -> None:
    part: Part = make()  # type: ignore[operator]
    part.refresh(shop, ALL)
    assert part.state == "error"
    assert "did you mean" in part.message
    assert "Traceback" not in part._said.value


def test_what_nobody_foresaw_is_not_shown(shop: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Line("sold")

    def broken(*_: object) -> bool:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(part, "compute", broken)
    part.refresh(shop, ALL)
    assert (part.state, part.message) == ("error", "This figure cannot be shown just now.")
    assert "secret" not in part._said.value


def test_a_sentence_of_the_library_is_shown_with_what_to_do(shop: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Line("sold")

    def gone(*_: object) -> bool:
        raise Unavailable("the disk is <full>", hint="make room")

    monkeypatch.setattr(part, "compute", gone)
    part.refresh(shop, ALL)
    assert part.message == "The disk is <full>. Make room."
    assert "&lt;full&gt;" in part._said.value


def test_a_redacted_column_reads_as_redacted_and_hidden_rows_are_not_counted(shop: Workbench) -> None:
    me = shop.actor.principal
    policy = Policy(dataset="sales", role=Role.VIEWER, row_filter="kind = 'tea'", columns={"shop": "'redacted'"})
    shop.security.set_policy(policy, by=me)
    viewer = shop.acting_as(Principal("vera", Role.VIEWER))
    bars, tiles = Bars("sold", by="shop"), Tiles(["sold"])
    bars.refresh(viewer, ALL)
    tiles.refresh(viewer, ALL)
    assert list(bars.bars.bars.x) == ["redacted"]
    assert tiles.figures[0].value == shop.metrics.query("sold", where="kind = 'tea'").frame.item()
    assert "Hara" not in bars._details.value
