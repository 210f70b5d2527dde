"""A chart shows itself safely, readably and the same every time, whatever is in its rows."""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from workbench.charts import TABLE_MIME, Chart, unique_ids
from workbench.foundation.errors import Invalid, NotFound

SVG = "{http://www.w3.org/2000/svg}"


def sample(kind: str, rows: int = 6) -> Chart:
    days = [date(2013, 1, 1 + index) for index in range(rows)]
    frame = pl.DataFrame(
        {
            "name": [f"Carrier {index}" for index in range(rows)],
            "day": days,
            "hour": list(range(rows)),
            "delay": [float(index * index) for index in range(rows)],
        },
        schema={"name": pl.String, "day": pl.Date, "hour": pl.Int64, "delay": pl.Float64},
    )
    made: dict[str, dict[str, Any]] = {
        "bar": {"x": "name", "y": "delay"},
        "line": {"x": "day", "y": "delay"},
        "point": {"x": "hour", "y": "delay"},
        "heatmap": {"x": "hour", "y": "name", "color": "delay"},
    }
    return Chart(frame, kind, title=f"A {kind} chart", units={"delay": "min"}, **made[kind])  # type: ignore[arg-type]


def shown(chart: Chart) -> str:
    html = chart._repr_mimebundle_()["text/html"]
    assert isinstance(html, str)
    return html


