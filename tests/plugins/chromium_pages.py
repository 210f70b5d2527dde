"""A real Chromium for tests, and pages that note what they asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from programs import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Heard:
    """What a page asked for and complained about.

    Attributes:
        requests: Every address, sockets among them.
        errors: Console errors, uncaught exceptions, and answers of 500 and above.
    """

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def outside(self, url: str) -> list[str]:
        """The requests that left for another server than the one at `url`."""
        own = urlsplit(url).netloc
        return [
            one for one in self.requests if urlsplit(one).scheme not in ("data", "blob") and urlsplit(one).netloc != own
        ]


def listen(page: Page) -> Heard:
    heard = Heard()
    page.on("request", lambda request: heard.requests.append(request.url))
    page.on("websocket", lambda socket: heard.requests.append(socket.url))
    page.on("console", lambda message: heard.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.errors.append(str(error)))
    page.on(
        "response",
        lambda answer: heard.errors.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
    )
    return heard


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: as long as Playwright runs, no other test of this process could run an event loop."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # milliseconds: a busy machine draws slowly
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium()), args=FLAGS)
        yield opened
        opened.close()
