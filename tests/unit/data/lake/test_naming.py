from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from workbench.data.lake import Datasets, Lake
from workbench.foundation.errors import Conflict, Invalid, NotFound
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"k": list(values), "v": [f"v{value}" for value in values]})


def rows(lake: Lake, actor: Actor, name: str = "t") -> list[tuple[object, ...]]:
    return sorted(lake.read(name, actor).collect().rows())


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "1st", "ä", "a.b", "-a", "a" * 129, ".."])
def test_a_name_that_is_a_path_or_needs_quoting_is_refused(lake: Lake, admin: Actor, name: str) -> None:
    with pytest.raises(Invalid):
        lake.create(name, numbers(1), admin)
    with pytest.raises(NotFound):
        lake.read(name, admin)


def test_two_datasets_cannot_have_one_name(lake: Lake, admin: Actor) -> None:
    lake.create("t", numbers(1), admin)
    with pytest.raises(Conflict, match="there is a dataset 't' already"):
        lake.create("t", numbers(2), admin)
    assert rows(lake, admin) == [(1, "v1")]


def test_names_that_differ_only_in_case_are_refused(lake: Lake, admin: Actor) -> None:
    lake.create("Orders", numbers(1), admin)
    lake.create("other", numbers(2), admin)
    for change in (lambda: lake.create("orders", numbers(2), admin), lambda: lake.rename("other", "ORDERS", admin)):
        with pytest.raises(Conflict, match=r"there is a dataset 'Orders' already, and '.*' differs from it only in"):
            change()
    assert lake.names() == ["Orders", "other"]
    lake.rename("Orders", "orders", admin)
    assert rows(lake, admin, "orders") == [(1, "v1")]


def test_two_who_create_names_that_differ_in_case_at_once_get_one_dataset(lake: Lake, admin: Actor) -> None:
    def create_meanwhile() -> pl.DataFrame:
        lake.create("orders", numbers(1), admin)
        return numbers(2)

    frame = pl.LazyFrame({"k": [2]}).map_batches(lambda _: create_meanwhile(), schema=numbers(2).schema)
    with pytest.raises(Conflict, match="there is a dataset 'orders' already"):
        lake.create("Orders", frame, admin)
    assert lake.names() == ["orders"]
    assert len([path for path in lake.root.iterdir() if path.is_dir()]) == 1


def test_rename_keeps_everything_and_delete_frees_the_name(
    lake: Lake, admin: Actor, datasets: Datasets, tmp_path: Path
) -> None:
    lake.create("t", numbers(1), admin)
    lake.append("t", numbers(2), admin)
    renamed = datasets.rename("t", "u")
    assert renamed.to_polars().height == 2
    assert [version.number for version in renamed.versions()] == [1, 0]
    with pytest.raises(NotFound):
        lake.read("t", admin)
    lake.create("t", numbers(3), admin)
    with pytest.raises(Conflict):
        lake.rename("t", "u", admin)
    datasets.delete("u")
    assert not lake.exists("u")
    with pytest.raises(NotFound, match="was deleted on"):
        lake.read("u", admin)
    assert len([path for path in lake.root.iterdir() if path.is_dir()]) == 1
    lake.create("u", numbers(4), admin)
    assert rows(lake, admin, "u") == [(4, "v4")]


def test_policies_go_with_the_dataset_they_are_of(lake: Lake, admin: Actor, security: Security) -> None:
    viewer = Actor(Principal("vera", Role.VIEWER))
    frame = pl.DataFrame({"k": [1, 2]})
    for name in ("pb", "pc"):
        lake.create(name, frame, admin)
    for role in (Role.VIEWER, Role.ANALYST):
        security.set_policy(Policy(dataset="pc", role=role, row_filter="k = 1"), by=admin.principal)
    lake.delete("pc", admin)
    assert {(entry.actor, entry.action, entry.thing) for entry in security.audit(limit=3)} == {
        ("ada", "delete dataset", "dataset pc"),
        ("ada", "clear policy", "policy pc/viewer"),
        ("ada", "clear policy", "policy pc/analyst"),
    }
    lake.create("pc", frame, admin)
    assert lake.read("pc", viewer).collect().height == 2
    lake.delete("pc", admin)
    security.set_policy(Policy(dataset="pb", role=Role.VIEWER, row_filter="k = 2"), by=admin.principal)
    lake.rename("pb", "pc", admin)
    assert lake.read("pc", viewer).collect().rows() == [(2,)]


def test_a_name_that_policies_were_set_for_is_not_given_to_another(
    lake: Lake, admin: Actor, security: Security
) -> None:
    lake.create("pb", pl.DataFrame({"k": [1]}), admin)
    for name in ("pb", "pc"):
        security.set_policy(Policy(dataset=name, role=Role.VIEWER, row_filter="k = 1"), by=admin.principal)
    with pytest.raises(Conflict, match="there are policies for a dataset 'pc' already, for the role viewer"):
        lake.rename("pb", "pc", admin)
    assert lake.names() == ["pb"]
