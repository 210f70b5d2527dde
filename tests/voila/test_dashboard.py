"""The flights dashboard in a real browser, as a stakeholder has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pytest
from chromium_pages import Heard, listen
from playwright.sync_api import Browser, Locator, Page, expect
from voila_server import Server, warm
from waiting import wait_until

from workbench import Workbench
from workbench.governance.security import Principal, Role

pytestmark = [pytest.mark.browser, pytest.mark.npm]

VERA = Principal("vera", Role.VIEWER)
SECOND = 1_000
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class Board:
    """A dashboard's page, by what a reader sees on it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server

    def open(self, name: str = "flights") -> Board:
        self.page.goto(f"{self.server.url}/dashboards/{name}", wait_until="commit")
        return self

    def wait(self) -> Board:
        expect(self.page.locator("body")).to_have_class(re.compile("shown"), timeout=90 * SECOND)
        expect(self.page.locator(".heatmapcell").first).to_be_attached(timeout=30 * SECOND)
        return self

    def figure(self, metric: str) -> str:
        return self.page.locator(f"[data-metric={metric}] .wb-value").inner_text()

    def expect_figure(self, metric: str, text: str) -> None:
        expect(self.page.locator(f"[data-metric={metric}] .wb-value")).to_have_text(text)

    def choose(self, label: str, *values: str) -> None:
        button = self.page.get_by_role("button", name=re.compile(f"^{label}:"))
        button.click()
        for value in values:
            self.page.get_by_label(value, exact=True).check()
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_label(values[0], exact=True)).to_be_hidden()

    def from_the_top(self, card: Locator) -> list[str]:
        """What is written along the upright axis of a drawing."""
        ticks = card.locator("svg g.axis").last.locator(".tick")
        written: list[str] = ticks.evaluate_all(
            "ticks => ticks.map(tick => [tick.getBoundingClientRect().y, tick.textContent])"
            ".sort(([one], [other]) => one - other).map(([_, text]) => text)"
        )
        return written


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Asia/Tokyo")
    context.add_cookies([{"name": "workbench", "value": server.cookie("vera"), "url": server.url}])
    yield context.new_page()
    context.close()


def given(server: Server, metric: str, **query: object) -> object:
    """What the library gives vera."""
    with Workbench.open(server.home, principal=Principal("server", Role.ADMIN)) as wb:
        return wb.acting_as(VERA).metrics.query(metric, **query).frame.item()  # type: ignore[arg-type]


def test_a_viewer_moves_a_filter_and_reads_what_the_library_gives_them(page: Page, server: Server) -> None:
    warm(server, 1)
    heard: Heard = listen(page)
    board = Board(page, server).open().wait()
    first, last = (date.fromisoformat(page.get_by_label(name).input_value()) for name in ("From", "To"))
    assert last == date(2013, 1, 30)
    between = (first, last + timedelta(days=1))
    board.expect_figure("flights", f"{given(server, 'flights', between=between):,d}")
    delay = given(server, "mean_departure_delay", between=between)
    board.expect_figure("mean_departure_delay", f"{delay:,.1f}\xa0min".replace("-", "−"))

    page.get_by_label("From").fill((last - timedelta(days=2)).isoformat())
    narrower = (last - timedelta(days=2), last + timedelta(days=1))
    board.expect_figure("flights", f"{given(server, 'flights', between=narrower):,d}")
    assert "on the 3 days before" in page.locator("[data-metric=flights]").inner_text()

    page.get_by_role("button", name="Reset").click()
    board.expect_figure("flights", f"{given(server, 'flights', between=between):,d}")
    assert heard.errors == []
    assert heard.outside(server.url) == []


def test_one_order_before_and_after_a_filter_is_moved(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "workbench", "value": server.cookie("anna"), "url": server.url}])
    page = context.new_page()
    heard: Heard = listen(page)
    board = Board(page, server).open().wait()
    first, last = page.get_by_label("From"), page.get_by_label("To")
    bars, heat = (page.locator(".wb-card", has=page.locator(mark)) for mark in (".bar", ".heatmapcell"))

    def in_order(rows: int) -> None:
        expect(heat.locator(".heatmaprow")).to_have_count(rows)
        expect(page.locator(".wb-loading")).to_have_count(0)
        names = bars.locator("tbody tr td:first-child, tbody tr th:first-child").all_text_contents()
        assert [name.rstrip("…") for name in board.from_the_top(bars)] == [
            name[:21].rstrip() if len(name) > 22 else name for name in names
        ]
        days = board.from_the_top(heat)
        assert days == [day for day in WEEK if day in days]
        assert len(days) == rows

    in_order(7)
    first.fill("2013-01-01")
    last.fill("2013-01-01")
    in_order(1)
    page.get_by_role("button", name="Reset").click()
    in_order(7)
    first.fill("2010-01-01")
    expect(page.get_by_role("alert")).to_contain_text("There are figures only from")
    expect(first).not_to_have_value("2010-01-01")
    assert heard.errors == []
    context.close()


