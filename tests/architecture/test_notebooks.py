"""Every notebook of the repository is thin, and every definition beside them is well formed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from house import ROOT

from workbench.orchestration.notebooks import lint

NOTEBOOKS = sorted(
    path
    for folder in ("notebooks", "reports", "pipelines", "workbench")
    for path in (ROOT / folder).rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
DEFINITIONS = sorted(
    path for folder in ("pipelines", "reports", "metrics", "expectations") for path in (ROOT / folder).rglob("*.y*ml")
)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_notebook_is_thin(path: Path) -> None:
    assert not [str(problem) for problem in lint(path)]


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_definition_is_yaml_and_names_files_that_exist(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert isinstance(content, dict | list)
    assert path.suffix == ".yaml"
    named = [
        line.split(":", 1)[1].strip()
        for line in path.read_text().splitlines()
        if line.strip(" -").startswith("notebook:")
    ]
    for name in named:
        assert (ROOT / name).exists() or (path.parent / name).exists(), f"{name} does not exist"
