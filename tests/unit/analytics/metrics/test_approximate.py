"""Metrics that are declared approximate: who may be, and that everything made of them says so."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.foundation.errors import Invalid
from workbench.governance.runs import Actor, RunKind

BASE: dict[str, Any] = {"dataset": "flights", "time": "time_hour", "dimensions": ["origin"]}
AIRPORTS = BASE | {"name": "airports", "aggregation": "count_distinct", "column": "origin", "approximate": True}
DELAY = BASE | {"name": "usual_delay", "aggregation": "median", "column": "dep_delay", "approximate": True}
MADE = (
    {"name": "share", "type": "ratio", "numerator": "airports", "denominator": "flights"},
    {"name": "twice", "type": "derived", "expr": "airports * 2 + usual_delay"},
    {"name": "airports_7d", "type": "cumulative", "metric": "airports", "window": "7 days"},
)


def defined(room: Any) -> Any:
    metrics = room.metrics()
    for definition in (AIRPORTS, DELAY, *MADE):
        metrics.define(definition)
    return metrics


def test_it_is_computed_and_says_so(room: Any) -> None:
    result = defined(room).query(["airports", "usual_delay", "flights"])
    assert result.frame["airports"].item() == 3
    assert result.frame["usual_delay"].item() == pytest.approx(10, rel=0.01)
    said = "Approximate: airports has a standard error of 1.6%; usual_delay is at most 1% off."
    assert result.approximation == said
    assert repr(result).endswith(f"From flights version 0. {said}")
    assert said in result._repr_html_()
    assert said in result.tiles()._repr_html_()
    assert result.chart("bar", x="airports", y="usual_delay").note == said
    assert result.chart("bar", x="airports", y="usual_delay", note="mine").note == "mine"


def test_what_is_exact_says_nothing(room: Any) -> None:
    result = defined(room).query("flights", by="origin")
    assert (result.approximate, result.approximation) == ({}, "")
    assert repr(result).endswith("From flights version 0.")
    assert result.chart().note == ""


def test_what_is_made_of_it_says_so(room: Any) -> None:
    metrics = defined(room)
    found = metrics.query(["share", "twice", "airports_7d"], grain="day").approximate
    airports = "is made of airports, which has a standard error of 1.6%"
    assert found == {
        "share": airports,
        "twice": f"{airports}; is made of usual_delay, which is at most 1% off",
        "airports_7d": airports,
    }


def test_the_list_and_the_version_tell(room: Any) -> None:
    metrics = defined(room)
    assert metrics["airports"].summary == "Airports, approximate count_distinct of origin in flights, by origin"
    exact = metrics.define({**AIRPORTS, "approximate": False}, comment="exact now")
    assert "approximate" not in exact.summary
    assert metrics.query("airports").approximate == {}
    first, second = (one.definition for one in reversed(metrics.history("airports")))
    assert (first["approximate"], "approximate" in second) == (True, False)


def test_a_file_may_say_it(room: Any) -> None:
    yaml = "- {name: airports, dataset: flights, aggregation: count_distinct, column: origin, approximate: true}\n"
    assert room.metrics(definitions=yaml).query("airports").frame.item() == 3


def test_a_run_s_receipt_has_the_bound(room: Any) -> None:
    metrics = defined(room)
    run = room.runs.start(RunKind.NOTEBOOK, "n.ipynb", actor=room.owner, parameters={})
    inside = room.metrics(Actor(room.owner.principal, run=run.id))
    inside.query(["share", "flights"])
    told = {edge.name: edge.detail for edge in room.runs.edges(run.id) if edge.kind == "metric"}
    assert told == {"share": {"approximate": metrics.query("share").approximate["share"]}, "flights": {}}


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        (AIRPORTS | {"aggregation": "count"}, "is approximate, but a count is exact anyway"),
        (DELAY | {"aggregation": "mean"}, "is approximate, but a mean is exact anyway; leave approximate out"),
        (MADE[0] | {"approximate": True}, "is a ratio, so it cannot have 'approximate'"),
        (AIRPORTS | {"approximate": "perhaps"}, "approximate"),
        (DELAY | {"column": "origin"}, "takes the median of 'origin', which is no number but String"),
    ],
)
def test_what_cannot_be_approximate_is_refused(room: Any, definition: dict[str, Any], says: str) -> None:
    metrics = room.metrics()
    metrics.define(AIRPORTS | {"name": "other"})
    with pytest.raises(Invalid, match=says):
        metrics.define(definition)


def test_a_list_has_no_hash(room: Any) -> None:
    room.lake.create("trips", pl.DataFrame({"stops": [["a"], ["b", "c"]]}), room.owner)
    stops = {"name": "stops", "dataset": "trips", "aggregation": "count_distinct", "column": "stops"}
    with pytest.raises(Invalid, match=r"metric 'stops' is approximate, and 'stops' is List\(String\), which has no"):
        room.metrics().define(stops | {"approximate": True})