def test_what_a_policy_hides_is_not_on_the_page(page: Page, server: Server) -> None:
    board = Board(page, server).open().wait()
    board.choose("Airline", "redacted")
    everything = page.locator("main").inner_text() + page.content()
    assert "JetBlue" not in everything
    assert "Newark" not in everything
    assert "redacted" in page.locator(".wb-card", has_text="by airline").inner_text()
    page.get_by_role("button", name=re.compile("^Origin:")).click()
    expect(page.get_by_label("John F Kennedy Intl")).to_be_visible()


def test_the_table_is_searched_and_turned(page: Page, server: Server) -> None:
    Board(page, server).open().wait()
    status = page.locator(".wb-pager [role=status]")
    expect(status).to_have_text(re.compile(r"^Rows 1 to 10 of \d+$"))
    page.get_by_role("button", name="Next").click()
    expect(status).to_have_text(re.compile(r"^Rows 11 to "))
    page.get_by_label("Search").fill("nothing like this")
    expect(status).to_have_text("No row matches the search")


LOOKING = """
new MutationObserver(() => {
  window.seen ||= document.getElementById("skeleton")?.checkVisibility() && !document.getElementById("kernel");
}).observe(document, {childList: true, subtree: true});
"""


def test_the_skeleton_is_there_before_the_kernel_is(page: Page, server: Server) -> None:
    # The page itself looks: it may be over before anybody else gets to it.
    page.add_init_script(LOOKING)
    Board(page, server).open()
    expect(page.locator("h1")).to_have_text("Flights")
    expect(page.locator("#skeleton")).to_be_hidden(timeout=90 * SECOND)
    assert page.evaluate("window.seen")


def place(page: Page, css: str) -> dict[str, float]:
    found: dict[str, float] = page.locator(css).first.evaluate("e => e.getBoundingClientRect().toJSON()")
    return found


@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_there_before_its_scripts_are_and_they_change_nothing_that_is_seen(
    browser: Browser, server: Server, width: int, artifacts: Path
) -> None:
    """The picture that comes with the page, and the widgets that take its place."""
    places, figures = [], []
    for scripts in (False, True):
        warm(server, 1)
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        context.add_cookies([{"name": "workbench", "value": server.cookie("vera"), "url": server.url}])
        page = context.new_page()
        board = Board(page, server).open()
        if scripts:
            board.wait()
            expect(page.locator(".prerendered")).to_have_count(0)
        else:
            expect(page.locator(".prerendered .wb-picture")).to_be_visible(timeout=90 * SECOND)
            expect(page.locator("#skeleton")).to_be_hidden()
            expect(page.locator(".wb-filters button").first).to_have_text("Airline: all")
            assert "JetBlue" not in page.content()
            page.screenshot(path=artifacts / f"dashboard-without-scripts-{width}.png", full_page=True)
        drawn = [".wb-filters", ".wb-kpis", "path.line"]
        places.append([place(page, css) for css in drawn])
        figures.append([board.figure(metric) for metric in ("flights", "mean_departure_delay")])
        context.close()
    assert figures[0] == figures[1]
    for before, after in zip(*places, strict=True):
        assert {name: after[name] for name in ("x", "y", "width", "height")} == pytest.approx(
            {name: before[name] for name in ("x", "y", "width", "height")}, abs=1.0
        )


