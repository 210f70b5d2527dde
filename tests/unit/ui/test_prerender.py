"""What a dashboard looks like without its widgets."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import ipywidgets as widgets
import numpy as np

from workbench import Workbench
from workbench.ui import Bars, Choice, Dashboard, Line, Period, Tiles
from workbench.ui.curve import curve
from workbench.ui.prerender import prerender

WIDGET = "application/vnd.jupyter.widget-view+json"


def shown(board: Dashboard) -> str:
    bundle = board._repr_mimebundle_()
    assert WIDGET in bundle
    html: str = bundle["text/html"]
    return html


def test_it_has_the_words_and_numbers_of_the_widgets(shop: Workbench) -> None:
    tiles, period = Tiles(["sold"]), Period("sold", days=7)
    board = Dashboard(
        shop, [tiles, Line("price"), Bars("price", by="shop")], period=period, choices=[Choice("sold", "shop")]
    )
    html = shown(board)
    assert f'<dd class="wb-value">{tiles.figures[0].text}</dd>' in html
    assert [period.first.value.isoformat(), period.last.value.isoformat()] == re.findall(
        r'type="date" value="(.*?)"', html
    )
    assert "Shop: all</button>" in html
    assert html.count('class="wb-picture"') == 1
    assert html.count("<summary>Table") == 2


def test_what_is_chosen_later_is_in_it_too(shop: Workbench) -> None:
    choice = Choice("sold", "shop")
    board = Dashboard(shop, [Tiles(["sold"])], period=Period("sold"), choices=[choice])
    choice.choose("O'Hara's")
    assert "Shop: O&#x27;Hara&#x27;s</button>" in shown(board)


def test_a_line_without_values_has_no_picture(shop: Workbench) -> None:
    line = Line("sold")
    assert line.picture() == ""
    Dashboard(shop, [line], period=Period("sold"))
    assert "wb-picture" in line.picture()


def test_a_line_lies_between_its_first_and_last_day_and_its_levels() -> None:
    day = np.datetime64("2024-01-01", "ms")
    times = day + np.arange(4) * np.timedelta64(1, "D")
    picture = ET.fromstring(
        curve(
            times,
            np.array([0.0, np.nan, 30.0, 20.0]),
            levels={0.0: "0", 20.0: "20 < 40", 40.0: "40"},
            days={day.item() + timedelta(days=2): "3 Jan"},
            height=260,
            margin={"top": 10, "right": 10, "bottom": 20, "left": 40},
            dot=2.0,
            dotted=True,
        )
    )
    path = next(picture.iter("path"))
    assert path.get("d") == "M0,100M66.667,25L100,50"
    texts = {element.text: (element.get("x"), element.get("y")) for element in picture.iter("text")}
    assert texts == {
        "0": ("-6.5", "100%"),
        "20 < 40": ("-6.5", "50%"),
        "40": ("-6.5", "0%"),
        "3 Jan": ("66.667%", "100%"),
    }
    assert [dot.get("cy") for dot in picture.iter("circle")] == ["100%", "25%", "50%"]
    assert picture.get("height") == "224"
    assert "width:calc(100% - 56px)" in str(picture.get("style"))


def test_one_value_stands_in_the_middle() -> None:
    picture = curve(
        np.array(["2024-01-01"], dtype="datetime64[ms]"),
        np.array([5.0]),
        levels={0.0: "0", 5.0: "5"},
        days={},
        height=100,
        margin=dict.fromkeys(("top", "right", "bottom", "left"), 0),
        dot=2.0,
        dotted=False,
    )
    assert 'd="M50,0"' in picture
    assert "circle" not in picture


def test_what_a_user_wrote_cannot_end_an_element() -> None:
    button = widgets.Button(description="<b onclick=x>")
    button.add_class('"><script>')
    assert "<b " not in prerender(button, {})
    assert "<script>" not in prerender(widgets.VBox([button]), {})


def test_a_widget_of_another_kind_leaves_a_gap() -> None:
    assert prerender(widgets.VBox([widgets.IntSlider(), widgets.HTML("<p>there</p>")]), {}).count("<p>there</p>") == 1
    assert prerender(widgets.IntSlider(), {}) == ""
