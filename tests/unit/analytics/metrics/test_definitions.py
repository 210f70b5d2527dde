"""Definitions are read from YAML; every mistake of a file is told at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.analytics.metrics import Definitions, Metric
from workbench.foundation.errors import Invalid, NotFound


def read(tmp_path: Path, text: str) -> Definitions:
    (tmp_path / "flights.yaml").write_text(text)
    return Definitions.load(tmp_path)


def refused(tmp_path: Path, text: str) -> list[str]:
    return "\n".join(read(tmp_path, text).problems).splitlines()


GOOD = """
- {name: flights, dataset: f, aggregation: count, time: t, time_zone: America/New_York, dimensions: [a, b]}
- {name: late, dataset: f, aggregation: count, filter: d > 15, time: t, dimensions: [b, c]}
- {name: share_late, type: ratio, numerator: late, denominator: flights}
"""


def test_a_folder_without_files_has_no_metric(tmp_path: Path) -> None:
    assert Definitions.load(tmp_path).names() == []
    assert Definitions.load(tmp_path / "nowhere").names() == []
    assert read(tmp_path, "").names() == []


def test_a_label_is_made_from_the_name(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).get("share_late").title == "Share late"


def test_a_ratio_has_the_dimensions_that_both_parts_have_and_their_time(tmp_path: Path) -> None:
    ratio = read(tmp_path, GOOD).get("share_late")
    assert [dimension.name for dimension in ratio.dimensions] == ["b"]
    assert (ratio.dataset, ratio.time) == ("f", "t")


def test_the_version_follows_what_the_metric_says_and_what_it_is_made_of(tmp_path: Path) -> None:
    before = {name: read(tmp_path, GOOD).get(name).version for name in ("flights", "late", "share_late")}
    again = {name: read(tmp_path, "# a comment\n" + GOOD).get(name).version for name in before}
    after = {name: read(tmp_path, GOOD.replace("d > 15", "d > 30")).get(name).version for name in before}
    assert again == before
    assert {name for name in before if before[name] != after[name]} == {"late", "share_late"}


def test_the_nearest_name_is_offered(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no metric 'fligths'; did you mean 'flights'"):
        read(tmp_path, GOOD).get("fligths")


def test_every_mistake_of_a_file_is_told_at_once_with_file_and_metric(tmp_path: Path) -> None:
    said = refused(
        tmp_path,
        """
- {name: flights, dataset: f, aggregation: cuont}
- {name: mean, dataset: f, aggregation: mean}
- {name: p, dataset: f, aggregation: percentile, column: d, percentile: 200}
- {name: Bad Name, dataset: f, aggregation: count}
- {name: r, type: ratio, numerator: flights, filter: d > 1}
- {name: typo, dataset: f, aggregation: count, fliter: d > 1}
- {dataset: f, aggregation: count}
- just text
- {name: twice, dataset: f, aggregation: count, dimensions: [a, {name: a, label: A}, {name: b, lable: B}]}
""",
    )
    assert said == [
        f"{tmp_path.name}/flights.yaml has 9 mistakes:",
        "  line 2: metric 'flights' has the aggregation 'cuont'; did you mean 'count'?",
        "  line 3: metric 'mean' needs a column to take the mean of",
        "  line 4: metric 'p' has a wrong 'percentile': input should be less than 100 (it is 200)",
        (
            "  line 5: metric 'Bad Name' has the name 'Bad Name'; "
            "use lower-case letters, digits and underscores, a letter first"
        ),
        "  line 6: metric 'r' is a ratio, so it cannot have 'filter'; needs a denominator, the name of a metric",
        "  line 7: metric 'typo' has the unknown field 'fliter'; did you mean 'filter'?",
        "  line 8: metric 7 needs 'name'",
        "  line 9: metric 'just text' is not a mapping of fields",
        "  line 10: dimension 'b' of metric 'twice' has the unknown field 'lable'; did you mean 'label'?",
    ]


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("- [")
    (tmp_path / "delays.yaml").write_text("- {name: late, dataset: f}\n")
    first, second, third = refused(tmp_path, "- {name: flights, aggregation: count}\n")
    assert first.startswith(f"{tmp_path.name}/broken.yaml, line 1: not valid YAML")
    assert second == f"{tmp_path.name}/delays.yaml, line 1: metric 'late' needs an aggregation"
    assert third == f"{tmp_path.name}/flights.yaml, line 1: metric 'flights' needs a dataset"


def test_ratios_are_held_against_the_other_metrics(tmp_path: Path) -> None:
    said = refused(
        tmp_path,
        GOOD
        + """
