"""A view as SQL: the one text that is run, shown, and kept as a query; its conditions are a metric's filter, too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl

from workbench.analytics.exploration.model import Condition, Group, Value, View, kind_of

__all__ = ["MOST_POINTS", "SEED", "banded", "conditions", "counting", "names", "preview", "reach", "select"]

MOST_POINTS = 2_000
SEED = 20_130_101
_LONGEST = 200
_AGGREGATES = {
    "count": "count({})", "count_distinct": "count(DISTINCT {})", "sum": "sum({})", "mean": "avg({})",
    "median": "median({})", "min": "min({})", "max": "max({})",
}  # fmt: skip
Schema = Mapping[str, pl.DataType]


def select(view: View, schema: Schema, *, sampled: bool = False) -> str:
    """The SELECT that gives what is seen, in the order in which it is seen.

    Args:
        sampled: Of points: only so many, drawn at random and every time the same.
    """
    if view.aggregation is None:
        return _points(view, schema, sampled=sampled)
    grouped = [_called(_key(group, schema), names(group.column)) for group in view.by]
    figure = "count(*)" if view.of is None else _AGGREGATES[view.aggregation].format(_amount(view.of, schema))
    lines = [f"SELECT {', '.join([*grouped, f'{figure} AS {names(view.named)}'])}", f"FROM {names(view.dataset)}"]
    lines += _where(view.where, schema)
    if view.by:
        lines += ["GROUP BY " + ", ".join(str(at) for at in range(1, len(view.by) + 1)), _order(view, schema)]
    return "\n".join(lines)


def counting(view: View, schema: Schema) -> str:
    """The SELECT that says how many rows a view is of."""
    return "\n".join(["SELECT count(*) AS n", f"FROM {names(view.dataset)}", *_where(_shown(view), schema)])


def preview(view: View, schema: Schema, columns: Sequence[str]) -> str:
    """The SELECT of the first rows themselves; what is longer than a person reads is cut."""
    shown = []
    for column in columns:
        kind, name = kind_of(schema[column]), names(column)
        text = name if kind == "text" else f"CAST({name} AS VARCHAR)" if kind == "other" else ""
        shown.append(f"left({text}, {_LONGEST}) AS {name}" if text else name)
    return "\n".join([f"SELECT {', '.join(shown)}", f"FROM {names(view.dataset)}", *_where(view.where, schema)])


def reach(dataset: str, column: str, schema: Schema) -> str:
    """The SELECT of how far a column's values reach, and about how many different ones there are."""
    amount, finite = _amount(column, schema), ""
    if schema[column].is_float():
        finite = f" FILTER (WHERE abs({amount}) < CAST('inf' AS DOUBLE))"
    ends = f"min({amount}){finite} AS least, max({amount}){finite} AS greatest"
    return f"SELECT {ends}, approx_count_distinct({amount}) AS n FROM {names(dataset)}"


def conditions(where: Sequence[Condition], schema: Schema) -> str:
    """Conditions that all have to hold, as both DuckDB and Polars read them; "" where there is none."""
    return " AND ".join(_condition(one, schema[one.column]) for one in where)


def names(column: str) -> str:
    """A column or dataset as SQL names it, whatever it is called."""
    return '"' + column.replace('"', '""') + '"'


def banded(column: str, width: float) -> str:
    """The least value of the band that a number lies in; as both DuckDB and Polars read it.

    A width below 1 is a number of tenths, hundredths and so on, so that 0.3 is not 0.30000000000000004.
    """
    value, parts = f"CAST({names(column)} AS DOUBLE)", 1
    while parts < 10**12 and not math.isclose(width * parts, round(width * parts), rel_tol=1e-9):
        parts *= 10
    step = round(width * parts)
    if parts == 1:
        return f"FLOOR({value} / {step}) * {step}"
    return f"FLOOR({value} * {parts} / {step}) * {step} / {parts}"


def _points(view: View, schema: Schema, *, sampled: bool) -> str:
    columns = dict.fromkeys([*(group.column for group in view.by[:1]), str(view.of), *(g.column for g in view.by[1:])])
    lines = [
        f"SELECT {', '.join(map(names, columns))}",
        f"FROM {names(view.dataset)}",
        *_where(_shown(view), schema),
    ]
    if not sampled:
        return "\n".join(lines)
    inner = "\n".join(f"  {line}" for line in lines)
    return f"SELECT *\nFROM (\n{inner}\n)\nUSING SAMPLE reservoir({MOST_POINTS} ROWS) REPEATABLE ({SEED})"


