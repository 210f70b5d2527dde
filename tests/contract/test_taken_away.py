"""Rows that are taken away while somebody asks about them: the answer of the version that was read, or a plain error.

Never a number of other rows, and never the word that the dataset is damaged: what that word tells people to do is to
delete it, or to take a backup in place of what is there now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shop_events
from engines_there import ON_DASK

from workbench import Workbench
from workbench.analytics.product import EventColumns
from workbench.compute import DaskEngine, LocalEngine, Parts
from workbench.foundation.errors import NotFound

Take = Callable[[Workbench], None]
COLUMNS = EventColumns("who", "what", "at", "id")


def clean(wb: Workbench) -> None:
    wb.datasets["events"].overwrite(shop_events.EVENTS.head(1))
    wb.datasets.clean("events", keep_days=0)


def delete(wb: Workbench) -> None:
    wb.datasets.delete("events")


def replace(wb: Workbench) -> None:
    delete(wb)
    wb.datasets.create("events", shop_events.EVENTS.head(1), layout=shop_events.LAYOUT)


TAKES: dict[Take, str] = {
    clean: "version 0 of 'events' was cleaned away",
    delete: "the dataset 'events' was deleted",
    replace: "files of 'events' went while they were read",
}
QUESTIONS: dict[str, Callable[[Workbench], Any]] = {
    "metric": lambda wb: wb.metrics.query("views"),
    "conversion": lambda wb: wb.metrics.query("came_back"),
    "funnel": lambda wb: wb.product.funnel("events", ["view", "cart"]),
    "retention": lambda wb: wb.product.retention("events", "view"),
    "sessions": lambda wb: wb.product.sessions("events"),
    "cohort": lambda wb: wb.product.funnel("events", ["view", "cart"], within={"did": "cart"}),
}


class Taking:
    """Has something done just before an engine computes: when parts are made, and no file of them was read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, engine: type[LocalEngine] | type[DaskEngine], act: Callable[[], None]) -> None:
        real, acts = engine.run, [act]

        def run(self: Any, analysis: Any, parts: Parts) -> Any:
            if acts:
                acts.pop()()
            return real(self, analysis, parts)

        self._monkeypatch.setattr(engine, "run", run)


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Taking:
    return Taking(monkeypatch)


@pytest.fixture(params=["local", pytest.param("dask", marks=ON_DASK)])
def asking(request: pytest.FixtureRequest, workspace: Path) -> Iterator[tuple[Workbench, type]]:
    """A workbench on an engine, with events of its own, and that engine's class."""
    (workspace / "workbench.toml").write_text(f'engine = "{request.param}"\n')
    with Workbench.open(workspace) as wb:
        wb.datasets.create("events", shop_events.EVENTS, layout=shop_events.LAYOUT)
        views = {"name": "views", "dataset": "events", "time": "at", "filter": "what = 'view'"}
        wb.metrics.define({**views, "aggregation": "count"})
        wb.metrics.define({**views, "name": "people", "aggregation": "count_distinct", "column": "who"})
        wb.metrics.define(
            {"name": "came_back", "type": "conversion", "base_metric": "views", "conversion_metric": "people",
             "entity": "who", "window": "9 days"}
        )  # fmt: skip
        yield wb, {"local": LocalEngine, "dask": DaskEngine}[request.param]


