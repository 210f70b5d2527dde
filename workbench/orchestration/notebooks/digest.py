"""The tables that a notebook showed: what a receipt seals and a replay compares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.orchestration.notebooks import document
from workbench.orchestration.notebooks.model import TableOutput

__all__ = ["TABLE_MIME", "digests", "tables", "tables_of"]

TABLE_MIME = "application/vnd.workbench.table+json"


def tables(notebook: Mapping[str, Any]) -> list[TableOutput]:
    """Every table in a notebook's outputs, in order. A title that comes again gets its number: "Delays (2)"."""
    found: list[TableOutput] = []
    seen: dict[str, int] = {}
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get(TABLE_MIME)
            for table in shown if isinstance(shown, list) else [shown] if shown else []:
                title = str(table["title"])
                seen[title] = seen.get(title, 0) + 1
                unique = title if seen[title] == 1 else f"{title} ({seen[title]})"
                found.append(TableOutput(unique, tuple(table["columns"]), tuple(tuple(row) for row in table["rows"])))
    return found


def tables_of(path: Path) -> list[TableOutput]:
    """Every table in the outputs of the notebook at a path."""
    return tables(document.read(path))


def digests(shown: Sequence[TableOutput]) -> dict[str, str]:
    """Title to SHA-256 of the table's canonical JSON."""
    return {
        table.title: hashlib.sha256(
            json.dumps([table.columns, table.rows], ensure_ascii=False, separators=(",", ":")).encode()
        ).hexdigest()
        for table in shown
    }
