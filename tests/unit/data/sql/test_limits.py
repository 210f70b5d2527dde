"""A statement that takes too long, needs too much or is not wanted any more ends, with one sentence."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import polars as pl
import pytest

from workbench.data.lake import Datasets, Lake
from workbench.data.sql import Cancelled, Limits, SqlDoor, TooLarge, TooLong
from workbench.foundation.errors import Invalid, NotFound, Unavailable, WorkbenchError
from workbench.governance.runs import Actor, Runs

FOR_EVER = {
    "a cross join": "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b, range(1000) c",
    "a recursion": "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
    "rows that find nothing": "SELECT range FROM range(1000000000000) WHERE range < 0 AND hash(range) = 1",
}
TOO_MUCH = {
    "a sort": "SELECT range FROM range(1000000000) ORDER BY hash(range)",
    "a list": "SELECT list(range) FROM range(1000000000)",
    "a result": "SELECT range FROM range(100000000000)",
    "a cross join's result": "SELECT a.n, b.n FROM n a, n b, n c, n d, n e",
    "values of functions": (
        "SELECT sum(len(list_transform(range(1000000 + range), lambda x: x || 'abcdefghijklmnopqrstuvwxyz')))"
        " FROM range(100)"
    ),
    "distinct values": "SELECT count(DISTINCT hash(range)) FROM range(1000000000)",
}
SMALL = Limits(60, 64)


@pytest.fixture
def door(lake: Lake, datasets: Datasets) -> SqlDoor:
    datasets.create("n", pl.DataFrame({"n": range(1000)}))
    return SqlDoor(lake, SMALL)


@pytest.mark.parametrize("statement", FOR_EVER.values(), ids=list(FOR_EVER))
def test_a_statement_that_runs_for_ever_is_ended(door: SqlDoor, admin: Actor, statement: str) -> None:
    with pytest.raises(TooLong, match=r"it took longer than 0\.3 s") as caught:
        door.query(statement, admin, limits=SMALL.lowered(seconds=0.3))
    assert "\n" not in str(caught.value)
    assert door.query("SELECT 1 AS a", admin).to_dicts() == [{"a": 1}]


@pytest.mark.parametrize("statement", TOO_MUCH.values(), ids=list(TOO_MUCH))
def test_a_statement_that_needs_too_much_is_refused(door: SqlDoor, admin: Actor, statement: str) -> None:
    with pytest.raises(TooLarge, match="more than the 64 MB of memory") as caught:
        door.query(statement, admin)
    assert "\n" not in str(caught.value)


def test_a_running_statement_is_cancelled_from_elsewhere(door: SqlDoor, admin: Actor) -> None:
    wanted = threading.Event()
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            door.query(FOR_EVER["a cross join"], admin, cancelled=wanted.is_set)
        except WorkbenchError as error:
            ended.append(error)

    asker = threading.Thread(target=ask)
    asker.start()
    assert not ended
    wanted.set()
    asker.join(30)
    assert [type(error) for error in ended] == [Cancelled]


def test_that_a_cancel_cannot_be_asked_for_ends_nothing(door: SqlDoor, admin: Actor) -> None:
    def away() -> bool:
        raise Unavailable("the catalog is away")

    with pytest.raises(TooLong):
        door.query(FOR_EVER["a recursion"], admin, limits=SMALL.lowered(seconds=1), cancelled=away)


@pytest.fixture
def keyboard() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, as at a terminal: what is started in the background ignores it otherwise."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keyboard")
@pytest.mark.parametrize("statement", FOR_EVER.values(), ids=list(FOR_EVER))
def test_ctrl_c_ends_a_statement(door: SqlDoor, admin: Actor, statement: str) -> None:
    pressed = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    pressed.start()
    with pytest.raises(KeyboardInterrupt):
        door.query(statement, admin)
    pressed.join()


def test_a_result_is_cut_at_its_limit_and_says_so(door: SqlDoor, admin: Actor) -> None:
    for rows, cut in ((999, True), (1000, False), (1001, False)):
        result = door.query("SELECT n FROM n ORDER BY n DESC", admin, limits=SMALL.lowered(rows=rows))
        assert (len(result), result.cut) == (min(rows, 1000), cut)
        assert ("cut at the limit" in repr(result)) == cut
    # Only as many rows are computed as are asked for.
    assert door.query(TOO_MUCH["a result"], admin, limits=SMALL.lowered(rows=50_001)).to_polars()["range"][-1] == 50_000


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"seconds": 61}, "at most 60 s"),
        ({"seconds": 0}, "at most 60 s"),
        ({"seconds": -1}, "at most 60 s"),
        ({"seconds": float("nan")}, "at most 60 s"),
        ({"megabytes": 65}, "between 32 and 64 MB"),
        ({"megabytes": 1}, "between 32 and 64 MB"),
        ({"rows": 0}, "at least 1"),
    ],
)
def test_a_limit_is_lower_than_the_workspaces(wanted: dict[str, float], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        SMALL.lowered(**wanted)  # type: ignore[arg-type]


def test_past_versions_are_read_by_argument_and_in_sql(door: SqlDoor, lake: Lake, admin: Actor) -> None:
    lake.append("n", pl.DataFrame({"n": [-1]}), admin)
    lake.append("n", pl.DataFrame({"n": [-2]}), admin)

    def least(statement: str, **more: dict[str, int]) -> tuple[object, dict[str, tuple[int, ...]]]:
        result = door.query(statement, admin, **more)  # type: ignore[arg-type]
        return result.to_arrow().column(0)[0].as_py(), result.versions

    assert least("SELECT min(n) FROM n") == (-2, {"n": (2,)})
    assert least("SELECT min(n) FROM n", versions={"n": 1}) == (-1, {"n": (1,)})
    assert least("SELECT min(n) FROM N", versions={"N": 0}) == (0, {"n": (0,)})
    assert least("SELECT min(n.n) FROM n AT (VERSION => 1)") == (-1, {"n": (1,)})
    assert least("SELECT min(x.n) FROM n AS x AT (VERSION => 0)", versions={"n": 1}) == (0, {"n": (0,)})
    both = "SELECT count(*) FROM n AS now LEFT JOIN n AS was AT (VERSION => 0) USING (n) WHERE was.n IS NULL"
    assert least(both) == (2, {"n": (0, 2)})
    assert least(both, versions={"n": 1}) == (1, {"n": (0, 1)})
    assert least(f"WITH was AS ({both}) SELECT * FROM was") == (2, {"n": (0, 2)})


def test_a_version_is_bound_like_any_other_text(door: SqlDoor, admin: Actor) -> None:
    kept = "SELECT n AS \"a \"\" b\", $x || 'it''s' AS t FROM n AT (VERSION => 0) WHERE n = $y /* not this */ LIMIT 1"
    assert door.query(kept, admin, parameters={"x": "'--", "y": 7}).to_dicts() == [{'a " b': 7, "t": "'--it's"}]


@pytest.mark.parametrize(
    ("statement", "versions", "error", "says"),
    [
        ("SELECT * FROM n", {"n": 7}, NotFound, "'n' has no version 7"),
        ("SELECT * FROM n", {"n": -1}, NotFound, "'n' has no version -1"),
        ("SELECT * FROM n", {"m": 0}, Invalid, "no dataset that the statement reads is called 'm'"),
        ("SELECT * FROM n", {"n": True}, Invalid, "True is not the number of a version of 'n'"),
        ("SELECT * FROM n", {"n": "0"}, Invalid, "'0' is not the number of a version of 'n'"),
        ("SELECT * FROM n AT (VERSION => 9)", {}, NotFound, "'n' has no version 9"),
        ("SELECT * FROM m AT (VERSION => 9)", {}, NotFound, "no dataset 'm'"),
        ("SELECT * FROM n AT (VERSION => -1)", {}, Invalid, "which version of 'n' is meant"),
        ("SELECT * FROM n AT (VERSION => $v)", {}, Invalid, "which version of 'n' is meant"),
        ("SELECT * FROM n AT (TIMESTAMP => '2013-01-01')", {}, Invalid, "which version of 'n' is meant"),
    ],
)
def test_a_version_that_is_none_is_refused(
    door: SqlDoor, admin: Actor, statement: str, versions: dict[str, int], error: type[WorkbenchError], says: str
) -> None:
    with pytest.raises(error) as caught:
        door.query(statement, admin, versions=versions)
    assert says in str(caught.value)


def test_a_dataset_that_is_written_to_meanwhile_is_read_at_one_version(door: SqlDoor, lake: Lake, admin: Actor) -> None:
    written: list[int] = []

    def write() -> bool:  # what is asked while the statement runs
        if not written:
            written.append(lake.append("n", pl.DataFrame({"n": [-1]}), admin).number)
        return False

    both = "SELECT (SELECT count(*) FROM n) AS a, sleep_ms(1000) AS slept, (SELECT count(*) FROM n WHERE n < 0) AS b"
    result = door.query(both, admin, cancelled=write)
    assert written == [1]
    assert [(row["a"], row["b"]) for row in result.to_dicts()] == [(1000, 0)]
    assert result.versions == {"n": (0,)}


def test_a_version_named_inside_a_run_is_recorded_as_that(
    door: SqlDoor, lake: Lake, runs: Runs, in_run: Callable[[], Actor], admin: Actor
) -> None:
    inside = in_run()
    lake.append("n", pl.DataFrame({"n": [-1]}), admin)
    assert door.query("SELECT count(*) FROM n", inside, versions={"n": 0}).versions == {"n": (0,)}
    assert door.query("SELECT count(*) FROM n", inside).versions == {"n": (1,)}
    lake.append("n", pl.DataFrame({"n": [-2]}), admin)
    assert door.query("SELECT count(*) FROM n", inside).versions == {"n": (1,)}
    assert sorted((edge.name, edge.version) for edge in runs.edges(str(inside.run))) == [("n", "0"), ("n", "1")]


def test_a_statement_is_checked_without_being_run(door: SqlDoor, admin: Actor) -> None:
    reading = door.check(
        "SELECT n FROM n WHERE n > $least AND sleep_ms(600000) IS NULL", admin, parameters={"least": 1}
    )
    assert (reading.datasets, reading.parameters) == (("n",), {"least"})
    with pytest.raises(Invalid, match="no column 'm'; there is n"):
        door.check("SELECT m FROM n", admin, parameters={})
    assert door.check("SELECT m FROM n", admin).datasets == ("n",)
