"""Pages that are written from the code say what the code says, and links within the documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import settings_page
from house import ROOT

from workbench.foundation.settings import Settings

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


def test_the_settings_page_is_the_settings() -> None:
    assert settings_page.PAGE.read_text() == settings_page.page(), "make docs"


def test_every_setting_says_what_it_is() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")]


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert pages
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text())
        if not (page.parent / Path(target)).exists()
    ]
    assert not broken


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (\S+)$", text, re.MULTILINE))
    assert set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE)) == phony


def test_every_row_of_a_table_has_the_cells_of_its_head() -> None:
    """What is beyond them is not shown, and what is missing shifts the rest."""
    wrong = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        cells = 0
        for number, line in enumerate(page.read_text().splitlines(), 1):
            found = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            if found and cells and found != cells:
                wrong.append(f"{page.name}:{number}")
            cells = cells if found and cells else found
    assert not wrong
