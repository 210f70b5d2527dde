"""The explorer: what one does with its controls is asked of the library, and what goes wrong is said."""

from __future__ import annotations

import asyncio
import re
import time
from html import unescape
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.analytics.exploration import Condition, Group, View
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Scope
from workbench.ui import Explorer, explore


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def trouble(explorer: Explorer) -> str:
    return text(explorer._trouble.value)


def ask(explorer: Explorer, **chosen: Any) -> Explorer:
    for name, value in chosen.items():
        getattr(explorer.question, name).value = value
    return explorer


def test_a_dataset_opens_with_its_columns_and_its_rows_along_a_time(shop: Workbench) -> None:
    explorer = explore(shop, "sales")
    seen = explorer.seen
    assert seen is not None
    assert seen.view == View("sales", by=(shop.exploration.group("sales", "at"),))
    assert explorer.seeing.state == explorer.columns.state == explorer.column.state == "ready"
    assert "Of all" in text(explorer.seeing._note.value)
    info = shop.datasets["sales"].info
    assert f"{info.rows:,} rows, {len(info.columns)} columns" in text(explorer._about.value)
    for column in info.columns:
        assert column.name in text(explorer.columns._shown.value)
    assert "From sales version 0." in explorer._origin.value


def test_the_controls_ask_the_library(shop: Workbench) -> None:
    explorer = ask(explore(shop, "sales"), figure="mean", of="price", by="shop")
    explorer.conditions.another("kind", "is", "tea")
    explorer.conditions.another("till", "at least", "1")
    where = (Condition("kind", "is", ("tea",)), Condition("till", "at least", (1,)))
    expected = shop.exploration.look(View("sales", where, "mean", "price", (Group("shop"),)))
    assert explorer.seen is not None
    assert explorer.seen.frame.equals(expected.frame)
    assert explorer.seeing.chart is not None
    assert explorer.seeing.chart.frame.equals(expected.chart().frame)
    assert " ".join(expected.sql.split()) in text(explorer.seeing._sql.value)
    drawn = explorer.seeing._form.bars.y.tolist()  # type: ignore[union-attr]
    assert drawn == pytest.approx(expected.frame["mean_price"].to_list())

    explorer.conditions.lines[0].remove.click()
    assert explorer.seen.view.where == where[1:]
    assert "that meet the filters" in explorer.rows._head.value
    ask(explorer, by="")
    assert explorer.seeing.state == "ready"
    assert f"{explorer.seen.frame.item():,.0f}"[:2] in text(explorer.seeing._figure.value)


@pytest.mark.parametrize(
    ("chosen", "form", "looks"),
    [
        ({"by": "shop"}, "LevelBars", 1),
        ({"by": "at"}, "Curves", 1),
        ({"by": "till"}, "UprightBars", 2),
        ({"by": "shop", "also": "kind"}, "Grid", 1),
        ({"by": "at", "also": "kind"}, "Curves", 2),
        ({"figure": "points", "of": "price", "by": "at", "also": "kind"}, "Points", 1),
        ({"figure": "points", "of": "price", "by": "till"}, "Points", 1),
    ],
)
def test_each_chart_has_its_drawing(shop: Workbench, chosen: dict[str, str], form: str, looks: int) -> None:
    explorer = ask(explore(shop, "sales"), **chosen)
    assert explorer.seeing.state == "ready", explorer.seeing.message
    assert type(explorer.seeing._form).__name__ == form
    assert explorer.seen is not None
    assert len(explorer.seen.looks) >= looks
    assert explorer.seeing._frame.children == (explorer.seeing._form.figure,)
    for look in explorer.seen.looks[1:]:
        explorer.question.look.value = look
        assert explorer.seeing.state == "ready"
        assert explorer.seeing.chart is not None
        assert explorer.seeing.chart.kind == look


def test_a_value_that_is_none_is_said_and_nothing_is_kept_of_it(shop: Workbench) -> None:
    explorer = explore(shop, "sales")
    before = explorer.seen
    explorer.conditions.another("till", "at least", "many")
    assert "'many' cannot be a value of 'till', which is Int64. Such as 15 or 0.5." in trouble(explorer)
    assert explorer.seen is before
    assert explorer.keeping.as_query.disabled
    explorer.conditions.lines[0].value.value = "2"
    assert trouble(explorer) == ""
    assert not explorer.keeping.as_query.disabled
    assert explorer.conditions.lines[0].operator.value == "at least"
    explorer.conditions.lines[0].column.value = "shop"
    assert explorer.conditions.lines[0].operator.value == "is"
    assert "O'Hara's" in explorer.conditions.lines[0].value.options


