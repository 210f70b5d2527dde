from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Notebook = Callable[..., Path]


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    """Writes a notebook: a title, the parameters cell, then the other cells; text that begins with '#' is markdown."""

    def write(parameters: str | None, *cells: str, name: str = "a.ipynb", title: str = "# A title") -> Path:
        made: list[dict[str, Any]] = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": title}]
        sources = [*([(parameters, ["parameters"])] if parameters is not None else []), *((text, []) for text in cells)]
        for number, (text, tags) in enumerate(sources):
            cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {"tags": tags}, "source": text.splitlines(True)}
            if text.startswith("#") and not tags:
                made.append({**cell, "cell_type": "markdown"})
            else:
                made.append({**cell, "cell_type": "code", "execution_count": None, "outputs": []})
        path = tmp_path / name
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}))
        return path

    return write
