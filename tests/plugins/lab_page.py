"""JupyterLab and its datasets panel as a person uses them: the page objects of the browser tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chromium_pages import Heard, listen
from lab_server import Lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

__all__ = ["CUT_OFF", "LabPage", "Panel", "Theme"]

Theme = Literal["light", "dark"]
# What sticks out of the panel to the right, but for what may be scrolled.
CUT_OFF = """panel => [...panel.querySelectorAll('*')].filter(one =>
    !one.closest('.aw-Grid') && one.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1
).map(one => one.className || one.tagName)"""


class Panel:
    """The datasets panel in the left side bar."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.node = page.get_by_role("region", name="Datasets", exact=True)
        self.search = self.node.get_by_role("combobox", name="Search datasets")
        self.rows = self.node.get_by_role("option").filter(has=page.locator(".aw-Row-name"))
        self.banner = self.node.locator(".aw-Banner")

    def open(self) -> None:
        """Opens it by its tab, and waits for the list."""
        self.page.get_by_role("tab", name="Datasets", exact=True).click()
        self.rows.first.wait_for()

    def find(self, words: str) -> None:
        """Types into the search field and waits until the list answers it."""
        with self.page.expect_response(lambda answer: "/datasets?" in answer.url):
            self.search.fill(words)

    def row(self, name: str) -> Locator:
        exact = self.page.locator(".aw-Row-name").get_by_text(name, exact=True)
        return self.rows.filter(has=exact)

    def detail(self, name: str) -> Locator:
        """The opened dataset."""
        return self.node.get_by_role("region", name=name, exact=True)

    def active(self) -> str:
        """The row that the keyboard is at."""
        return self.node.locator(".aw-Row[aria-selected=true] .aw-Row-name").inner_text()

    def names(self) -> list[str]:
        return self.node.locator(".aw-Row-name").all_inner_texts()


class LabPage:
    """JupyterLab in a browser of its own, signed in by a link."""

    def __init__(self, browser: Browser, lab: Lab, *, user: str = "ana", width: int = 1280) -> None:
        self.lab = lab
        context = browser.new_context(
            viewport={"width": width, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
        )
        self.page: Page = context.new_page()
        self.heard: Heard = listen(self.page)
        self.page.goto(lab.link(user, "/lab?reset"))
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)
        self.page.locator("#jp-main-dock-panel .lm-DockPanel-widget").first.wait_for()
        self.panel = Panel(self.page)

    def close(self) -> None:
        self.page.context.close()

    def choose_theme(self, theme: Theme) -> None:
        self.command(f"Use Theme: JupyterLab {theme.capitalize()}")
        shown = self.page.locator(f"body[data-jp-theme-light={str(theme == 'light').lower()}]")
        shown.wait_for(state="attached")

    def command(self, label: str) -> None:
        """Runs a command as the palette has it."""
        self.page.keyboard.press("ControlOrMeta+Shift+C")
        palette = self.page.locator(".jp-ModalCommandPalette")
        palette.locator("input").fill(label)
        whole = re.compile(f"^{re.escape(label)}$")
        palette.locator(".lm-CommandPalette-itemLabel").filter(has_text=whole).click()

    def new_notebook(self) -> None:
        """Makes one from the launcher, and waits for its kernel."""
        self.page.locator(".jp-LauncherCard[data-category=Notebook]").first.click()
        self.await_kernel()

    def await_kernel(self) -> None:
        self.notebook.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)

    def run_cell(self) -> None:
        """Runs the cell that the cursor is in."""
        self.page.keyboard.press("Shift+Enter")

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def code(self, cell: int) -> str:
        """A cell's source."""
        lines = self.notebook.locator(".jp-Cell").nth(cell).locator(".jp-InputArea-editor .cm-line").all_text_contents()
        return "\n".join(lines)

    def shoot(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png")
