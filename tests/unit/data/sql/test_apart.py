"""A server's statements are answered in processes of their own: none of them can harm the server, whatever it does."""

from __future__ import annotations

import os
from contextlib import suppress

import polars as pl
import psutil
import pytest

from workbench.data.lake import Datasets, Lake
from workbench.data.sql import Limits, SqlDoor, TooLarge, TooLong
from workbench.foundation.errors import Forbidden, Invalid, WorkbenchError
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security

SMALL = Limits(60, 64, rows=1_500)
TOO_MUCH = {
    "one value": "SELECT length(repeat('x', 2000000000))",
    "a value made while planning": "SELECT count(*) FROM n WHERE s = repeat('x', 2000000000)",
    "many values in one step": "SELECT max(length(repeat('x', 100000000 + n::INT))) FROM n",
}


@pytest.fixture
def here(lake: Lake, datasets: Datasets) -> SqlDoor:
    datasets.create("n", pl.DataFrame({"n": range(1000), "s": ["1", "2", "hush", None] * 250}))
    return SqlDoor(lake, SMALL)


@pytest.fixture
def apart(here: SqlDoor, lake: Lake) -> SqlDoor:
    return SqlDoor(lake, SMALL, apart=True)


def test_answers_and_refusals_are_those_of_this_process(here: SqlDoor, apart: SqlDoor, admin: Actor) -> None:
    for statement in (
        "SELECT s, sum(n) AS n, interval 3 days AS i, 1::HUGEINT AS h, 'a'::ENUM('a') e FROM n GROUP BY 1 ORDER BY 1",
        "SELECT a.n FROM n a, n b WHERE b.n < 2",
        "SELECT n FROM n WHERE n > 5000",
    ):
        one, other = here.query(statement, admin), apart.query(statement, admin)
        assert other.to_arrow().equals(one.to_arrow())
        assert (other.cut, other.versions) == (one.cut, one.versions)
    assert apart.query("SELECT n FROM n WHERE n = $one", admin, parameters={"one": 7}).to_dicts() == [{"n": 7}]
    assert apart.explain("SELECT n FROM n", admin) == here.explain("SELECT n FROM n", admin)
    for wrong in (
        "SELECT",
        "SELECT m FROM n",
        "SELECT 1 FROM m",
        "SELECT getenv('HOME')",
        "SELECT error('no' || n) FROM n",
    ):
        with pytest.raises(WorkbenchError) as said:
            here.query(wrong, admin)
        with pytest.raises(type(said.value)) as told:
            apart.query(wrong, admin)
        assert (str(told.value), told.value.hint) == (str(said.value), said.value.hint)


@pytest.mark.parametrize("statement", TOO_MUCH.values(), ids=list(TOO_MUCH))
def test_one_step_of_a_statement_cannot_take_the_memory_of_the_server(
    apart: SqlDoor, admin: Actor, statement: str
) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    with pytest.raises(TooLarge, match="more than the 64 MB of memory"):
        apart.query(statement, admin)
    assert process.memory_info().rss < before + 100_000_000
    assert apart.query("SELECT count(*) AS n FROM n", admin).to_dicts() == [{"n": 1000}]


def test_a_step_that_does_not_end_is_ended(apart: SqlDoor, admin: Actor) -> None:
    slow = "SELECT length(lpad('x', 2000000000, 'yz'))"
    with pytest.raises(TooLong, match=r"longer than 0\.3 s"):
        apart.query(slow, admin, limits=Limits(0.3, 64))


def test_a_process_that_was_killed_while_nobody_asked_is_replaced(apart: SqlDoor, admin: Actor) -> None:
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # nor is one here that another test has ended
            if "workbench.data.sql.apart_process" in child.cmdline():
                os.kill(child.pid, 9)
                child.wait(10)
    assert len(apart.query("SELECT 1 AS a", admin)) == 1


@pytest.mark.parametrize("door", ["here", "apart"])
def test_rows_that_a_policy_cannot_make_are_refused_without_a_word_of_what_they_hold(
    request: pytest.FixtureRequest, security: Security, admin: Actor, door: str
) -> None:
    asked: SqlDoor = request.getfixturevalue(door)
    security.set_policy(Policy(dataset="n", role=Role.VIEWER, row_filter="CAST(s AS BIGINT) > 0"), by=admin.principal)
    with pytest.raises(Forbidden, match="what your policy leaves") as told:
        asked.query("SELECT count(*) FROM n", Actor(Principal("vi", Role.VIEWER)))
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT " + "+".join(["1"] * 900), "nested too deeply"),
        ("SELECT " + "[" * 900 + "]" * 900, "nested too deeply"),
        ("SELECT '\ud800'", "is no text: character 9"),
    ],
    ids=["a long sum", "deep lists", "half a character"],
)
def test_a_statement_that_nobody_could_have_meant_is_one_sentence(
    here: SqlDoor, admin: Actor, statement: str, says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        here.query(statement, admin)