- {name: r, type: ratio, numerator: lat, denominator: share_late}
- {name: flights, dataset: g, aggregation: count}
""",
    )
    file = f"{tmp_path.name}/flights.yaml"
    assert said[1:] == [
        f"  line 2: metric 'flights' is defined twice, here and in {file}, line 7",
        f"  line 4: metric 'share_late' has the denominator 'flights', which has mistakes of its own ({file}, line 2)",
        "  line 6: metric 'r' has the numerator 'lat', which is no metric; did you mean 'late'?",
        "  line 6: metric 'r' has the denominator 'share_late', which is a ratio itself; its parts have to be simple",
        f"  line 7: metric 'flights' is defined twice, here and in {file}, line 2",
    ]


def test_a_bad_file_takes_out_its_own_metrics_only(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "- {name: delay, dataset: f, aggregation: men, column: d}\n"
        "- {name: most, dataset: f, aggregation: max, column: d}\n"
        "- {name: part, type: ratio, numerator: delay, denominator: flights}\n"
    )
    definitions = read(tmp_path, GOOD)
    assert definitions.names() == ["flights", "late", "most", "share_late"]
    with pytest.raises(Invalid, match=r"more.yaml, line 1: metric 'delay' has the aggregation 'men'"):
        definitions.get("delay")
    with pytest.raises(Invalid, match=r"numerator 'delay', which has mistakes of its own .*more.yaml, line 1"):
        definitions.get("part")


def test_a_metric_that_is_not_there_may_stand_in_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("- name: delay\n\tdataset: f\n")
    with pytest.raises(NotFound, match="no metric 'delay'") as error:
        read(tmp_path, GOOD).get("delay")
    assert "broken.yaml, line 2" in str(error.value.hint)


def test_a_name_in_two_files_is_told_with_both_places_and_belongs_to_neither(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text("# ours\n- {name: late, dataset: g, aggregation: count}\n")
    definitions = read(tmp_path, GOOD)
    assert definitions.names() == ["flights"]
    with pytest.raises(Invalid) as error:
        definitions.get("late")
    folder = tmp_path.name
    assert str(error.value).splitlines() == [
        f"{folder}/again.yaml, line 2: metric 'late' is defined twice, here and in {folder}/flights.yaml, line 3",
        f"{folder}/flights.yaml, line 3: metric 'late' is defined twice, here and in {folder}/again.yaml, line 2",
    ]


def test_an_editors_lock_is_no_file_of_metrics(tmp_path: Path) -> None:
    (tmp_path / ".#flights.yaml").symlink_to("nobody@nowhere")
    assert read(tmp_path, GOOD).problems == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "line 1: not valid YAML"),
        ("name: flights", "has to be a list of metrics"),
        ("- &a [*a]", "line 1: an alias stands inside"),
    ],
)
def test_a_file_that_is_no_list_of_metrics_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert says in refused(tmp_path, text)[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"aggregation": "count"}, "needs a dataset"),
        ({"dataset": "f"}, "needs an aggregation"),
        ({"dataset": "f", "aggregation": "percentile", "column": "d"}, "needs a percentile"),
        ({"dataset": "f", "aggregation": "mean", "column": "d", "percentile": 5}, "has to be percentile"),
        ({"dataset": "f", "aggregation": "count", "numerator": "x"}, "cannot have 'numerator'"),
    ],
)
def test_a_metric_made_in_python_is_held_to_the_same_rules(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Metric.model_validate({"name": "m", **given})


def test_the_metrics_of_this_repository_are_sound() -> None:
    home = Path(__file__).parents[4]
    definitions = Definitions.load(home / "metrics")
    assert definitions.problems == ()
    assert {"flights", "cancellation_rate", "mean_departure_delay", "p95_departure_delay"} <= set(definitions.names())
    rate = definitions.get("cancellation_rate")
    assert {"carrier", "hour", "dest"} <= {dimension.name for dimension in rate.dimensions}
    assert all(definitions.get(name).description for name in definitions.names())


def test_metrics_made_of_each_other_are_told_with_the_way_round(tmp_path: Path) -> None:
    around = """
