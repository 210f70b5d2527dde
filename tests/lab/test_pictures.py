"""The panel in both themes at the widths that people have: nothing cut off, and pictures to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lab_page import CUT_OFF, LabPage, Theme
from lab_server import Lab
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.npm]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_fits_the_panel(lab: Lab, open_lab: Callable[..., LabPage], artifacts: Path, theme: Theme) -> None:
    shown = open_lab(lab, width=1440)
    shown.choose_theme(theme)
    shown.panel.open()
    for width in (1440, 768, 360):
        shown.page.set_viewport_size({"width": width, "height": 800})
        look(shown, artifacts, f"{theme}-{width}")
    shown.page.set_viewport_size({"width": 1440, "height": 800})
    widen(shown)
    look(shown, artifacts, f"{theme}-wide")


def look(shown: LabPage, artifacts: Path, name: str) -> None:
    panel = shown.panel
    views = []

    def picture(view: str) -> None:
        views.append((view, panel.node.evaluate(CUT_OFF)))
        shown.shoot(artifacts, f"{view}-{name}")

    panel.row("flights").hover()
    picture("list")
    panel.find("zeppelin")
    expect(panel.node).to_contain_text("No dataset has")
    picture("nothing")
    panel.search.press("Escape")
    panel.row("flights").click()
    detail = panel.detail("flights")
    expect(detail.locator(".aw-Schema tr").first).to_be_visible()
    picture("schema")
    detail.get_by_role("tab", name="Preview").click()
    expect(detail.locator(".aw-Grid")).to_be_visible()
    picture("preview")
    detail.get_by_role("tab", name="Versions").click()
    expect(detail.locator(".aw-Versions li").first).to_be_visible()
    picture("versions")
    detail.get_by_role("button", name="Back to the list").click()
    panel.rows.first.wait_for()
    assert views == [(view, []) for view, _ in views]


def widen(shown: LabPage) -> None:
    """Drags the panel's right border outwards; Lab lets nobody make it narrower than it is."""
    box = shown.panel.node.bounding_box()
    assert box is not None
    mouse = shown.page.mouse
    mouse.move(box["x"] + box["width"] + 2, box["y"] + 300)
    mouse.down()
    mouse.move(box["x"] + 520, box["y"] + 300, steps=8)
    mouse.up()
