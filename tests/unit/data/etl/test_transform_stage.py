"""Transforms as a stage of a pipeline: by the name of their file, or written in the stage itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.data.etl import Applied, Transforms
from workbench.foundation.errors import Conflict, Invalid, NotFound
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
    assert {edge.name for edge in receipt.wrote} == {"sales"}
    assert {edge.name for edge in made.runs.receipt(large.id).read} == {"sales", "towns"}
    # It says itself what it reads and writes, so nothing is undeclared.
    assert [step.why for step in told if step.state == "noted"] == []
    assert [(one.run, one.rows) for one in made.quality.held.list("sales")] == [(clean.id, 1)]
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


def test_held_rows_stay_while_it_is_skipped_and_are_replaced_when_it_runs_again(made: Workbench) -> None:
    def held(**more: Any) -> list[Any]:
        return made.quality.held.list("sales", **more)

    statuses(made)
    (before,) = held()
    assert statuses(made) == ["skipped", "skipped"]
    assert held() == [before]
    made.datasets["landed"].append(pl.DataFrame({"shop": ["e"], "size": ["y"]}))
    assert statuses(made) == ["succeeded", "skipped"]
    (after,) = held()
    assert (after.rows, after.origin, made.runs.get(after.run).name) == (2, before.origin, "sales/clean")
    assert sorted(one.state for one in held(every=True)) == ["held", "replaced"]
    mended = made.quality.held.rows(after.id).with_columns(size=pl.lit("7"))
    assert made.quality.held.redrive(after.id, mended).loaded == 2
    assert made.datasets["sales"].to_polars().sort("shop").rows() == [
        ("a", 1, "K"), ("b", 7, None), ("c", 5, "L"), ("e", 7, None),
    ]  # fmt: skip


def test_rows_that_transforms_in_the_stage_took_out_go_on_by_what_stood_there(made: Workbench, workspace: Path) -> None:
    path = workspace / "pipelines" / "sales.yaml"
    steps = "[{cast: {columns: {size: integer}, on_failure: quarantine}}, {join: {right: shops, on: {shop: code}}}]"
    path.write_text(
        f"name: sales\nstages:\n  - name: clean\n    transform: {{reads: landed, into: sales, transforms: {steps}}}\n"
    )
    made.pipelines.run("sales")
    (held,) = made.quality.held.list("sales")
    assert held.origin == "sales/clean of landed"
    path.unlink()
    assert made.quality.held.redrive(held.id).held == (held,)
    done = made.quality.held.redrive(held.id, made.quality.held.rows(held.id).with_columns(size=pl.lit("7")))
    assert (done.loaded, done.held) == (1, ())
    assert ("b", 7, None) in made.datasets["sales"].to_polars().rows()
    frame = made.datasets["shops"].to_polars()
    said: list[Any] = [{"cast": {"columns": {"size": "integer"}, "on_failure": "quarantine"}}]
    said.append({"join": {"right": frame, "on": {"shop": "code"}}})
    (held,) = made.transforms.apply({"reads": "landed", "into": "others", "transforms": said}).held
    with pytest.raises(Conflict, match="are written nowhere"):
        made.quality.held.redrive(held.id)


def test_what_is_read_otherwise_leaves_the_held_rows_of_the_first_where_they_are(made: Workbench) -> None:
    made.datasets.create("landed_too", pl.DataFrame({"shop": ["d", "e"], "size": ["8", "x"]}))
    (first,) = made.transforms.apply("sales").held
    (second,) = made.transforms.apply("sales", reads="landed_too", mode="snapshot", into="history").held
    (third,) = made.transforms.apply("sales", reads="landed_too", mode="upsert").held
    assert first.origin == "transforms/sales.yaml of landed"
    assert third.origin == "transforms/sales.yaml of landed_too"
    assert {one.id for one in made.quality.held.list("sales")} == {first.id, third.id}
    # What comes in later comes in as the other rows of its time did, whatever the file says.
    made.quality.held.redrive(second.id, made.quality.held.rows(second.id).with_columns(size=pl.lit("7")))
    assert set(made.datasets["history"].to_polars().filter(pl.col("is_current"))["shop"]) == {"d", "e"}


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
    actor, held = Actor(made.actor.principal, run.id), made.quality.held
    inside = Transforms(made.lake, made.runs, actor, made.settings.home, held)
    assert inside.apply("sales").run == run.id
    assert {edge.name for edge in made.runs.edges(run.id) if edge.direction == "read"} == {"landed", "shops"}
    with pytest.raises(Invalid, match="wrote sales, and a replay writes nothing"):
        made.notebooks.replay(alone.run)
    looked = made.transforms.preview("sales", rows=2)
    assert (looked.rows, looked.total, looked.reasons) == (2, 3, {"'size' cannot be read as integer": 1})
    assert "of the first 2 of 3 rows come 1, 1 would be quarantined" in repr(looked)
