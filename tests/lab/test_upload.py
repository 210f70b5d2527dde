"""A file becomes a dataset in the panel of a real JupyterLab: chosen or dropped, sent, looked at, loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from lab_page import CUT_OFF, LabPage, Theme
from lab_server import Lab
from playwright.sync_api import expect
from upload_page import UploadView
from waiting import wait_until

from workbench import Workbench
from workbench.data.uploads import Upload, UploadState
from workbench.governance.security import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.npm]

ORDERS = b"id,zip,amount\n1,1010,9.5\n2,1020,\n3,8010,12.25\n"
SECONDS = 30_000


@pytest.fixture(scope="module")
def upload_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("upload") / "workspace"
    home.mkdir()
    (home / "workbench.toml").write_text("")
    with Workbench.open(home) as wb:
        wb.security.add_user("ana", Role.ANALYST, by=wb.actor.principal)
        ana = wb.acting_as(wb.security.user("ana"))
        ana.datasets.create("prices", pl.DataFrame({"id": [1, 2], "amount": [1.0, 2.0]}), key=["id"])
    lab = Lab(home)
    lab.start()
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def signed_in(upload_lab: Lab, browser: Browser) -> Iterator[LabPage]:
    shown = LabPage(browser, upload_lab, width=1440)
    shown.panel.open()
    yield shown
    shown.close()
    assert shown.heard.outside(upload_lab.url) == []


@pytest.fixture
def shown(signed_in: LabPage) -> LabPage:
    """The panel at its list; a browser logs every refusal, so that its log is looked at for nothing else."""
    back = signed_in.panel.node.get_by_role("button", name="Back to the list")
    if back.is_visible():
        back.click()
    signed_in.panel.rows.first.wait_for()
    return signed_in


@pytest.fixture
def upload(shown: LabPage) -> UploadView:
    """The upload, with nothing chosen yet."""
    view = UploadView(shown.page)
    view.open()
    return view


@pytest.fixture
def wb(upload_lab: Lab) -> Iterator[Workbench]:
    with Workbench.open(upload_lab.home) as opened:
        yield opened


def unfinished(wb: Workbench) -> list[Upload]:
    return [one for one in wb.uploads.list() if one.state is not UploadState.LOADED]


def test_a_chosen_file_is_looked_at_retyped_and_loaded(upload: UploadView, shown: LabPage, wb: Workbench) -> None:
    upload.choose("Orders 2024.csv", ORDERS)
    expect(upload.about).to_have_text("CSV · 3 rows · 3 columns · 46 B")
    assert upload.type_of("zip") == "integer"
    upload.retype("amount", "integer")
    expect(upload.mistake_of("amount")).to_contain_text('"9.5" is no integer')
    expect(upload.button("Load")).to_be_disabled()
    upload.retype("amount", "number")
    expect(upload.mistake_of("amount")).to_have_count(0)
    upload.retype("zip", "text")
    expect(upload.grid.get_by_role("row").nth(1).get_by_role("cell").nth(1)).to_have_attribute("data-kind", "text")
    expect(upload.dataset).to_have_value("orders_2024")
    upload.node.get_by_role("checkbox", name="id").check()
    upload.button("Load").click()
    expect(shown.panel.detail("orders_2024")).to_contain_text("zip", timeout=SECONDS)
    shown.page.keyboard.press("Escape")
    expect(shown.panel.row("orders_2024")).to_be_visible()
    made = wb.datasets["orders_2024"]
    assert made.to_polars().rows() == [(1, "1010", 9.5), (2, "1020", None), (3, "8010", 12.25)]
    assert made.info.key == ("id",)
    assert made.versions()[0].principal == "ana"


def test_a_load_that_is_refused_says_why_and_can_be_tried_again(
    upload: UploadView, shown: LabPage, wb: Workbench
) -> None:
    upload.choose("prices.csv", b"id,amount\n2,20.5\n3,30.5\n")
    upload.button("Load").click()
    expect(upload.refusal).to_contain_text("'prices'", timeout=SECONDS)
    upload.node.get_by_label("Rows are").select_option("upsert")
    upload.button("Load").click()
    expect(shown.panel.detail("prices")).to_be_visible(timeout=SECONDS)
    assert wb.datasets["prices"].to_polars().sort("id").rows() == [(1, 1.0), (2, 20.5), (3, 30.5)]


def test_a_file_that_cannot_be_read_says_where_and_leaves_nothing(upload: UploadView, wb: Workbench) -> None:
    there = {one.name for one in wb.datasets.list()}
    upload.choose("ragged.csv", b"a,b\n1,2\n1,2,3\n")
    expect(upload.mistake).to_contain_text("'ragged.csv', line 3: 3 fields where the header has 2")
    expect(upload.button("Load")).to_have_count(0)
    upload.button("Cancel").click()
    expect(upload.button("Choose a file")).to_be_focused()
    upload.choose("picture.csv", b"\x89PNG\0\0\0")
    expect(upload.mistake).to_contain_text("'picture.csv' is no text, no workbook and no Parquet file")
    upload.button("Cancel").click()
    wait_until(lambda: not unfinished(wb), what="forgetting them")
    assert {one.name for one in wb.datasets.list()} == there


def test_what_was_sent_in_part_is_gone_on_with_after_the_page_was_left(shown: LabPage, wb: Workbench) -> None:
    ana = wb.acting_as(wb.security.user("ana"))
    begun = ana.uploads.start("orders.csv", len(ORDERS)).id
    with ana.uploads.receive(begun) as part:
        part.write(ORDERS[:20])
    upload = UploadView(shown.page)
    upload.open()
    expect(upload.node).to_contain_text("20 B of 46 B")
    upload.choose("other.csv", ORDERS + b"4,1,1\n", by="Go on with orders.csv")
    expect(upload.mistake).to_contain_text("it is another file")
    upload.choose("orders.csv", ORDERS, by="Go on with orders.csv")
    expect(upload.about).to_contain_text("3 rows")
    shown.page.keyboard.press("Escape")
    expect(shown.panel.search).to_be_focused()
    shown.panel.node.get_by_role("button", name="Back to the upload").click()
    expect(upload.about).to_contain_text("3 rows")
    upload.button("Cancel").click()
    wait_until(lambda: not unfinished(wb), what="forgetting it")


def test_a_file_is_dropped_and_the_keyboard_does_the_rest(shown: LabPage, wb: Workbench) -> None:
    upload = UploadView(shown.page)
    upload.drop({"a.csv": "a\n1\n", "b.csv": "b\n1\n"})
    expect(upload.mistake).to_contain_text("One file at a time")
    upload.drop({"orders.csv": "when,id\n2024-01-01 10:00,7\n"})
    expect(upload.about).to_contain_text("1 row ")
    expect(upload.button("Load")).to_be_disabled()
    keyboard = shown.page.keyboard
    upload.node.get_by_label("Time zone").focus()
    keyboard.type("Europe/Vienna")
    expect(upload.button("Load")).to_be_enabled()
    upload.dataset.focus()
    keyboard.press("ControlOrMeta+A")
    keyboard.type("dropped")
    keyboard.press("Enter")
    expect(shown.panel.detail("dropped")).to_be_visible(timeout=SECONDS)
    (row,) = wb.datasets["dropped"].to_polars().rows()
    assert (row[0].isoformat(), row[1]) == ("2024-01-01T09:00:00+00:00", 7)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_step_fits_the_panel(upload: UploadView, shown: LabPage, artifacts: Path, theme: Theme) -> None:
    shown.choose_theme(theme)
    steps = []

    def picture(step: str) -> None:
        for width in (1440, 768, 360):
            shown.page.set_viewport_size({"width": width, "height": 800})
            steps.append((step, width, shown.panel.node.evaluate(CUT_OFF)))
            shown.shoot(artifacts, f"upload-{step}-{theme}-{width}")

    picture("choose")
    wide = ["order_number", "when", *(f"a_column_with_a_long_name_{number}" for number in range(12))]
    rows = "".join(f"{row},2024-01-01 10:00{',9.5' * 12}\n" for row in range(30))
    upload.choose("Orders of the whole year 2024, corrected.csv", f"{','.join(wide)}\n{rows}".encode())
    expect(upload.about).to_contain_text("30 rows")
    picture("look")
    upload.retype(wide[3], "integer")
    expect(upload.mistake_of(wide[3])).to_contain_text("is no integer")
    picture("mistake")
    upload.button("Load").scroll_into_view_if_needed()
    upload.node.locator(".aw-Key").scroll_into_view_if_needed()
    picture("into")
    upload.button("Cancel").click()
    upload.button("Choose a file").wait_for()
    shown.page.set_viewport_size({"width": 1440, "height": 800})
    assert steps == [(step, width, []) for step, width, _ in steps]


def test_sending_goes_on_where_it_was_when_the_server_comes_back(
    upload: UploadView, shown: LabPage, upload_lab: Lab, wb: Workbench, tmp_path: Path, artifacts: Path
) -> None:
    numbers = pl.DataFrame({"n": range(600_000), "twice": range(0, 1_200_000, 2)})
    numbers.write_csv(tmp_path / "numbers.csv")
    with upload.slowly(4_000_000):
        upload.choose(tmp_path / "numbers.csv")
        upload.await_share(10)
        upload_lab.stop()
        expect(upload.mistake).to_contain_text("goes on by itself", timeout=SECONDS)
        shown.shoot(artifacts, "upload-unanswered")
        (there,) = unfinished(wb)
        assert 0 < there.received < there.size
    upload_lab.start()
    # JupyterLab's own word on it, over everything.
    shown.page.add_locator_handler(
        shown.page.locator(".jp-Dialog"), lambda said: said.get_by_role("button").last.click()
    )
    expect(upload.about).to_contain_text("600,000 rows", timeout=SECONDS)
    upload.button("Load").click()
    expect(shown.panel.detail("numbers")).to_contain_text("600,000", timeout=SECONDS)
    assert wb.datasets["numbers"].to_polars().equals(numbers)
