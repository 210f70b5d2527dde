"""Transforms that mend rows: types and doubles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import polars as pl

from workbench.compute import frames, listed
from workbench.data.etl.kinds import AnyFrame, alike
from workbench.data.etl.quarantine import Quarantine, set_aside
from workbench.foundation.errors import Invalid, unknown

__all__ = ["cast", "deduplicate"]

Failures = Literal["raise", "null", "quarantine"]
Type = Literal["integer", "number", "text", "boolean", "date", "datetime"]

TIME = pl.Datetime("us", "UTC")
_ZONED = r"(?:[Zz]|[+-]\d{2}:?\d{2})$"
_TRUE = ["true", "t", "yes", "y", "1"]
_FALSE = ["false", "f", "no", "n", "0"]


def cast(frame: AnyFrame, *, on_failure: Failures = "raise", time_zone: str | None = None,
         quarantine: Quarantine | None = None, **columns: Type) -> AnyFrame:  # fmt: skip
    """Gives columns another type: `cast(frame, time_hour="datetime", seats="integer")`.

    Args:
        on_failure: What becomes of a value that cannot be read as the type: `raise` refuses the frame, `null` drops it,
            `quarantine` takes its row out.
        time_zone: Of times that do not say theirs; without it they fail.
        quarantine: Gets the rows that are taken out, as they were, each with all that is wrong with it.
        columns: Column -> integer, number, text, boolean (true/false, yes/no, 1/0), date (ISO) or datetime (ISO, kept
            in UTC with microseconds). A number with a fraction is no integer.

    Raises:
        Invalid: Values that cannot be read, with their number and examples; no such type.
        NotFound: No such column.
    """
    if on_failure not in get_args(Failures):
        raise unknown("policy for failures", on_failure, get_args(Failures), error=Invalid)
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    made: dict[str, pl.Expr] = {}
    for name, wanted in columns.items():
        if name not in schema:
            raise unknown("column", name, schema)
        if wanted not in _READERS:
            raise unknown("type", wanted, _READERS, error=Invalid)
        made[name] = _READERS[wanted](pl.col(name), schema[name], time_zone)
    try:
        rows.clear().select(made.values()).collect_schema()
    except pl.exceptions.PolarsError as error:
        raise Invalid(f"that cast is not possible: {str(error).strip().splitlines()[0]}") from error
    if on_failure == "raise":
        _refuse_failures(rows, made, columns)
    if on_failure == "quarantine":
        reasons = {
            f"'{name}' cannot be read as {columns[name]}": pl.col(name).is_not_null() & expression.is_null()
            for name, expression in made.items()
        }
        rows = set_aside(rows, reasons, quarantine)
    return alike(frame, rows.with_columns(expression.alias(name) for name, expression in made.items()))


def deduplicate(
    frame: AnyFrame, by: str | Sequence[str] | None = None, *, keep: Literal["first", "last"] = "first",
    order: str | Sequence[str] | None = None,
) -> AnyFrame:  # fmt: skip
    """Keeps one row per key; the kept rows stay in the order they came in.

    Args:
        by: The key; by default a row is doubled when all its values are. Missing values are equal to each other.
        keep: Which of them, in the order of the rows or of `order`.
        order: Columns, descending with a leading minus. Equal ones count as they came.

    Raises:
        NotFound: No such column.
        Invalid: Neither first nor last.
    """
    if keep not in ("first", "last"):
        raise unknown("row to keep", keep, ["first", "last"], error=Invalid)
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    keys = listed(by) or tuple(schema)
    terms = listed(order)
    for name in [*keys, *(term.removeprefix("-") for term in terms)]:
        if name not in schema:
            raise unknown("column", name, schema)
    numbered = rows.with_row_index(".row")
    if terms:
        numbered = numbered.sort(
            [term.removeprefix("-") for term in terms], descending=[term.startswith("-") for term in terms],
            nulls_last=True, maintain_order=True,
        )  # fmt: skip
    kept = numbered.unique(keys, keep=keep, maintain_order=True)
    return alike(frame, kept.sort(".row").drop(".row"))


def _refuse_failures(rows: pl.LazyFrame, made: dict[str, pl.Expr], columns: Mapping[str, str]) -> None:
    failed = {name: pl.col(name).is_not_null() & expression.is_null() for name, expression in made.items()}
    found = rows.select(
        *(fails.sum().alias(f"{name}.count") for name, fails in failed.items()),
        *(pl.col(name).filter(fails).head(3).implode().alias(f"{name}.shown") for name, fails in failed.items()),
    ).collect(engine="in-memory")
    counts = {name: found[f"{name}.count"].item() for name in failed}
    said = [
        f"{count:,} {'value' if count == 1 else 'values'} of '{name}' cannot be read as {columns[name]}, e.g. "
        + ", ".join(repr(value) for value in found[f"{name}.shown"].to_list()[0])
        for name, count in counts.items()
        if count
    ]
    if said:
        raise Invalid("; ".join(said), hint="mend them in the source, or cast with on_failure='null'")


def _integer(column: pl.Expr, dtype: pl.DataType, _zone: str | None) -> pl.Expr:
    if dtype.is_float() or dtype.is_decimal():
        return pl.when(column == column.floor()).then(column).cast(pl.Int64, strict=False)
    trimmed = column.str.strip_chars() if dtype == pl.String else column
    return trimmed.cast(pl.Int64, strict=False)


def _number(column: pl.Expr, dtype: pl.DataType, _zone: str | None) -> pl.Expr:
    return (column.str.strip_chars() if dtype == pl.String else column).cast(pl.Float64, strict=False)


def _text(column: pl.Expr, dtype: pl.DataType, _zone: str | None) -> pl.Expr:
    return column.dt.to_string("iso:strict") if dtype == TIME else column.cast(pl.String, strict=False)


def _boolean(column: pl.Expr, dtype: pl.DataType, _zone: str | None) -> pl.Expr:
    said = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    return pl.when(said.is_in(_TRUE)).then(pl.lit(True)).when(said.is_in(_FALSE)).then(pl.lit(False))


def _date(column: pl.Expr, dtype: pl.DataType, _zone: str | None) -> pl.Expr:
    if dtype == pl.String:
        return column.str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
    return column.cast(pl.Date, strict=False)


def _datetime(column: pl.Expr, dtype: pl.DataType, zone: str | None) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is not None:
            return column.cast(TIME)
        return _zoned(column.cast(pl.Datetime("us")), zone)
    if dtype == pl.Date:
        return _zoned(column.cast(pl.Datetime("us")), zone)
    said = column.str.strip_chars().str.replace(" ", "T", literal=True)
    zoned = said.str.contains(_ZONED)
    known = pl.when(zoned).then(said).str.strptime(TIME, "%+", strict=False)
    if zone is None:
        return known
    naive = pl.when(~zoned).then(said).str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%S%.f", strict=False)
    return pl.coalesce(known, _zoned(naive, zone))


def _zoned(naive: pl.Expr, zone: str | None) -> pl.Expr:
    if zone is None:
        return pl.lit(None, dtype=TIME)
    # A clock set back shows an hour twice, and the second is meant by nobody; one set forward skips an hour.
    return naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


_READERS: dict[Type, Callable[[pl.Expr, pl.DataType, str | None], pl.Expr]] = {
    "integer": _integer,
    "number": _number,
    "text": _text,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
}
