"""What a notebook says of itself before anything is run: its title, its first sentence, its metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.orchestration.notebooks import document

__all__ = ["Introduction", "introduction"]

_MARKS = re.compile(r"[*_`]|\[([^\]]*)\]\([^)]*\)")
_SENTENCE = re.compile(r"(.+?[.!?])(?=\s|$)")


@dataclass(frozen=True)
class Introduction:
    """
    Attributes:
        title: Of its first heading; "" where it has none.
        sentence: The first one under it, without marks of emphasis and links.
        metadata: What the notebook holds under "workbench" in its metadata.
    """

    title: str
    sentence: str
    metadata: Mapping[str, Any]


def introduction(path: Path) -> Introduction:
    """
    Raises:
        NotFound: No such file.
        Invalid: Not a notebook.
    """
    notebook = document.read(path)
    cells = notebook["cells"]
    text = document.source(cells[0]) if cells and cells[0].get("cell_type") == "markdown" else ""
    title, _, rest = text.strip().partition("\n")
    if not title.startswith("# "):
        title, rest = "", text
    under = " ".join(rest.split("\n\n## ")[0].split())
    found = _SENTENCE.match(under)
    said = _MARKS.sub(lambda mark: mark[1] or "", found[1] if found else under)
    metadata = notebook.get("metadata", {}).get("workbench", {})
    return Introduction(title.lstrip("# ").strip(), said, metadata if isinstance(metadata, dict) else {})
