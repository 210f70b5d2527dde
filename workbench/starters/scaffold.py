"""First drafts of a notebook, pipeline, report or metric. Each passes the lint and runs as it is written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.foundation.errors import Conflict, Invalid, unknown

__all__ = ["KINDS", "scaffold"]

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def scaffold(home: Path, kind: str, name: str, *, dataset: str = "my_dataset") -> list[Path]:
    """Writes the files of a new notebook, pipeline, report or metric into a workspace.

    Args:
        dataset: What a metric is computed on.

    Returns:
        The files written.

    Raises:
        Invalid: No such kind, or the name is none.
        Conflict: One of the files is there already; nothing is written.
    """
    if kind not in KINDS:
        raise unknown("kind of scaffold", kind, KINDS, error=Invalid)
    if not NAME.fullmatch(name):
        raise Invalid(
            f"'{name}' cannot be a name",
            hint="begin with a small letter; then small letters, digits, '-' and '_', at most 64",
        )
    files = KINDS[kind](name, dataset)
    for path in files:
        if (home / path).exists():
            raise Conflict(f"{path} is there already", hint="choose another name")
    written = []
    for path, text in files.items():
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def _notebook(name: str, _dataset: str) -> dict[str, str]:
    return {
        f"notebooks/{name}.ipynb": _ipynb(
            ("markdown", f"# {_title(name)}\n\nWhat this notebook is for, in a sentence."),
            ("parameters", "rows: int = 10  # how many rows to show"),
            ("code", "from workbench import Workbench\n\nwb = Workbench.open()"),
            ("markdown", "## The datasets"),
            ("code", "wb.datasets"),
        )
    }


def _pipeline(name: str, _dataset: str) -> dict[str, str]:
    return {
        f"pipelines/{name}.yaml": (
            f"name: {name}\n"
            "description: What this pipeline makes, in a sentence.\n"
            "parameters:\n"
            "  rows: {type: int, default: 10, help: how many rows to show}\n"
            "stages:\n"
            "  - name: first\n"
            f"    notebook: notebooks/{name}/first.ipynb\n"
            '    parameters: {rows: "${rows}"}\n'
        ),
        f"notebooks/{name}/first.ipynb": _ipynb(
            ("markdown", f"# {_title(name)}: the first stage\n\nWhat this stage does, in a sentence."),
            ("parameters", "rows: int = 10  # how many rows to show"),
            ("code", "from workbench import Workbench\n\nwb = Workbench.open()"),
            ("code", "wb.datasets"),
        ),
    }


def _report(name: str, _dataset: str) -> dict[str, str]:
    return {
        f"reports/{name}.yaml": (
            f"name: {name}\n"
            f"title: {_title(name)}\n"
            "description: What this report tells, in a sentence.\n"
            f"notebook: reports/{name}.ipynb\n"
        ),
        f"reports/{name}.ipynb": _ipynb(
            ("markdown", f"# {_title(name)}\n\nWhat this report tells, in a sentence."),
            ("parameters", "rows: int = 10  # how many rows to show"),
            ("code", "from workbench import Workbench\n\nwb = Workbench.open()"),
            ("markdown", "## The datasets"),
            ("code", "wb.datasets"),
        ),
    }


def _metric(name: str, dataset: str) -> dict[str, str]:
    return {
        f"metrics/{name}.yaml": (
            f"- name: {name.replace('-', '_')}\n"
            f"  label: {_title(name)}\n"
            "  description: What this number means, in a sentence.\n"
            f"  dataset: {dataset}\n"
            "  type: simple\n"
            "  aggregation: count\n"
            '  format: ",d"\n'
        )
    }


KINDS: dict[str, Callable[[str, str], dict[str, str]]] = {
    "notebook": _notebook,
    "pipeline": _pipeline,
    "report": _report,
    "metric": _metric,
}
"""What `scaffold` can write, by kind: name and dataset to the text of each file."""


def _title(name: str) -> str:
    return re.sub(r"[-_]+", " ", name).capitalize()


def _ipynb(*cells: tuple[str, str]) -> str:
    """A notebook without outputs. Cell ids come from the text, so that the same notebook is the same bytes."""
    made: list[dict[str, Any]] = []
    for position, (kind, text) in enumerate(cells):
        cell: dict[str, Any] = {
            "cell_type": "markdown" if kind == "markdown" else "code",
            "id": hashlib.sha256(f"{position}{text}".encode()).hexdigest()[:8],
            "metadata": {"tags": ["parameters"]} if kind == "parameters" else {},
            "source": text.splitlines(keepends=True),
        }
        if kind != "markdown":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell)
    notebook = {
        "cells": made,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
