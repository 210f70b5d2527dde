"""Asking for metrics: what comes back, in which order, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Actor, RunKind
from workbench.governance.security import Policy, Principal, Role

Ask = Callable[..., Any]


def test_one_metric_is_one_row(ask: Ask) -> None:
    result = ask("flights")
    assert result.frame.to_dicts() == [{"flights": 8}]
    assert result.versions == {"flights": 0}
    assert result.engine == "local"


def test_rows_come_sorted_by_their_dimensions_with_unknown_last(ask: Ask) -> None:
    result = ask(["flights", "cancelled", "cancellation_rate", "mean_delay"], by="carrier")
    assert result.frame.rows() == [("AA", 3, 1, 1 / 3, 9.5), ("UA", 4, 1, 0.25, 16.0), (None, 1, 0, 0.0, 4.0)]


def test_a_dimension_may_be_an_expression(ask: Ask) -> None:
    assert ask("flights", by=["late"]).frame.rows() == [(False, 3), (True, 3), (None, 2)]


def test_a_grain_adds_the_column_time(ask: Ask) -> None:
    days = ask("flights", grain="day").frame
    assert days.rows() == [(date(2013, 1, 1), 4), (date(2013, 1, 2), 4)]
    local = ask("flights", grain="day", time_zone="America/New_York", by="carrier").frame
    assert local["time"].unique(maintain_order=True).to_list() == [
        date(2012, 12, 31),
        date(2013, 1, 1),
        date(2013, 1, 2),
    ]
    assert ask("flights", grain="week", week_start=7).frame.rows() == [(date(2012, 12, 30), 8)]


@pytest.mark.parametrize(
    ("between", "rows"),
    [
        ((date(2013, 1, 1), date(2013, 1, 2)), 4),
        (("2013-01-01", "2013-01-02"), 4),
        (("2013-01-01T09:00:00Z", datetime(2013, 1, 1, 15, tzinfo=UTC)), 1),
        ((None, "2013-01-02"), 4),
        (("2013-01-02", None), 4),
        ((date.min, date.max), 8),
        ((None, None), 8),
        (("2014-01-01", None), 0),
    ],
)
def test_between_keeps_what_is_at_or_after_the_start_and_before_the_end(ask: Ask, between: Any, rows: int) -> None:
    assert ask("flights", between=between).frame["flights"].to_list() == [rows]


def test_between_days_are_the_days_of_the_time_zone(ask: Ask) -> None:
    local = ask("flights", between=("2013-01-01", "2013-01-02"), time_zone="America/New_York")
    assert local.frame["flights"].to_list() == [4]
    first = ask("flights", between=(None, "2013-01-01"), time_zone="America/New_York")
    assert first.frame["flights"].to_list() == [1]


def test_where_may_name_columns_and_dimensions(ask: Ask) -> None:
    assert ask("flights", where="origin = 'JFK'").frame["flights"].to_list() == [4]
    assert ask("flights", where="late AND origin = 'JFK'").frame["flights"].to_list() == [2]


def test_order_and_limit(ask: Ask) -> None:
    assert ask("flights", by="origin", order="-flights", limit=1).frame.rows() == [("JFK", 4)]
    assert ask("flights", by="origin", limit=10**30).frame.height == 3
    assert ask("flights", by="carrier", order=["-carrier"]).frame["carrier"].to_list() == ["UA", "AA", None]
    tied = ask("cancelled", by="origin", order="cancelled").frame
    assert tied.rows() == [("JFK", 0), ("EWR", 1), ("LGA", 1)]


def test_having_keeps_the_groups_whose_numbers_fit(ask: Ask) -> None:
    assert ask("flights", by="origin", having="flights >= 4").frame.rows() == [("JFK", 4)]
    with pytest.raises(Invalid, match="no column 'flihgts'; did you mean 'flights'"):
        ask("flights", by="origin", having="flihgts >= 4")


def test_a_dimension_may_say_the_order_of_its_values(room: Any) -> None:
    text = (room.folder / "flights.yaml").read_text().replace("label: Origin airport}", "order: [LGA, EWR]}")
    ask = room.metrics(definitions=text).query
    assert ask("flights", by="origin").frame["origin"].to_list() == ["LGA", "EWR", "JFK"]
    assert ask("flights", by="origin", order="-origin").frame["origin"].to_list() == ["JFK", "EWR", "LGA"]
    by_two = ask("flights", by=["carrier", "origin"]).frame
    assert by_two.filter(pl.col("carrier") == "AA")["origin"].to_list() == ["LGA", "JFK"]


def test_a_ratio_without_a_denominator_is_null(ask: Ask) -> None:
    assert ask("cancellation_rate", where="origin = 'XXX'").frame.rows() == [(None,)]


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"metrics": []}, Invalid, "at least one metric"),
        ({"metrics": "flights", "by": "origin", "limit": -1}, Invalid, "a limit of -1 rows cannot be given"),
        ({"metrics": "fligths"}, NotFound, "did you mean 'flights'"),
        ({"metrics": "flights", "by": "orign"}, NotFound, "called 'orign'; did you mean 'origin'"),
        ({"metrics": "p95_delay", "by": "origin"}, NotFound, "there is none"),
        ({"metrics": "flights", "where": "orign = 'JFK'"}, Invalid, "no column 'orign'; did you mean 'origin'"),
        ({"metrics": "flights", "where": "dep_delay"}, Invalid, "is not a condition"),
        ({"metrics": "flights", "grain": "dya"}, Invalid, "did you mean 'day'"),
        ({"metrics": "flights", "grain": "day", "time_zone": "Nowhere"}, Invalid, "no time zone"),
        ({"metrics": "p95_delay", "grain": "day"}, Invalid, "'p95_delay' has no time column"),
        ({"metrics": "flights", "between": ("2013-13-01", None)}, Invalid, "'2013-13-01' is not a date"),
        ({"metrics": "flights", "between": "2013"}, Invalid, "takes two times"),
        ({"metrics": "flights", "between": ("2013-01-02", "2013-01-01")}, Invalid, "not after its start 2013-01-02"),
        ({"metrics": "flights", "between": ("2013-01-02", "2013-01-02")}, Invalid, "not after its start 2013-01-02"),
        ({"metrics": "flights", "between": (datetime(2013, 1, 1), None)}, Invalid, "no time zone"),  # noqa: DTZ001
        ({"metrics": "flights", "by": "origin", "order": "-carier"}, Invalid, "order by"),
        ({"metrics": ["flights", "flights"]}, Invalid, "has 'flights' twice"),
    ],
)
def test_what_does_not_fit_is_refused(ask: Ask, asked: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        ask(asked.pop("metrics"), **asked)


def test_an_unknown_dimension_is_answered_with_all_there_are(ask: Ask) -> None:
    with pytest.raises(NotFound) as error:
        ask("flights", by="orign")
    assert error.value.hint == "it can be broken down by carrier, origin, late"


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        (
            "{name: m, dataset: flights, aggregation: sum, column: dep_dely}",
            "called 'dep_dely'; did you mean 'dep_delay'",
        ),
        ("{name: m, dataset: flights, aggregation: sum, column: carrier}", "which is no number but String"),
        ("{name: m, dataset: flights, aggregation: count, filter: dep_dely > 1}", "did you mean 'dep_delay'"),
        ("{name: m, dataset: flights, aggregation: count, filter: max(dep_delay) > 1}", "looks across rows"),
        ("{name: m, dataset: flihgts, aggregation: count}", "did you mean 'flights'"),
    ],
)
def test_a_definition_that_does_not_fit_its_dataset_is_refused(room: Any, definition: str, says: str) -> None:
    with pytest.raises((Invalid, NotFound), match=says):
        room.metrics(definitions=f"- {definition}").query("m")


def test_a_changed_file_is_read_again(room: Any) -> None:
    metrics = room.metrics()
    assert metrics.query("flights").frame["flights"].to_list() == [8]
    room.metrics(definitions="- {name: flights, dataset: flights, aggregation: count, filter: origin = 'JFK'}")
    assert metrics.query("flights").frame["flights"].to_list() == [4]


def test_metrics_of_two_datasets_are_joined_by_their_dimensions(room: Any) -> None:
    room.lake.create("planes", pl.DataFrame({"origin": ["JFK", "JFK", "BOS", None]}), room.owner)
    more = "\n- {name: planes, dataset: planes, aggregation: count, dimensions: [{name: origin, label: Home}]}"
    text = (room.folder / "flights.yaml").read_text()
    result = room.metrics(definitions=text + more).query(["flights", "planes"], by="origin")
    assert result.frame.rows() == [("BOS", None, 1), ("EWR", 3, None), ("JFK", 4, 2), ("LGA", 1, None), (None, None, 1)]
    assert result.versions == {"flights": 0, "planes": 0}
    assert room.metrics().query(["flights", "planes"]).frame.rows() == [(8, 4)]


def test_a_policy_holds_for_metrics_too(room: Any) -> None:
    policy = Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'")
    room.security.set_policy(policy, by=room.owner.principal)
    viewer = Actor(Principal("vic", Role.VIEWER))
    assert room.metrics(viewer).query("flights").frame["flights"].to_list() == [4]
    assert room.metrics().query("flights").frame["flights"].to_list() == [8]


def test_a_run_records_the_metric_the_dataset_and_the_engine(room: Any) -> None:
    run = room.runs.start(RunKind.NOTEBOOK, "n.ipynb", actor=room.owner, parameters={})
    metrics = room.metrics(Actor(room.owner.principal, run.id))
    result = metrics.query(["cancellation_rate"], by="origin")
    edges = {(edge.direction, edge.kind, edge.name, edge.version) for edge in room.runs.edges(run.id)}
    version = metrics.get("cancellation_rate").version
    assert edges == {("read", "dataset", "flights", "0"), ("read", "metric", "cancellation_rate", version)}
    assert result.metric_versions == {"cancellation_rate": version}
    receipt = room.runs.receipt(run.id)
    assert [use["engine"] for use in receipt.engines] == ["local"]


def test_a_run_goes_on_reading_the_version_it_began_with(room: Any) -> None:
    run = room.runs.start(RunKind.NOTEBOOK, "n.ipynb", actor=room.owner, parameters={})
    inside = room.metrics(Actor(room.owner.principal, run.id))
    assert inside.query("flights").versions == {"flights": 0}
    room.lake.append("flights", room.lake.read("flights", room.owner).head(1), room.owner)
    again = inside.query("flights")
    assert (again.versions, again.frame["flights"].to_list()) == ({"flights": 0}, [8])
    assert room.metrics().query("flights").frame["flights"].to_list() == [9]
    replay = room.metrics(Actor(room.owner.principal, None, {"flights": 0})).query("flights")
    assert (replay.versions, replay.frame["flights"].to_list()) == ({"flights": 0}, [8])


def test_a_file_with_mistakes_leaves_the_other_files_metrics_working(room: Any) -> None:
    (room.folder / "broken.yaml").write_text("- {name: bad, dataset: flights, aggregation: cuont}\n- [")
    (room.folder / "gone.yaml").symlink_to("nowhere.yaml")
    metrics = room.metrics()
    assert metrics.query("flights").frame.item() == 8
    assert ["broken.yaml, line 2" in problem or "gone.yaml" in problem for problem in metrics.problems] == [True, True]
