"""What `workbench new` writes is filled in from the workspace it is written into."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import polars as pl
import pytest

from workbench import Workbench
from workbench.foundation.errors import Conflict, Invalid, NotFound
from workbench.orchestration.notebooks import lint
from workbench.starters import KINDS, scaffold
from workbench.ui import Dashboard

SALES = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "yes": ["tea", "coffee", None],
        "price": [2.5, None, 3.0],
        "at": pl.Series([0, 1, 2]).cast(pl.Datetime("us", "UTC")),
    }
)


def executed(path: Path, wb: Workbench) -> list[object]:
    """What the cells of a notebook show, its parameters as they are, in the given workbench."""
    names: dict[str, object] = {"wb": wb}
    shown: list[object] = []
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] != "code" or "Workbench.open()" in "".join(cell["source"]):
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(path), "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), str(path), "eval"), names))
    return shown


def kinds_of(shown: list[object]) -> list[str]:
    return [type(one).__name__ for one in shown]


@pytest.mark.parametrize("kind", ["metric", "expectations"])
def test_what_is_about_a_dataset_takes_the_only_one_and_else_asks(wb: Workbench, kind: str) -> None:
    with pytest.raises(Invalid, match="about a dataset, and there is none yet"):
        scaffold(wb, kind, "first")
    wb.datasets.create("sales", SALES)
    (path,) = scaffold(wb, kind, "first")
    assert "dataset: sales\n" in path.read_text()
    wb.datasets.create("stock", SALES)
    with pytest.raises(Invalid, match="say which one: there is sales, stock"):
        scaffold(wb, kind, "second")
    with pytest.raises(NotFound, match="no dataset 'sale'; did you mean 'sales'"):
        scaffold(wb, kind, "second", dataset="sale")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_replaced(wb: Workbench, kind: str) -> None:
    wb.datasets.create("sales", SALES)
    before = [path.read_text() for path in scaffold(wb, kind, "first-one")]
    with pytest.raises(Conflict, match="there already"):
        scaffold(wb, kind, "first-one")
    files = sorted(path for path in wb.settings.home.rglob("*first-one*") if path.is_file())
    assert {path.read_text() for path in files} <= set(before)


def test_a_metric_that_another_file_defines_is_not_defined_again(wb: Workbench) -> None:
    wb.datasets.create("sales", SALES)
    (path,) = scaffold(wb, "metric", "first")
    path.rename(path.with_name("other.yaml"))
    with pytest.raises(Conflict, match="a metric 'first' is there already"):
        scaffold(wb, "metric", "first")


def test_a_metric_has_the_dimensions_and_the_time_of_its_dataset(wb: Workbench) -> None:
    wb.datasets.create("sales", SALES)
    scaffold(wb, "metric", "first-one")
    assert wb.metrics.query("first_one", by="yes").frame.to_dicts() == [
        {"yes": "coffee", "first_one": 1},
        {"yes": "tea", "first_one": 1},
        {"yes": None, "first_one": 1},
    ]
    assert wb.metrics.query("first_one", grain="day").frame.height == 1


def test_expectations_hold_for_the_dataset_as_it_is(wb: Workbench) -> None:
    wb.datasets.create("sales", SALES, key=["id"])
    scaffold(wb, "expectations", "sales")
    result = wb.quality.check("sales")
    assert result.passed
    assert [outcome.said for outcome in result.outcomes] == [
        "there is at least 1 row",
        "id is unique",
        "id is never null",
        "id is of type integer",
        "yes is of type text",
        "price is of type number",
        "at is of type time",
    ]


def test_a_report_shows_a_metric_else_a_dataset_else_text(wb: Workbench) -> None:
    _, empty = scaffold(wb, "report", "empty")
    assert "There is no dataset yet." in empty.read_text()
    wb.datasets.create("sales", SALES)
    _, plain = scaffold(wb, "report", "plain")
    assert kinds_of(executed(plain, wb)) == ["Tiles", "Chart", "Table"]
    scaffold(wb, "metric", "sold")
    _, real = scaffold(wb, "report", "real")
    assert kinds_of(executed(real, wb)) == ["Tiles", "Chart", "Table"]
    assert 'wb.metrics.query(\\"sold\\", by=\\"yes\\"' in real.read_text()
    assert [problem for path in (empty, plain, real) for problem in lint(path)] == []


def test_a_dashboard_shows_a_metric_in_every_way_it_can_be_broken_down(wb: Workbench) -> None:
    (empty,) = scaffold(wb, "dashboard", "empty")
    assert "There is no metric with dimensions yet" in empty.read_text()
    wb.datasets.create("sales", SALES)
    scaffold(wb, "metric", "sold")
    (real,) = scaffold(wb, "dashboard", "real-sales")
    (board,) = executed(real, wb)
    assert isinstance(board, Dashboard)
    assert [type(part).__name__ for part in board.parts] == ["Tiles", "Line", "Bars", "Rows"]
    assert {part.state for part in board.parts} == {"ready"}
    assert [problem for path in (empty, real) for problem in lint(path)] == []
    assert [one.name for one in wb.dashboards.list()] == ["empty", "real-sales"]


def test_a_drafted_heatmap_is_never_of_the_same_thing_twice(wb: Workbench) -> None:
    sales = pl.DataFrame(
        [
            {"shop": code, "shop_name": f"Shop {code}", "town": f"Town of {code}", "kind": kind, "day": day}
            for code in ("a", "b", "c")
            for kind in ("tea", "coffee")
            for day in range(40)
        ]
    )
    wb.datasets.create("sales", sales)
    path = wb.settings.home / "metrics/sold.yaml"
    path.parent.mkdir(exist_ok=True)
    for dimensions, expected in (
        ("shop, shop_name, town, day", ""),
        ("shop, shop_name, kind", 'across="kind", down="shop"'),
    ):
        path.write_text(f"- {{name: sold, label: S, dataset: sales, aggregation: count, dimensions: [{dimensions}]}}")
        (made,) = scaffold(wb, "dashboard", "first" if expected else "second")
        cell = "".join(json.loads(made.read_text())["cells"][-1]["source"])
        assert ("Heat(" in cell) == bool(expected)
        assert expected in cell


def test_a_report_over_a_dataset_without_texts_has_no_chart(wb: Workbench) -> None:
    wb.datasets.create("numbers", SALES.select("id", "price"))
    _, path = scaffold(wb, "report", "plain", dataset="numbers")
    assert kinds_of(executed(path, wb)) == ["Tiles", "Table"]


def test_the_keys_a_stage_may_have_stand_in_a_pipeline_and_are_right(wb: Workbench) -> None:
    path, _ = scaffold(wb, "pipeline", "first")
    path.write_text(path.read_text().replace("    # reads", "    reads").replace("    # writes", "    writes"))
    path.write_text(path.read_text().replace("    # sources", "    sources").replace("    # uses", "    uses"))
    path.write_text(path.read_text().replace("    # retries", "    retries"))
    (stage,) = wb.pipelines.get("first").stages
    assert (stage.reads, stage.writes, stage.sources) == (("orders",), ("orders_clean",), ("sources/orders.csv",))
    assert (stage.uses, stage.retries) == (("expectations/orders.yaml",), 2)


def test_a_metric_is_broken_down_by_what_a_chart_has_room_for(wb: Workbench) -> None:
    who = [f"c{number}" for number in range(200)]
    wb.datasets.create("orders", pl.DataFrame({"who": who, "note": who, "state": ["new", "paid"] * 100, "x": who}))
    (path,) = scaffold(wb, "metric", "orders")
    assert "dimensions: [state, who, note]" in path.read_text()
