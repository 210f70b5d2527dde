"""SQL expressions that people write in definitions: parsed by Polars, checked against columns, never run as Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import polars as pl

from workbench.foundation.errors import Invalid, unknown

__all__ = ["columns_of", "names_in", "parse", "parse_filter", "type_of"]

# Planning an expression takes time that grows faster than its length; nobody writes one this long.
LONGEST = 2_000

# Polars follows a chain of operators down its own stack, which ends the process where it is deeper than this by half.
MOST_OPERATORS = 200
_OPERATOR = re.compile(r"\|\||[-+*/%<>=!&|~]+|\b(?:and|or|not|like|ilike|between|is|in|when)\b", re.IGNORECASE)

# A text that is lengthened again and again: each of these may make it as many times as long as its longest part.
LONGER_AT_MOST = 100_000
_LENGTHENS = re.compile(r"(?:l|r)pad|(?:regexp_)?replace", re.IGNORECASE)
_NUMBER = re.compile(r"\b\d+\b")

# What looks across rows would change with the way rows are cut into parts, so it has no place in a row's expression.
_ACROSS_ROWS = re.compile(
    r"(avg|mean|sum|count|min|max|median|mode|std|stdev|stddev|var|variance|corr|covar|any_value|columns|unnest|explode"
    r"|rank|dense_rank|row_number|lag|lead|first|last|first_value|last_value|array_agg|string_agg|listagg|group_concat"
    r"|(stdev|stddev|var|covar)_(pop|samp)|quantile_(cont|disc))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(", re.IGNORECASE)
_PYTHON = (
    (r"&&|\|\||[&|~]", "conditions are joined with AND, OR and NOT"),
    (r"\bin\s*\[|\.isin\(", "one of several is origin IN ('JFK', 'LGA')"),
    (r"\.str\.|\.(startswith|endswith|contains)\(", "a part of a text is found with LIKE: route LIKE 'JFK%'"),
    (r"\.(isnull|isna|notnull|notna|is_null|is_not_null)\(", "a missing value is found with IS NULL or IS NOT NULL"),
)
# `a > 1 & b < 2` is `(a > (1 & b)) < 2`: it computes, and is never what was meant.
_BITS = re.compile(r"[<>=]\s*[^()<>=]*(?<!\|)[&|](?!\|)[^()<>=]*[<>=]")
_KEYWORD = re.compile(r"\b(over|select)\b", re.IGNORECASE)


def parse(text: str, columns: Iterable[str], what: str) -> pl.Expr:
    """The expression that a SQL text means for one row.

    Args:
        text: In Polars' SQL dialect, such as `dep_delay > 15 AND origin = 'JFK'`.
        columns: The columns it may name; names are case-sensitive.
        what: What the text is, for messages: "the filter of metric 'flights'".

    Raises:
        Invalid: It is longer than 2,000 characters or than can be computed, does not parse, names an unknown column, or
            looks across rows (aggregates, windows, sub-queries).
    """
    expression = _read(text, what)
    known = set(columns)
    for name in expression.meta.root_names():
        if name not in known:
            raise unknown("column", name, known, error=Invalid, hint=_meant(name, text) or f"{what} is: {text}")
    return expression


def names_in(text: str, what: str) -> list[str]:
    """The columns that a text names, whichever they are, each once, in order of appearance.

    Raises:
        Invalid: As `parse` does, unknown columns aside.
    """
    return columns_of(_read(text, what))


def _read(text: str, what: str) -> pl.Expr:
    if len(text) > LONGEST:
        raise Invalid(f"{what} has {len(text):,} characters; at most {LONGEST:,} are read")
    bare = _QUOTED.sub("''", text)
    _bounded(text, bare, what)
    found = next((call for call in _CALL.findall(bare) if _ACROSS_ROWS.fullmatch(call)), None)
    found = found or next(iter(_KEYWORD.findall(bare)), None)
    if found is not None:
        raise Invalid(f"{what} uses '{found}', which looks across rows; only one row's columns may be used: {text}")
    try:
        expression = pl.sql_expr(text)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise Invalid(f"{what} is not a SQL expression: {text} ({reason})", hint=_said_in_python(bare)) from error
    if expression.meta.has_multiple_outputs():
        raise Invalid(f"{what} gives several columns where one is wanted: {text}")
    return expression


def _bounded(text: str, bare: str, what: str) -> None:
    """Refuses what is short, and yet more than a process can compute."""
    operators = len(_OPERATOR.findall(bare))
    if operators > MOST_OPERATORS:
        raise Invalid(f"{what} has {operators} operators; at most {MOST_OPERATORS} are computed")
    lengthened = sum(1 for call in _CALL.findall(bare) if _LENGTHENS.fullmatch(call))
    parts = [len(part) - 2 for part in _QUOTED.findall(text)] + [int(number) for number in _NUMBER.findall(bare)]
    if lengthened and max(1, *parts, 1) > LONGER_AT_MOST ** (1 / lengthened):
        raise Invalid(
            f"{what} can make a text more than {LONGER_AT_MOST:,} times as long",
            hint="use fewer of REPLACE, LPAD and RPAD in one expression, or shorter texts in them",
        )


def parse_filter(text: str, schema: Mapping[str, pl.DataType], what: str) -> pl.Expr:
    """Like `parse`, for a condition.

    Raises:
        Invalid: As `parse` does, or the expression is not true or false, compares what cannot be compared, or joins
            comparisons with & or |, which bind tighter than these.
    """
    expression = parse(text, schema, what)
    if _BITS.search(_QUOTED.sub("''", text)):
        raise Invalid(f"{what} joins the bits of numbers with & or |: {text}", hint="write AND or OR instead")
    if type_of(expression, schema, f"{what}: {text}") != pl.Boolean:
        raise Invalid(f"{what} is not a condition: {text}", hint="compare with something, e.g. dep_delay > 15")
    return expression


def type_of(expression: pl.Expr, schema: Mapping[str, pl.DataType], what: str) -> pl.DataType:
    """The type an expression gives over columns of these types.

    Raises:
        Invalid: It mixes types that do not go together.
    """
    try:
        return pl.DataFrame(schema=schema).select(expression.alias("result")).schema["result"]
    except pl.exceptions.PolarsError as error:
        raise Invalid(
            f"{what} mixes types that do not go together: {str(error).strip().splitlines()[0]}",
            hint="a date is written DATE '2013-01-31'; times are bounded with between=",
        ) from error


def _meant(name: str, text: str) -> str | None:
    """What to write instead of a text, or of nothing, that was read as the name of a column."""
    if f'"{name}"' in text:
        return f"a text stands in single quotes: '{name}'; in double quotes it is a column's name"
    if name.casefold() in ("none", "nan", "nat"):
        return "a missing value is found with IS NULL or IS NOT NULL"
    return None


def _said_in_python(bare: str) -> str | None:
    """How SQL says what stands there as Python or pandas says it."""
    for found, instead in _PYTHON:
        if re.search(found, bare, re.IGNORECASE):
            return instead
    return None


def columns_of(expression: pl.Expr) -> list[str]:
    """The columns an expression reads, each once, in order of appearance."""
    return list(dict.fromkeys(expression.meta.root_names()))