@pytest.mark.parametrize("take", TAKES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_asked_of_rows_that_go_meanwhile_says_that_they_went(
    asking: tuple[Workbench, type], before: Taking, question: str, take: Take
) -> None:
    wb, engine = asking
    before(engine, lambda: take(wb))
    with pytest.raises(NotFound, match=TAKES[take]):
        QUESTIONS[question](wb)
    assert wb.lake.exists("events") == (take is not delete)


@pytest.mark.parametrize("take", TAKES)
def test_so_does_whoever_asks_an_older_answer_for_more(asking: tuple[Workbench, type], take: Take) -> None:
    wb, _ = asking
    result = wb.product.funnel("events", ["view", "cart"])
    take(wb)
    with pytest.raises(NotFound, match=TAKES[take]):
        result.subjects(step=2)
    with pytest.raises(NotFound, match="cleaned away"):
        result.explain()


def test_a_change_that_takes_no_file_changes_no_answer(asking: tuple[Workbench, type], before: Taking) -> None:
    wb, engine = asking
    expected = wb.product.anew().funnel("events", ["view", "cart"]).frame

    def change() -> None:
        wb.datasets["events"].append(shop_events.EVENTS)
        wb.datasets["events"].optimize()
        wb.datasets.rename("events", "renamed")

    before(engine, change)
    assert wb.product.anew().funnel("events", ["view", "cart"]).frame.equals(expected)


@pytest.mark.parametrize("take", TAKES)
@pytest.mark.parametrize("apart", [False, True], ids=["here", "apart"])
def test_sql_over_rows_that_go_meanwhile(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, apart: bool, take: Take
) -> None:
    shop_events.fill(workspace)
    with Workbench.open(workspace, serving=apart) as wb:
        real = wb.lake.arrow_dataset

        def given(*asked: Any, **more: Any) -> Any:
            rows = real(*asked, **more)
            take(wb)
            return rows

        monkeypatch.setattr(wb.lake, "arrow_dataset", given)
        with pytest.raises(NotFound, match=TAKES[take]):
            wb.sql("SELECT count(*) FROM events WHERE who = 'ada'")


def test_a_version_that_is_looked_up_when_it_goes(workspace: Path) -> None:
    shop_events.fill(workspace)
    with Workbench.open(workspace) as wb:
        for take, said in list(TAKES.items())[:2]:
            opened = wb.lake.opened("events", wb.actor)
            take(wb)
            with pytest.raises(NotFound, match=said.replace("version 0", f"version {opened.version}")):
                opened.parts()


def test_a_file_that_nobody_took_away_is_damage_as_before(workspace: Path) -> None:
    from workbench.foundation.errors import IntegrityError

    shop_events.fill(workspace)
    with Workbench.open(workspace) as wb:
        opened = wb.lake.opened("events", wb.actor)
        for path in opened.parts().parts[0].files:
            Path(path).unlink()
        with pytest.raises(IntegrityError, match="is gone"):
            opened.parts()
        with pytest.raises(IntegrityError, match="is gone"), wb.lake.telling("events", wb.actor, version=0):
            pl.scan_parquet(path).collect()


@pytest.mark.parametrize("joined", [False, True], ids=["of its own", "joined to another"])
@pytest.mark.parametrize("take", TAKES)
def test_what_was_kept_of_rows_goes_with_them(workspace: Path, take: Take, joined: bool) -> None:
    """An answer has to be as gone as the rows that somebody had removed: erased people are in it."""
    shop_events.fill(workspace)
    results = workspace / ".workbench" / "results"
    with Workbench.open(workspace) as wb:
        if joined:
            wb.datasets.create("places", pl.DataFrame({"code": ["DE", "US"]}))
            join = {"name": "seen", "dataset": "events", "on": {"code": "country"}, "columns": ["amount"]}
            wb.datasets["events"].overwrite(shop_events.EVENTS.unique("country", maintain_order=True))
            wb.metrics.define(
                {"name": "n", "dataset": "places", "aggregation": "sum", "column": "seen__amount", "joins": [join]}
            )
            wb.metrics.query("n")
        else:
            wb.product.funnel("events", ["view", "cart"], breakdown="who")
        wb.product.funnel("plain", ["view", "cart"], columns=COLUMNS)
        kept = set(results.iterdir())
        assert len(kept) == 2
        take(wb)
        assert len(kept & set(results.iterdir())) == 1
        assert wb.product.funnel("plain", ["view", "cart"], columns=COLUMNS).use.cached is not None
