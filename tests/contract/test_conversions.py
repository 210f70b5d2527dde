"""Conversion metrics equal hand-written SQL: each conversion joined to all base events before it, the nearest kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from metric_events import BY, FAST, ROWS, SCHEMA, Row, asked, same

CONVERSIONS = """
WITH numbered AS (SELECT *, row_number() OVER () AS row FROM events),
pairs AS (
  SELECT b.row AS conversion, b.user AS who, v.*,
         row_number() OVER (PARTITION BY b.row ORDER BY v."at" DESC, v.kind DESC NULLS LAST) AS place
  FROM numbered b JOIN numbered v
    ON v.user = b.user AND v."at" <= b."at" {and_same} AND v.what = 'visit' AND b.what = 'buy'
)
SELECT {keys} {counted} FROM pairs WHERE place = 1 {within} GROUP BY ALL
"""


def sql_conversions(
    rows: Sequence[Row], metric: str, by: Sequence[str], grain: str | None, between: tuple[date, date] | None
) -> dict[Any, Any]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    connection.register("events", pl.DataFrame(rows, schema=SCHEMA).to_arrow())
    keys = [*([f"date_trunc('{grain}', \"at\")::date"] if grain else []), *by]
    same_kind = metric == "same_kind"
    found = connection.execute(
        CONVERSIONS.format(
            and_same="AND v.kind = b.kind" if same_kind else 'AND v."at" > b."at" - INTERVAL 48 HOUR',
            keys="".join(f"{key}," for key in keys),
            counted="count(DISTINCT who)" if same_kind else "count(*)",
            within="" if between is None else f"AND \"at\" >= '{between[0]}'::DATE AND \"at\" < '{between[1]}'::DATE",
        )
    ).fetchall()
    return {row[:-1]: row[-1] for row in found}


@BY
@pytest.mark.parametrize("grain", [None, "week"])
@pytest.mark.parametrize("metric", ["conversions", "same_kind"])
@pytest.mark.parametrize("between", [None, (date(2013, 2, 1), date(2013, 3, 1))])
@FAST
@given(rows=ROWS)
def test_conversions_are_given_to_the_nearest_base_event(
    metric: str,
    by: tuple[str, ...],
    grain: str | None,
    between: tuple[date, date] | None,
    rows: list[Row],
) -> None:
    expected = sql_conversions(rows, metric, by, grain, between)
    found = asked(rows, metric, by, grain, between)
    if not by and grain is None:
        expected.setdefault((), 0)
    assert {key: value for key, value in found.items() if value or not grain} == expected


@FAST
@given(rows=ROWS)
def test_a_conversion_rate_is_conversions_per_base_event(rows: list[Row]) -> None:
    expected = sql_conversions(rows, "conversions", ["kind"], "week", None)
    visits = asked(rows, "visits", ["kind"], "week")
    found = asked(rows, "conversion_rate", ["kind"], "week")
    assert same(
        {key: value for key, value in found.items() if value is not None},
        {key: expected[key] / count for key, count in visits.items() if count and key in expected},
    )
