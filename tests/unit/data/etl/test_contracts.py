"""Every rule of a contract in every mode of loading, and in the writes of a dataset."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from workbench.data.etl import Etl
from workbench.data.lake import Datasets, Lake, Mode, Rule
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role

BEFORE = pl.DataFrame({"k": [1, 2], "p": ["a", "b"], "n": [10, 20]})


@pytest.fixture
def etl(lake: Lake, runs: Runs, admin: Actor, tmp_path: Path) -> Etl:
    return Etl(lake, runs, admin, tmp_path)


@pytest.fixture
def contracts(datasets: Datasets) -> Any:
    return datasets.contracts


def made(etl: Etl, mode: Mode) -> None:
    at = "2026-01-01" if mode is Mode.SNAPSHOT else None
    rows = BEFORE if at is None else BEFORE.with_columns(at=pl.lit(at).str.to_date())
    etl.load(rows, into="t", mode=mode, key="k", partition="p", at=None if at is None else "at")


def load(etl: Etl, mode: Mode, rows: pl.DataFrame, *, streamed: bool) -> Any:
    given: Any = rows
    if streamed:
        table = rows.to_arrow()
        given = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=1))
    return etl.load(given, into="t", mode=mode)


def rows(lake: Lake, admin: Actor, *columns: str) -> list[tuple[Any, ...]]:
    found = lake.read("t", admin).collect()
    if "is_current" in found.columns:
        found = found.filter("is_current")
    return sorted(found.select(columns).rows(), key=repr)


def cases() -> Iterator[Any]:
    for mode in Mode:
        for rule in Rule:
            for streamed in (False, True) if mode in (Mode.APPEND, Mode.REPLACE) else (False,):
                yield pytest.param(mode, rule, streamed, id=f"{mode}-{rule}{'-streamed' * streamed}")


@pytest.mark.parametrize(("mode", "rule", "streamed"), list(cases()))
def test_a_new_column(
    etl: Etl, lake: Lake, admin: Actor, contracts: Any, mode: Mode, rule: Rule, streamed: bool
) -> None:
    made(etl, mode)
    contracts.set("t", columns=str(rule))
    new = pl.DataFrame({"k": [3, 4], "p": ["c", "c"], "n": [30, 40], "extra": ["x", None]})
    kept = [] if mode is Mode.REPLACE else [(1, 10), (2, 20)]
    if rule is Rule.FREEZE:
        with pytest.raises(Invalid, match="'extra' is not in the dataset") as refused:
            load(etl, mode, new, streamed=streamed)
        assert "contract" in str(refused.value.hint)
        assert rows(lake, admin, "k", "n") == [(1, 10), (2, 20)]
        return
    done = load(etl, mode, new, streamed=streamed)
    assert ("extra" in lake.read("t", admin).collect_schema()) == (rule is Rule.EVOLVE)
    match rule:
        case Rule.EVOLVE:
            told = rows(lake, admin, "k", "n", "extra")
            assert told == [*((*row, None) for row in kept), (3, 30, "x"), (4, 40, None)]
        case Rule.DISCARD_ROW:
            assert rows(lake, admin, "k", "n") == [*kept, (4, 40)]
        case Rule.DISCARD_VALUE:
            assert rows(lake, admin, "k", "n") == [*kept, (3, 30), (4, 40)]
    expected = {Rule.DISCARD_ROW: (1, 0), Rule.DISCARD_VALUE: (0, 1)}.get(rule, (0, 0))
    assert (done.rows, done.discarded, done.values) == (2, *expected)


@pytest.mark.parametrize(("mode", "rule", "streamed"), list(cases()))
def test_a_value_of_another_type(
    etl: Etl, lake: Lake, admin: Actor, contracts: Any, mode: Mode, rule: Rule, streamed: bool
) -> None:
    made(etl, mode)
    contracts.set("t", data_type=str(rule))
    new = pl.DataFrame({"k": [3, 4, 5], "p": ["c", "c", "c"], "n": ["30", "many", None]})
    kept = [] if mode is Mode.REPLACE else [(1, 10), (2, 20)]
    if rule is Rule.FREEZE:
        with pytest.raises(Invalid, match=r"column 'n' is String where the dataset has Int64") as refused:
            load(etl, mode, new, streamed=streamed)
        assert streamed or "'many' in row 2" in str(refused.value)
        assert rows(lake, admin, "k", "n") == [(1, 10), (2, 20)]
        return
    done = load(etl, mode, new, streamed=streamed)
    match rule:
        case Rule.EVOLVE:
            assert lake.read("t", admin).collect_schema()["n"] == pl.String
            told = [(key, str(value)) for key, value in kept]
            assert rows(lake, admin, "k", "n") == [*told, (3, "30"), (4, "many"), (5, None)]
            assert lake.read("t", admin, version=0).collect_schema()["n"] == pl.Int64
        case Rule.DISCARD_ROW:
            assert rows(lake, admin, "k", "n") == [*kept, (3, 30), (5, None)]
        case Rule.DISCARD_VALUE:
            assert rows(lake, admin, "k", "n") == [*kept, (3, 30), (4, None), (5, None)]
    expected = {Rule.DISCARD_ROW: (1, 0), Rule.DISCARD_VALUE: (0, 1)}.get(rule, (0, 0))
    assert (done.rows, done.discarded, done.values) == (3, *expected)
    assert ("discarded" in repr(done)) == (expected != (0, 0))


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("mode", list(Mode))
def test_a_new_table(etl: Etl, lake: Lake, datasets: Datasets, contracts: Any, mode: Mode, rule: Rule) -> None:
    contracts.set("t", tables=str(rule))
    if rule is Rule.FREEZE:
        with pytest.raises(Invalid, match="no dataset 't', and its contract does not let one be made"):
            made(etl, mode)
        with pytest.raises(Invalid, match="does not let one be made"):
            datasets.create("t", BEFORE)
    else:
        made(etl, mode)
    assert lake.exists("t") == (rule is Rule.EVOLVE)


@pytest.mark.parametrize(
    ("there", "new", "wide", "becomes"),
    [
        (pl.Int64, [1.5], pl.Float64, [1.0, 1.5]),
        (pl.Int8, [300], pl.Int64, [1, 300]),
        (pl.Int64, [True], pl.String, ["1", "true"]),
        (pl.Float32, [0.1], pl.Float64, [1.0, 0.1]),
        (pl.Int64, [2.0], pl.Int64, [1, 2]),
        (pl.String, [5], pl.String, ["1", "5"]),
    ],
)
def test_types_become_as_wide_as_they_have_to(
    datasets: Datasets, there: Any, new: list[Any], wide: Any, becomes: list[Any]
) -> None:
    dataset = datasets.create("t", pl.DataFrame({"n": ["1"] if there == pl.String else [1]}, schema={"n": there}))
    datasets.contracts.set("t", data_type="evolve")
    dataset.append(pl.DataFrame({"n": new}))
    assert dataset.to_polars().schema["n"] == wide
    assert sorted(dataset.to_polars()["n"].to_list()) == sorted(becomes)
    assert dataset.at(version=0).to_polars().schema["n"] == there


def test_what_no_type_holds_is_refused(datasets: Datasets) -> None:
    dataset = datasets.create("t", pl.DataFrame({"k": [1], "n": [2**60]}), key="k")
    datasets.contracts.set("t", data_type="evolve")
    for frame, says in (
        ({"k": [2], "n": [0.5]}, "more than 15 digits"),
        ({"k": [2], "n": [[1]]}, "no type has both"),
        ({"k": ["b"], "n": [1]}, "laid out by it"),
    ):
        with pytest.raises(Invalid, match=says):
            dataset.append(pl.DataFrame(frame))
    assert dataset.version == 0
    assert len(list((datasets._lake.root / dataset.info.id).glob("*.parquet"))) == 1


def test_every_write_keeps_to_the_contract_and_says_what_it_discards(
    datasets: Datasets, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = datasets.create("t", BEFORE, key="k", partition_by="p")
    datasets.contracts.set("t", columns="discard_value", data_type="discard_row")
    new = pl.DataFrame({"k": ["7", "x"], "p": ["a", "a"], "n": [1.0, 2.0], "extra": [1, 2]})
    for write in (
        dataset.append,
        dataset.upsert,
        dataset.overwrite,
        lambda rows: dataset.overwrite(rows, partition={"p": "a"}),
    ):
        with caplog.at_level(logging.WARNING):
            write(new)
        assert caplog.messages[-1] == "the contract of 't' discarded 1 row and 2 values"
        assert dataset.to_polars().filter(pl.col("k") == 7).rows() == [(7, "a", 1)]


def test_a_contract_that_was_set_wins_over_evolve(datasets: Datasets) -> None:
    dataset = datasets.create("t", BEFORE)
    dataset.append(BEFORE.with_columns(extra=1), evolve=True)
    datasets.contracts.set("*", columns="freeze")
    with pytest.raises(Invalid, match="'more' is not in the dataset"):
        dataset.append(BEFORE.with_columns(extra=1, more=1), evolve=True)
    with pytest.raises(Invalid, match="'more' is not in the dataset"):
        dataset.overwrite(BEFORE.with_columns(more=1), evolve=True)
    datasets.contracts.set("t", columns="evolve")
    dataset.append(BEFORE.with_columns(more=1))
    with pytest.raises(Invalid, match="does not let it evolve"):
        dataset.overwrite(BEFORE.with_columns(n=pl.lit("x")), evolve=True)


def test_contracts_go_along_with_names(datasets: Datasets, lake: Lake, security: Any) -> None:
    datasets.create("t", BEFORE)
    datasets.contracts.set("t", columns="evolve")
    datasets.rename("t", "u")
    assert {name: one.columns for name, one in datasets.contracts.list().items()} == {"u": Rule.EVOLVE}
    assert repr(datasets.contracts) == "u: tables evolve, columns evolve, data_type freeze"
    datasets.delete("u")
    assert datasets.contracts.list() == {}
    assert "no contract was set" in repr(datasets.contracts)
    with pytest.raises(NotFound, match="no contract of dataset 'u'"):
        datasets.contracts.clear("u")
    for asked, says in (
        ({"columns": "frezee"}, "no rule for columns 'frezee'; did you mean 'freeze'"),
        ({"dataset": "a/b", "columns": "freeze"}, "a/b"),
    ):
        with pytest.raises(Invalid, match=says):
            datasets.contracts.set(**{"dataset": "t", **asked})
    viewer = lake.contracts(Actor(Principal("vera", Role.VIEWER)))
    assert viewer.get("t").declared is False
    with pytest.raises(Forbidden, match="set the contract of 't'"):
        viewer.set("t", columns="evolve")
