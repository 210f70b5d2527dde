from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from workbench.data.lake import Lake
from workbench.foundation.catalog import Catalog
from workbench.foundation.jobs import Jobs
from workbench.foundation.settings import load
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Security, local_owner
from workbench.orchestration.notebooks import NotebookRunner
from workbench.orchestration.pipelines import Pipelines

Notebook = Callable[..., Path]
Define = Callable[[str], None]


@pytest.fixture
def notebook(workspace: Path) -> Notebook:
    """Writes a notebook: a title, the parameters cell, then the other cells; text that begins with '#' is markdown."""

    def write(name: str, parameters: str, *cells: str, kernel: str | None = None) -> Path:
        made: list[dict[str, Any]] = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A title"}]
        for number, (text, tags) in enumerate([(parameters, ["parameters"]), *((text, []) for text in cells)]):
            cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {"tags": tags}, "source": text.splitlines(True)}
            if text.startswith("#") and not tags:
                made.append({**cell, "cell_type": "markdown"})
            else:
                made.append({**cell, "cell_type": "code", "execution_count": None, "outputs": []})
        path = workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"kernelspec": {"name": kernel}} if kernel else {}
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}))
        return path

    return write


@pytest.fixture
def runs(workspace: Path) -> Iterator[Runs]:
    settings = load(workspace)
    catalog = Catalog(settings.catalog_url)
    catalog.prepare()
    yield Runs(catalog, settings)
    catalog.close()


@pytest.fixture
def runner(workspace: Path, runs: Runs) -> NotebookRunner:
    return NotebookRunner(load(workspace), runs, Actor(local_owner()))


@pytest.fixture
def no_kernel_left() -> Iterator[None]:
    """Fails a test that leaves a kernel behind."""
    yield
    left = [child for child in psutil.Process().children(recursive=True) if "ipykernel" in " ".join(_words(child))]
    assert not left, f"{left} still run"


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def lake(workspace: Path, runs: Runs) -> Lake:
    settings = load(workspace)
    catalog = Catalog(settings.catalog_url)
    return Lake(settings.lake_root, catalog, runs, Security(catalog))


@pytest.fixture
def pipelines(workspace: Path, runs: Runs, lake: Lake, runner: NotebookRunner) -> Pipelines:
    settings = load(workspace)
    return Pipelines(settings, runs, Jobs(Catalog(settings.catalog_url)), lake, runner, Actor(local_owner()))


@pytest.fixture
def define(workspace: Path) -> Define:
    def write(text: str) -> None:
        (workspace / "pipelines").mkdir(exist_ok=True)
        (workspace / "pipelines/p.yaml").write_text(text)

    return write
