"""The pages about datasets at the widths that people have, light and dark: nothing sticks out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from chromium_pages import listen
from crowded_pages import LONG, crowd
from house import ROOT
from site_of_servers import Site, made, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long]

PAGES = {
    "datasets": "datasets",
    "lineage": "lineage/dataset/departures",
    "lineage-long": f"lineage/dataset/{LONG}",
    "lineage-dashboard": "lineage/dashboard/punctuality-live",
    "lineage-none": "lineage/dataset/quiet",
    "quality": "quality/orders_checked",
    "quality-none": "quality/quiet",
    "history": "history/orders_kept",
    "history-none": "history/quiet",
}
# What is wider than the page, but for what may be scrolled.
STICKS_OUT = """() => [...document.querySelectorAll('main *')].filter(one =>
    !one.closest('.scroll, pre, svg') && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map(one => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("crowded") / "team"
    wb = made(home)
    crowd(wb)
    with running("api", home) as url:
        yield Site(url, wb)
    wb.close()


@pytest.fixture(scope="module")
def artifacts() -> Path:
    folder = ROOT / ".artifacts" / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_every_page_fits_every_screen(
    browser: Browser, crowded: Site, width: int, scheme: Literal["light", "dark"], artifacts: Path
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.add_cookies([{"name": "workbench", "value": crowded.cookie("ada"), "url": crowded.url}])
    page = context.new_page()
    heard = listen(page)
    wide = {}
    for name, path in PAGES.items():
        answer = page.goto(f"{crowded.url}/workbench/{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.screenshot(path=artifacts / f"{name}-{width}-{scheme}.png", full_page=True)
        wide[name] = page.evaluate(STICKS_OUT)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        unnamed = page.locator("main :is(a, button, input)").evaluate_all(
            "all => all.filter(one => !(one.textContent || one.labels?.length || one.ariaLabel)).length"
        )
        assert unnamed == 0, name
    assert wide == {name: [] for name in PAGES}
    assert heard.errors == []
    assert heard.outside(crowded.url) == []
    context.close()
