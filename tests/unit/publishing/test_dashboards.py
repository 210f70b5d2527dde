from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench import Workbench
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.security import Principal, Role


def write(home: Path, name: str, source: str, **metadata: str) -> None:
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": source}]
    path = home / "notebooks/dashboards" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"workbench": metadata}, "cells": cells})
    )


@pytest.fixture
def dashboards(wb: Workbench) -> Workbench:
    home = wb.settings.home
    write(home, "sales", "# All sales\n\nWhat *we* sold in [shops](x.html).\nAnd a second sentence.")
    write(home, "costs", "# Costs\n\nNo full stop", role="analyst")
    write(home, "wrong", "# Wrong", role="anlyst")
    write(home, "bare", "No heading here.")
    write(home, "With Space", "# Never listed")
    (home / "notebooks/dashboards/torn.ipynb").write_text("{")
    return wb


def test_they_are_listed_with_title_and_first_sentence(dashboards: Workbench) -> None:
    found = dashboards.dashboards.list()
    assert [(one.name, one.title, one.description) for one in found] == [
        ("sales", "All sales", "What we sold in shops."),
        ("bare", "Bare", "No heading here."),
        ("costs", "Costs", "No full stop"),
    ]
    assert len(found.problems) == 2
    assert any("did you mean 'analyst'" in problem for problem in found.problems)


def test_a_viewer_finds_what_a_viewer_may_open(dashboards: Workbench) -> None:
    seen = dashboards.acting_as(Principal("vera", Role.VIEWER)).dashboards
    assert [one.name for one in seen.list()] == ["sales", "bare"]
    with pytest.raises(Forbidden, match="that takes the role analyst"):
        seen.get("costs")
    with pytest.raises(NotFound, match="no dashboard 'cost'") as missed:
        seen.get("cost")
    assert "costs" not in str(missed.value), "a name that is not theirs is not told"


@pytest.mark.parametrize("name", ["../../metrics/x", "..", "", "sales.ipynb", "With Space"])
def test_a_name_is_a_name_and_no_path(dashboards: Workbench, name: str) -> None:
    with pytest.raises(NotFound):
        dashboards.dashboards.get(name)


def test_a_file_that_is_no_notebook_is_said(dashboards: Workbench) -> None:
    with pytest.raises(Invalid, match="is not a notebook"):
        dashboards.dashboards.get("torn")


def test_an_empty_workspace_says_how_to_begin(wb: Workbench) -> None:
    assert "workbench new dashboard NAME" in repr(wb.dashboards)
