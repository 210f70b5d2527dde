"""The upload of the datasets panel as a person uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

__all__ = ["UploadView"]

# Files as a file manager lets them fall.
DROP = """([node, files]) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(files)) {
        dataTransfer.items.add(new File([text], name));
    }
    for (const type of ['dragenter', 'dragover', 'drop']) {
        node.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    }
}"""


class UploadView:
    """What the panel shows of an upload."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.node = page.locator(".aw-Upload")
        self.about = self.node.locator(".aw-About")
        self.grid = self.node.get_by_role("region", name="First rows")
        self.dataset = self.node.get_by_label("Dataset", exact=True)
        self.mistake = self.node.get_by_role("alert")
        self.refusal = self.node.locator(".aw-Into").get_by_role("alert")

    def open(self) -> None:
        self.page.get_by_role("button", name="Upload a file").click()
        self.button("Choose a file").wait_for()

    def button(self, name: str) -> Locator:
        return self.node.get_by_role("button", name=name, exact=True)

    def choose(self, file: str | Path, content: bytes = b"", *, by: str = "Choose a file") -> None:
        """Chooses a file of the disk, or one of this content."""
        with self.page.expect_file_chooser() as asked:
            self.button(by).click()
        if isinstance(file, Path):
            asked.value.set_files(file)
        else:
            asked.value.set_files({"name": file, "mimeType": "application/octet-stream", "buffer": content})

    def drop(self, files: dict[str, str]) -> None:
        """Drops files on the panel, by their names."""
        panel = self.page.locator(".aw-Datasets").element_handle()
        self.page.evaluate(DROP, [panel, files])

    def _type(self, column: str) -> Locator:
        return self.node.get_by_label(f"Type of {column}", exact=True)

    def type_of(self, column: str) -> str:
        """What a column's choice of types says."""
        chosen = self._type(column).locator("option:checked")
        return chosen.inner_text()

    def retype(self, column: str, kind: str) -> None:
        """Says what a column is, and waits for the server's word on it."""
        with self.page.expect_response(lambda answer: "/preview" in answer.url):
            self._type(column).select_option(kind)

    def mistake_of(self, column: str) -> Locator:
        """What is wrong with a column's type, in the row below it."""
        own = self.node.get_by_role("row").filter(has=self.page.get_by_label(f"Type of {column}", exact=True))
        return own.locator("xpath=following-sibling::tr[1][contains(@class, 'aw-mod-wrong')]").get_by_role("alert")

    def await_share(self, percent: int) -> None:
        """Waits until so much has arrived."""
        bar = self.node.locator("progress").element_handle()
        self.page.wait_for_function("([bar, share]) => bar.value >= share", arg=[bar, percent])

    @contextmanager
    def slowly(self, bytes_per_second: int) -> Iterator[None]:
        """A connection that takes no more while the block lasts."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1}
        session.send("Network.emulateNetworkConditions", conditions | {"uploadThroughput": bytes_per_second})
        yield
        session.send("Network.emulateNetworkConditions", conditions | {"uploadThroughput": -1})
        session.detach()
