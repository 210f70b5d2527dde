"""A result carries the words of its metrics into tables, charts and key figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from workbench.foundation.errors import Invalid, NotFound

Ask = Callable[..., Any]


def test_a_table_has_labels_units_and_formats(ask: Ask) -> None:
    table = ask(["mean_delay", "cancellation_rate"], by="origin").table()
    assert table.title == "Mean departure delay and cancellation rate by origin airport"
    assert table.labels == {
        "origin": "Origin airport", "mean_delay": "Mean departure delay", "cancellation_rate": "Cancellation rate"
    }  # fmt: skip
    assert table.units == {"mean_delay": "min"}
    assert table.formats == {"mean_delay": ",.1f", "cancellation_rate": ".1%"}


def test_a_chart_is_drawn_along_the_first_column_and_coloured_by_the_second(ask: Ask) -> None:
    chart = ask("mean_delay", by=["origin", "carrier"]).chart("bar")
    assert (chart.x, chart.y, chart.color) == ("origin", "mean_delay", "carrier")
    assert chart.title == "Mean departure delay by origin airport and carrier"
    line = ask("flights", grain="day").chart("line", title="Flights")
    assert (line.x, line.y, line.color, line.title) == ("time", "flights", None, "Flights")
    assert line.labels["time"] == "Day"


def test_a_heatmap_has_its_amount_in_the_colour(ask: Ask) -> None:
    chart = ask("flights", by=["carrier", "origin"]).chart("heatmap")
    assert (chart.x, chart.y, chart.color) == ("carrier", "origin", "flights")


def test_points_compare_two_metrics(ask: Ask) -> None:
    chart = ask(["flights", "mean_delay"], by="origin").chart("point", x="flights", y="mean_delay")
    assert (chart.x, chart.y, chart.color) == ("flights", "mean_delay", None)


def test_key_figures_have_one_tile_per_metric(ask: Ask) -> None:
    tiles = ask(["flights", "mean_delay"]).tiles("Flights at a glance")
    assert [(tile.label, tile.value, tile.unit) for tile in tiles.tiles] == [
        ("Flights", 8, ""),
        ("Mean departure delay", 71 / 6, "min"),
    ]
    with pytest.raises(Invalid, match="need one row, and there are 3"):
        ask("flights", by="origin").tiles()


def test_over_time_a_chart_is_a_line_and_elsewhere_bars(ask: Ask) -> None:
    assert ask("flights", grain="day").chart().kind == "line"
    assert ask("flights", grain="day", by="origin").chart(x="origin", color="time").kind == "bar"
    assert ask("flights", by="origin").chart().kind == "bar"


def test_a_period_without_rows_is_a_gap_in_the_chart_and_no_row_of_the_result(ask: Ask) -> None:
    result = ask("flights", grain="hour", by="origin", where="origin <> 'LGA'")
    assert result.frame.height == 7
    drawn = result.chart().frame
    assert drawn.columns == result.frame.columns
    assert drawn.height == 2 * 43
    assert drawn["flights"].count() == 7
    assert drawn.filter(flights=1).sort("time").rows() == result.frame.rows()
    assert ask("flights", grain="day").chart().frame.height == 2


def test_a_long_stretch_without_rows_is_a_gap_too(room: Any) -> None:
    times = [datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2, 30)]
    room.lake.create("rare", pl.DataFrame({"at": times, "kind": ["a", "a", "b"]}), room.owner)
    rare = "- {name: rare, dataset: rare, aggregation: count, time: at, dimensions: [kind]}"
    result = room.metrics(definitions=rare).query("rare", grain="minute")
    assert result.chart().frame["rare"].to_list() == [1, None, 1, None, 1]
    each = room.metrics().query("rare", grain="minute", by="kind").chart().frame
    assert each.filter(kind="a")["rare"].to_list() == [1, None, 1, None]


def test_missing_times_stay_and_time_zones_keep_their_hours(room: Any) -> None:
    times = [datetime(2013, 11, 3, hour, tzinfo=UTC) for hour in (4, 8)]
    room.lake.create("late", pl.DataFrame({"at": [*times, None]}), room.owner)
    late = "- {name: late, dataset: late, aggregation: count, time: at, time_zone: America/New_York}"
    drawn = room.metrics(definitions=late).query("late", grain="hour").chart("bar").frame
    assert drawn["late"].to_list() == [1, None, None, None, 1, 1]
    assert drawn["time"].null_count() == 1


def test_a_quarter_has_a_name(ask: Ask) -> None:
    result = ask("flights", grain="quarter")
    assert "2013 Q1" in repr(result)
    assert "2013 Q1" in result.chart("bar").alt
    assert "Jan 2013" in repr(ask("flights", grain="month"))


def test_what_cannot_be_drawn_is_refused(ask: Ask) -> None:
    with pytest.raises(Invalid, match="something to draw along"):
        ask("flights").chart()
    with pytest.raises(Invalid, match="two dimensions"):
        ask("flights", by="origin").chart("heatmap")
    with pytest.raises(NotFound, match="did you mean 'origin'"):
        ask("flights", by="origin").chart(x="orign")


def test_it_reads_well_in_a_terminal_and_in_a_notebook(ask: Ask) -> None:
    result = ask("mean_delay", by="origin")
    assert "Mean departure delay" in repr(result)
    assert "flights version 0" in repr(result)
    assert "Mean departure delay" in result._repr_html_()
    assert len(result) == 3
    assert result.to_pandas()["origin"].tolist() == ["EWR", "JFK", "LGA"]
    assert result.to_polars()["origin"].to_list() == ["EWR", "JFK", "LGA"]
    assert result.to_arrow().column("origin").to_pylist() == ["EWR", "JFK", "LGA"]
