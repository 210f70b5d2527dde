"""The plan of an explanation in short: all that is done is in it, and it can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shop_events

from workbench.cli.plans import HEADING, WIDTH, in_short

Command = Callable[..., Any]
BEFORE = "rows of sales version 3\nengine   local\n"


def told(rows: pl.LazyFrame, **how: Any) -> str:
    plan = "\n".join(f"  {line}" for line in rows.explain(**how).splitlines())
    return f"{BEFORE}{HEADING}\n{plan}"


@pytest.fixture
def sales(tmp_path: Path) -> pl.LazyFrame:
    path = tmp_path / "sales.parquet"
    pl.DataFrame({"id": [1, 2, 3], "region": ["n", "s", "n"], "amount": [1.0, 2.0, 3.0]}).write_parquet(path)
    return pl.scan_parquet(path)


def test_a_plan_of_a_few_lines_stays_as_it_is(sales: pl.LazyFrame) -> None:
    said = told(sales.group_by("region").agg(pl.col("amount").sum()).sort("region"))
    assert in_short(said) == said


def test_operators_stand_without_their_expressions_and_what_is_done_twice_once(sales: pl.LazyFrame) -> None:
    large = sales.filter(pl.col("amount") > 1).sort("amount").filter(pl.col("amount").cum_sum() < 5)
    by = large.group_by("region").agg(pl.col("amount").sum())
    both = pl.concat([by, by.with_columns(pl.col("amount") * 2)]).join(sales, on="region").unique("id").sort("amount")
    whole = told(both, optimizations=pl.QueryOptFlags(comm_subplan_elim=False))
    heading, *plan = in_short(f"{whole}\n\nrows of others version 1").removeprefix(BEFORE).splitlines()
    count = len(whole.splitlines()) - 3
    assert heading == f"plan of the first part, {count} lines in short (--explain twice: the whole of it):"
    assert plan[-2:] == ["", "rows of others version 1"], "what follows a plan stays"
    said = " ".join(" ".join(plan[:-2]).split())
    assert said.count("Parquet SCAN of 2/3 columns, filtered") == 1, said
    assert re.search(r"UNION - \(1\) AGGREGATE by region ← .*SORT BY ← .* - WITH_COLUMNS ← as \(1\) - ", said), said
    assert "INNER JOIN on region" in said
    for operator in ("SORT BY", "UNIQUE", "FILTER", "Parquet SCAN of 2/3 columns"):
        assert operator in said
    assert "cum_sum" not in said
    assert "3.0" not in said


def test_a_run_of_equal_operators_is_one_with_its_number(sales: pl.LazyFrame) -> None:
    rows = sales
    for at in range(20):
        rows = rows.filter(pl.col("amount").cum_sum() > at)
    assert "FILTER ×20 ← Parquet SCAN" in in_short(told(rows))


def test_of_a_funnel_a_page_is_told_and_the_whole_when_it_is_asked_for_twice(command: Command, workspace: Path) -> None:
    shop_events.fill(workspace)
    asked = ("funnel", "events", "view", "cart", "buy", "--by", "country", "--explain")
    short, whole = command(*asked).out, command(*asked, "--explain").out
    for word in ("funnel of events version 0", "engine ", "cache ", "files    1 of 1 files", "Parquet SCAN"):
        assert word in short
        assert word in whole
    lines = short.splitlines()
    assert (len(lines) < 60, len(whole.splitlines()) > 300) == (True, True)
    assert max(len(line) for line in lines if not line.startswith("cache")) <= WIDTH
    numbers = set(re.findall(r"\((\d+)\) [A-Z]", short))
    assert numbers == set(re.findall(r"as\s+\((\d+)\)", short))
    assert numbers
    assert 'col("' in whole
    assert 'col("' not in short
