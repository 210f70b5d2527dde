"""From a SELECT alone: whether what its datasets get can carry a view of it on."""

from __future__ import annotations

import pytest

from workbench.data.views.planning import planned

COLUMNS = {"a", "b", "x"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t",
        "SELECT a + 1 AS more, CASE WHEN b THEN 'x' END AS said FROM t WHERE a > 1 AND b IN (1, 2)",
        "SELECT unnest(x) AS one FROM t",
        "SELECT age(a, b) AS old FROM t",
        "SELECT nullif(a, 0) AS a FROM t",
    ],
)
def test_rows_by_rows(sql: str) -> None:
    plan = planned(sql, COLUMNS)
    assert (plan.way, plan.why, plan.steady, plan.growing) == ("rows", "", True, {"t"})


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT a, count(*) AS n, sum(b) AS s FROM t GROUP BY a", ["key", "sum", "sum"]),
        ("SELECT a, min(b) AS lo, max(b) AS hi FROM t GROUP BY 1", ["key", "min", "max"]),
        ("SELECT avg(b) AS m, sum(b) AS s, a, count(b) AS n FROM t GROUP BY ALL", [(1, 3), "sum", "key", "sum"]),
        ("SELECT upper(a) AS u, count(*) FILTER (WHERE b > 1) AS n FROM t GROUP BY u", ["key", "sum"]),
        ("SELECT 'x' AS kind, t.a, bool_or(b) AS any FROM t GROUP BY a", ["key", "key", "bool_or"]),
        ("SELECT a FROM t GROUP BY a", ["key"]),
        ("SELECT count(*) AS n FROM t", ["sum"]),
        (
            "SELECT a, sum(b) FILTER (x) AS s, count(b) FILTER (x) AS n, avg(b) FILTER (x) AS m FROM t GROUP BY a",
            ["key", "sum", "sum", (1, 2)],
        ),
    ],
)
def test_groups_by_groups(sql: str, columns: list[str | tuple[int, int]]) -> None:
    plan = planned(sql, COLUMNS)
    assert (plan.way, plan.why, plan.growing) == ("groups", "", {"t"})
    assert ["key" if one.key else one.mean or one.together for one in plan.columns] == columns


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT a FROM t ORDER BY a", "it orders its rows"),
        ("SELECT a FROM t LIMIT 3", "it has a LIMIT"),
        ("SELECT DISTINCT a FROM t", "it is DISTINCT"),
        ("SELECT a FROM t UNION ALL SELECT a FROM u", "several SELECTs"),
        ("WITH s AS (SELECT a FROM t) SELECT a FROM s", "it has a WITH"),
        ("SELECT a FROM (SELECT a FROM t)", "a SELECT within it"),
        ("SELECT a FROM t WHERE a IN (SELECT a FROM u)", "a SELECT within it"),
        ("SELECT sum(b) OVER () AS s FROM t", "it has a window"),
        ("SELECT a FROM t AT (VERSION => 3)", "a past version of t"),
        ("SELECT * FROM range(3)", "something else than datasets"),
        ("SELECT a, count(*) AS n FROM t GROUP BY a HAVING count(*) > 1", "it has a HAVING"),
        ("SELECT a, count(*) AS n FROM t GROUP BY ROLLUP (a)", "groups in several ways"),
        ("SELECT a, count(DISTINCT b) AS n FROM t GROUP BY a", "count() of distinct values"),
        ("SELECT a, median(b) AS m FROM t GROUP BY a", "median() cannot be carried on"),
        ("SELECT a, geomean(b) AS m FROM t GROUP BY a", "geomean() cannot be carried on"),
        ("SELECT a, sum(b) / count(*) AS m FROM t GROUP BY a", "computes with aggregates"),
        ("SELECT a, avg(b) AS m FROM t GROUP BY a", "only beside sum() and count() of the same"),
        ("SELECT a, avg(b) AS m, sum(a) AS s, count(b) AS n FROM t GROUP BY a", "only beside sum() and count()"),
        ("SELECT count(*) AS n FROM t GROUP BY a", "no column of it"),
        # The dataset's own `a` is what it groups by, and several of these have the same `upper(a)`.
        ("SELECT upper(a) AS a, count(*) AS n FROM t GROUP BY a", "no column of it"),
    ],
)
def test_whole_and_why(sql: str, why: str) -> None:
    plan = planned(sql, COLUMNS)
    assert (plan.way, plan.steady) == ("whole", True)
    assert why in plan.why


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT random() AS r FROM t", "it calls random()"),
        ("SELECT a FROM t WHERE b < now()", "it calls now()"),
        ("SELECT a, current_date AS today FROM t", "it asks for current_date"),
        ("SELECT age(a) AS old FROM t", "it calls age()"),
        ("SELECT count(*) AS n FROM t WHERE a > today()", "it calls today()"),
        ("SELECT a FROM t TABLESAMPLE 10%", "it takes a sample"),
        ("SELECT a FROM t WHERE a IN (SELECT uuid() FROM u)", "it calls uuid()"),
    ],
)
def test_what_is_another_thing_each_time_is_never_carried_on(sql: str, why: str) -> None:
    plan = planned(sql, COLUMNS)
    assert (plan.way, plan.steady) == ("whole", False)
    assert why in plan.why


@pytest.mark.parametrize(
    ("joined", "growing"),
    [
        ("t JOIN u USING (a)", {"t", "u"}),
        ("t, u", {"t", "u"}),
        ("t LEFT JOIN u USING (a)", {"t"}),
        ("t RIGHT JOIN u USING (a)", {"u"}),
        ("t FULL JOIN u USING (a)", set()),
        ("t SEMI JOIN u USING (a)", {"t"}),
        ("t ANTI JOIN u USING (a)", {"t"}),
        ("t LEFT JOIN u USING (a) JOIN v USING (a)", {"t", "v"}),
        ("t AS one JOIN T AS other USING (a)", set()),
    ],
)
def test_of_which_side_of_a_join_new_rows_change_none(joined: str, growing: set[str]) -> None:
    assert planned(f"SELECT 1 AS one FROM {joined}", COLUMNS).growing == growing
