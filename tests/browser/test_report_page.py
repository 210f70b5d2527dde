"""The page in a real browser: nothing asked for, nothing complained about, nothing wider than a phone; and its PDF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pypdf
import pytest
import report_sample as sample
from playwright.sync_api import Browser, Page, sync_playwright
from programs import chromium
from waiting import wait_until

from workbench.charts import stylesheet
from workbench.publishing.reports.page import for_print, page
from workbench.publishing.reports.pdf import print_pdf

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    html = page(sample.notebook(folder / "output.ipynb"), sample.DEFINITION, sample.receipt(), home=folder)
    path = folder / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium()), args=FLAGS)
        yield opened
        opened.close()


def view(browser: Browser, path: Path, width: int, scheme: Literal["light", "dark"]) -> tuple[Page, list[str]]:
    """The opened page, and what it asked for beyond itself or complained about."""
    shown = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    heard: list[str] = []
    shown.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
    shown.on("console", lambda message: heard.append(message.text))
    shown.on("pageerror", lambda error: heard.append(str(error)))
    shown.goto(path.as_uri(), wait_until="load")
    return shown, [said for said in heard if said != "data:,"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_it_asks_for_nothing_and_is_no_wider_than_the_screen(
    browser: Browser, report: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    shown, heard = view(browser, report, width, scheme)
    for details in shown.locator("details").all():
        details.evaluate("element => element.open = true")
    assert heard == []
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    shown.close()


@pytest.mark.parametrize(("width", "kind"), [(360, "narrow"), (1440, "wide")])
def test_each_chart_is_shown_once_in_the_drawing_that_fits(
    browser: Browser, report: Path, width: int, kind: str
) -> None:
    shown, _ = view(browser, report, width, "light")
    other = "wide" if kind == "narrow" else "narrow"
    assert shown.locator(f".wb-{kind} svg:visible").count() == 4
    assert shown.locator(f".wb-{other} svg:visible").count() == 0
    smallest = shown.evaluate(
        """() => Math.min(...[...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().width)
        .map(t => parseFloat(t.getAttribute('font-size')) * t.ownerSVGElement.getBoundingClientRect().width
             / t.ownerSVGElement.viewBox.baseVal.width))"""
    )
    assert smallest >= 10.5
    shown.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_and_figures_follow_the_readers_scheme(
    browser: Browser, report: Path, scheme: Literal["light", "dark"]
) -> None:
    shown, _ = view(browser, report, 1440, scheme)
    paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = shown.evaluate("getComputedStyle(document.querySelector('.wb svg text')).fill")
    bright = {"light": (True, False), "dark": (False, True)}[scheme]
    assert (is_bright(paper), is_bright(ink)) == bright
    shown.emulate_media(media="print")
    assert is_bright(shown.evaluate("getComputedStyle(document.body).backgroundColor"))
    shown.close()


def is_bright(color: str) -> bool:
    parts = [int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
    return sum(parts) / 3 > 128


def test_a_screen_reader_hears_what_a_chart_shows(browser: Browser, report: Path) -> None:
    shown, _ = view(browser, report, 1440, "light")
    for chart in sample.charts():
        assert shown.get_by_role("img", name=chart.alt).count() == 1
    for landmark in ("banner", "main", "contentinfo"):
        assert shown.get_by_role(landmark).count() == 1  # type: ignore[arg-type]
    assert shown.get_by_role("navigation", name="Contents").count() == 1
    shown.close()


def test_the_keyboard_reaches_the_text_first_and_the_contents_lead_to_it(browser: Browser, report: Path) -> None:
    shown, _ = view(browser, report, 360, "light")
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.textContent") == "Skip to the report"
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "content"
    shown.locator("nav.folded summary").click()
    shown.locator("nav.folded").get_by_text("By hour").click()
    top = "document.getElementById('s-by-hour').getBoundingClientRect().top"
    wait_until(lambda: abs(shown.evaluate(top)) < 60, what="scrolling to the heading")
    shown.close()


def test_hidden_code_can_be_opened(browser: Browser, report: Path) -> None:
    shown, _ = view(browser, report, 1440, "light")
    code = shown.get_by_text("by_carrier")
    assert not code.is_visible()
    shown.locator("details.code summary").nth(1).click()
    assert code.is_visible()
    shown.close()


@pytest.mark.parametrize("theme", ["true", "false"])
def test_a_figure_alone_in_a_notebook_looks_right_in_its_theme(browser: Browser, tmp_path: Path, theme: str) -> None:
    path = tmp_path / "cell.html"
    figure = sample.charts()[0]._repr_mimebundle_()["text/html"]
    assert stylesheet() in figure
    path.write_text(f'<!doctype html><body data-jp-theme-light="{theme}">{figure}</body>', encoding="utf-8")
    for scheme in SCHEMES:
        shown, heard = view(browser, path, 900, scheme)
        assert heard == []
        ink = shown.evaluate("getComputedStyle(document.querySelector('.wb svg text')).fill")
        assert is_bright(ink) == (theme == "false")
        shown.close()


def test_the_pdf_is_tagged_and_has_an_outline(report: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    assert print_pdf(for_print(report.read_text()), target, chromium=str(chromium())) is None
    reader = pypdf.PdfReader(target)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "Flight punctuality"
    assert titles(reader.outline) == [
        "Flight punctuality", "Carriers", "The day", "By day", "By hour", "The day", "How this was made",
    ]  # fmt: skip
    described = [str(alt) for alt in alternatives(root["/StructTreeRoot"]["/K"])]
    for chart in sample.charts():
        assert f"{chart.title} {chart.alt}" in described
    text = "".join(page.extract_text() for page in reader.pages)
    assert "workbench replay" in text
    assert "by_carrier" not in text


def titles(outline: Any) -> list[str]:
    return [title for item in outline for title in (titles(item) if isinstance(item, list) else [item.title])]


def alternatives(node: Any) -> Iterator[Any]:
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from alternatives(child)
    elif isinstance(node, dict):
        if node.get("/S") == "/Figure":
            yield node.get("/Alt")
        if "/K" in node:
            yield from alternatives(node["/K"])
