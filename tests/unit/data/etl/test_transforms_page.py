"""The page about transforms says what the code says, and its file is one."""

from __future__ import annotations

import re
from pathlib import Path

from house import ROOT

from workbench.data.etl import Recipe
from workbench.data.etl.recipes import TRANSFORMS, _model, _Written
from workbench.orchestration.pipelines.definition import load, substituted

PAGE = (ROOT / "docs" / "transforms.md").read_text()


def test_every_transform_stands_there_with_all_that_it_takes() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| [A-Z]", PAGE, re.MULTILINE)
    assert {name for name, _ in rows} == set(TRANSFORMS)
    for name, takes in rows:
        assert set(re.findall(r"`(\w+)`", takes)) == set(_model(name).model_fields), name


def test_every_key_of_a_file_stands_there() -> None:
    _, _, below = PAGE.partition("| key of a file |")
    names = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", below.partition("\n## ")[0], re.MULTILINE)
    assert set(re.findall(r"\w+", " ".join(names))) == set(_Written.model_fields)


def test_its_pipeline_is_one(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(# pipelines.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (tmp_path / "flights.yaml").write_text(found[1])
    clean, late = load(tmp_path / "flights.yaml").stages
    recipe = Recipe.of(substituted(late.parameters, {"least": 30}))
    assert (clean.target, late.target, recipe.into) == ("flights", "", "late_flights")


def test_its_file_is_one(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (tmp_path / "flights.yaml").write_text(found[1])
    recipe = Recipe.load(tmp_path / "flights.yaml")
    assert [step.name for step in recipe.steps] == ["cast", "deduplicate", "fill_nulls", "join", "drop_nulls"]
