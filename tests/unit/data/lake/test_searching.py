"""Finding datasets among many, from the catalog alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import update

from workbench.data.lake import Datasets, Lake
from workbench.data.lake.tables import DatasetRow
from workbench.foundation.bus import Bus
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    made = Catalog(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def full(datasets: Datasets, lake: Lake) -> Datasets:
    datasets.create("flights", pl.DataFrame({"carrier": ["UA", "AA"], "dep_delay": [1, 2]}), description="What flew")
    datasets.create("weather", pl.DataFrame({"origin": ["EWR"]}), description="Of New York's airports")
    datasets.create("overview", pl.DataFrame({"n": [1, 2, 3]}), description="100% Überblick")
    bob = Datasets(lake, Actor(Principal("bob", Role.ANALYST)))
    bob.create("orders", pl.DataFrame({"order_id": [1]}, schema={"order_id": pl.Int64}))
    return datasets


def names(datasets: Datasets, text: str = "", **asked: object) -> list[str]:
    return [item.name for item in datasets.search(text, **asked).items]  # type: ignore[arg-type]


def test_every_word_has_to_occur_in_a_name_description_owner_or_column(full: Datasets) -> None:
    assert names(full, "FLIGHT") == ["flights"]
    assert names(full, "dep_delay flew") == ["flights"]
    assert names(full, "dep_delay weather") == []
    assert names(full, "bob") == ["orders"]
    assert names(full, "ÜBERBLICK") == ["overview"]
    assert names(full, "0%") == ["overview"]
    assert names(full, "%") == ["overview"]
    assert names(full, "_") == ["flights", "orders"]


def test_a_page_says_how_many_fit_and_whose_they_are(full: Datasets) -> None:
    page = full.search()
    assert (page.total, dict(page.owners), page.next) == (4, {"ada": 3, "bob": 1}, None)
    mine = full.search(owner="bob")
    assert ([item.name for item in mine.items], mine.total, dict(mine.owners)) == (["orders"], 1, {"ada": 3, "bob": 1})
    [flights] = full.search("flights").items
    assert (flights.rows, flights.columns, flights.version, flights.owner) == (2, 2, 0, "ada")
    assert flights.updated == full["flights"].info.updated
    assert flights.bytes == full["flights"].info.bytes


@pytest.mark.parametrize("sort", ["name", "-name", "updated", "-updated", "rows", "-rows", "bytes", "-bytes"])
def test_pages_follow_one_another_without_a_gap_in_every_order(full: Datasets, sort: str) -> None:
    whole = names(full, sort=sort)
    seen: list[str] = []
    cursor = None
    while True:
        page = full.search(sort=sort, limit=1, cursor=cursor)
        seen += [item.name for item in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == whole
    assert len(whole) == 4


def test_every_change_is_found_at_once_and_told(full: Datasets, catalog: Catalog) -> None:
    bus = Bus(catalog)
    before = bus.newest()
    full["flights"].append(pl.DataFrame({"carrier": ["B6"], "dep_delay": [3]}))
    full["flights"].overwrite(pl.DataFrame({"airline": ["B6"]}), evolve=True)
    full.rename("flights", "departures")
    full.delete("weather")
    [departures] = full.search("departures airline").items
    assert (departures.rows, departures.columns, departures.version) == (1, 1, 2)
    assert names(full, "carrier") == []
    assert names(full, "weather") == []
    told = [(change.name, change.detail["action"]) for change in bus.since(before)]
    assert told == [
        ("flights", "append"),
        ("flights", "overwrite"),
        ("departures", "rename"),
        ("weather", "delete"),
    ]


def test_the_list_opens_no_dataset(full: Datasets, lake: Lake) -> None:
    for folder in lake.root.iterdir():
        shutil.rmtree(folder)
    assert full.search().total == 4


def test_a_row_filter_holds_for_the_count_and_a_closed_dataset_is_not_listed(
    full: Datasets, lake: Lake, security: Security, admin: Actor
) -> None:
    viewer = Datasets(lake, Actor(Principal("vera", Role.VIEWER)))
    security.set_policy(Policy(dataset="flights", role=Role.VIEWER, row_filter="carrier = 'UA'"), by=admin.principal)
    security.set_policy(Policy(dataset="weather", role=Role.VIEWER, row_filter="no_such > 1"), by=admin.principal)
    assert {item.name: item.rows for item in viewer.search().items} == {"overview": 3, "flights": 1, "orders": 1}
    assert {item.name: item.rows for item in full.search().items}["flights"] == 2


def test_a_dataset_of_an_older_workbench_is_outlined_when_it_is_first_listed(
    full: Datasets, catalog: Catalog, lake: Lake
) -> None:
    empty = {"rows": None, "bytes": None, "columns": None, "updated": None, "words": None}
    with catalog.begin() as session:
        session.execute(update(DatasetRow).values(**empty))
    assert names(full, "dep_delay") == ["flights"]
    assert full.search("flights").items[0].updated == full["flights"].info.updated


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sort": "updatd"}, "no order of datasets 'updatd'; did you mean 'updated'?"),
        ({"cursor": "nonsense"}, "this cursor does not belong to this list"),
        ({"cursor": "§"}, "this cursor does not belong to this list"),
        ({"limit": 0}, "a page has 1 to 500 datasets, not 0"),
    ],
)
def test_a_wrong_order_cursor_or_limit_is_refused(full: Datasets, asked: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said.replace("?", r"\?")):
        full.search(**asked)  # type: ignore[arg-type]


def test_a_cursor_of_another_order_is_refused(full: Datasets) -> None:
    cursor = full.search(limit=1).next
    assert cursor
    with pytest.raises(Invalid, match="does not belong to this list"):
        full.search(sort="-rows", cursor=cursor)


def test_a_commit_that_its_writer_did_not_live_to_record_is_outlined_with_it(
    full: Datasets, catalog: Catalog, in_run: Callable[[], Actor]
) -> None:
    full["flights"].append(pl.DataFrame({"carrier": ["B6"], "dep_delay": [3]}))
    with catalog.begin() as session:  # as it would be had the writer been killed between lake and catalog
        session.execute(update(DatasetRow).where(DatasetRow.name == "flights").values(version=0, rows=2))
    full["flights"].to_polars()
    assert full.search("flights").items[0].rows == 3