def _shown(view: View) -> tuple[Condition, ...]:
    """The conditions of a view, and of points that they have a place."""
    if view.aggregation is not None:
        return view.where
    return (*view.where, *(Condition(name, "is there") for name in (view.by[0].column, str(view.of))))


def _where(where: Sequence[Condition], schema: Schema) -> list[str]:
    return [f"WHERE {conditions(where, schema)}"] if where else []


def _key(group: Group, schema: Schema) -> str:
    name, dtype = names(group.column), schema[group.column]
    if group.band is not None:
        said = banded(group.column, group.band)
        return f"nullif({said}, CAST('nan' AS DOUBLE))" if dtype.is_float() else said
    if group.grain is not None:
        cut = f"date_trunc('{group.grain}', {name})"
        return cut if group.grain in ("minute", "hour") else f"CAST({cut} AS DATE)"
    return _amount(group.column, schema)


def _called(expression: str, name: str) -> str:
    return name if expression == name else f"{expression} AS {name}"


def _amount(column: str, schema: Schema) -> str:
    """A column without what is no value: NaN counts as missing, in groups and in figures of them."""
    return f"nullif({names(column)}, CAST('nan' AS DOUBLE))" if schema[column].is_float() else names(column)


def _order(view: View, schema: Schema) -> str:
    """Times and numbers in their order, everything else the largest first; equal ones by their names."""
    amount = len(view.by) + 1
    ordered = kind_of(schema[view.by[0].column]) in ("moment", "number")
    keys = [f"{at} NULLS LAST" for at in range(1, amount)]
    figure = f"{amount} DESC NULLS LAST"
    return "ORDER BY " + ", ".join([keys[0], figure, *keys[1:]] if ordered else [figure, *keys])


def _condition(asked: Condition, dtype: pl.DataType) -> str:
    name = names(asked.column)
    if isinstance(dtype, pl.Datetime) and asked.values:
        # All times are in UTC, and not every SQL that this is to be said in has literals with a zone.
        name = f"CAST({name} AS TIMESTAMP)"
    match asked.operator:
        case "is missing":
            return f"({name} IS NULL OR {_is_nan(name)})" if dtype.is_float() else f"{name} IS NULL"
        case "is there":
            return f"({name} IS NOT NULL AND NOT {_is_nan(name)})" if dtype.is_float() else f"{name} IS NOT NULL"
        case "contains":
            return f"STRPOS(LOWER({name}), {_literal(str(asked.values[0]).lower())}) > 0"
        case "at least":
            return _known(name, dtype, f"{name} >= {_literal(asked.values[0], dtype)}")
        case "at most":
            return _until(name, dtype, asked.values[0])
        case "is":
            return _any(name, dtype, asked.values)
        case "is not":
            return f"(NOT {_any(name, dtype, asked.values)} OR {names(asked.column)} IS NULL)"


def _any(name: str, dtype: pl.DataType, values: Sequence[Value]) -> str:
    days = [value for value in values if _is_day(value, dtype)]
    others = [_literal(value, dtype) for value in values if not _is_day(value, dtype)]
    parts = [f"({name} >= {_literal(day, dtype)} AND {_until(name, dtype, day)})" for day in days]
    if others:
        parts.append(f"{name} = {others[0]}" if len(others) == 1 else f"{name} IN ({', '.join(others)})")
    return f"({' OR '.join(parts)})"


def _until(name: str, dtype: pl.DataType, value: Value) -> str:
    """Up to a value and with it; a day of times with all of it."""
    if isinstance(value, date) and _is_day(value, dtype) and value < date.max:
        return f"{name} < {_literal(value + timedelta(days=1), dtype)}"
    return f"{name} <= {_literal(value, dtype)}"


def _known(name: str, dtype: pl.DataType, said: str) -> str:
    """NaN is no number, though it counts as more than all of them where they are compared."""
    return f"({said} AND NOT {_is_nan(name)})" if dtype.is_float() else said


def _is_nan(name: str) -> str:
    return f"({name} > CAST('inf' AS DOUBLE))"


def _is_day(value: Value, dtype: pl.DataType) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime) and isinstance(dtype, pl.Datetime)


def _literal(value: Value, dtype: pl.DataType | None = None) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        at = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return f"TIMESTAMP '{at.isoformat(sep=' ')}'"
    if isinstance(value, date):
        day = value.isoformat()
        return f"TIMESTAMP '{day} 00:00:00'" if isinstance(dtype, pl.Datetime) else f"DATE '{day}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value) if isinstance(value, float) else str(value)
