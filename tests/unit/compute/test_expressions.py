"""SQL expressions are parsed, checked and never run as Python."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.compute import expressions
from workbench.foundation.errors import Invalid

SCHEMA = {"dep_delay": pl.Float64(), "origin": pl.String(), "over": pl.Int64(), "day": pl.Date()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dep_delay > 15 AND origin = 'JFK'", [True, False, None]),
        ("origin IN ('JFK', 'over(select')", [True, False, None]),
        ("dep_delay IS NULL", [False, False, True]),
        ("CASE WHEN dep_delay > 15 THEN TRUE ELSE FALSE END", [True, False, False]),
        ('"over" = 1', [True, False, False]),
        ("day >= DATE '2013-02-01'", [False, True, False]),
        ("dep_delay > 15 and origin == 'JFK'", [True, False, None]),
        ('(dep_delay > 15) & ("over" < 3)', [True, False, False]),
        ('("over" & 1) = 1', [True, False, True]),
    ],
)
def test_a_condition_holds_row_by_row(text: str, expected: list[bool | None]) -> None:
    frame = pl.DataFrame(
        {"dep_delay": [20.0, 3.0, None], "origin": ["JFK", "LGA", None], "over": [1, 2, 3]}
    ).with_columns(day=pl.Series(["2013-01-01", "2013-02-01", "2013-01-31"]).str.to_date())
    assert frame.select(x=expressions.parse_filter(text, SCHEMA, "the filter"))["x"].to_list() == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dep_dely > 15", "no column 'dep_dely'; did you mean 'dep_delay'"),
        ("dep_delay >", "is not a SQL expression"),
        ("dep_delay > 1; DROP TABLE x", "is not a SQL expression"),
        ("__import__('os').system('true')", "is not a SQL expression"),
        ("dep_delay + 1", "is not a condition"),
        ("origin > 3", "mixes types"),
        ("day > '2013-01-01'", "mixes types"),
        ("dep_delay > avg(dep_delay)", "'avg', which looks across rows"),
        ("count(*) > 1", "'count', which looks across rows"),
        ("rank() OVER (ORDER BY dep_delay) = 1", "looks across rows"),
        ("dep_delay IN (SELECT 1)", "looks across rows"),
        ("columns('d')", "looks across rows"),
    ],
)
def test_what_is_no_condition_over_one_row_is_refused(text: str, says: str) -> None:
    with pytest.raises(Invalid, match="(?s)" + says.replace("(", r"\(").replace(")", r"\)")):
        expressions.parse_filter(text, SCHEMA, "the filter")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('origin = "JFK"', "a text stands in single quotes: 'JFK'"),
        ("origin = None", "IS NULL"),
        ("origin in ['JFK']", "IN ('JFK', 'LGA')"),
        ("origin.isin(['JFK'])", "IN ('JFK', 'LGA')"),
        ("dep_delay.isna()", "IS NULL"),
        ("origin.str.startswith('J')", "LIKE"),
        ("~(dep_delay > 1)", "AND, OR and NOT"),
        ('"over" > 1 & "over" < 3', "write AND or OR"),
    ],
)
def test_what_pandas_would_understand_is_told_in_sql(text: str, hint: str) -> None:
    with pytest.raises(Invalid) as error:
        expressions.parse_filter(text, SCHEMA, "the filter")
    assert hint in str(error.value.hint)


def test_the_columns_of_an_expression_are_named_once() -> None:
    parsed = expressions.parse("dep_delay > 1 AND dep_delay < 5 OR origin = 'JFK'", SCHEMA, "the filter")
    assert expressions.columns_of(parsed) == ["dep_delay", "origin"]


def test_an_expression_too_long_to_plan_is_refused() -> None:
    with pytest.raises(Invalid, match="at most 2,000 are read"):
        expressions.parse("id > " + "+".join(["1"] * 1_000), ["id"], "the filter")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name||" * 300 + "name = 'x'", "has 301 operators"),
        (" AND ".join(["a='x'"] * 180), "has 359 operators"),
        ("REPLACE(" * 8 + "name" + ",'a','aaaaaaaaaa')" * 8 + " = 'x'", "times as long"),
        ("LPAD(name, 2000000000, 'x') = 'x'", "times as long"),
    ],
)
def test_what_is_short_and_cannot_be_computed_is_refused(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        expressions.parse(text, ["name"], "the filter")


@pytest.mark.parametrize(
    "text",
    [
        f"name IN ({', '.join(repr(f'place {number}') for number in range(100))})",
        " OR ".join(f"name LIKE 'New %{letter}'" for letter in "abcdefghijklmnopqrstuvwxyz"),
        "REPLACE(REPLACE(REPLACE(name, ' Inc.', ''), ' Co.', ''), ' Ltd.', '') = 'x'",
    ],
)
def test_what_people_write_at_length_is_computed(text: str) -> None:
    assert pl.DataFrame({"name": ["New a"]}).select(expressions.parse(text, ["name"], "the filter")).height == 1