def test_points_along_names_are_refused_in_a_sentence(shop: Workbench) -> None:
    explorer = ask(explore(shop, "sales"), figure="points", by="shop")
    assert explorer.seeing.state == "error"
    assert "Points cannot lie along 'shop'" in explorer.seeing.message
    assert ask(explorer, by="at").seeing.state == "ready"


def test_what_is_seen_is_kept(shop: Workbench) -> None:
    explorer = ask(explore(shop, "sales"), figure="sum", of="price", by="kind")
    explorer.keeping.name.value = "takings"
    explorer.keeping.description.value = "What was taken."
    explorer.keeping.as_query.click()
    assert "Kept as the query 'takings'" in text(explorer.keeping.said.value)
    assert explorer.seen is not None
    assert shop.queries.run("takings").to_polars().equals(explorer.seen.frame)
    explorer.keeping.as_metric.click()
    metric = shop.metrics.get("takings")
    assert (metric.label, metric.description) == ("Sum of price", "What was taken.")
    found = shop.metrics.query("takings", by="kind").frame
    assert dict(found.rows()) == pytest.approx(dict(explorer.seen.frame.rows()))
    explorer.keeping.as_query.click()
    assert "There is a query 'takings' already." in text(explorer.keeping.said.value)
    assert 'role="alert"' in explorer.keeping.said.value
    assert ask(explorer, figure="points", by="at").keeping.as_metric.disabled


def test_keeping_takes_the_role_and_for_what_is_there_a_wider_scope(shop: Workbench) -> None:
    def seen_by(role: Role, *scopes: Scope) -> Workbench:
        return Workbench(shop.settings, shop.catalog, Actor(Principal("anna", role, frozenset(scopes) or None)))

    viewer = explore(seen_by(Role.VIEWER), "sales")
    assert "takes the role analyst; yours is viewer" in text(viewer.keeping.widget.children[0].value)
    reader = explore(seen_by(Role.ANALYST, Scope.READ), "sales")
    assert "is not for this page" in text(reader.keeping.widget.children[0].value)
    keeper = explore(seen_by(Role.ANALYST, Scope.READ, Scope.KEEP), "sales")
    keeper.keeping.name.value = "mine"
    for button in (keeper.keeping.as_query, keeper.keeping.as_metric):
        button.click()
        assert "Kept as" in text(keeper.keeping.said.value)
    for change in (
        lambda wb: wb.queries.save("mine", "SELECT 1 AS one FROM sales"),
        lambda wb: wb.metrics.define({"name": "mine", "dataset": "sales", "aggregation": "count"}),
        lambda wb: wb.queries.delete("mine"),
        lambda wb: wb.metrics.remove("mine"),
    ):
        with pytest.raises(Exception, match="it has no scope 'run'"):
            change(keeper.wb)


def test_what_a_policy_hides_stays_hidden(shop: Workbench) -> None:
    shop.security.set_policy(
        Policy(dataset="sales", role=Role.VIEWER, row_filter="kind = 'tea'", columns={"shop": "'***'"}),
        by=shop.actor.principal,
    )
    explorer = ask(explore(shop.acting_as(Principal("vera", Role.VIEWER)), "sales"), by="shop")
    assert explorer.seen is not None
    assert explorer.seen.frame["shop"].to_list() == ["***"]
    explorer.conditions.another("shop")
    assert explorer.conditions.lines[0].value.options == ("***",)
    shown = "".join(
        part.value
        for part in (explorer.columns._shown, explorer.rows._shown, explorer.column._details, explorer._about)
    )
    shown = unescape(shown + explorer._repr_mimebundle_()["text/html"])
    assert "O'Hara" not in shown
    assert "coffee" not in shown


