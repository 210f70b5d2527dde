"""`wb.metrics` is looked at as a list, asked as a mapping, and reads well in both places."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.foundation.errors import NotFound


def test_metrics_are_asked_for_by_name(room: Any) -> None:
    metrics = room.metrics()
    assert metrics["flights"].dataset == "flights"
    assert "flights" in metrics
    assert "fligths" not in metrics
    assert [metric.name for metric in metrics] == [metric.name for metric in metrics.list()]
    assert len(metrics) == 5
    with pytest.raises(NotFound, match="did you mean 'flights'"):
        metrics["fligths"]


def test_the_list_reads_well_in_a_terminal_and_in_a_notebook(room: Any) -> None:
    metrics = room.metrics()
    assert repr(metrics) == repr(metrics.list())
    heading, *lines = repr(metrics).splitlines()
    assert heading.split() == ["metric", "what", "it", "is", "description"]
    assert lines[3].split(maxsplit=1) == [
        "mean_delay",
        "Mean departure delay (min), mean of dep_delay in flights, by carrier, origin, late",
    ]
    assert "Cancellation rate, cancelled / flights, by carrier" in repr(metrics)
    assert "Mean departure delay" in metrics._repr_html_()
    assert "<td" in metrics.list()._repr_html_()


def test_what_is_left_out_stands_under_the_list(room: Any) -> None:
    (room.folder / "broken.yaml").write_text("- {name: <b>bad</b>, dataset: d, aggregation: count}")
    metrics = room.metrics()
    assert "left out: metrics/broken.yaml, line 1" in repr(metrics)
    assert "&lt;b&gt;bad" in metrics._repr_html_()


def test_an_empty_list_says_how_to_begin(room: Any) -> None:
    (room.folder / "flights.yaml").unlink()
    metrics = room.metrics()
    assert "workbench new metric" in repr(metrics)
    assert "workbench new metric" in metrics._repr_html_()


def test_one_metric_says_what_it_is(room: Any) -> None:
    metric = room.metrics()["mean_delay"]
    assert (
        repr(metric) == "mean_delay: Mean departure delay (min), mean of dep_delay in flights, by carrier, origin, late"
    )
    assert "dep_delay" in metric._repr_html_()
    assert metric.version in metric._repr_html_()
