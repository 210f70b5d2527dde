from __future__ import annotations

import asyncio
from datetime import date

import ipywidgets as widgets
import pytest

from workbench import Workbench
from workbench.ui import Bars, Choice, Dashboard, Funnel, Line, Period, Selection, Tiles, warm


class Counted(Tiles):
    """Tiles that remember for what they were drawn."""

    def __init__(self) -> None:
        super().__init__(["sold"])
        self.drawn: list[Selection] = []

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        self.drawn.append(selection)
        return super().compute(wb, selection)


async def at_rest(board: Dashboard) -> None:
    """Waits until the filters have come to rest and all is drawn."""
    while board.busy:
        await asyncio.sleep(0.01)


def test_it_begins_with_the_last_days_and_a_period_before_them(shop: Workbench) -> None:
    board = Dashboard(shop, [Tiles(["sold"])], period=Period("sold", days=7))
    assert board.selection == Selection(date(2024, 2, 3), date(2024, 2, 9), None, date(2024, 1, 1))
    assert Dashboard(shop, [], period=Period("sold", days=400)).selection.days == 20


def test_a_filter_changes_every_number(shop: Workbench) -> None:
    tiles, choice = Tiles(["sold"]), Choice("sold", "shop")
    board = Dashboard(shop, [tiles], period=Period("sold", days=14), choices=[choice])
    assert (choice.button.description, choice.texts) == ("Shop: all", ("O'Hara's", "Old Town", "(none)"))
    choice.choose("O'Hara's")
    assert choice.button.description == "Shop: O'Hara's"
    expected = shop.metrics.query("sold", where="shop = 'O''Hara''s'", between=board.selection.between).frame.item()
    assert tiles.figures[0].value == expected
    choice.choose("O'Hara's", None)
    assert choice.button.description == "Shop: 2 of 3"
    assert tiles.figures[0].value > expected
    board.reset.click()
    assert choice.button.description == "Shop: all"
    assert tiles.figures[0].value == shop.metrics.query("sold", between=board.selection.between).frame.item()


def test_a_range_turned_round_or_out_of_reach_is_put_right(shop: Workbench) -> None:
    period = Period("sold")
    board = Dashboard(shop, [], period=period)
    period.first.value, period.last.value = date(2024, 1, 20), date(2024, 1, 10)
    assert (board.selection.first, board.selection.last) == (date(2024, 1, 10), date(2024, 1, 20))
    assert (period.first.value, period.last.value) == (date(2024, 1, 10), date(2024, 1, 20))
    assert "The first day came after the last one; shown is 10 January 2024 to 20 January 2024" in board._trouble.value
    period.last.value = date(2090, 1, 1)
    assert (period.first.value, period.last.value) == (date(2024, 1, 10), date(2024, 2, 9))
    assert "There are figures only from 1 January 2024 to 9 February 2024; shown is 10 January" in board._trouble.value
    period.first.value = date(2024, 1, 11)
    assert board._trouble.value == ""