ODD = """<b>"it's"</b>"""


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame(schema={"a": pl.String, "b": pl.Float64, "at": pl.Datetime("us", "UTC")}), "0 rows, 3 columns"),
        (pl.DataFrame({"x": [None, None]}, schema={"x": pl.Float64}), "2 rows, 1 column,"),
        (pl.DataFrame({"t": [None]}, schema={"t": pl.Datetime("us", "UTC")}), "1 row, 1 column,"),
        (pl.DataFrame({ODD: ["<i>", "'", None], 'second "one"': [1, 2, 3]}), "3 rows, 2 columns"),
        (pl.DataFrame({f"c{at}": [at, None] for at in range(200)}), "2 rows, 200 columns"),
        (pl.DataFrame({"long": ["x" * 50_000 + str(at % 2) for at in range(4)]}), "4 rows, 1 column,"),
        (pl.DataFrame({"list": [[1], [2]], "raw": [b"\xff", b""]}), "2 rows, 2 columns"),
        (pl.DataFrame({"x": [1.0, float("inf"), float("nan")]}), "3 rows, 1 column,"),
    ],
)
def test_odd_datasets_are_shown(wb: Workbench, frame: pl.DataFrame, said: str) -> None:
    wb.datasets.create("odd", frame)
    explorer = explore(wb, "odd")
    assert said in text(explorer._about.value)
    assert trouble(explorer) == ""
    numbers = [name for name, dtype in frame.schema.items() if dtype.is_numeric()]
    for name in [name for name in frame.columns[:3] if name not in ("list", "raw")]:
        ask(explorer, figure="", by=name)
        assert explorer.seeing.state in ("ready", "empty"), explorer.seeing.message
        explorer.conditions.another(name, "is there")
        explorer.column.pick.value = name
    for number in numbers[:2]:
        for figure in ("mean", "points"):
            ask(explorer, figure=figure, of=number, by=number)
            assert explorer.seeing.state in ("ready", "empty"), explorer.seeing.message
    assert {part.state for part in explorer.profiling.parts} <= {"ready", "empty"}
    html = explorer._repr_mimebundle_()["text/html"]
    assert "<b>" not in html
    assert len(html) < 500_000


def test_columns_are_found_by_their_names(wb: Workbench) -> None:
    wb.datasets.create("wide", pl.DataFrame({f"c{at}": [at] for at in range(200)}))
    columns = explore(wb, "wide").columns
    columns.search.value = "C19"
    assert re.findall(r'<th scope="row">(\w+)', columns._shown.value) == ["c19", *[f"c19{at}" for at in range(10)]]
    columns.search.value = "nothing like it"
    assert "No column is called so." in columns._shown.value


def test_a_sample_is_said_to_be_one(shop: Workbench) -> None:
    explorer = explore(shop, "sales")
    assert "sample" not in explorer.columns._head.value
    explorer.profiling.show(shop.quality.profile("sales", most=20))
    assert "correlations are of a sample of 25 rows" in text(explorer.columns._head.value)
    assert "Of a sample of 25 of" in text(explorer.together._note.value)
    explorer.column.pick.value = "shop"
    assert "Of a sample of 25 of" in text(explorer.column._note.value)


def test_a_dataset_that_changes_under_ones_hands(shop: Workbench) -> None:
    explorer = ask(explore(shop, "sales"), figure="mean", of="price", by="shop")
    explorer.conditions.another("shop", "is there")
    shop.datasets["sales"].overwrite(pl.DataFrame({"shop": ["north"], "cost": [2.0]}), evolve=True)
    ask(explorer, by="kind")
    assert "The columns of 'sales' are others by now" in trouble(explorer)
    assert explorer.conditions.lines == []
    assert explorer.seen is not None
    assert explorer.seen.version == 1
    assert "1 row, 2 columns, version 1" in text(explorer._about.value)
    shop.datasets.delete("sales")
    ask(explorer, figure="mean")
    assert "'sales' was deleted" in trouble(explorer)
    explorer.again.click()
    assert "'sales' was deleted" in trouble(explorer)
    assert explorer.pick.value == ""


def test_one_that_is_not_there_is_said_with_the_nearest(shop: Workbench) -> None:
    explorer = explore(shop, "sails")
    assert "No dataset 'sails'; did you mean 'sales'?" in trouble(explorer)
    assert explorer.seen is None
    explorer.pick.value = "sales"
    assert trouble(explorer) == ""
    assert explorer.seeing.state == "ready"


