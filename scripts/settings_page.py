"""Writes docs/settings.md from the settings themselves; `make docs` runs it and a test holds the page to it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

from workbench.foundation.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

HEAD = """\
# Settings

A workspace is the nearest folder upward with a `workbench.toml`, else the one that `WORKBENCH_HOME` names. A setting is
a line in that file (`pin_days = 30`) or an environment variable, which wins (`WORKBENCH_PIN_DAYS=30`). A name in the
file that is not in this table is refused, and so is a variable that is nearly one of them. Written by `make docs`; the
words are those of `workbench/foundation/settings.py`.

| setting | type | default | what it says |
|---|---|---|---|
"""


def page() -> str:
    """The page's text."""
    rows = []
    for name, field in Settings.model_fields.items():
        annotation = field.annotation
        kind = annotation.__name__ if isinstance(annotation, type) else str(annotation)
        if get_origin(annotation) is Literal:
            kind = ", ".join(map(str, get_args(annotation)))
        kind = kind.removesuffix(" | None").replace("pathlib.", "").replace("pydantic.types.SecretStr", "str").lower()
        shown = "" if field.default in (None, "") or field.is_required() else f"`{field.default}`"
        cells = (f"`{name}`", kind.replace("|", "or"), shown, (field.description or "").replace("|", r"\|"))
        rows.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
