"""Transforms as a stage of a pipeline: by the name of their file, or written in the stage itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.data.etl import Applied, Transforms
from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Actor, RunKind, RunStatus
from workbench.orchestration.pipelines import PipelineFailed

FILE = """
reads: landed
into: sales
key: [shop]
transforms:
  - cast: {columns: {size: integer}, on_failure: quarantine}
  - join: {right: shops, on: {shop: code}}
"""
PIPELINE = """
name: sales
parameters:
  least: {type: int, default: 1}
stages:
  - name: clean
    transform: sales
  - name: large
    transform:
      reads: sales
      into: large
      transforms:
        - where: {condition: "size >= ${least}"}
        - join: {right: towns, on: {town: code}}
"""


@pytest.fixture
def made(wb: Workbench, workspace: Path) -> Workbench:
    for path, text in (("transforms/sales.yaml", FILE), ("pipelines/sales.yaml", PIPELINE)):
        (workspace / path).parent.mkdir()
        (workspace / path).write_text(text)
    wb.datasets.create("landed", pl.DataFrame({"shop": ["a", "b", "c"], "size": ["1", "x", "5"]}))
    wb.datasets.create("shops", pl.DataFrame({"code": ["a", "c"], "town": ["K", "L"]}))
    wb.datasets.create("towns", pl.DataFrame({"code": ["K", "L"], "people": [7, 9]}))
    return wb


def statuses(wb: Workbench, **parameters: Any) -> list[str]:
    return [stage.status.value for stage in wb.pipelines.run("sales", parameters).stages]


def test_a_stage_is_a_run_of_its_own_with_what_it_read_and_wrote(made: Workbench) -> None:
    told: list[Any] = []
    done = made.pipelines.run("sales", on_progress=told.append)
    clean, large = (stage.run for stage in done.stages)
    assert (clean.kind, clean.name, clean.parent) == (RunKind.TRANSFORM, "sales/clean", done.run.id)
    receipt = made.runs.receipt(clean.id)
    assert {edge.name for edge in receipt.read} == {"landed", "shops"}
    assert {edge.name for edge in receipt.wrote} == {"sales", "sales_quarantine"}
    assert {edge.name for edge in made.runs.receipt(large.id).read} == {"sales", "towns"}
    # It says itself what it reads and writes, so nothing is undeclared; but for the rows that did not fit.
    assert [step.why for step in told if step.state == "noted"] == [
        "writes sales_quarantine, which it does not declare"
    ]
    assert made.datasets["large"].to_polars().rows() == [("a", 1, "K", 7), ("c", 5, "L", 9)]
    assert {node.name for node in made.lineage("large").upstream} >= {"landed", "shops", "sales", "towns"}


def test_it_is_skipped_until_what_it_depends_on_changes(made: Workbench, workspace: Path) -> None:
    assert statuses(made) == ["succeeded", "succeeded"]
    assert statuses(made) == ["skipped", "skipped"]
    assert statuses(made, least=2) == ["skipped", "succeeded"]
    assert made.datasets["large"].to_polars()["shop"].to_list() == ["c"]
    made.datasets["shops"].append(pl.DataFrame({"code": ["b"], "town": ["K"]}))
    assert statuses(made, least=2) == ["succeeded", "skipped"]
    (workspace / "transforms" / "sales.yaml").write_text(FILE.replace("quarantine}", "'null'}"))
    assert statuses(made, least=2) == ["succeeded", "succeeded"]


def test_a_stage_says_otherwise_than_the_file(made: Workbench, workspace: Path) -> None:
    made.datasets.create("landed_too", pl.DataFrame({"shop": ["d"], "size": ["8"]}))
    path = workspace / "pipelines" / "sales.yaml"
    stage = "- name: clean\n    transform: sales\n    parameters: "
    path.write_text(f"name: sales\nstages:\n  {stage}{{reads: landed_too, mode: upsert, key: shop}}\n")
    made.transforms.apply("sales")
    made.pipelines.run("sales")
    assert sorted(made.datasets["sales"].to_polars()["shop"]) == ["a", "c", "d"]
    path.write_text(f"name: sales\nstages:\n  {stage}{{raeds: landed_too}}\n")
    with pytest.raises(Invalid, match="stage clean: no setting of transforms 'raeds'; did you mean 'reads'"):
        made.pipelines.run("sales")


@pytest.mark.parametrize(
    ("written", "error", "says"),
    [
        ("transform: slaes", NotFound, "stage clean: no file of transforms 'slaes'; did you mean 'sales'"),
        ("transform: {reads: a, into: b, transforms: [cats]}", Invalid, "there is no transform 'cats'"),
        ("transform: {transforms: [drop_nulls]}", Invalid, "it does not say what it reads, and into what"),
        ("transform: {reads: a, into: b, transforms: []}\n    parameters: {}", Invalid, "no parameters beside it"),
        ("transform: [drop_nulls]", Invalid, "the transform of a stage has to be text"),
        ("notebook: {a: 1}", Invalid, "the notebook of a stage has to be text"),
        ("transform: {reads: landde, into: b, transforms: [drop_nulls]}", NotFound, "it reads 'landde', which is no"),
        ('transform: {reads: a, into: b, transforms: [{where: {condition: "${x}"}}]}', Invalid, "no parameter 'x'"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(
    made: Workbench, workspace: Path, written: str, error: type[Exception], says: str
) -> None:
    (workspace / "pipelines" / "sales.yaml").write_text(f"name: sales\nstages:\n  - name: clean\n    {written}\n")
    with pytest.raises(error) as caught:
        made.pipelines.run("sales")
    assert says in str(caught.value)
    assert not made.runs.list()


def test_what_fails_leaves_what_was_there_and_is_told_with_its_transform(made: Workbench) -> None:
    statuses(made)
    made.datasets["shops"].append(pl.DataFrame({"code": ["a"], "town": ["M"]}))
    with pytest.raises(PipelineFailed, match=r"sales\.yaml, line 7, transform 2 \(join\).*more than once"):
        made.pipelines.run("sales")
    assert made.datasets["sales"].to_polars().height == 2
    assert [run.status for run in made.runs.list(name="sales/clean")] == [RunStatus.FAILED, RunStatus.SUCCEEDED]


def test_by_itself_it_is_a_run_and_inside_of_one_it_is_part_of_it(made: Workbench) -> None:
    alone = made.transforms.apply("sales")
    assert isinstance(alone, Applied)
    assert made.runs.get(alone.run).kind is RunKind.TRANSFORM
    run = made.runs.start(RunKind.NOTEBOOK, "n", actor=made.actor, parameters={})
    inside = Transforms(made.lake, made.runs, Actor(made.actor.principal, run.id), made.settings.home)
    assert inside.apply("sales").run == run.id
    assert {edge.name for edge in made.runs.edges(run.id) if edge.direction == "read"} == {"landed", "shops"}
    with pytest.raises(Invalid, match="wrote sales, sales_quarantine, and a replay writes nothing"):
        made.notebooks.replay(alone.run)
    looked = made.transforms.preview("sales", rows=2)
    assert (looked.rows, looked.total, looked.reasons) == (2, 3, {"'size' cannot be read as integer": 1})
    assert "of the first 2 of 3 rows come 1, 1 would be quarantined" in repr(looked)
