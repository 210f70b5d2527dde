"""What a view may be, who may have it, and who may see it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from workbench import Workbench
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, WorkbenchError
from workbench.governance.runs import RunKind
from workbench.governance.security import Policy, Principal, Role

SQL = "SELECT k, count(*) AS n FROM t GROUP BY k"


@pytest.fixture
def table(wb: Workbench) -> pl.DataFrame:
    rows = pl.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]})
    wb.datasets.create("t", rows)
    return rows


def seen_by(wb: Workbench, role: Role) -> Workbench:
    return wb.acting_as(Principal(f"one {role}", role))


def allow(wb: Workbench, dataset: str, role: Role, row_filter: str | None = None) -> None:
    wb.security.set_policy(Policy(dataset=dataset, role=role, row_filter=row_filter), by=wb.actor.principal)


@pytest.mark.parametrize(
    ("name", "sql", "kind", "said"),
    [
        ("one", "SELECT kk FROM t", Invalid, "no column 'kk'; did you mean 'k'?"),
        ("one", "SELECT k FROM tt", NotFound, "no dataset 'tt'; did you mean 't'?"),
        ("one", "SELECT * FROM one", Invalid, "view 'one' would be a view of itself"),
        ("one", "SELECT k FROM t WHERE v > $least", Invalid, "has the parameter $least"),
        ("one", "DELETE FROM t", Forbidden, "one SELECT is"),
        ("one", "SELECT * FROM read_csv('/etc/passwd')", Forbidden, "read_csv() is not answered here"),
        ("one", " ; ", Invalid, "has no sql"),
        ("t", SQL, Conflict, "there is a dataset 't' already"),
        ("a b", SQL, Invalid, "cannot be a dataset's name"),
    ],
)
def test_a_view_that_cannot_be(
    wb: Workbench, table: pl.DataFrame, name: str, sql: str, kind: type[WorkbenchError], said: str
) -> None:
    with pytest.raises(kind) as refused:
        wb.views.define(name, sql)
    assert said in str(refused.value)
    assert not wb.views.list()


def test_views_of_views_but_in_no_circle(wb: Workbench, table: pl.DataFrame) -> None:
    wb.views.define("by_k", SQL)
    wb.views.refresh("by_k")
    wb.views.define("often", "SELECT k FROM by_k WHERE n > 1")
    assert wb.views.refresh("often").read == {"by_k": 1}
    with pytest.raises(Invalid, match="would be a view of itself, through often"):
        wb.views.define("by_k", "SELECT k, 1 AS n FROM often")
    wb.views.remove("often")
    wb.views.define("by_k", "SELECT k, 1 AS n FROM often")
    with pytest.raises(Invalid, match="'by_k' would be made of itself: 'often' was made of it"):
        wb.views.refresh("by_k")
    assert wb.datasets.get("by_k").to_polars().sort("k").rows() == [("a", 2), ("b", 1)]


def test_a_view_in_a_file(wb: Workbench, workspace: Path, table: pl.DataFrame) -> None:
    (workspace / "views").mkdir()
    file = workspace / "views" / "by_k.yaml"
    file.write_text(f"description: How many\nsqll: {SQL}\n")
    with pytest.raises(Invalid, match=r"views/by_k.yaml, line 2: .*'sqll'; did you mean 'sql'") as refused:
        wb.views.refresh("by_k")
    assert "line 2" in str(refused.value)
    assert (wb.views.list(), "'sqll'" in wb.views.list().problems[0]) == ([], True)
    file.write_text(f"description: How many\nsql: {SQL}\n")
    (listed,) = wb.views.list()  # before anybody asked for it
    assert (listed.name, listed.version, listed.owner, listed.last) == ("by_k", 0, "", None)
    assert wb.views.refresh("by_k").way == "whole"
    assert wb.views.get("by_k").definition.description == "How many"
    assert [view.version for view in wb.views.list()] == [1]
    file.write_text("description: How many\nsql: SELECT k, max(v) AS top FROM t GROUP BY k\n")
    assert wb.views.refresh("by_k").why == "its SQL is another than before"
    assert (wb.views.get("by_k").version, wb.datasets.get("by_k").to_polars().columns) == (2, ["k", "top"])
    with pytest.raises(Conflict, match=r"views/by_k\.yaml says what the view is"):
        wb.views.define("by_k", SQL)


def test_a_stage_of_a_pipeline_refreshes_it(wb: Workbench, workspace: Path, table: pl.DataFrame) -> None:
    wb.views.define("by_k", SQL)
    (workspace / "pipelines").mkdir()
    file = workspace / "pipelines" / "daily.yaml"
    file.write_text("name: daily\nstages:\n- {name: count, view: by_k, writes: [by_k]}\n")
    done = wb.pipelines.run("daily")
    run = wb.runs.get(done.stages[0].run.id)
    assert (run.kind, run.parent, run.name) == (RunKind.REFRESH, done.run.id, done.stages[0].run.name)
    assert wb.datasets.get("by_k").to_polars().height == 2
    wb.datasets.get("t").append(table)
    wb.pipelines.run("daily")
    assert [one.way for one in wb.views.history("by_k")] == ["groups", "whole"]
    file.write_text("name: daily\nstages:\n- {name: count, view: by_kk}\n")
    with pytest.raises(WorkbenchError, match="did you mean 'by_k'"):
        wb.pipelines.run("daily")


def test_a_dataset_that_is_no_more_the_views(wb: Workbench, table: pl.DataFrame) -> None:
    wb.views.define("by_k", SQL)
    wb.views.refresh("by_k")
    wb.datasets.rename("by_k", "mine")
    with pytest.raises(Conflict, match="the dataset of view 'by_k' is called 'mine' now"):
        wb.views.refresh("by_k")
    wb.datasets.create("by_k", table)
    with pytest.raises(Conflict, match="is not the one that the view made"):
        wb.views.refresh("by_k")
    wb.datasets.delete("by_k")
    wb.datasets.rename("mine", "by_k")
    assert wb.views.refresh("by_k").way == "unchanged"


def test_who_may(wb: Workbench, table: pl.DataFrame) -> None:
    ana, eve, vera = (seen_by(wb, role) for role in (Role.ANALYST, Role.ENGINEER, Role.VIEWER))
    with pytest.raises(Forbidden, match="takes the role analyst"):
        vera.views.define("by_k", SQL)
    ana.views.define("by_k", SQL)
    ana.views.refresh("by_k")
    assert vera.datasets.get("by_k").to_polars().height == 2
    with pytest.raises(Forbidden, match="takes the role analyst"):
        vera.views.list()
    bob = wb.acting_as(Principal("bob", Role.ANALYST))
    for act in (bob.views.refresh, bob.views.remove):
        with pytest.raises(Forbidden, match="takes the role engineer"):
            act("by_k")
    eve.views.refresh("by_k")
    eve.views.remove("by_k")
    assert "by_k" in wb.datasets


def test_what_a_policy_hides_no_view_shows(wb: Workbench, table: pl.DataFrame) -> None:
    wb.views.define("by_k", SQL)
    wb.views.refresh("by_k")
    wb.views.define("often", "SELECT k FROM by_k WHERE n > 1")
    wb.views.refresh("often")
    ana = seen_by(wb, Role.ANALYST)
    assert ana.datasets.get("often").to_polars().height == 1
    allow(wb, "t", Role.ANALYST, "v < 3")
    for role in (Role.ANALYST, Role.VIEWER):
        for name in ("by_k", "often"):
            with pytest.raises(Forbidden, match="it shows rows of 't', not all of which that role may see"):
                seen_by(wb, role).datasets.get(name).to_polars()
            with pytest.raises(Forbidden):
                seen_by(wb, role).sql(f"SELECT count(*) FROM {name}")
    assert [one.name for one in ana.views.list()] == []
    assert {one.name for one in ana.datasets.search().items} == {"t"}
    for ask in (ana.views.get, ana.views.history, ana.views.explain):
        with pytest.raises(Forbidden, match="a policy hides rows"):
            ask("by_k")
    # Nor is one made of what is hidden from whoever makes it.
    ana.views.define("mine", "SELECT k, v FROM t")
    with pytest.raises(Forbidden, match="may not refresh view 'mine': a policy hides something of 't'"):
        ana.views.refresh("mine")
    assert "mine" not in wb.datasets
    # An admin says what may be seen of it, and of what is made of that.
    allow(wb, "by_k", Role.ANALYST)
    assert ana.datasets.get("by_k").to_polars().height == 2
    assert ana.datasets.get("often").to_polars().height == 1
    wb.security.clear_policy("by_k", Role.ANALYST, by=wb.actor.principal)
    # A dataset's policies go with it, and what was made of it stays closed.
    wb.datasets.rename("by_k", "counted")
    wb.datasets.delete("t")
    with pytest.raises(Forbidden, match="it shows rows of 'counted'"):
        ana.datasets.get("often").to_polars()
    assert ana.datasets.get("counted").to_polars().height == 0
    assert wb.datasets.get("counted").to_polars().height == 2


def test_what_it_showed_once_its_old_versions_still_show(wb: Workbench, table: pl.DataFrame) -> None:
    wb.datasets.create("open", table)
    wb.views.define("by_k", SQL)
    wb.views.refresh("by_k")
    allow(wb, "t", Role.VIEWER, "v < 3")
    wb.views.define("by_k", SQL.replace("FROM t", "FROM open"))
    wb.views.refresh("by_k")
    with pytest.raises(Forbidden):
        seen_by(wb, Role.VIEWER).datasets.get("by_k").at(1).to_polars()


def test_a_policy_on_the_view_itself(wb: Workbench, table: pl.DataFrame) -> None:
    """Whoever is shown only some of its groups does not carry on the others by these."""
    wb.views.define("by_k", SQL)
    wb.views.refresh("by_k")
    allow(wb, "by_k", Role.ENGINEER, "k = 'a'")
    wb.datasets.get("t").append(table)
    with pytest.raises(Forbidden, match="a policy hides something of 'by_k'"):
        seen_by(wb, Role.ENGINEER).views.refresh("by_k")
    assert wb.views.refresh("by_k").way == "groups"
    assert seen_by(wb, Role.ENGINEER).datasets.get("by_k").to_polars().rows() == [("a", 4)]


def test_a_failed_refresh_leaves_what_was(wb: Workbench) -> None:
    wb.datasets.create("t", pl.DataFrame({"k": ["1"]}))
    wb.views.define("numbers", "SELECT k::INT AS n FROM t")
    wb.views.refresh("numbers")
    wb.datasets.get("t").append(pl.DataFrame({"k": ["one"]}))
    with pytest.raises(Invalid):
        wb.views.refresh("numbers")
    assert wb.datasets.get("numbers").to_polars().rows() == [(1,)]
    last = wb.views.history("numbers")[0]
    assert (last.outcome, "one" in str(last.error)) == ("failed", True)
