"""The figures of product analytics in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from chromium_pages import Heard, listen
from playwright.sync_api import Browser, Page, expect
from voila_server import Server, warm

from workbench import Workbench

pytestmark = [pytest.mark.browser, pytest.mark.npm]

SECOND = 1_000
STEPS = ["view", "cart", "buy"]


def funnel(server: Server, **options: Any) -> list[str]:
    """What stands at the ends of the bars of the first figure."""
    with Workbench.open(server.home) as wb:
        rows = wb.product.funnel("events", STEPS, **options).frame
    return [f"{row['subjects']:,d} · {row['share_of_first']:.1%}" for row in rows.iter_rows(named=True)]


def amounts(page: Page) -> list[str]:
    labels = page.locator(".wb-card").first.locator("svg text").all_text_contents()
    return [text for text in labels if "·" in text]


@pytest.mark.parametrize("width", [360, 1440])
def test_each_question_has_its_drawing_and_hears_of_a_filter(browser: Browser, server: Server, width: int) -> None:
    warm(server, 1)
    context = browser.new_context(viewport={"width": width, "height": 6_000}, color_scheme="dark")
    context.add_cookies([{"name": "workbench", "value": server.cookie("anna"), "url": server.url}])
    page = context.new_page()
    heard: Heard = listen(page)
    page.goto(f"{server.url}/dashboards/product", wait_until="commit")
    cards = page.locator(".wb-card")
    expect(cards).to_have_count(8, timeout=90 * SECOND)
    for place, mark in enumerate(["rect.bar", "path.line", ".heatmapcell", "path.line", "rect.bar", "rect.bar"]):
        expect(cards.nth(place).locator(f"svg {mark}").first).to_be_attached(timeout=30 * SECOND)
    expect(cards.nth(6).locator("svg text", has_text="view").first).to_be_visible(timeout=30 * SECOND)
    expect(cards.nth(7).locator("svg text", has_text="none").first).to_be_visible(timeout=30 * SECOND)
    assert amounts(page) == funnel(server)
    assert page.evaluate("document.documentElement.scrollWidth") == width, "nothing is wider than the page"

    page.get_by_role("button", name="Country: all").click()
    page.get_by_label("country 1", exact=True).check()
    page.keyboard.press("Escape")
    chosen = funnel(server, within={"did": None, "where": "country = 'country 1'"})
    expect(cards.first.locator("svg text", has_text=chosen[1])).to_be_visible(timeout=15 * SECOND)
    assert amounts(page) == chosen != funnel(server)
    expect(page.locator(".wb-loading")).to_have_count(0)
    expect(page.locator(".wb-error")).to_have_count(0)
    assert heard.errors == []
    context.close()
