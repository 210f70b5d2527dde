"""The explorer in a real browser: filtering, grouping, drawing and keeping, with the keyboard and by labels."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from chromium_pages import Heard, listen
from playwright.sync_api import Browser, Page, expect
from voila_server import Server, warm

from workbench import Workbench
from workbench.analytics.exploration import Condition, Group, View
from workbench.governance.security import Principal, Role

pytestmark = [pytest.mark.browser, pytest.mark.npm]

SECOND = 1_000


class Desk:
    """The explorer's page, by what its reader does."""

    def __init__(
        self, browser: Browser, server: Server, who: str, width: int, scheme: Literal["light", "dark"]
    ) -> None:
        warm(server, 1)
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.context.add_cookies([{"name": "workbench", "value": server.cookie(who), "url": server.url}])
        self.page: Page = self.context.new_page()
        self.heard: Heard = listen(self.page)
        self.page.goto(f"{server.url}/dashboards/explorer", wait_until="commit")
        expect(self.page.get_by_label("Dataset")).to_be_visible(timeout=90 * SECOND)

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(option)
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_timeout(SECOND)
        expect(self.page.locator(".wb-loading:visible")).to_have_count(0, timeout=60 * SECOND)

    def open(self, name: str) -> None:
        self.choose("Dataset", name)
        expect(self.page.locator(".wb-columns table")).to_be_visible(timeout=60 * SECOND)


def test_an_analyst_filters_groups_draws_and_keeps(browser: Browser, server: Server) -> None:
    desk = Desk(browser, server, "anna", 1280, "light")
    page = desk.page
    desk.open("flights_enriched")
    expect(page.locator("path.line").first).to_be_attached(timeout=30 * SECOND)
    desk.choose("Figure", "Mean of")
    desk.choose("Of column", "dep_delay")
    desk.choose("By", "carrier_name")
    page.get_by_role("button", name="Add a filter").press("Enter")
    expect(page.get_by_label("Condition", exact=True)).to_be_visible()
    desk.choose("Column", "origin")
    page.get_by_label("Value", exact=True).fill("JFK")
    page.keyboard.press("Enter")
    expect(page.get_by_text("rows that meet the filters")).to_be_visible(timeout=30 * SECOND)
    desk.settle()

    view = View(
        "flights_enriched", (Condition("origin", "is", ("JFK",)),), "mean", "dep_delay", (Group("carrier_name"),)
    )
    with Workbench.open(server.home, principal=Principal("server", Role.ADMIN)) as wb:
        seen = wb.acting_as(Principal("anna", Role.ANALYST)).exploration.look(view)
    card = page.locator(".wb-card", has=page.get_by_role("heading", name="Mean dep delay by carrier name"))
    texts = card.locator("svg text").all_text_contents()
    for name, delay in seen.frame.rows():
        assert f"{delay:,.1f}" in texts, texts
        assert any(text and name.startswith(text.rstrip("…")) for text in texts)

    page.get_by_label("Name", exact=True).fill("jfk_delays")
    page.get_by_role("button", name="Keep as a query").click()
    expect(page.get_by_text("Kept as the query 'jfk_delays'")).to_be_visible(timeout=30 * SECOND)
    page.get_by_role("button", name="Keep as a metric").click()
    expect(page.get_by_text("Kept as the metric 'jfk_delays'")).to_be_visible(timeout=30 * SECOND)
    with Workbench.open(server.home, principal=Principal("server", Role.ADMIN)) as wb:
        kept = wb.queries.get("jfk_delays")
        assert (kept.owner, kept.sql) == ("anna", seen.sql)
        found = wb.metrics.query("jfk_delays", by="carrier_name").frame.drop_nulls()
        assert dict(found.rows()) == pytest.approx(dict(seen.frame.rows()))
    assert desk.heard.errors == []
    assert desk.heard.outside(server.url) == []
    desk.context.close()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (360, "dark"),
        (1440, "light"),
        *(
            pytest.param(width, scheme, marks=pytest.mark.long)
            for width, scheme in ((360, "light"), (768, "light"), (768, "dark"), (1440, "dark"))
        ),
    ],
)
def test_a_viewer_sees_what_their_policy_leaves_at_every_width(
    browser: Browser, server: Server, width: int, scheme: Literal["light", "dark"], artifacts: Path
) -> None:
    desk = Desk(browser, server, "vera", width, scheme)
    page = desk.page
    page.screenshot(path=artifacts / f"explorer-pick-{width}-{scheme}.png")
    desk.open("flights_enriched")
    desk.choose("Figure", "Each row, as a point, of")
    desk.choose("Of column", "arr_delay")
    desk.choose("By", "dep_delay")
    desk.choose("And by", "carrier_name")
    expect(page.get_by_text("Keeping takes the role analyst; yours is viewer.")).to_be_visible()
    page.screenshot(path=artifacts / f"explorer-points-{width}-{scheme}.png", full_page=True)
    desk.choose("Figure", "Number of rows")
    desk.choose("By", "time_hour")
    desk.choose("And by", "hour")
    expect(page.locator(".wb-error:visible")).to_have_count(0)
    page.screenshot(path=artifacts / f"explorer-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    everything = page.locator("main").inner_text() + page.content()
    assert "JetBlue" not in everything
    assert "Newark" not in everything
    assert "redacted" in page.locator(".wb-columns").inner_text()
    unnamed = page.locator("main :is(select, input, button):visible").evaluate_all(
        "controls => controls.filter(one => !(one.labels?.length || one.textContent.trim())).length"
    )
    assert unnamed == 0
    assert desk.heard.errors == []
    desk.context.close()
