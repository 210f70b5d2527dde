"""The guide for users names every key of what they write, and its examples are right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
import shop_events
from house import ROOT
from pydantic import BaseModel
from workbench_server.endpoints.questions import FunnelSubjects

from workbench import Workbench
from workbench.analytics.metrics import Dimension, Input, Join, Metric, Property, Rollup
from workbench.analytics.queries import Parameter
from workbench.data.quality import Expectation, Suite
from workbench.data.views import ViewDefinition
from workbench.governance.preferences import PreferenceSet
from workbench.orchestration.pipelines import Pipeline, Stage
from workbench.publishing.reports import ReportDefinition

GUIDE = ROOT / "docs" / "guide.md"
EXPECTATIONS = [member for union in get_args(get_args(Expectation)[0]) for member in get_args(union) or (union,)]
PARAMETER = get_args(Pipeline.model_fields["parameters"].annotation)[1]


def keys(title: str) -> dict[str, str]:
    """The rows of the table under a heading: key to default."""
    _, _, below = GUIDE.read_text().partition(f"### Keys of {title}\n")
    table = below.split("\n#", 1)[0]
    return {found[1]: found[2].strip() for found in re.finditer(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", table, re.MULTILINE)}


@pytest.mark.parametrize(
    ("title", "models", "made", "written"),
    [
        ("a metric", [Metric], [], []),
        ("a dimension", [Dimension], [], []),
        ("an input", [Input], [], []),
        ("a join", [Join], [], []),
        ("a constant property", [Property], [], []),
        ("a rollup", [Rollup], [], []),
        ("a suite", [Suite], [], []),
        ("an expectation", EXPECTATIONS, [], []),
        ("a pipeline", [Pipeline], [], []),
        ("a pipeline's parameter", [PARAMETER], [], []),
        ("a stage", [Stage], ["kind", "target"], ["notebook", "report", "source", "transform", "view"]),
        ("a view", [ViewDefinition], ["name"], []),
        ("a report", [ReportDefinition], ["version"], []),
        ("a query's parameter", [Parameter], [], []),
        ("preferences", [PreferenceSet], [], []),
    ],
)
def test_every_key_stands_in_the_guide_and_no_other(
    title: str, models: list[type[BaseModel]], made: list[str], written: list[str]
) -> None:
    fields = {name for model in models for name in model.model_fields}
    assert fields
    assert set(keys(title)) == fields - set(made) | set(written)
    if len(models) == 1:
        needed = {name for name, field in models[0].model_fields.items() if field.is_required()} - set(made)
        assert {name for name, default in keys(title).items() if default == "required"} >= needed


SALES = pl.DataFrame({"id": [1, 2], "region": ["north", "south"], "amount": [50.0, 150.0]}).with_columns(
    pl.Series("sold_at", [0, 1]).cast(pl.Datetime("us", "UTC"))
)


def examples() -> dict[str, str]:
    """The YAML files of the guide, by path."""
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return dict(blocks)


def test_the_examples_work_together(wb: Workbench) -> None:
    home = wb.settings.home
    for path, text in examples().items():
        (home / path).parent.mkdir(exist_ok=True)
        (home / path).write_text(text)
    for path in ("notebooks/load.ipynb", "reports/sales.ipynb"):
        (home / path).parent.mkdir(exist_ok=True)
        (home / path).write_text((ROOT / "notebooks/flights/validate.ipynb").read_text())
    wb.datasets.create("sales", SALES)

    of_sales = [f"{kind}/sales.yaml" for kind in ("expectations", "metrics", "pipelines", "reports")]
    assert sorted(examples()) == [*of_sales, "views/by_region.yaml"]
    assert wb.metrics.query(["revenue", "sold", "revenue_per_sale"]).frame.rows() == [(200.0, 2, 100.0)]
    assert wb.metrics.query(["revenue_growth", "revenue_so_far"], grain="month").frame.height == 2
    assert wb.metrics.query("revenue", by="large").frame.height == 2
    assert wb.quality.check("sales").passed
    assert [stage.name for stage in wb.pipelines.get("sales").stages] == ["load", "report"]
    assert wb.reports.get("sales").title == "Sales"
    assert wb.views.refresh("by_region").rows == 2


def test_the_example_of_sql_works(wb: Workbench) -> None:
    wb.datasets.create("sales", SALES)
    (code,) = re.findall(r"```python\n# SQL and saved queries\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"wb": wb}
    exec(code, names)
    assert names["large"].to_dicts() == [{"id": 2, "amount": 150.0}]
    assert names["large"].versions == {"sales": (0,)}
    assert [run.query for run in wb.queries.runs("large_sales")] == ["large_sales"]


def test_the_example_of_a_policy_works(wb: Workbench) -> None:
    wb.datasets.create("sales", SALES)
    (code,) = re.findall(r"```python\n# Who sees what\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"wb": wb}
    before, _, _ = code.partition("wb.security.clear_policy")
    exec(before, names)
    policy = wb.security.policy_of(names["Role"].VIEWER, "sales")
    assert policy is not None
    assert (policy.row_filter, policy.columns) == ("region = 'north'", {"amount": "NULL"})
    exec(code, names)
    assert wb.security.policy_of(names["Role"].VIEWER, "sales") is None


def test_the_commands_and_requests_of_product_analytics_work(workspace: Path, command: Callable[..., Any]) -> None:
    _, _, below = GUIDE.read_text().partition("## Product analytics\n")
    section = below.split("\n## ", 1)[0]
    shop_events.fill(workspace)
    (cohort,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (workspace / "buyers.yaml").write_text(cohort)
    lines = "".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL)).splitlines()
    assert len(lines) == 16
    for line in lines:
        ended = command(*shlex.split(line)[1:])
        assert ended.code == 0, (line, ended.err)
    (asked,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    body = FunnelSubjects.model_validate_json(asked)
    with Workbench.open(workspace) as wb:
        found = wb.product.funnel(body.dataset, **body.arguments()).subjects(**body.cell.cell())
        assert list(found) == ["ada"]
        (program,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
        exec(program, {"wb": wb})
        assert wb.product.cohorts.get("left_in_cart").definition == {"subjects": ["bob"]}


def test_every_call_that_the_guide_names_is_there(wb: Workbench) -> None:
    calls = set(re.findall(r"\bwb((?:\.\w+)+)", GUIDE.read_text()))
    assert ".metrics.query" in calls
    for call in calls:
        thing: Any = wb
        for name in call.strip(".").split("."):
            assert hasattr(thing, name), f"wb{call}"
            thing = getattr(thing, name)
