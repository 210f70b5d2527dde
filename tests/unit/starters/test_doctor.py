"""The doctor says what is wrong with a workspace before somebody meets it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from workbench.starters import examine

if TYPE_CHECKING:
    from workbench import Workbench

SALES = "{name: sales, dataset: shop, aggregation: count}"


def said(home: Path, state: str, what: str = "metrics") -> list[str]:
    return [found.said for found in examine(home) if (found.what, found.state) == (what, state)]


@pytest.fixture
def folder(wb: Workbench, workspace: Path) -> Path:
    wb.datasets.create("shop", pl.DataFrame({"id": [1], "kind": ["tea"], "price": [2.5]}))
    (workspace / "metrics").mkdir()
    return workspace / "metrics"


def test_metrics_that_fit_their_datasets_are_sound(folder: Path, workspace: Path) -> None:
    (folder / "shop.yaml").write_text(f"- {SALES}\n")
    assert said(workspace, "wrong") == []
    assert said(workspace, "ok") == ["1 defined, each fits its dataset"]


def test_a_file_with_mistakes_is_told(folder: Path, workspace: Path) -> None:
    (folder / "shop.yaml").write_text(f"- {SALES}\n")
    (folder / "more.yaml").write_text("- {name: n, dataset: shop, aggregation: count, format: '.1q'}\n")
    (found,) = said(workspace, "wrong")
    assert found == (
        "metrics/more.yaml, line 1: metric 'n' has the format '.1q'; "
        "write a d3 number format such as ',d', ',.1f' or '.1%'"
    )


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ("{name: m, dataset: shpo, aggregation: count}", "no dataset 'shpo'; did you mean 'shop'?"),
        (
            "{name: m, dataset: shop, aggregation: sum, column: prize}",
            "no column in dataset 'shop' called 'prize'; did you mean 'price'?",
        ),
        (
            "{name: m, dataset: shop, aggregation: sum, column: kind}",
            "metric 'm' takes the sum of 'kind', which is no number but String",
        ),
        (
            "{name: m, dataset: shop, aggregation: count, filter: prize > 1}",
            "no column 'prize'; did you mean 'price'?",
        ),
        (
            "{name: m, dataset: shop, aggregation: count, dimensions: [kind, knd]}",
            "no column in dataset 'shop' called 'knd'; did you mean 'kind'?",
        ),
        (
            "{name: m, dataset: shop, aggregation: count, dimensions: [{name: dear, sql: prise > 2}]}",
            "dimension 'dear': no column 'prise'; did you mean 'price'?",
        ),
        (
            "{name: m, dataset: shop, aggregation: count, time: kind}",
            "time 'kind': a column of type String is not a time, so it has no day",
        ),
        (
            "{name: m, dataset: shop, aggregation: count, time: sold_at}",
            "time: no column in dataset 'shop' called 'sold_at'; there is id, kind, price",
        ),
    ],
)
def test_a_metric_is_held_against_its_dataset(folder: Path, workspace: Path, definition: str, told: str) -> None:
    (folder / "shop.yaml").write_text(f"- {SALES}\n- {definition}\n")
    assert said(workspace, "wrong") == [f"metrics/shop.yaml, line 2: metric 'm': {told}"]


def test_all_that_does_not_fit_is_told_at_once(folder: Path, workspace: Path) -> None:
    (folder / "shop.yaml").write_text(
        "- {name: m, dataset: shop, aggregation: sum, column: a, filter: b > 1, dimensions: [c]}\n"
        f"- {SALES}\n- {{name: r, type: ratio, numerator: sales, denominator: sales, dimensions: [d]}}\n"
    )
    assert [one.split("'")[1] for one in said(workspace, "wrong")] == ["m", "m", "m", "r"]


def test_without_any_dataset_metrics_are_only_noted(wb: Workbench, workspace: Path) -> None:
    (workspace / "metrics").mkdir()
    (workspace / "metrics" / "shop.yaml").write_text(f"- {SALES}\n")
    assert said(workspace, "wrong") == []
    assert "no dataset yet" in said(workspace, "note")[0]


def test_a_catalog_that_was_lost_is_told_by_the_folders_it_knew(folder: Path, workspace: Path) -> None:
    assert said(workspace, "note", "datasets") == []
    for path in (workspace / ".workbench").glob("catalog.db*"):
        path.unlink()
    (found,) = said(workspace, "note", "datasets")
    assert found.startswith("1 dataset folder that the catalog does not know, such as ")


def test_transforms_and_what_stages_say_are_read_before_anything_runs(folder: Path, workspace: Path) -> None:
    (workspace / "transforms").mkdir()
    (workspace / "pipelines").mkdir()
    path = workspace / "transforms" / "shop.yaml"
    path.write_text("reads: shop\ninto: dear\ntransforms:\n  - where: {condition: 'price >'}\n")
    stages = "{name: file, transform: shop}"
    own = "{name: own, transform: {reads: shop, into: x, transforms: [{where: {condition: lenght(kind) > 2}}]}}"
    (workspace / "pipelines" / "shop.yaml").write_text(f"name: shop\nstages:\n  - {stages}\n")
    (workspace / "pipelines" / "own.yaml").write_text(f"name: own\nstages:\n  - {own}\n")
    (wrong,) = said(workspace, "wrong", "transforms")
    assert wrong.startswith(
        "transforms/shop.yaml, line 4: transform 'where' has a condition that is not a SQL expression"
    )
    first, second = said(workspace, "wrong", "pipelines")
    assert first.startswith("pipelines/own.yaml: stage own: the transforms: transform 'where' has a condition")
    assert second.startswith("pipelines/shop.yaml: stage file: transforms/shop.yaml, line 4: ")
    path.write_text("reads: shop\ninto: dear\ntransforms:\n  - where: {condition: price > 2}\n")
    assert said(workspace, "ok", "transforms") == ["1 written down"]
    assert len(said(workspace, "wrong", "pipelines")) == 1
