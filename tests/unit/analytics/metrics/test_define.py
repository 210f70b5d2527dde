"""Definitions that are kept in the catalog: who may, what is refused, and what stays of the past."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.analytics.metrics import Metric
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, WorkbenchError
from workbench.governance.runs import Actor
from workbench.governance.security import Principal, Role, audit_entries

LATE = {"name": "late", "dataset": "flights", "aggregation": "count", "filter": "dep_delay > 15", "time": "time_hour"}


def test_a_metric_is_defined_changed_removed_and_all_of_it_is_remembered(room: Any) -> None:
    metrics = room.metrics()
    made = metrics.define(LATE, comment="first")
    assert metrics.query("late").frame.item() == 3
    assert (made.name, "late" in metrics, metrics.definitions.where("late")) == ("late", True, "the catalog")
    again = metrics.define(Metric.model_validate(LATE | {"filter": "dep_delay > 25"}), comment="stricter")
    assert metrics.query("late").frame.item() == 1
    assert again.version != made.version
    metrics.remove("late", comment="unused")
    with pytest.raises(NotFound, match="no metric 'late'"):
        metrics.query("late")
    metrics.define(LATE)
    history = metrics.history("late")
    assert [(one.number, one.comment, one.principal) for one in history] == [
        (4, "", "ada"), (3, "unused", "ada"), (2, "stricter", "ada"), (1, "first", "ada"),
    ]  # fmt: skip
    assert history[1].definition is None
    assert history[3].definition == LATE
    assert "removed" in repr(history)
    with room.catalog.read() as session:
        acts = [(entry.actor, entry.action) for entry in audit_entries(session, thing="metric late")]
    assert acts == [
        ("ada", "define metric"),
        ("ada", "remove metric"),
        ("ada", "define metric"),
        ("ada", "define metric"),
    ]


def test_it_takes_an_analyst(room: Any) -> None:
    viewer = room.metrics(Actor(Principal("vic", Role.VIEWER)))
    with pytest.raises(Forbidden, match="takes the role analyst"):
        viewer.define(LATE)
    room.metrics(Actor(Principal("ana", Role.ANALYST))).define(LATE)
    with pytest.raises(Forbidden, match="takes the role analyst"):
        viewer.remove("late")
    assert viewer.query("late").frame.item() == 3


def test_a_name_of_a_file_is_refused_with_its_place(room: Any) -> None:
    metrics = room.metrics()
    with pytest.raises(Conflict, match=r"metric 'flights' is defined in metrics/flights.yaml, line 2"):
        metrics.define(LATE | {"name": "flights"})
    with pytest.raises(Conflict, match=r"metrics/flights.yaml, line 2"):
        metrics.remove("flights")
    with pytest.raises(NotFound) as error:
        metrics.history("flights")
    assert "its history is that file's" in str(error.value.hint)


def test_a_name_that_a_file_takes_later_belongs_to_neither_until_one_gives_way(room: Any) -> None:
    metrics = room.metrics()
    metrics.define(LATE)
    (room.folder / "more.yaml").write_text("- {name: late, dataset: flights, aggregation: count}")
    with pytest.raises(Invalid) as error:
        metrics.query("late")
    assert "metrics/more.yaml, line 1: metric 'late' is defined twice, here and in the catalog" in str(error.value)
    assert "the catalog: metric 'late' is defined twice, here and in metrics/more.yaml, line 1" in str(error.value)
    metrics.remove("late")
    assert metrics.query("late").frame.item() == 8


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dataset": "flihgts"}, "did you mean 'flights'"),
        ({"column": "dep_dely"}, "did you mean 'dep_delay'"),
        ({"aggregation": "sum", "column": "carrier"}, "which is no number but String"),
        ({"filter": "dep_delay > 'x' AND origin > 1"}, "."),
        ({"time": "time_huor"}, "did you mean 'time_hour'"),
        ({"agregation": "count"}, "unknown field 'agregation'; did you mean 'aggregation'"),
        ({"refresh": "every now and then"}, "has the schedule 'every now and then'"),
        ({"dimensions": [{"name": "d", "sql": "orign"}]}, "did you mean 'origin'"),
    ],
)
def test_what_is_not_sound_is_refused_on_saving(room: Any, change: dict[str, Any], says: str) -> None:
    metrics = room.metrics()
    with pytest.raises(WorkbenchError, match=says):
        metrics.define(LATE | change)
    assert "late" not in metrics


def test_what_others_are_made_of_stays_what_they_need(room: Any) -> None:
    metrics = room.metrics()
    metrics.define(LATE)
    metrics.define({"name": "share_late", "type": "derived", "expr": "late / flights"})
    with pytest.raises(Conflict, match="metric 'late' is what 'share_late' is made of"):
        metrics.remove("late")
    with pytest.raises(Invalid, match="metric 'late' is made of itself: late -> share_late -> late"):
        metrics.define({"name": "late", "type": "derived", "expr": "share_late * 2"})
    with pytest.raises(Invalid, match=r"metric 'share_late' would no longer work: .* mixes types"):
        metrics.define(LATE | {"aggregation": "max", "column": "origin"})
    with pytest.raises(Invalid, match="has the input 'lat', which is no metric; did you mean 'late'"):
        metrics.define({"name": "x", "type": "derived", "expr": "lat / 2"})
    assert metrics.query("share_late").frame.item() == 3 / 8
    metrics.remove("share_late")
    metrics.remove("late")


def test_a_chain_of_metrics_may_be_long_and_a_diamond_is_computed_once(room: Any) -> None:
    lines = [f"- {{name: m{n}, type: derived, expr: m{n - 1} + m{n - 1}}}" for n in range(1, 40)]
    chain = "\n".join(["- {name: m0, dataset: flights, aggregation: count}", *lines])
    result = room.metrics(definitions=chain).query("m39")
    assert result.frame.item() == 8.0 * 2**39
    assert len(result.engines) == 1


@pytest.mark.parametrize("key", ["description", "label", "owner", "unit", "format", "filter", "name", "dataset"])
def test_half_a_character_is_no_text_of_a_definition(room: Any, key: str) -> None:
    metrics = room.metrics()
    with pytest.raises(Invalid):
        metrics.define(LATE | {key: "caf\ud83d"})
    with pytest.raises(Invalid, match="holds half a character"):
        metrics.define(LATE, comment="caf\ud83d")
    assert "late" not in metrics


@pytest.mark.parametrize("given", ["count", ["count"], None, 3])
def test_what_is_no_definition_is_told_so(room: Any, given: Any) -> None:
    with pytest.raises(Invalid, match="a metric is defined by its keys, not by a"):
        room.metrics().define(given)