def test_days_are_named_alike_wherever_the_reader_is(page: Page, server: Server) -> None:
    """The browser is in Tokyo, nine hours on."""
    Board(page, server).open().wait()
    card = page.locator(".wb-card", has_text="by day").first
    first = date.fromisoformat(page.get_by_label("From").input_value())
    expect(card.locator("svg").get_by_text(f"{first.day} {first:%b}", exact=True)).to_be_attached()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_it_fits_every_screen_and_is_told_in_words(
    browser: Browser, server: Server, width: int, scheme: Literal["light", "dark"], artifacts: Path
) -> None:
    warm(server, 1)
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.add_cookies([{"name": "workbench", "value": server.cookie("vera"), "url": server.url}])
    page = context.new_page()
    Board(page, server).open().wait()
    page.wait_for_timeout(500)
    page.screenshot(path=artifacts / f"dashboard-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for drawing in page.locator(".bqplot, .bqplot > svg").all():
        box = drawing.bounding_box()
        assert box is not None
        assert box["width"] > min(width, 500) * 0.7
        assert 0 <= box["x"] < box["x"] + box["width"] <= width
    assert page.locator("main").count() == 1
    assert page.locator("a.skip").get_attribute("href") == "#content"
    words = page.locator(".wb-sr").all_text_contents()
    assert any(text.startswith("Line chart of mean departure delay by day: highest") for text in words)
    assert any(text.startswith("Heatmap of") for text in words)
    assert any(text.startswith("Bar chart of") for text in words)
    assert page.locator("details table").count() == 3
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(14, 16, 20)") == (scheme == "dark")
    page.get_by_role("button", name=re.compile("^Origin:")).click()
    panel = page.locator(".wb-choice-panel:visible").bounding_box()
    assert panel is not None
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= width
    context.close()


def test_leaving_the_page_ends_its_kernel(page: Page, server: Server) -> None:
    Board(page, server).open().wait()
    kernel = page.evaluate("JSON.parse(document.getElementById('kernel').textContent)")
    page.goto(f"{server.url}/workbench/api/v1/health")
    wait_until(lambda: server.get(f"/api/kernels/{kernel}", "vera")[0] == 403, what="the kernel's end")
    wait_until(lambda: f"Kernel shutdown: {kernel}" in server.log.read_text(), what="a line that says so")


def test_whatever_a_notebook_displays_is_shown(page: Page, server: Server) -> None:
    heard: Heard = listen(page)
    page.goto(f"{server.url}/dashboards/outputs")
    expect(page.get_by_role("heading", name="In Markdown", exact=True)).to_be_visible(timeout=60 * SECOND)
    expect(page.locator("main em")).to_have_text("marked up")
    expect(page.get_by_text("'a plain value'")).to_be_visible()
    expect(page.get_by_role("img", name="A red dot")).to_be_visible()
    caught = page.locator(".widget-output")
    expect(caught).to_have_text("")
    page.get_by_role("button", name="Count").click()
    expect(caught).to_contain_text("pressed 1")
    page.get_by_role("button", name="Count").click()
    expect(caught).to_contain_text("pressed 2")
    expect(caught.locator("b")).to_have_text("2 times")
    page.get_by_role("button", name="Fail").click()
    expect(caught.get_by_role("alert")).to_have_text("This could not be computed just now.")
    assert "a secret reason" not in page.content()
    assert heard.errors == []


@pytest.mark.parametrize("name", ["broken", "dies"])
def test_a_dashboard_that_fails_says_so(page: Page, server: Server, name: str, artifacts: Path) -> None:
    page.goto(f"{server.url}/dashboards/{name}")
    expect(page.locator("#broken")).to_contain_text("cannot be shown", timeout=60 * SECOND)
    expect(page.locator("#broken")).to_be_visible()
    expect(page.locator("#skeleton")).to_be_hidden()
    page.screenshot(path=artifacts / f"{name}-dashboard.png")


def test_a_server_that_goes_away_is_said(browser: Browser, another: object) -> None:
    server: Server = another(1)  # type: ignore[operator]
    warm(server, 1)
    context = browser.new_context()
    context.add_cookies([{"name": "workbench", "value": server.cookie("vera"), "url": server.url}])
    page = context.new_page()
    Board(page, server).open().wait()
    server.process.kill()
    expect(page.locator("#trouble")).to_contain_text("connection was lost", timeout=30 * SECOND)
    expect(page.get_by_role("button", name="Reload")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_the_list_of_dashboards_leads_to_them(browser: Browser, server: Server, width: int, artifacts: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": 700})
    page = context.new_page()
    heard = listen(page)
    with Workbench.open(server.home) as wb:
        link = wb.identities.link("vera", by=wb.actor.principal)
    page.goto(f"{server.url}/workbench/sign-in?link={link}")
    page.screenshot(path=artifacts / f"dashboards-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Flights").click()
    expect(page.locator("h1")).to_have_text("Flights")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Please sign in", timeout=30 * SECOND)
    assert heard.outside(server.url) == []
    context.close()
