"""The datasets panel in a real JupyterLab and a real Chromium."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from lab_page import LabPage, Panel
from lab_server import Lab
from playwright.sync_api import expect
from waiting import wait_until

from workbench import Workbench

pytestmark = [pytest.mark.browser, pytest.mark.npm]

OPENING = "from workbench import Workbench\nwb = Workbench.open()"
Open = Callable[..., LabPage]


def test_a_dataset_is_found_inserted_and_read(lab: Lab, open_lab: Open, flights: pl.DataFrame) -> None:
    shown = open_lab(lab)
    shown.new_notebook()
    shown.panel.open()
    shown.panel.find("every flight")
    assert shown.panel.names() == ["flights"]
    shown.panel.row("flights").click()
    detail = shown.panel.detail("flights")
    expect(detail).to_contain_text("Every flight out of New York")
    expect(detail).to_contain_text(f"{flights.height:,}")
    detail.get_by_role("button", name="Insert code", exact=True).click()
    expect(shown.notebook.locator(".cm-content").first).to_be_focused()
    assert shown.code(0) == f'{OPENING}\n\nwb.datasets["flights"].to_polars()'
    shown.run_cell()
    output = shown.notebook.locator(".jp-OutputArea-output")
    expect(output).to_contain_text(f"({flights.height:_}, {flights.width})", timeout=60_000)
    expect(output).to_contain_text("EWR")


def test_code_goes_where_the_cursor_is_and_opens_the_workbench_once(lab: Lab, open_lab: Open) -> None:
    shown = open_lab(lab)
    shown.new_notebook()
    shown.notebook.locator(".cm-content").first.click()
    shown.page.keyboard.type("bench = Workbench.open()\nseats = ")
    shown.panel.open()
    shown.panel.row("planes").hover()
    shown.panel.row("planes").locator(".aw-Row-insert").click()
    assert shown.code(0) == 'bench = Workbench.open()\nseats = bench.datasets["planes"].to_polars()'


def test_code_beside_a_statement_gets_a_line_of_its_own(lab: Lab, open_lab: Open) -> None:
    shown = open_lab(lab)
    shown.new_notebook()
    shown.notebook.locator(".cm-content").first.click()
    shown.page.keyboard.type("wb = Workbench.open()")
    shown.panel.open()
    shown.panel.search.press("ControlOrMeta+Enter")
    assert shown.code(0) == 'wb = Workbench.open()\nwb.datasets["flights"].to_polars()'


def test_without_a_notebook_a_new_one_gets_the_code(lab: Lab, open_lab: Open) -> None:
    shown = open_lab(lab)
    shown.panel.open()
    shown.panel.row("planes").click()
    shown.panel.detail("planes").get_by_role("button", name="Insert code", exact=True).click()
    expect(shown.notebook).to_be_visible(timeout=30_000)
    wait_until(lambda: shown.code(0) == f'{OPENING}\n\nwb.datasets["planes"].to_polars()', what="inserting")


def test_the_keyboard_alone_is_enough(lab: Lab, open_lab: Open) -> None:
    shown = open_lab(lab)
    panel, keyboard = shown.panel, shown.page.keyboard
    shown.command("Datasets")
    panel.rows.first.wait_for()
    expect(panel.search).to_be_focused()
    assert panel.active() == "flights"
    keyboard.press("ArrowDown")
    assert panel.active() == "planes"
    assert panel.search.get_attribute("aria-activedescendant") == panel.row("planes").get_attribute("id")
    keyboard.press("Enter")
    detail = panel.detail("planes")
    expect(detail.get_by_role("button", name="Insert code", exact=True)).to_be_focused()
    detail.get_by_role("tab", name="Schema").focus()
    keyboard.press("ArrowRight")
    expect(detail.get_by_role("tab", name="Preview")).to_be_focused()
    expect(detail.get_by_role("cell", name="N14228")).to_be_visible()
    keyboard.press("Escape")
    expect(panel.search).to_be_focused()
    assert panel.active() == "planes"
    keyboard.type("wea")
    expect(panel.rows).to_have_count(1)
    keyboard.press("Escape")
    expect(panel.rows).to_have_count(3)
    assert panel.search.input_value() == ""


def test_a_search_without_a_result_says_so_and_leads_back(panel: Panel) -> None:
    panel.find("zeppelin")
    expect(panel.node).to_contain_text("No dataset has “zeppelin”.")
    panel.node.get_by_role("button", name="Show all").click()
    expect(panel.rows).to_have_count(3)


def test_what_data_say_is_shown_as_text(panel: Panel) -> None:
    expect(panel.row("weather")).to_contain_text("<b>Hourly</b> weather")
    panel.row("weather").click()
    panel.detail("weather").get_by_role("tab", name="Preview").click()
    expect(panel.detail("weather").get_by_role("cell", name="null")).to_have_count(1)


def test_rows_are_shown_page_by_page(panel: Panel, flights: pl.DataFrame) -> None:
    panel.row("flights").click()
    detail = panel.detail("flights")
    detail.get_by_role("tab", name="Preview").click()
    expect(detail).to_contain_text(f"1–50 of {flights.height:,}")
    detail.get_by_role("button", name="Next page").click()
    expect(detail).to_contain_text(f"51–100 of {flights.height:,}")
    first = detail.locator(".aw-Grid tbody tr").first.locator("td").all_inner_texts()
    assert first[9:12] == [str(value) for value in flights.row(50)[9:12]]
    detail.get_by_role("button", name="Page before").click()
    expect(detail).to_contain_text(f"1–50 of {flights.height:,}")


def test_the_schema_has_types_and_the_key(panel: Panel, flights: pl.DataFrame) -> None:
    panel.row("flights").click()
    rows = panel.detail("flights").locator(".aw-Schema tr")
    expect(rows).to_have_count(flights.width)
    expect(rows.filter(has_text="carrier")).to_contain_text("key")
    expect(rows.filter(has_text="carrier")).to_contain_text("String")


def test_a_name_is_copied(panel: Panel) -> None:
    panel.row("weather").click()
    panel.detail("weather").get_by_role("button", name="Copy name").click()
    expect(panel.detail("weather")).to_contain_text("Copied")
    assert panel.page.evaluate("navigator.clipboard.readText()") == "weather"


def test_launcher_and_palette_lead_to_the_panel_and_to_the_first_notebook(lab: Lab, open_lab: Open) -> None:
    shown = open_lab(lab, quiet=False)  # a browser logs the 404 of a file that is not there
    launcher = shown.page.locator(".jp-Launcher")
    launcher.locator(".jp-LauncherCard", has_text="Start here").click()
    expect(shown.page.get_by_role("alert")).to_contain_text("There is no notebooks/start-here.ipynb")
    launcher.locator(".jp-LauncherCard", has_text="Datasets").click()
    expect(shown.panel.search).to_be_focused()


def test_the_launcher_leads_to_reports_and_dashboards(lab: Lab, open_lab: Open) -> None:
    shown = open_lab(lab)
    with shown.page.context.expect_page() as opened:
        shown.page.locator(".jp-LauncherCard", has_text="Reports and Dashboards").click()
    assert opened.value.url == f"{lab.url}/workbench"
    expect(opened.value.get_by_role("main").get_by_role("link", name="Reports")).to_be_visible()


def test_what_others_change_is_seen_at_once(own_lab: Lab, open_lab: Open) -> None:
    shown = open_lab(own_lab, quiet=False)  # a browser logs the 404 of what is gone
    shown.panel.open()
    expect(shown.panel.rows).to_have_count(1)
    with Workbench.open(own_lab.home) as wb:
        wb.datasets.create("orders", pl.DataFrame({"id": [1]}))
        expect(shown.panel.rows).to_have_count(2)
        shown.panel.row("orders").click()
        shown.panel.detail("orders").get_by_role("tab", name="Versions").click()
        expect(shown.panel.detail("orders").locator(".aw-Versions li")).to_have_count(1)
        wb.datasets.get("orders").append(pl.DataFrame({"id": [2]}))
        expect(shown.panel.detail("orders").locator(".aw-Versions li")).to_have_count(2)
        older = shown.panel.detail("orders").get_by_role("button", name="Insert code to load version 0")
        expect(older).to_be_visible()
        wb.datasets.delete("orders")
    expect(shown.panel.node.get_by_role("alert")).to_contain_text("The dataset 'orders' was deleted")
    shown.page.keyboard.press("Escape")
    shown.panel.node.get_by_role("button", name="Back to the list").click()
    expect(shown.panel.rows).to_have_count(1)


def test_an_empty_workspace_leads_to_the_first_notebook(own_lab: Lab, open_lab: Open) -> None:
    with Workbench.open(own_lab.home) as wb:
        wb.datasets.delete("weather")
    shown = open_lab(own_lab)
    shown.page.get_by_role("tab", name="Datasets", exact=True).click()
    expect(shown.panel.node).to_contain_text("No datasets yet.")
    expect(shown.panel.node.get_by_role("button", name="Start here")).to_be_visible()
