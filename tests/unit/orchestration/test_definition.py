"""Pipeline definitions: what they may say, and every mistake with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from workbench.foundation.errors import Invalid, NotFound
from workbench.orchestration.pipelines.definition import load, references, substituted

GOOD = """\
name: flights
description: From the sources to the report.
parameters:
  start: {type: date, default: 2013-01-01, help: first day}
  days: {type: int}
stages:
  - name: extract
    notebook: notebooks/extract.ipynb
    parameters: {start: "${start}", title: "from ${start} on"}
    sources: [sqlite:///operations.db]
    writes: [landed]
    retries: 2
  - name: weather
    notebook: notebooks/weather.ipynb
    after: []
    writes: [weather]
  - name: report
    report: punctuality
    after: [extract, weather]
    reads: [landed, weather]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "flights.yaml"
    path.write_text(text)
    return path


def test_a_definition_is_read(tmp_path: Path) -> None:
    pipeline = load(written(tmp_path, GOOD))
    extract, weather, report = pipeline.stages
    assert (extract.kind, extract.target, extract.retries, extract.after) == (
        "notebook",
        "notebooks/extract.ipynb",
        2,
        (),
    )
    assert weather.after == ()
    assert (report.kind, report.target, report.after) == ("report", "punctuality", ("extract", "weather"))
    start, days = pipeline.declared()
    assert (start.default, start.required, start.help) == ("2013-01-01", False, "first day")
    assert days.required


def test_a_stage_follows_the_one_above_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = "name: p\nstages:\n" + "".join(f"  - {{name: {name}, notebook: {name}.ipynb}}\n" for name in "abc")
    assert [stage.after for stage in load(written(tmp_path, text)).stages] == [(), ("a",), ("b",)]


def test_stages_come_after_those_they_wait_for(tmp_path: Path) -> None:
    text = """\
name: p
stages:
  - {name: last, notebook: x.ipynb, after: [first, second]}
  - {name: second, notebook: x.ipynb, after: first}
  - {name: first, notebook: x.ipynb, after: []}
"""
    assert [stage.name for stage in load(written(tmp_path, text)).in_order()] == ["first", "second", "last"]


def test_a_reference_becomes_the_value_or_part_of_a_text() -> None:
    values = {"start": "2013-01-01", "days": 7}
    given = {"a": "${days}", "b": "${days} days from ${ start }", "c": ["${days}"], "d": 1}
    assert substituted(given, values) == {"a": 7, "b": "7 days from 2013-01-01", "c": [7], "d": 1}
    assert list(references(given)) == ["days", "days", "start", "days"]
    assert substituted(date(2013, 1, 1), values) == date(2013, 1, 1)


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            ("    retries: 2", "    retires: 2"),
            ["line 12: stage 'extract' has the unknown field 'retires'; did you mean 'retries'?"],
        ),
        (
            ("    retries: 2", "    retries: 99"),
            ["line 12: stage 'extract' has a wrong 'retries': input should be less than or equal to 10 (it is 99)"],
        ),
        (
            ("description:", "descripton:"),
            ["line 2: the pipeline has the unknown field 'descripton'; did you mean 'description'?"],
        ),
        (("type: int", "type: itn"), ["line 5: the parameter 'days' has the type itn"]),
        (("type: int}", "typ: int}"), ["line 5: parameter 'days' has the unknown field 'typ'; did you mean 'type'?"]),
        (("default: 2013-01-01", "default: soon"), ["line 4: the default of 'start' must be date"]),
        (
            ("    report: punctuality", "    repotr: punctuality"),
            ["line 17: a stage has exactly one of notebook, report", "line 18: ", "did you mean 'report'?"],
        ),
        (
            ("    after: [extract, weather]", "    after: [extrct]"),
            ["line 19: 'after' names no stage 'extrct'; did you mean 'extract'?"],
        ),
        (('"${start}"', '"${strat}"'), ["line 9: the pipeline has no parameter 'strat'; did you mean '${start}'?"]),
        (("name: weather", "name: extract"), ["line 13: a second stage named 'extract'"]),
        (
            ("name: weather", "name: Weather!"),
            ["line 13: stage 'Weather!' has the name 'Weather!'; use lower-case letters"],
        ),
        (("    after: []", "    after: [report]"), ["stages wait for each other"]),
        (
            ("    writes: [weather]", "    writes: [weather]\n    reads: [weather]"),
            ["line 13: stage 'weather' reads and writes 'weather'"],
        ),
        (("    retries: 2", "    retries: [2"), ["line 13: not valid YAML: ", "flow sequence from line 12"]),
        (("    report: punctuality", "    report: 7"), ["line 18: the report of a stage has to be text"]),
        (
            ("    report: punctuality", "    report: punctuality\n    target: else\n    kind: notebook"),
            [
                "line 19: stage 'report' has the unknown field 'target'; the kind of a stage is a key of its own: ",
                "line 20: stage 'report' has the unknown field 'kind'",
            ],
        ),
        (
            ("    retries: 2", "    retries: 2\n    retries: 3"),
            ["line 13: 'retries' stands there twice, first on line 12"],
        ),
        (("type: int}", "kind: int}"), ["has the unknown field 'kind'; there is type, default, help", "needs 'type'"]),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, change: tuple[str, str], sentences: list[str]) -> None:
    old, new = change
    assert old in GOOD
    with pytest.raises(Invalid) as refused:
        load(written(tmp_path, GOOD.replace(old, new, 1)))
    for sentence in sentences:
        assert sentence in str(refused.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("retries", "retires").replace("report: punctuality", "repotr: punctuality")
    with pytest.raises(Invalid, match=r"has 3 mistakes:\n  line 12: .*\n  line 17: .*\n  line 18: "):
        load(written(tmp_path, text))


def test_a_missing_or_empty_definition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no pipeline definition"):
        load(tmp_path / "none.yaml")
    with pytest.raises(Invalid, match="does not define a pipeline"):
        load(written(tmp_path, ""))
