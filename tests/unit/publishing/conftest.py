from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import report_sample as sample
from nbformat import v4

from workbench.foundation.catalog import Catalog
from workbench.foundation.settings import load
from workbench.governance.runs import Actor, Run, RunKind, Runs, RunStatus
from workbench.governance.security import local_owner
from workbench.orchestration.notebooks import NotebookRunner
from workbench.publishing.reports import Reports

NO_BROWSER = "/nowhere/chromium"


@pytest.fixture
def home(workspace: Path) -> Path:
    """A workspace with one report, whose notebook draws a chart from its parameter."""
    folder = workspace / "reports"
    folder.mkdir()
    (folder / "punctuality.yaml").write_text(
        "name: punctuality\n"
        "title: Flight punctuality\n"
        "notebook: reports/punctuality.ipynb\n"
        "description: How late flights left New York.\n"
        "parameters: {rows: 4}\n"
    )
    cells = [
        v4.new_markdown_cell("# Flight punctuality"),
        v4.new_code_cell("rows: int = 2  # how many rows", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("import polars as pl\nfrom workbench.charts import Chart"),
        v4.new_markdown_cell("## Rows"),
        v4.new_code_cell("Chart(pl.DataFrame({'n': range(rows), 'v': range(rows)}), 'bar', 'n', 'v', 'Rows')"),
        v4.new_code_cell("assert rows < 100, 'too many rows'"),
    ]
    nbformat.write(v4.new_notebook(cells=cells), folder / "punctuality.ipynb")
    return workspace


@pytest.fixture
def runs(home: Path) -> Iterator[Runs]:
    settings = load(home)
    catalog = Catalog(settings.catalog_url)
    catalog.prepare()
    yield Runs(catalog, settings)
    catalog.close()


@pytest.fixture
def reports(home: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Reports:
    """The reports as the local owner; printing finds no browser unless a test says so."""
    monkeypatch.setenv("WORKBENCH_CHROMIUM", NO_BROWSER)
    settings, actor = load(home), Actor(local_owner())
    return Reports(settings, runs, NotebookRunner(settings, runs, actor), actor)


@pytest.fixture
def finished(home: Path, runs: Runs) -> Callable[[], Run]:
    """Records a successful run of the report, its output being the sample; no kernel is started."""

    def make() -> Run:
        source = home / "reports" / "punctuality.ipynb"
        run = runs.start(
            RunKind.REPORT, "flights/report", actor=Actor(local_owner()), parameters={"rows": 4}, source=source
        )
        runs.record(run.id, "read", "dataset", "flights_enriched", "12")
        runs.record(run.id, "write", "report", "punctuality", "0123456789ab")
        sample.notebook(run.directory / "output.ipynb")
        return runs.finish(run.id, RunStatus.SUCCEEDED)

    return make