- {name: a, type: derived, expr: b + late}
- {name: b, type: derived, expr: c - 1}
- {name: c, type: derived, expr: "x / 2", inputs: [{metric: a, alias: x, offset: 1 day}]}
- {name: d, type: derived, expr: a * 2}
"""
    definitions = read(tmp_path, GOOD + around)
    assert definitions.names() == ["flights", "late", "share_late"]
    with pytest.raises(Invalid, match="metric 'a' is made of itself: a -> b -> c -> a"):
        definitions.get("a")
    with pytest.raises(Invalid, match="metric 'c' is made of itself: c -> a -> b -> c"):
        definitions.get("c")
    with pytest.raises(Invalid, match="has the input 'a', which has mistakes of its own"):
        definitions.get("d")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{type: derived}", "needs an expr"),
        ("{type: derived, expr: late + }", "the expr of metric 'm' is not a SQL expression"),
        ("{type: derived, expr: 1 + 1}", "has an expr that names no metric"),
        ("{type: derived, expr: lat * 2}", "has the input 'lat', which is no metric; did you mean 'late'"),
        ("{type: derived, expr: sum(late)}", "uses 'sum', which looks across rows"),
        ("{type: derived, expr: late, inputs: [{metric: late, offset: 1 mont}]}", "'1 mont' is no length of time"),
        ("{type: derived, expr: late, inputs: [late, {metric: flights, alias: late}]}", "names the input 'late' twice"),
        ("{type: cumulative}", "needs a metric, the name of a metric"),
        ("{type: cumulative, metric: share_late}", "which is a ratio itself; its parts have to be simple"),
        ("{type: cumulative, metric: late, window: 7 days, grain_to_date: month}", "both a window and a grain_to_date"),
        ("{type: cumulative, metric: late, window: 0 days}", "'0 days' is no length of time"),
        ("{type: cumulative, metric: late, window: 200 years}", "longer than a century"),
        ("{type: cumulative, metric: late, dataset: f}", "is cumulative, so it cannot have 'dataset'"),
        ("{type: conversion, base_metric: flights, conversion_metric: late}", "needs an entity"),
        ("{type: conversion, base_metric: flights, conversion_metric: late, entity: k, expr: x}", "cannot have 'expr'"),
        ("{dataset: f, aggregation: last, column: c}", "needs a time, the column that says which row is the last"),
        ("{dataset: f, aggregation: max, column: c, tie: d}", "its aggregation has to be first or last"),
        ("{dataset: f, aggregation: count, refresh: every 1 fortnight}", "has the schedule 'every 1 fortnight'"),
        ("{dataset: f, aggregation: count, refresh: 0 25 * * *}", "whose hour '25' is none: 0 to 23"),
        ("{dataset: f, aggregation: count, week_start: 8}", "has a wrong 'week_start'"),
        ("{dataset: f, aggregation: count, grain: dya}", "did you mean 'day'"),
    ],
)
def test_what_a_type_needs_and_may_not_have(tmp_path: Path, entry: str, says: str) -> None:
    with pytest.raises(Invalid, match=re.escape(says)):
        read(tmp_path, GOOD + "- {name: m, " + entry[1:] + "\n").get("m")


@pytest.mark.parametrize(
    "text", ["every 1 h", "every 15 min", "every 2 days", "0 6 * * mon-fri", "*/10 0-23/2 1,15 jan-dec 0"]
)
def test_a_schedule_is_kept_as_it_is_written(tmp_path: Path, text: str) -> None:
    known = read(tmp_path, f"- {{name: m, dataset: f, aggregation: count, refresh: '{text}'}}")
    assert known.get("m").refresh == text


def test_a_metric_made_of_others_has_what_they_have(tmp_path: Path) -> None:
    known = read(
        tmp_path,
        "- {name: a, dataset: f, aggregation: count, time: t, time_zone: Europe/Rome, grain: week, week_start: 7,"
        " unit: pcs, dimensions: [x, {name: y, sql: z + 1}]}\n"
        "- {name: b, dataset: g, aggregation: count, time: u, dimensions: [x, {name: y, sql: z}]}\n"
        "- {name: c, type: cumulative, metric: a}\n"
        "- {name: d, type: derived, expr: c / b}\n",
    )
    whole = known.get("d")
    assert [one.name for one in whole.dimensions] == ["x"]
    assert (whole.time, whole.time_zone, whole.grain, whole.week_start) == ("t", "Europe/Rome", "week", 7)
    assert (known.get("c").unit, known.get("c").dataset, whole.dataset) == ("pcs", "f", None)
    text = (tmp_path / "flights.yaml").read_text()
    assert read(tmp_path, text.replace("dataset: g", "dataset: h")).get("d").version != whole.version
    assert read(tmp_path, text.replace("dataset: g", "dataset: h")).get("c").version == known.get("c").version
