"""Suites are read from YAML; every mistake is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.data.quality import Suite
from workbench.foundation.errors import Invalid

GOOD = """
dataset: flights
expectations:
  - {expect: not_null, column: carrier}
  - {expect: between, column: delay, min: -60, max: 1440, severity: warn, mostly: 0.9}
  - {expect: unique, columns: day}
"""


def load(tmp_path: Path, text: str) -> Suite:
    path = tmp_path / "flights.yaml"
    path.write_text(text)
    return Suite.load(path)


def test_a_suite_is_named_after_its_dataset_unless_it_has_a_name(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).name == "flights"
    named = load(tmp_path, GOOD + "name: strict\n")
    assert (named.name, named.dataset) == ("strict", "flights")


def test_expectations_are_errors_for_all_rows_unless_they_say_otherwise(tmp_path: Path) -> None:
    first, second, third = load(tmp_path, GOOD).expectations
    assert (first.severity, first.mostly) == ("error", 1.0)
    assert (second.severity, second.mostly) == ("warn", 0.9)
    assert third.columns_needed == ("day",)
    assert second.said == "delay is between -60 and 1440 in at least 0.9 of the rows"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        load(
            tmp_path,
            """
dataset: flights
owner: me
expectations:
  - {expect: notnull, column: carrier}
  - {expect: not_null, colum: carrier}
  - {expect: between, column: delay}
  - {expect: matches, column: carrier, regex: "["}
  - {expect: holds, sql: "delay >"}
  - {column: carrier}
  - {expect: not_null, column: carrier, mostly: 2}
  - {expect: between, column: t, min: 2013-01-01T00:00:00}
  - {expect: unique, columns: []}
  - {expect: between, column: delay, min: 5, max: 3}
  - {expect: between, column: delay, min: 5, max: 2013-01-01}
  - {expect: between, column: delay, min: .nan}
  - {expect: row_count, min: 2, max: 1}
  - {expect: length, column: carrier, min: 2, max: 1}
  - {expect: length, column: carrier, min: -1}
  - {expect: row_count, min: 1, mostly: 0.9}
  - {expect: fresh, within: soon}
""",
        )
    file, *said = str(refused.value).splitlines()
    assert file == f"{tmp_path.name}/flights.yaml has 18 mistakes:"
    for line, (start, rest) in zip(
        said,
        [
            ("line 3: the suite has the unknown field 'owner'", "; there is name, dataset, expectations"),
            ("line 5: expectation 1 has the expect 'notnull'", "; did you mean 'not_null'?"),
            ("line 6: expectation 2 (not_null) has the unknown field 'colum'", "; did you mean 'column'?"),
            ("line 7: expectation 3 (between) needs a min, a max or both", ""),
            ("line 8: expectation 4 (matches) has a regex that cannot be used", None),
            ("line 9: expectation 5 (holds) has a condition that is not SQL", None),
            ("line 10: expectation 6 needs 'expect', its kind", ""),
            ("line 11: expectation 7 (not_null) has a wrong 'mostly'", None),
            ("line 12: expectation 8 (between) needs a time zone", None),
            ("line 13: expectation 9 (unique) has a wrong 'columns'", None),
            ("line 14: expectation 10 (between) has a min above its max: 5 and 3", ""),
            ("line 15: expectation 11 (between) has a min and a max that cannot be compared: 5 and 2013-01-01", ""),
            ("line 16: expectation 12 (between) has a bound that is no number", ""),
            ("line 17: expectation 13 (row_count) has a min above its max: 2 and 1", ""),
            ("line 18: expectation 14 (length) has a min above its max: 2 and 1", ""),
            ("line 19: expectation 15 (length) has", None),
            ("line 20: expectation 16 (row_count) is not about single rows, so it has no 'mostly'", ""),
            ("line 21: expectation 17 (fresh) has no length of time in 'within': soon", None),
        ],
        strict=True,
    ):
        assert line.strip().startswith(start)
        assert rest is None or line.endswith(start + rest)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "line 1: not valid YAML"),
        ("", "the suite is not a mapping"),
        ("dataset: flights", "needs 'expectations'"),
        ("expectations: [{expect: row_count, min: 1}]", "line 1: the suite needs 'dataset'$"),
        ("[]", "has 0 suites"),
        ("[{dataset: a, expectations: [{expect: row_count, min: 1}]}, {dataset: b}]", "needs 'expectations'"),
    ],
)
def test_a_file_that_is_no_suite_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        load(tmp_path, text)
