"""A kept answer is the one that would be computed now, for whoever asks, whatever happened in between.

Each example is a history of a workspace: rows come and go, policies, roles and definitions change, processes end. All
along, people ask; each answer is held against that of a workbench that keeps nothing.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shop_events
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from polars.testing import assert_frame_equal

from workbench import Workbench
from workbench.analytics.metrics import MetricResult
from workbench.analytics.product import EventColumns
from workbench.compute import EngineUse, ResultCache
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import WorkbenchError
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, local_owner

COUNTRIES = ("DE", "US", "FR", None)
PEOPLE = ("ada", "bob", "cyd", "dan", None)
ROLES = (Role.VIEWER, Role.ANALYST, Role.ADMIN)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(["view", "cart", "buy"]),
        st.integers(0, 40),
        st.integers(0, 3),
        st.sampled_from(COUNTRIES),
        st.sampled_from([0, 5, 50, None]),
    ),
    max_size=5,
)
FILTERS = (None, "country = 'DE'", "country <> 'US'", "amount >= 5", "who = 'ada'")
MASKS: tuple[dict[str, str], ...] = ({}, {"who": "'***'"}, {"country": "NULL"}, {"amount": "amount * 2"})
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"metrics": "n"},
    {"metrics": ["n", "people"], "by": "country"},
    {"metrics": "people", "grain": "day"},
    {"metrics": "total", "by": "continent", "between": ("2024-03-02", "2024-03-30")},
    {"metrics": "share", "by": "continent", "where": "what = 'view'"},
    {"metrics": "bought", "by": "country"},
)
TABLES: tuple[dict[str, Any], ...] = (
    {"steps": ["view", "cart"]},
    {"steps": ["view", "cart", "buy"], "breakdown": "country", "between": ("2024-03-01", "2024-03-20")},
    {"steps": ["view", "buy"], "within": {"did": "cart"}},
    {"steps": ["view", "buy"], "within": "big"},
)
COLUMNS = EventColumns("who", "what", "at", "id")


def definition(name: str, **more: Any) -> dict[str, Any]:
    joins = [{"name": "place", "dataset": "places", "on": {"country": "code"}}]
    dimensions = ["country", {"name": "continent", "sql": "place__continent"}]
    return {"name": name, "dataset": "events", "time": "at", "joins": joins, "dimensions": dimensions, **more}


class Histories(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.home = Path(self._folder.name)
        (self.home / "workbench.toml").write_text("")
        self.catalog = Catalog(f"sqlite:///{self.home / 'catalog.db'}")
        self.catalog.prepare()
        self.ids = itertools.count(100)
        self.questions: list[Callable[[Workbench], Any]] = []

    def of(self, role: Role, *, megabytes: int = 32) -> Workbench:
        kept = Settings(home=self.home, result_cache=megabytes)
        return Workbench(kept, self.catalog, Actor(Principal(f"a {role}", role)))

    @property
    def owner(self) -> Workbench:
        return Workbench(Settings(home=self.home), self.catalog, Actor(local_owner()))

    @initialize(metrics=st.sampled_from(QUESTIONS), funnel=st.sampled_from(TABLES))
    def fill(self, metrics: dict[str, Any], funnel: dict[str, Any]) -> None:
        self.questions = [
            lambda wb: wb.metrics.query(**metrics),
            lambda wb: wb.product.funnel("events", **funnel),
        ]
        owner = self.owner
        owner.datasets.create("events", shop_events.EVENTS, layout=shop_events.LAYOUT)
        owner.datasets.create("places", pl.DataFrame({"code": ["DE", "US"], "continent": ["Europe", "America"]}))
        owner.metrics.define(definition("n", aggregation="count"))
        owner.metrics.define(definition("people", aggregation="count_distinct", column="who"))
        owner.metrics.define(definition("total", aggregation="sum", column="amount"))
        owner.metrics.define({"name": "share", "type": "ratio", "numerator": "n", "denominator": "people"})
        owner.metrics.define(
            {"name": "bought", "type": "conversion", "base_metric": "n", "conversion_metric": "people",
             "entity": "who", "window": "2 days"}
        )  # fmt: skip
        owner.product.cohorts.save("big", "events", {"did": "cart"}, columns=COLUMNS)
        self.set_policy(Role.VIEWER, "country = 'DE'", {})
        self.set_policy_of_places(Role.VIEWER, "America")

    @rule(rows=ROWS)
    def append(self, rows: list[tuple[Any, ...]]) -> None:
        self.owner.datasets["events"].append(self._frame(rows))

    @rule(rows=ROWS)
    def overwrite(self, rows: list[tuple[Any, ...]]) -> None:
        self.owner.datasets["events"].overwrite(self._frame(rows))

    @rule()
    def optimize(self) -> None:
        self.owner.datasets["events"].optimize()

    @rule(continent=st.sampled_from(["Europe", "Eurasia"]))
    def change_places(self, continent: str) -> None:
        places = pl.DataFrame({"code": ["DE", "FR", "US"], "continent": [continent, continent, "America"]})
        self.owner.datasets["places"].overwrite(places)

    @rule(role=st.sampled_from(ROLES), keep=st.sampled_from(FILTERS), masks=st.sampled_from(MASKS))
    def set_policy(self, role: Role, keep: str | None, masks: dict[str, str]) -> None:
        owner = self.owner
        policy = Policy(dataset="events", role=role, row_filter=keep, columns=masks)
        owner.security.set_policy(policy, by=owner.actor.principal)

    @rule(role=st.sampled_from(ROLES), continent=st.sampled_from(["Europe", "America"]))
    def set_policy_of_places(self, role: Role, continent: str) -> None:
        owner = self.owner
        policy = Policy(dataset="places", role=role, row_filter=f"continent = '{continent}'")
        owner.security.set_policy(policy, by=owner.actor.principal)

    @rule(role=st.sampled_from(ROLES), dataset=st.sampled_from(["events", "places"]))
    def clear_policy(self, role: Role, dataset: str) -> None:
        self.owner.security.clear_policy(dataset, role, by=self.owner.actor.principal)

    @rule(column=st.sampled_from(["amount", "id"]), condition=st.sampled_from([None, "amount > 5", "what = 'buy'"]))
    def change_metric(self, column: str, condition: str | None) -> None:
        more = {} if condition is None else {"filter": condition}
        self.owner.metrics.define(definition("total", aggregation="sum", column=column, **more))

    @rule(event=st.sampled_from(["view", "buy"]))
    def change_cohort(self, event: str) -> None:
        self.owner.product.cohorts.save("big", "events", {"did": event}, columns=COLUMNS, replace=True)

    @rule()
    def start_another_process(self) -> None:
        """Nothing is left of what this one had in memory."""
        ResultCache._open.clear()

    @precondition(lambda self: any((self.home / ".workbench" / "results").glob("*.result")))
    @rule(which=st.integers(0, 999), where=st.integers(0, 999), cut=st.none() | st.integers(0, 999))
    def damage_a_file(self, which: int, where: int, cut: int | None) -> None:
        """In thousandths: files' names and sizes are not the same twice, which a draw must not depend on."""
        ResultCache._open.clear()
        paths = sorted((self.home / ".workbench" / "results").glob("*.result"))
        path = paths[which * len(paths) // 1000]
        content = bytearray(path.read_bytes())
        content[where * len(content) // 1000] ^= 1
        path.write_bytes(content if cut is None else content[: cut * len(content) // 1000])

    @invariant()
    def everybody_gets_what_is_computed_now(self) -> None:
        """The same two questions all along, so that whoever asks may meet what others had computed, and when."""
        for ask in self.questions:
            for role in ROLES:
                kept, plain = answer(ask, self.of(role)), answer(ask, self.of(role, megabytes=0))
                if isinstance(plain, str):
                    assert kept == plain
                    continue
                assert_frame_equal(kept.frame, plain.frame)
                assert all(use.cached is None and not use.key for use in uses(plain))
                again = answer(ask, self.of(role))
                assert_frame_equal(again.frame, plain.frame)
                assert all(use.cached is not None for use in uses(again)), "what was just computed is kept"

    @invariant()
    def no_subject_is_named_on_disk(self) -> None:
        kept = [path.read_bytes() for path in (self.home / ".workbench" / "results").glob("*.result")]
        assert not [content for content in kept if b"_subject_hash" in content.split(b"\n")[1]]

    def _frame(self, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
        start = shop_events.EVENTS["at"].min()
        made = [
            (who, what, start + timedelta(days=day, hours=hour), next(self.ids), country, amount)  # type: ignore[operator]
            for who, what, day, hour, country, amount in rows
        ]
        return pl.DataFrame(made, schema=shop_events.EVENTS.schema, orient="row")

    def teardown(self) -> None:
        self.catalog.close()
        self._folder.cleanup()


def uses(found: Any) -> tuple[EngineUse, ...]:
    return found.engines if isinstance(found, MetricResult) else (found.use,)


def answer(ask: Callable[[Workbench], Any], wb: Workbench) -> Any:
    """What somebody gets: a result, or the sentence that refuses."""
    try:
        return ask(wb)
    except WorkbenchError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(
    ("examples", "steps"), [(3, 8), pytest.param(40, 30, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])]
)
def test_kept_answers_are_those_that_are_computed(examples: int, steps: int) -> None:
    """Three histories of eight steps, and where the long tests run forty of thirty."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Histories,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
