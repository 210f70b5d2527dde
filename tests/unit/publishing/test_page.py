"""The page holds everything it needs, says what made it, and lets nothing of a notebook run or fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import report_sample as sample
from nbformat import v4

from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import RunStatus
from workbench.publishing.reports.body import contained
from workbench.publishing.reports.page import for_print, page
from workbench.publishing.reports.provenance import in_words

HOME = Path("/srv/team")


class Elements(HTMLParser):
    """Every start tag with its attributes, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = sample.notebook(tmp_path_factory.mktemp("page") / "output.ipynb")
    return page(path, sample.DEFINITION, sample.receipt(), home=HOME)


def rendered(tmp_path: Path, *cells: object) -> str:
    path = sample.notebook(tmp_path / "output.ipynb", *cells)  # type: ignore[arg-type]
    return page(path, sample.DEFINITION, sample.receipt(), home=HOME)


def visible(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("</style>", 1)[-1]).split())


def test_nothing_is_fetched_and_nothing_runs(html: str) -> None:
    elements = Elements(html)
    for tag, attributes in elements.found:
        assert tag not in {"script", "iframe", "object", "embed", "base", "video", "audio"}
        for name in ("src", "srcset", "data", "poster", "action"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert [attributes["href"] for attributes in elements.all("link")] == ["data:,"]
    assert not re.search(r"url\((?!#)|@import", html)
    policy = next(a["content"] for a in elements.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


def test_the_page_has_landmarks_a_language_and_one_title(html: str) -> None:
    elements = Elements(html)
    assert elements.all("html") == [{"lang": "en"}]
    assert [len(elements.all(tag)) for tag in ("main", "header", "footer", "h1")] == [1, 1, 1, 1]
    assert elements.all("main")[0]["id"] == "content"
    assert '<a class="skip" href="#content">' in html
    assert "<h1>Flight punctuality</h1>" in html
    assert "width=device-width" in html


def test_every_line_of_the_contents_leads_somewhere(html: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    links = [attributes["href"][1:] for attributes in Elements(html).all("a") if attributes["href"].startswith("#")]
    assert set(links) <= set(ids)
    assert links[1:7] == ["s-carriers", "s-the-day", "s-by-day", "s-by-hour", "s-the-day-2", "provenance"]


def test_headings_go_down_one_level_at_a_time(html: str) -> None:
    levels = [int(tag[1]) for tag, _ in Elements(html).found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip([1, *levels], levels, strict=False))


def test_every_chart_says_what_it_shows_and_has_its_table(html: str) -> None:
    for chart in sample.charts():
        assert html.count(f">{chart.alt}</desc>") == 2
        assert html.count(f'<table aria-label="{chart.title}">') == 1
    assert html.count('role="img"') == 8


def test_the_stylesheet_is_there_once(html: str) -> None:
    assert html.count("<style") == 1


def test_parameters_are_in_words(html: str) -> None:
    text = visible(html)
    assert "First day 1 January 2013" in text
    assert "Airports EWR, JFK and LGA" in text
    assert "Carrier not set" in text


def test_the_footer_says_what_made_it(html: str) -> None:
    text = visible(html.split("<footer", 1)[1])
    for part in (
        "flights_enriched 12", "weather 3", "flights 9f1c22ab", "start = 2013-01-01", "reports/punctuality.ipynb",
        "ab" * 32, "git 1fce2fb0aa2c", "cd" * 32, "local, Polars 2.1.0: 2 computations in 1.00 s, none fell back",
        "21 November 2026, 10:00 UTC, 14.0 s", "ana", f"workbench replay {sample.RUN}",
    ):  # fmt: skip
        assert part in text, part


def test_code_is_folded_away_and_complete(html: str) -> None:
    folded = re.findall(r'<details class="code">(.*?)</details>', html, re.DOTALL)
    assert len(folded) == 6
    code = visible("".join(folded))
    assert "from workbench import Workbench" in code
    assert "by_carrier . chart ()" in code
    assert "SlowWarning: a minute" in code
    shown = re.sub(r'<details class="code">.*?</details>', "", html, flags=re.DOTALL)
    assert "SlowWarning" not in shown


def test_the_same_run_is_the_same_page(html: str, tmp_path: Path) -> None:
    again = sample.notebook(tmp_path / "output.ipynb")
    assert page(again, sample.DEFINITION, sample.receipt(), home=HOME) == html


def test_short_tables_are_open_in_print(html: str) -> None:
    assert not re.search(r"<details[^>]* open", html)
    opened = re.findall(r'<details class="([a-z-]+)[^>]* open>', for_print(html))
    assert opened == ["wb-short"] * 3


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<img src="https://example.org/pixel.png" alt="a pixel">',
        '<img src=x onerror="alert(1)">',
        '<iframe src="//example.org"></iframe>',
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<p style="background:url(https://example.org/b.png)">text</p>',
        '<style>@import "https://example.org/c.css";</style>',
        '<svg><image href="https://example.org/d.png"/></svg>',
        '<form action="https://example.org"><input></form>',
        '<a href="javascript:alert(1)">a link</a>',
    ],
)
def test_markup_that_would_run_or_fetch_is_taken_out(evil: str) -> None:
    left = contained(evil)
    for word in ("<script", "<iframe", "<form", "example.org", "onerror", "javascript:"):
        assert word not in left


def test_that_holds_for_text_and_for_output(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    shown = v4.new_code_cell("x", outputs=[v4.new_output("display_data", data={"text/html": evil})])
    assert not Elements(rendered(tmp_path, v4.new_markdown_cell(evil), shown)).all("script")


def test_harmless_markup_stays_as_it_is() -> None:
    markup = '<p>A <a href="https://example.org/">link</a> and <svg viewBox="0 0 1 1"><path d="M0,0"/></svg></p>'
    assert contained(markup) == markup


def test_a_picture_that_is_left_out_leaves_its_description(tmp_path: Path) -> None:
    html = rendered(tmp_path, v4.new_markdown_cell("![A map of New York](https://example.org/map.png)"))
    assert "A map of New York" in visible(html)


def test_a_drawn_picture_is_kept_with_its_description(tmp_path: Path) -> None:
    data, metadata = {"image/png": "aGVsbG8="}, {"alt": "Two lines that cross"}
    cell = v4.new_code_cell("plot", outputs=[v4.new_output("display_data", data=data, metadata=metadata)])
    images = Elements(rendered(tmp_path, cell)).all("img")
    assert images == [{"src": "data:image/png;base64,aGVsbG8=", "alt": "Two lines that cross"}]


def test_text_output_loses_its_colour_codes_and_is_escaped(tmp_path: Path) -> None:
    outputs = [v4.new_output("stream", name="stdout", text="\x1b[31m<b>red</b>\x1b[0m")]
    html = rendered(tmp_path, v4.new_code_cell("print()", outputs=outputs))
    assert "&lt;b&gt;red&lt;/b&gt;" in html
    assert "\x1b" not in html


def test_widgets_show_what_they_say_in_text(tmp_path: Path) -> None:
    data = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider(value=3)"}
    html = rendered(tmp_path, v4.new_code_cell("s", outputs=[v4.new_output("display_data", data=data)]))
    assert "IntSlider(value=3)" in visible(html)


def test_a_failed_run_says_so_at_the_top(tmp_path: Path) -> None:
    failed = [v4.new_output("error", ename="ValueError", evalue="no such day", traceback=["\x1b[31mTraceback\x1b[0m"])]
    path = sample.notebook(tmp_path / "output.ipynb", v4.new_code_cell("x", outputs=failed))
    made = sample.receipt(status=RunStatus.FAILED, error="cell 9 failed: no such day", finished=None)
    text = visible(page(path, sample.DEFINITION, made, home=HOME))
    assert "Failed , 21 November 2026, 10:00 UTC, run by ana" in text
    assert "The run did not succeed. cell 9 failed: no such day" in text
    assert "ValueError: no such day" in text


def test_titles_and_parameters_are_escaped(tmp_path: Path) -> None:
    path = sample.notebook(tmp_path / "output.ipynb")
    definition = sample.DEFINITION.model_copy(update={"title": '</style><script>"', "description": "<b>"})
    html = page(path, definition, sample.receipt(parameters={"<i>": "<u>"}, principal="<s>"), home=HOME)
    assert not re.search(r"<(script|u|i|s|b)>", html)
    assert html.count("</style>") == 1


def test_a_missing_notebook_and_a_broken_one_are_one_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        page(tmp_path / "none.ipynb", sample.DEFINITION, sample.receipt(), home=HOME)
    (tmp_path / "broken.ipynb").write_text("{")
    with pytest.raises(Invalid, match="is not a notebook"):
        page(tmp_path / "broken.ipynb", sample.DEFINITION, sample.receipt(), home=HOME)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2013-01-31", "31 January 2013"),
        ("2013-01-31T05:00:00+00:00", "31 January 2013, 05:00 UTC"),
        ("2013-13-41", "2013-13-41"),
        (True, "yes"),
        (None, "not set"),
        (15, "15"),
        (336776, "336,776"),
        ([], "none"),
        (["EWR"], "EWR"),
        ({"a": 1, "b": [1, 2]}, "a: 1, b: 1 and 2"),
    ],
)
def test_a_parameter_reads_as_people_say_it(value: object, words: str) -> None:
    assert in_words(value) == words
