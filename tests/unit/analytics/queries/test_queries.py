"""Saved queries: what is kept of them, who may do what with them, and how they run."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.analytics.queries import Parameter, QueryRun, RunState
from workbench.data.sql import Cancelled, TooLarge, TooLong
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, WorkbenchError
from workbench.governance.runs import Actor, RunKind
from workbench.governance.security import Policy, Principal, Role, Scope

FLIGHTS = pl.DataFrame(
    {
        "origin": ["JFK", "EWR", "JFK"],
        "delay": [1, 70, 20],
        "day": [dt.date(2013, 1, 1), dt.date(2013, 1, 2), dt.date(2013, 1, 3)],
    }
)
LATE = "SELECT origin, delay FROM flights WHERE delay >= $least AND day >= $since ORDER BY delay"
FOR_EVER = "SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b, range(1000) c"

As = Callable[..., Workbench]


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    wb.datasets.create("flights", FLIGHTS)
    return wb


@pytest.fixture
def who(owner: Workbench) -> As:
    """The workspace as somebody sees it."""

    def seen(name: str, role: Role, scopes: frozenset[Scope] | None = None) -> Workbench:
        return Workbench(owner.settings, owner.catalog, Actor(Principal(name, role, scopes)))

    return seen


@pytest.fixture
def ed(who: As) -> Workbench:
    return who("ed", Role.ENGINEER)


def saved(wb: Workbench, **more: Any) -> Any:
    return wb.queries.save("late", LATE, parameters={"least": 15, "since": {"type": "date"}}, **more)


def test_a_query_is_saved_with_its_parameters_and_runs(ed: Workbench) -> None:
    query = saved(ed, description="Late flights")
    assert (query.version, query.owner, query.shared, query.datasets) == (1, "ed", None, ("flights",))
    assert query.parameters == {"least": Parameter(type="integer", default=15), "since": Parameter(type="date")}
    assert "version 1, of ed, private" in repr(query)
    result = ed.queries.run("late", {"since": "2013-01-02"})
    assert result.to_dicts() == [{"origin": "JFK", "delay": 20}, {"origin": "EWR", "delay": 70}]
    again = ed.queries.run("late", {"since": dt.date(2013, 1, 3), "least": "5"})
    assert again.to_dicts() == [{"origin": "JFK", "delay": 20}]
    run = result.run
    assert (run.query, run.query_version, run.by, run.state, run.rows) == ("late", 1, "ed", RunState.OK, 2)
    assert run.parameters == {"least": 15, "since": "2013-01-02"}
    assert run.versions == {"flights": (0,)}
    assert run.seconds is not None
    assert [one.id for one in ed.queries.runs("late")] == [again.run.id, run.id]


def test_what_a_query_says_is_kept_version_by_version(ed: Workbench) -> None:
    saved(ed, description="Late")
    assert saved(ed).version == 1, "nothing is changed"
    second = ed.queries.save("late", f"{LATE} DESC")
    assert (second.version, second.description) == (2, "Late")
    assert second.parameters["least"].default == 15, "kept from before"
    third = ed.queries.save("late", "SELECT count(*) AS n FROM flights", description="How many")
    assert (third.version, third.parameters) == (3, {})
    assert [(one.version, one.sql) for one in ed.queries.history("late")][1:] == [(2, f"{LATE} DESC"), (1, LATE)]
    assert ed.queries.get("late", version=1).sql == LATE
    assert ed.queries.run("late", {"since": "2013-01-01"}, version=2).to_dicts()[0]["delay"] == 70
    with pytest.raises(NotFound, match="has no version 4"):
        ed.queries.get("late", version=4)
    with pytest.raises(Conflict, match="was to be at version 2 and is at version 3"):
        ed.queries.save("late", LATE, expected=2)
    with pytest.raises(Conflict, match="was to be at version 1 and is not there"):
        ed.queries.save("later", LATE, expected=1)


@pytest.mark.parametrize(
    ("name", "sql", "parameters", "error", "says"),
    [
        ("late", "SELEC 1", {}, Invalid, "does not parse"),
        ("late", "DROP TABLE flights", {}, Forbidden, "DROP is not answered here"),
        ("late", "SELECT * FROM read_csv('x')", {}, Forbidden, "read_csv()"),
        ("late", "SELECT * FROM flihgts", {}, NotFound, "did you mean 'flights'"),
        ("late", "SELECT dely FROM flights", {}, Invalid, "did you mean 'delay'"),
        ("late", "SELECT 1; SELECT 2", {}, Invalid, "2 statements"),
        ("late", "SELECT delay FROM flights WHERE delay > ?", {}, Invalid, "parameters have names"),
        ("late", LATE, {"lest": 1}, Invalid, "no parameter of the statement '$lest'; did you mean '$least'?"),
        ("late", LATE, {"least": {"type": "whole"}}, Invalid, "the parameter 'least' cannot be declared: type"),
        ("late", LATE, {"least": {"type": "integer", "default": "x"}}, Invalid, "'x' cannot be the parameter 'least'"),
        ("late", LATE, {"least": {"kind": "integer"}}, Invalid, "kind"),
        ("late", LATE, {"least": [1]}, Invalid, "cannot have the default '[1]'"),
        ("", "SELECT 1", {}, Invalid, "cannot be a query's name"),
        ("../late", "SELECT 1", {}, Invalid, "cannot be a query's name"),
        ("x" * 101, "SELECT 1", {}, Invalid, "cannot be a query's name"),
        ("late", "SELECT 1 --" + "x" * 100_000, {}, Invalid, "too long"),
    ],
)
def test_what_cannot_run_is_not_saved(
    ed: Workbench, name: str, sql: str, parameters: Any, error: type[WorkbenchError], says: str
) -> None:
    with pytest.raises(error) as caught:
        ed.queries.save(name, sql, parameters=parameters)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ed.queries.list() == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "the parameter 'since' (date) needs a value"),
        ({"since": "tomorrow"}, "'tomorrow' cannot be the parameter 'since', which is a date"),
        ({"since": 20130101}, "'20130101' cannot be the parameter 'since', which is a date"),
        ({"since": "2013-01-01", "least": "much"}, "'much' cannot be the parameter 'least', which is a integer"),
        ({"since": "2013-01-01", "least": 1.5}, "cannot be the parameter 'least'"),
        ({"since": "2013-01-01", "least": True}, "cannot be the parameter 'least'"),
        ({"since": "2013-01-01", "least": 2**63}, "cannot be the parameter 'least'"),
        ({"since": "2013-01-01", "lest": 1}, "did you mean 'least'"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_before_anything_runs(
    ed: Workbench, given: dict[str, Any], says: str
) -> None:
    saved(ed)
    with pytest.raises(Invalid) as caught:
        ed.queries.run("late", given)
    assert says in str(caught.value)
    assert ed.queries.runs() == []


def test_every_type_of_parameter_is_bound_as_it_is(ed: Workbench) -> None:
    types = {"t": "text", "i": "integer", "n": "number", "b": "boolean", "d": "date", "m": "time"}
    ed.queries.save(
        "all", "SELECT $t AS t, $i AS i, $n AS n, $b AS b, $d AS d, $m AS m",
        parameters={name: {"type": kind} for name, kind in types.items()},
    )  # fmt: skip
    noon = dt.datetime(2013, 1, 1, 12, tzinfo=dt.UTC)
    want = {"t": "'; DROP TABLE x --", "i": -1, "n": 0.5, "b": False, "d": dt.date(2013, 1, 31), "m": noon}
    assert ed.queries.run("all", want).to_dicts() == [want]
    text = {"t": want["t"], "i": "-1", "n": "0.5", "b": "False", "d": "2013-01-31", "m": "2013-01-01T13:00:00+01:00"}
    assert ed.queries.run("all", text).to_dicts() == [want]


def test_a_query_runs_on_past_versions_and_says_which(ed: Workbench, owner: Workbench) -> None:
    ed.queries.save("n", "SELECT count(*) AS n FROM flights")
    owner.datasets["flights"].append(FLIGHTS)
    assert ed.queries.run("n").to_dicts() == [{"n": 6}]
    past = ed.queries.run("n", versions={"flights": 0})
    assert (past.to_dicts(), past.versions, past.run.versions) == ([{"n": 3}], {"flights": (0,)}, {"flights": (0,)})


def test_who_runs_a_query_sees_what_they_may_and_not_what_its_owner_may(
    owner: Workbench, ed: Workbench, who: As
) -> None:
    owner.security.set_policy(
        Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'", columns={"delay": "NULL"}),
        by=owner.actor.principal,
    )
    ed.queries.save("all", "SELECT origin, delay FROM flights", shared="viewer")
    assert len(ed.queries.run("all")) == 3
    assert who("vera", Role.VIEWER).queries.run("all").to_dicts() == [{"origin": "JFK", "delay": None}] * 2


def test_a_query_is_private_until_it_is_shared_with_a_role(ed: Workbench, owner: Workbench, who: As) -> None:
    saved(ed)
    ana, vera = who("ana", Role.ANALYST), who("vera", Role.VIEWER)
    for other in (ana, vera):
        assert other.queries.list() == []
        with pytest.raises(NotFound, match="no query 'late': there is none yet"):
            other.queries.run("late", {"since": "2013-01-01"})
    assert ed.queries.share("late", "analyst").audience == "shared with analysts and above"
    assert [query.name for query in ana.queries] == ["late"]
    assert vera.queries.list() == []
    assert len(ana.queries.run("late", {"since": "2013-01-01"})) == 2
    ed.queries.share("late", None)
    assert ana.queries.list() == []
    assert [query.name for query in owner.queries] == ["late"], "an admin sees all"
    with pytest.raises(Invalid, match="did you mean 'viewer'"):
        ed.queries.share("late", "viewr")


def test_only_its_owner_and_admins_change_a_query(ed: Workbench, owner: Workbench, who: As) -> None:
    saved(ed, shared=Role.VIEWER)
    ana = who("ana", Role.ANALYST)
    changes: list[Callable[[Workbench], object]] = [
        lambda wb: wb.queries.save("late", "SELECT 1 AS a"),
        lambda wb: wb.queries.share("late", None),
        lambda wb: wb.queries.delete("late"),
    ]
    for change in changes:
        with pytest.raises(Forbidden, match="it is ed's"):
            change(ana)
        with pytest.raises(Forbidden, match="takes the role analyst"):
            change(who("vera", Role.VIEWER))
        with pytest.raises(Forbidden, match="no scope 'run'"):
            change(who("ed", Role.ENGINEER, frozenset({Scope.READ})))
    ed.queries.share("late", None)
    with pytest.raises(Conflict, match="of somebody else"):
        ana.queries.save("late", "SELECT 1 AS a")
    for change in changes:
        change(owner)
    assert ed.queries.list() == []


def test_queries_are_found_by_words_and_owner(ed: Workbench, who: As) -> None:
    saved(ed, description="Late FLIGHTS in winter", shared="viewer")
    ana = who("ana", Role.ANALYST)
    ana.queries.save("one", "SELECT 1 AS a", description="100 %")
    assert [one.name for one in ana.queries.list()] == ["late", "one"]
    assert [one.name for one in ana.queries.list("winter flights")] == ["late"]
    assert [one.name for one in ana.queries.list("%")] == ["one"]
    assert [one.name for one in ana.queries.list(owner="ana")] == ["one"]
    assert ana.queries.list("nothing") == []
    assert "late" in repr(ana.queries)
    assert "<table>" in ana.queries._repr_html_()


def test_what_happened_stands_in_the_audit_log_and_is_told(ed: Workbench, owner: Workbench) -> None:
    first = owner.bus.newest()
    saved(ed)
    ed.queries.share("late", "viewer")
    ed.queries.share("late", None)
    ed.queries.delete("late")
    entries = owner.security.audit(thing="query late")
    assert [(entry.actor, entry.action) for entry in reversed(entries)] == [
        ("ed", "save query"), ("ed", "share query"), ("ed", "share query"), ("ed", "delete query"),
    ]  # fmt: skip
    told = [change for change in owner.bus.since(first) if change.topic == "query"]
    assert [(one.detail["action"], one.detail["shared"]) for one in told] == [
        ("save", None), ("share", "viewer"), ("share", "viewer"), ("delete", None),
    ]  # fmt: skip


def test_runs_are_ones_own_and_an_admin_sees_all(ed: Workbench, owner: Workbench, who: As) -> None:
    ed.queries.save("one", "SELECT 1 AS a", shared="viewer")
    ana = who("ana", Role.ANALYST)
    hers = ana.queries.run("one").run
    his = ed.queries.run("one").run
    assert [run.id for run in ana.queries.runs("one")] == [hers.id]
    assert {run.id for run in owner.queries.runs()} == {hers.id, his.id}
    assert [run.state for run in owner.queries.runs(state="ok", limit=1)] == [RunState.OK]
    last = owner.queries.runs()[-1]
    assert [run.id for run in owner.queries.runs(before=owner.queries.runs()[0].id)] == [last.id]
    with pytest.raises(Invalid, match="no state 'okay'"):
        owner.queries.runs(state="okay")
    with pytest.raises(NotFound, match="no query run"):
        ana.queries.cancel(his.id)
    with pytest.raises(Conflict, match="has ended already: ok"):
        ana.queries.cancel(hers.id)
    ed.queries.delete("one")
    assert [run.query for run in ana.queries.runs()] == ["one"], "the record stays"


def test_how_a_run_ended_is_recorded(ed: Workbench, owner: Workbench) -> None:
    ed.queries.save("long", FOR_EVER)
    ed.queries.save("large", "SELECT list(range) AS n FROM range(1000000000)")
    ed.queries.save("wrong", "SELECT delay // 0 AS n, CAST(origin AS INTEGER) AS i FROM flights")
    with pytest.raises(TooLong):
        ed.queries.run("long", time_limit=0.2)
    with pytest.raises(TooLarge):
        ed.queries.run("large", memory_limit=64)
    with pytest.raises(Invalid):
        ed.queries.run("wrong")
    states = [(run.query, run.state, run.error) for run in reversed(owner.queries.runs())]
    assert [(query, state) for query, state, _ in states] == [
        ("long", RunState.TIMED_OUT), ("large", RunState.FAILED), ("wrong", RunState.FAILED),
    ]  # fmt: skip
    assert "longer than 0.2 s" in str(states[0][2])
    with pytest.raises(Invalid, match="a time limit of 61 s"):
        ed.queries.run("long", time_limit=61)


def running(wb: Workbench) -> QueryRun:
    """The run that goes on, as another process sees it in the catalog."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if found := wb.queries.runs(state="running"):
            return found[0]
        time.sleep(0.02)
    raise AssertionError("nothing runs")