def text_of(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


KINDS = ["bar", "line", "point", "heatmap"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_chart_is_the_same_bytes(kind: str) -> None:
    assert shown(sample(kind)) == shown(sample(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_drawn_for_a_wide_page_and_for_a_phone(kind: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", shown(sample(kind)), re.DOTALL)
    widths = [float(ET.fromstring(svg).attrib["width"]) for svg in drawings]
    assert len(drawings) == 2
    assert widths[0] == pytest.approx(736, abs=3)
    assert widths[1] == pytest.approx(336, abs=3)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_drawn_smaller_than_can_be_read(kind: str) -> None:
    for width in (336, 736):
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', sample(kind).svg(width))]
        assert sizes
        assert min(sizes) >= 11


@pytest.mark.parametrize("width", [336, 736])
def test_amounts_of_bars_side_by_side_do_not_touch(width: int) -> None:
    frame = pl.DataFrame({"step": ["cart"] * 3, "place": ["x", "y", "z"], "share": [0.58, 0.65, 0.67]})
    svg = Chart(frame, "bar", "step", "share", "Steps", color="place").svg(width)
    labels = [float(y) for y in re.findall(r"translate\([\d.]+,([\d.]+)\)[^>]*>0\.\d+<", svg)]
    assert len(labels) == 3
    assert min(lower - upper for upper, lower in itertools.pairwise(labels)) >= 14, "a line of 12 px has its room"


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_is_one_image_with_a_name_and_a_description(kind: str) -> None:
    chart = sample(kind)
    root = ET.fromstring(chart.svg())
    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.attrib["role"] == "img"
    assert title is not None
    assert described is not None
    assert title.text == chart.title
    assert described.text == chart.alt
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {described.attrib['id']}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_needs_nothing_from_outside_and_has_every_colour_from_the_palette(kind: str) -> None:
    svg = sample(kind).svg()
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", svg)
    assert "<script" not in svg
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg)) - {"none", "transparent"}
    assert colours
    assert all(colour.startswith("var(--wb-") for colour in colours), colours


def test_two_charts_on_a_page_share_no_id_and_neither_do_two_copies_of_one() -> None:
    page = unique_ids(shown(sample("bar")) + shown(sample("line")) + shown(sample("bar")))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 12
    for pair in re.findall(r'aria-labelledby="([^"]+)"', page):
        assert set(pair.split()) <= set(ids)


def test_what_is_in_a_label_stays_text() -> None:
    evil = '<script>alert("x")</script>'
    frame = pl.DataFrame({"a.b[0]": [evil, "</svg><img src=x onerror=y>"], "n": [1, 2]})
    html = shown(Chart(frame, "bar", "a.b[0]", "n", f"Title {evil}", labels={"n": evil}, note=evil))
    body = html.split("</style>", 1)[1]
    assert "<script" not in body
    assert "<img" not in body
    assert "&lt;script&gt;" in body


def test_the_rows_are_in_a_table_under_the_chart() -> None:
    html = shown(sample("bar"))
    assert html.count("<table") == 1
    assert "<summary>Table, 6 rows</summary>" in html
    assert "25.0" in html


def test_the_machine_readable_table_rounds_nothing() -> None:
    frame = pl.DataFrame({"at": [datetime(2013, 1, 1, 5, tzinfo=UTC)], "v": [1 / 3], "n": [None]}).cast({"n": pl.Int64})
    chart = Chart(frame, "line", "at", "v", "Thirds", formats={"v": ".1f"})
    table = chart._repr_mimebundle_()[TABLE_MIME]
    assert table == {"title": "Thirds", "columns": ["at", "v"], "rows": [["2013-01-01T05:00:00+00:00", 1 / 3]]}
    assert json.loads(json.dumps(table, allow_nan=False)) == table


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_frame_shows_its_title_and_says_so(kind: str) -> None:
    html = shown(sample(kind, rows=0))
    assert f"A {kind} chart" in html
    assert "No rows." in html
    assert "<svg" not in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_row_can_be_seen(kind: str) -> None:
    marks = [
        path for path in ET.fromstring(sample(kind, rows=1).svg()).iter(f"{SVG}path") if path.get("opacity") != "0"
    ]
    assert marks


def test_a_bar_without_a_value_keeps_its_place_and_says_that_it_has_none() -> None:
    frame = pl.DataFrame({"name": ["UA", "AA"], "delay": [None, 2.0]})
    words = text_of(Chart(frame, "bar", "name", "delay", "Delay").svg())
    assert {"UA", "AA", "–"} <= set(words)


def test_a_gap_in_a_line_stays_a_gap_and_what_stands_alone_in_it_shows() -> None:
    frame = pl.DataFrame({"n": range(60), "v": [float(i) if i < 40 or i == 50 else None for i in range(60)]})
    root = ET.fromstring(Chart(frame, "line", "n", "v", "Gaps").svg())
    points = [path for path in root.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None]
    assert sum(path.get("opacity") == "1" for path in points) == 1


@pytest.mark.parametrize(
    ("pattern", "firsts", "labels"),
    [
        ("%Y Q%q", [date(2013, 1, 1), date(2013, 4, 1), date(2013, 7, 1)], ["2013 Q1", "2013 Q2", "2013 Q3"]),
        ("%Y", [date(2012, 1, 1), date(2013, 1, 1), date(2014, 1, 1)], ["2012", "2013", "2014"]),
    ],
)
@pytest.mark.parametrize("kind", ["line", "bar"])
def test_periods_are_called_by_their_names(kind: Any, pattern: str, firsts: list[date], labels: list[str]) -> None:
    frame = pl.DataFrame({"time": firsts, "v": [1.0, 2.0, 3.0]})
    chart = Chart(frame, kind, "time", "v", "T", formats={"time": pattern})
    assert [text for text in text_of(chart.svg()) if text in labels] == labels
    assert f"from 1.00 in {labels[0]} to 3.00 in {labels[2]}" in chart.alt
    with pytest.raises(Invalid, match="format ',d' of column 'time'"):
        Chart(frame, kind, "time", "v", "T", formats={"time": ",d"})


def test_infinite_and_undefined_values_do_not_stop_a_drawing() -> None:
    frame = pl.DataFrame({"name": ["a", "b", "c"], "v": [float("inf"), float("nan"), 1.0]})
    assert "∞" in text_of(Chart(frame, "bar", "name", "v", "Odd").svg())


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_the_table() -> None:
    name = "The Long and Winding Airways Company of the Far and Distant North " * 2
    chart = Chart(pl.DataFrame({"name": [name, "B"], "v": [1, 2]}), "bar", "name", "v", "Names")
    assert any(text.endswith("…") for text in text_of(chart.svg(336)))
    assert name.strip() in shown(chart)


def test_many_categories_are_drawn_up_to_a_limit_that_is_said() -> None:
    frame = pl.DataFrame({"name": [f"c{index}" for index in range(224)], "v": range(224)})
    html = shown(Chart(frame, "bar", "name", "v", "Many"))
    assert "The first 40 of 224 are drawn; the table has all." in html
    assert "c223" in html


def test_series_differ_in_more_than_colour() -> None:
    frame = pl.DataFrame({"day": [1, 2, 1, 2], "v": [1, 2, 3, 4], "s": ["a", "a", "b", "b"]})
    line = Chart(frame, "line", "day", "v", "Lines", color="s").svg()
    assert len(set(re.findall(r'stroke-dasharray="([^"]+)"', line))) >= 2
    legend = text_of(line)
    assert {"a", "b"} <= set(legend)


def test_values_that_would_read_alike_keep_their_own_bars() -> None:
    frame = pl.DataFrame({"x": [1.001, 1.002], "v": [1, 2]})
    marks = re.findall(r"<path [^>]*><title>", Chart(frame, "bar", "x", "v", "Near").svg())
    assert len(marks) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "pie"}, "no kind of chart 'pie'"),
        ({"x": "nmae"}, "no column 'nmae'; did you mean 'name'\\?"),
        ({"y": "name"}, "column 'name' of the chart 'T' has to be a number"),
        ({"title": " "}, "a chart needs a title"),
        ({"kind": "heatmap"}, "needs color="),
        ({"formats": {"v": "%d"}}, "the format '%d' of column 'v' is not understood"),
        ({"labels": {"w": "W"}}, "no column to give a label 'w'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(given: dict[str, Any], message: str) -> None:
    whole: dict[str, Any] = {
        "frame": pl.DataFrame({"name": ["a"], "v": [1]}), "kind": "bar", "x": "name", "y": "v", "title": "T",
    }  # fmt: skip
    with pytest.raises((Invalid, NotFound), match=message):
        Chart(**{**whole, **given})


def test_two_rows_for_one_bar_are_refused() -> None:
    frame = pl.DataFrame({"name": ["a", "a"], "v": [1, 2], "kind": ["x", "y"], "same": ["z", "z"]})
    with pytest.raises(Invalid, match="more than one row for Name a") as error:
        Chart(frame, "bar", "name", "v", "T")
    assert "color='kind'" in str(error.value.hint)
    with pytest.raises(Invalid) as error:
        Chart(frame, "bar", "name", "v", "T", color="same")
    assert "aggregate first" in str(error.value.hint)


def test_more_series_than_colours_are_refused() -> None:
    frame = pl.DataFrame({"x": ["a"] * 9, "v": range(9), "s": [str(index) for index in range(9)]})
    with pytest.raises(Invalid, match="has 9 series; at most 8"):
        Chart(frame, "bar", "x", "v", "T", color="s")