def test_dates_are_not_put_right_under_the_hands_of_who_is_typing(
    shop: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.ui.dashboard.SETTLE", 60)
    period = Period("sold")
    board = Dashboard(shop, [], period=period)
    waits = []

    async def type_a_year() -> None:
        for year in (2, 20, 202):
            period.first.value = date(year, 1, 15)
            await at_rest(board)
            assert period.first.value == date(year, 1, 15)
            assert "There are figures only" in board._trouble.value
            waits.append(board._settling)
        period.first.value = date(2024, 1, 15)
        await at_rest(board)

    asyncio.run(type_a_year())
    assert [wait is not None and wait.cancelled() for wait in waits] == [True] * 3, "each key begins the wait anew"
    assert (board.selection.first, board._trouble.value) == (date(2024, 1, 15), "")


def test_a_missing_date_is_said_and_the_last_numbers_stay(shop: Workbench) -> None:
    tiles, period = Tiles(["sold"]), Period("sold")
    board = Dashboard(shop, [tiles], period=period)
    before = tiles.figures
    period.first.value = None
    assert "A date range needs a first and a last day" in board._trouble.value
    assert (tiles.figures, tiles.state) == (before, "ready")
    period.first.value = date(2024, 2, 1)
    assert board._trouble.value == ""


def test_several_changes_at_once_are_drawn_once(shop: Workbench) -> None:
    counted, choice = Counted(), Choice("sold", "shop")
    board = Dashboard(shop, [counted], choices=[choice])

    async def change() -> list[str]:
        states = []
        choice.choose("Old Town", None)
        await asyncio.sleep(0)
        choice.choose("Old Town")
        states.append(counted.state)
        await at_rest(board)
        return states

    asyncio.run(change())
    assert [one.where for one in counted.drawn] == [None, "(shop IN ('Old Town'))"]
    assert counted.state == "ready"


def test_a_later_change_takes_the_place_of_one_that_is_being_drawn(shop: Workbench) -> None:
    first, last, choice = Counted(), Counted(), Choice("sold", "shop")
    board = Dashboard(shop, [first, last], choices=[choice])

    async def change() -> None:
        choice.choose("Old Town")
        board._begin()
        await asyncio.sleep(0)  # the first part is drawn, the second one not yet
        choice.choose(None)
        board._begin()
        assert last.state == "loading"
        await at_rest(board)

    asyncio.run(change())
    assert [one.where for one in last.drawn if one.where] == ["(shop IS NULL)"] * (len(last.drawn) - 1)
    assert last.figures == first.figures


def test_filters_over_a_metric_that_is_not_there_are_said_and_the_parts_are_shown(shop: Workbench) -> None:
    tiles = Tiles(["sold"])
    board = Dashboard(shop, [tiles], period=Period("slod"))
    assert "did you mean" in board._trouble.value
    assert tiles.state == "ready"


def test_it_says_what_its_numbers_are_from_and_brings_its_colours(shop: Workbench) -> None:
    board = Dashboard(shop, [Tiles(["sold"]), Line("sold"), Bars("sold", by="shop")])
    assert board._origin.value == "<p>From sales version 0.</p>"
    styles = board.children[0].value
    assert "--wb-series-1:#0a5fa5" in styles
    assert "prefers-color-scheme:dark" in styles
    assert "http" not in styles


@pytest.mark.parametrize("dimension", ["price_band", "shop"])
def test_a_choice_lists_its_values_only_when_it_is_opened(shop: Workbench, dimension: str) -> None:
    choice = Choice("sold", dimension)
    board = Dashboard(shop, [], choices=[choice])
    assert choice.boxes == ()
    choice.button.value = True
    assert len(choice.boxes) == (3 if dimension == "shop" else 0)
    assert bool(board._trouble.value) == (dimension != "shop")


def test_in_a_kernel_what_is_in_view_is_drawn_first(shop: Workbench) -> None:
    parts = [Tiles(["sold"]), Line("sold"), Bars("sold", by="shop"), Tiles(["sold"])]

    async def cell() -> list[str]:
        board = Dashboard(shop, parts)
        at_its_end = [part.state for part in parts]
        await at_rest(board)
        return at_its_end

    assert asyncio.run(cell()) == ["ready", "ready", "loading", "loading"]
    assert [part.state for part in parts] == ["ready"] * 4


def test_widgets_without_a_look_share_their_layout(shop: Workbench) -> None:
    one, other = Tiles(["sold"]), Tiles(["sold"])
    assert one.widget.layout is other.widget.layout
    widgets.Widget.close_all()
    assert Tiles(["sold"]).widget.layout.comm is not None, "closed ones are not used again"


def test_a_kernel_ahead_is_warmed_without_a_trace(shop: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(shop.settings.home))
    monkeypatch.setenv("WORKBENCH_TOKEN", "bound to nobody yet")
    warm()
    assert not widgets.widget._instances, "a page would be told of what is left"


def test_a_dataset_that_a_pipeline_has_yet_to_make_is_said_once_with_the_command(shop: Workbench) -> None:
    metrics = shop.settings.home / "metrics" / "sales.yaml"
    metrics.write_text(metrics.read_text().replace("dataset: sales", "dataset: later"))
    parts = [Tiles(["sold"]), Line("sold"), Funnel("later", ["a", "b"])]
    board = Dashboard(shop, parts, period=Period("sold"))
    assert {part.state for part in parts} == {"error"}, "nothing here would make it"
    folder = shop.settings.home / "pipelines"
    folder.mkdir(exist_ok=True)
    stages = "stages: [{name: all, notebook: n.ipynb, writes: [later]}]"
    (folder / "broken.yaml").write_text("stages: 5")
    (folder / "evening.yaml").write_text(f"name: evening\n{stages}")
    board = Dashboard(shop, parts, period=Period("sold"))
    assert {part.state for part in parts} == {"absent"}
    assert board._trouble.value.count("workbench run evening") == board._trouble.value.count("later") == 1
    shop.datasets.rename("sales", "later")
    later = Dashboard(shop, parts[:2], period=Period("sold"))
    assert ({part.state for part in parts[:2]}, later._trouble.value) == ({"ready"}, "")