@pytest.mark.parametrize("by", ["ed", "admin"])
def test_a_running_query_is_cancelled_by_its_id(ed: Workbench, owner: Workbench, who: As, by: str) -> None:
    ed.queries.save("long", FOR_EVER, shared="viewer")
    ended: list[WorkbenchError] = []

    def run() -> None:
        try:
            ed.queries.run("long")
        except WorkbenchError as error:
            ended.append(error)

    runner = threading.Thread(target=run)
    runner.start()
    another = Workbench.open(owner.settings.home, principal=ed.actor.principal if by == "ed" else None)
    with another:
        found = running(another)
        with pytest.raises(NotFound):
            who("ana", Role.ANALYST).queries.cancel(found.id)
        assert another.queries.cancel(found.id).cancelled_by == another.actor.principal.name
        runner.join(30)
    assert [type(error) for error in ended] == [Cancelled]
    (run_now,) = owner.queries.runs("long")
    assert (run_now.state, run_now.cancelled_by) == (RunState.CANCELLED, another.actor.principal.name)
    assert owner.security.audit(thing=f"query run {found.id}")[0].action == "cancel query"


def test_one_person_runs_only_so_many_at_once(ed: Workbench, who: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.analytics.queries.queries.MOST_AT_ONCE", 0)
    ed.queries.save("one", "SELECT 1 AS a")
    with pytest.raises(Conflict, match="ed runs as many queries as one person may at once: 0"):
        ed.queries.run("one")


def test_a_run_whose_process_is_gone_is_told_as_failed(ed: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    query = ed.queries.save("one", "SELECT 1 AS a")
    left = ed.queries._store.start(query, ed.actor.principal, {}, -120, most=1)  # as one that was killed leaves it
    (told,) = ed.queries.runs(state="failed")
    assert (told.id, told.error) == (left.id, "the process that ran it ended")
    assert ed.queries.runs(state="running") == []
    with pytest.raises(Conflict, match="has ended already: failed"):
        ed.queries.cancel(left.id)
    assert len(ed.queries.run("one")) == 1
    assert ed.queries.forget_old() == 0


def test_a_query_inside_a_run_is_part_of_its_receipt(ed: Workbench, owner: Workbench) -> None:
    ed.queries.save("n", "SELECT count(*) AS n FROM flights")
    ed.preferences.set("sql_rows", 1)
    run = owner.runs.start(RunKind.NOTEBOOK, "a.ipynb", actor=ed.actor, parameters={})
    inside = Workbench(owner.settings, owner.catalog, Actor(ed.actor.principal, run.id))
    owner.datasets["flights"].append(FLIGHTS)
    assert inside.queries.run("n").to_dicts() == [{"n": 6}]
    read = {(edge.kind, edge.name, edge.version) for edge in owner.runs.edges(run.id)}
    assert read == {("dataset", "flights", "1"), ("query", "n", "1")}
    assert len(inside.sql("SELECT * FROM flights")) == 6, "a preference does not change what a run computes"


def test_a_preferred_number_of_rows_holds_for_sql_and_queries(ed: Workbench) -> None:
    ed.queries.save("all", "SELECT * FROM flights")
    ed.preferences.set("sql_rows", 2)
    for result in (ed.sql("SELECT * FROM flights"), ed.queries.run("all")):
        assert (len(result), result.cut) == (2, True)
    assert ed.queries.runs()[0].cut
    assert (len(ed.sql("SELECT * FROM flights", limit=3)), ed.queries.run("all", limit=3).cut) == (3, False)
