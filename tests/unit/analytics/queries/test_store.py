"""What the store of queries does is the same on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from workbench.analytics.queries import Parameter, RunState
from workbench.analytics.queries.store import QueryStore
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict, NotFound
from workbench.governance.security import Principal, Role

ED, ANA = Principal("ed", Role.ENGINEER), Principal("ana", Role.ANALYST)
GIVEN = {"least": Parameter(type="integer", default=15)}


@pytest.fixture
def store(catalog: Catalog) -> QueryStore:
    made = QueryStore(catalog)
    made.add("late", "SELECT 1", "Late_ones", GIVEN, ("flights",), None, by="ed")
    return made


def test_a_query_goes_in_and_comes_out(store: QueryStore) -> None:
    first = store.find("late")
    assert first is not None
    assert (first.sql, first.parameters, first.datasets, first.shared) == ("SELECT 1", GIVEN, ("flights",), None)
    assert first.created == first.updated
    second = store.change(first, "SELECT 2", "", {}, (), by="ada")
    assert (second.version, second.saved_by, second.owner) == (2, "ada", "ed")
    with pytest.raises(Conflict, match="its version is 2, not 1"):
        store.change(first, "SELECT 3", "", {}, (), by="ed")
    assert [one.sql for one in store.history(first.id)] == ["SELECT 2", "SELECT 1"]
    assert store.find("late", 1) == first
    with pytest.raises(Conflict, match="there is a query 'late' already"):
        store.add("late", "SELECT 1", "", {}, (), None, by="ana")
    store.remove(second, by="ed")
    assert (store.find("late"), store.history(first.id)) == (None, [])
    with pytest.raises(Conflict, match="was deleted meanwhile"):
        store.share(second, Role.VIEWER, by="ed")


def test_who_may_see_what(store: QueryStore) -> None:
    query = store.find("late")
    assert query is not None
    assert (len(store.visible(ED)), store.visible(ANA)) == (1, [])
    store.share(query, Role.ANALYST, by="ed")
    assert [one.shared for one in store.visible(ANA, "late_ flights")] == [Role.ANALYST]
    assert store.visible(ANA, "late%") == []
    assert store.visible(Principal("vera", Role.VIEWER)) == []
    assert store.visible(ANA, owner="ana") == []


def test_a_run_goes_in_and_comes_out(store: QueryStore) -> None:
    query = store.find("late")
    assert query is not None
    run = store.start(query, ANA, {"least": 5, "since": "2013-01-01"}, 60, most=1)
    assert (run.state, run.seconds, run.parameters) == (RunState.RUNNING, None, {"least": 5, "since": "2013-01-01"})
    with pytest.raises(Conflict, match="ana runs as many queries as one person may at once: 1"):
        store.start(query, ANA, {}, 60, most=1)
    assert not store.cancelled(run.id)
    assert store.cancel(run.id, by="ada").cancelled_by == "ada"
    assert store.cancelled(run.id)
    told = store.finish(run.id, RunState.OK, seconds=1.5, rows=2**40, cut=True, versions={"flights": (0, 3)})
    assert (told.state, told.rows, told.cut, told.versions) == (RunState.OK, 2**40, True, {"flights": (0, 3)})
    assert store.find_run(run.id) == told
    later = store.start(query, ED, {}, 60, most=1)
    everything = {"by": None, "query_id": None, "state": None, "before": None, "limit": 10}
    assert [one.id for one in store.runs(**everything)] == [later.id, run.id]  # type: ignore[arg-type]
    assert [one.id for one in store.runs(**everything | {"before": later.id})] == [run.id]  # type: ignore[arg-type]
    assert [one.id for one in store.runs(**everything | {"by": "ed"})] == [later.id]  # type: ignore[arg-type]
    assert [one.id for one in store.runs(**everything | {"state": RunState.OK})] == [run.id]  # type: ignore[arg-type]
    store.remove(query, by="ed")
    assert len(store.runs(**everything | {"query_id": query.id})) == 2  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        store.cancel("nothing", by="ada")
    assert store.forget_old() == 0
