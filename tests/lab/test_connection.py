"""The panel when its server ends, comes back, or no longer knows the user."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from lab_page import LabPage
from lab_server import Lab
from playwright.sync_api import expect

from workbench import Workbench

pytestmark = [pytest.mark.browser, pytest.mark.npm]

Open = Callable[..., LabPage]
SECONDS = 30_000


def test_a_server_that_restarts_under_an_open_panel_is_found_again(own_lab: Lab, open_lab: Open) -> None:
    shown = open_lab(own_lab, quiet=False)  # a browser logs each request that nobody answers
    shown.panel.open()
    own_lab.stop()
    expect(shown.panel.banner).to_contain_text("The server does not answer. Reconnecting", timeout=SECONDS)
    assert shown.panel.names() == ["weather"]
    with Workbench.open(own_lab.home) as wb:
        wb.datasets.create("made_meanwhile", pl.DataFrame({"n": [1]}))
    own_lab.start()
    expect(shown.panel.banner).to_contain_text("Connected again.", timeout=SECONDS)
    expect(shown.panel.rows).to_have_count(2)
    expect(shown.panel.banner).to_be_empty(timeout=SECONDS)


def test_a_panel_opened_while_nobody_answers_says_so_and_fills_by_itself(own_lab: Lab, open_lab: Open) -> None:
    shown = open_lab(own_lab, quiet=False)
    own_lab.stop()
    shown.page.get_by_role("tab", name="Datasets", exact=True).click()
    expect(shown.panel.node.get_by_role("alert")).to_contain_text("The server does not answer.", timeout=SECONDS)
    own_lab.start()
    expect(shown.panel.rows).to_have_count(1, timeout=SECONDS)


def test_a_user_who_was_removed_is_told(own_lab: Lab, open_lab: Open) -> None:
    shown = open_lab(own_lab, quiet=False)
    shown.panel.open()
    with Workbench.open(own_lab.home) as wb:
        wb.security.remove_user("ana", by=wb.actor.principal)
        wb.datasets.create("not_hers", pl.DataFrame({"n": [1]}))
    expect(shown.panel.banner).to_contain_text("You are signed out.", timeout=SECONDS)
    assert "not_hers" not in shown.panel.names()