def test_without_a_name_one_picks(shop: Workbench) -> None:
    explorer = explore(shop)
    assert "Choose a dataset" in text(explorer._about.value)
    assert [value for _, value in explorer.pick.options] == ["", "sales"]


def test_without_a_dataset_it_says_how_one_is_made(wb: Workbench) -> None:
    assert "There is no dataset here yet." in text(explore(wb)._about.value)


def test_in_a_kernel_the_profile_comes_beside_the_rest(shop: Workbench) -> None:
    async def opened() -> Explorer:
        explorer = explore(shop, "sales")
        assert explorer.seeing.state == "ready"
        assert explorer.columns.state == "loading"
        while explorer.busy:
            await asyncio.sleep(0.01)
        return explorer

    explorer = asyncio.run(opened())
    assert explorer.columns.state == explorer.together.state == explorer.rows.state == "ready"


def test_the_columns_follow_the_filters_and_say_so(shop: Workbench) -> None:
    explorer = explore(shop, "sales")
    assert "filters" not in text(explorer.columns._head.value)
    explorer.conditions.another("kind", "is", "tea")
    explorer.conditions.another("price", "at least", "1")
    assert explorer.seen is not None
    profile = explorer.columns.profile
    assert profile is not None
    rows = shop.datasets["sales"].to_polars().filter(pl.col("kind") == "tea", pl.col("price") >= 1)
    expected = shop.quality.profile(rows)
    assert [one.as_dict() for one in profile.columns] == [one.as_dict() for one in expected.columns]
    assert 0 < profile.rows == explorer.seen.matched < explorer.seen.total
    said = f"Of the {rows.height:,} rows that the filters leave."
    for part in (explorer.columns, explorer.column, explorer.together):
        assert said in text(part._head.value)
    explorer.conditions.lines[1].value.value = "1e9"
    assert "The filters leave no row." in text(explorer.columns._head.value)
    assert {part.state for part in explorer.profiling.parts} <= {"ready", "empty"}
    for line in reversed(explorer.conditions.lines):
        line.remove.click()
    assert "filters" not in text(explorer.columns._head.value)
    assert explorer.columns.profile.rows == shop.datasets["sales"].info.rows


def test_a_viewers_filters_leave_what_their_policy_leaves(shop: Workbench) -> None:
    policy = Policy(dataset="sales", role=Role.VIEWER, row_filter="shop = 'north'", columns={"kind": "'hidden'"})
    shop.security.set_policy(policy, by=shop.actor.principal)
    viewer = shop.acting_as(Principal("vera", Role.VIEWER))
    explorer = explore(viewer, "sales")
    explorer.conditions.another("kind", "is", "tea")
    assert explorer.columns.profile is not None
    assert explorer.columns.profile.rows == 0, "they cannot filter by what is hidden from them"
    explorer.conditions.lines[0].value.value = "hidden"
    assert explorer.columns.profile.rows == viewer.datasets["sales"].info.rows
    assert "tea" not in explorer.columns._shown.value


def test_while_one_goes_on_filtering_only_the_last_is_looked_at(
    shop: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    at_once: list[int] = []
    profile = type(shop.exploration).profile

    def slow(self: Any, dataset: str, where: Any = (), **more: Any) -> Any:
        at_once.append(1)
        looked.append(len(where))
        assert len(at_once) == 1, "one at a time"
        time.sleep(0.2)
        at_once.pop()
        return profile(self, dataset, where, **more)

    monkeypatch.setattr(type(shop.exploration), "profile", slow)
    monkeypatch.setattr("workbench.ui.explorer.profiling.PAUSE", 1.5)  # a busy machine is slow between two filters

    async def filtered() -> Explorer:
        explorer = explore(shop, "sales")
        while explorer.columns.profile is None:
            await asyncio.sleep(0.01)
        for number in range(4):
            explorer.conditions.another("price", "at least", str(number))
            await asyncio.sleep(0.02)
        assert explorer.columns.state == "loading"
        while explorer.busy:
            await asyncio.sleep(0.01)
        return explorer

    explorer = asyncio.run(filtered())
    assert looked == [0, 4], "three of the filters were overtaken before anybody looked"
    assert "that the filters leave" in text(explorer.columns._head.value)
