"""Whoever is killed while rows are held back, or come in, tries again: no row is lost, none comes in twice."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from own_process import OwnProcess, killed

from workbench import Workbench

SCREEN = """
import polars as pl
screened = wb.quality.screen(pl.read_parquet("rows.parquet"), into="flights")
wb.datasets.get("flights").append(screened.rows)
"""
REDRIVE = """
for one in wb.quality.held.list():
    wb.quality.held.redrive(one.id)
"""
APPLY = 'wb.transforms.apply("clean")'
SUITE = "dataset: flights\nexpectations: [{{expect: between, column: n, max: {most}}}]\n"
ROWS = pl.DataFrame({"n": [1, 2, 30, 40, 500]})


def done(home: Path, work: str) -> None:
    assert OwnProcess(home, work).ended() == 0


@pytest.fixture
def home(workspace: Path) -> Path:
    (workspace / "expectations").mkdir()
    (workspace / "expectations" / "flights.yaml").write_text(SUITE.format(most=10))
    ROWS.write_parquet(workspace / "rows.parquet")
    with Workbench.open(workspace) as wb:
        wb.datasets.create("flights", ROWS.clear())
    return workspace


def there(home: Path) -> tuple[list[int], list[int]]:
    """What is in the dataset, and what is held."""
    with Workbench.open(home) as wb:
        held = [n for one in wb.quality.held.list() for n in wb.quality.held.rows(one.id)["n"]]
        return sorted(wb.datasets.get("flights").to_polars()["n"]), sorted(held)


@pytest.mark.parametrize("failpoint", ["quality.held.written", "quality.held.recorded", "lake.commit.before_delta"])
def test_a_load_that_is_killed_is_made_again(home: Path, failpoint: str) -> None:
    killed(home, SCREEN, failpoint)
    done(home, SCREEN)
    assert there(home) == ([1, 2], [30, 40, 500])


# Where all rows fit, nothing is written before they are loaded.
MOMENTS = [
    (failpoint, most)
    for failpoint in (
        "quality.redrive.written",
        "quality.redrive.planned",
        "lake.files.written",
        "lake.commit.before_delta",
        "lake.commit.after_delta",
        "lake.commit.after_catalog",
        "quality.redrive.committed",
        "quality.redrive.recorded",
    )
    for most in (100, 1000)
    if (failpoint, most) != ("quality.redrive.written", 1000)
]


@pytest.mark.parametrize(("failpoint", "most"), MOMENTS)
def test_held_rows_come_in_once(home: Path, failpoint: str, most: int) -> None:
    done(home, SCREEN)
    (home / "expectations" / "flights.yaml").write_text(SUITE.format(most=most))
    killed(home, REDRIVE, failpoint)
    # The rule may be another one by then: what was decided before is carried out.
    done(home, REDRIVE)
    held = [500] if most == 100 else []
    assert there(home) == ([1, 2, 30, 40, *([] if held else [500])], held)


TRANSFORMS = """reads: raw
into: flights
mode: {mode}
transforms:
  - cast: {{columns: {{n: integer}}, on_failure: quarantine}}
"""


@pytest.mark.parametrize(
    ("failpoint", "mode"),
    [
        ("quality.held.written", "replace"),
        pytest.param("etl.transforms.loaded", "replace", marks=pytest.mark.long),
        pytest.param("quality.held.written", "append", marks=pytest.mark.long),
        pytest.param("etl.transforms.loaded", "append", marks=pytest.mark.long),
    ],
)
def test_what_transforms_take_out_is_held_once(home: Path, failpoint: str, mode: str) -> None:
    (home / "transforms").mkdir()
    (home / "transforms" / "clean.yaml").write_text(TRANSFORMS.format(mode=mode))
    with Workbench.open(home) as wb:
        wb.datasets.create("raw", pl.DataFrame({"n": ["1", "x", "3"]}))
    killed(home, APPLY, failpoint)
    with Workbench.open(home) as wb:
        assert sorted(wb.datasets.get("flights").to_polars()["n"]) == [1, 3]
        wb.datasets.get("raw").overwrite(pl.DataFrame({"n": ["y", "z"]}))
    done(home, APPLY)
    with Workbench.open(home) as wb:
        held = [n for one in wb.quality.held.list() for n in wb.quality.held.rows(one.id)["n"]]
        assert held == ["y", "z"]
        assert sorted(wb.datasets.get("flights").to_polars()["n"]) == ([] if mode == "replace" else [1, 3])
        (batch,) = wb.quality.held.list()
        assert wb.quality.held.redrive(batch.id).held == (batch,)
