"""Transforms: a frame in, a frame of the same kind out, Polars (eager or lazy) and pandas alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import polars as pl

from workbench.compute import expressions, frames
from workbench.foundation.errors import Invalid, unknown

__all__ = ["band", "cast", "deduplicate", "derive", "drop_nulls", "fill_nulls", "join", "rename"]

Frame = TypeVar("Frame")

TYPES: dict[str, pl.DataType] = {
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us", "UTC"),
}


def join(
    left: Frame, right: Any, *, on: Sequence[str] | Mapping[str, str], columns: Mapping[str, str] | Sequence[str]
) -> Frame:
    """Adds columns of another frame to each row that has a match; the others get nulls. Rows are never doubled.

    Args:
        on: The columns to match; a mapping where they are called otherwise on the right.
        columns: What to add from the right; a mapping of its column to the new name, or names to keep as they are.

    Raises:
        Invalid: The right side has a key twice, so that rows would double; or a column is not there, or there already.
    """
    keys = dict(on) if isinstance(on, Mapping) else {name: name for name in on}
    added = dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}
    rows, other = _lazy(left), frames.to_lazy(right)
    _known(keys, rows, "join on")
    _known([*keys.values(), *added], other, "join with")
    if taken := set(added.values()) & set(rows.collect_schema().names()):
        raise Invalid(f"a join would bring a second column '{min(taken)}'", hint="give it another name in columns=")
    side = other.select(
        [pl.col(theirs).alias(f"\0{ours}") for ours, theirs in keys.items()]
        + [pl.col(name).alias(alias) for name, alias in added.items()]
    )
    match = [f"\0{ours}" for ours in keys]
    side = side.drop_nulls(match)
    doubled = frames.to_polars(side.filter(pl.struct(match).is_duplicated()).select(match).head(1))
    if doubled.height:
        at = dict(zip(keys, doubled.row(0), strict=True))
        raise Invalid(
            f"a join on {', '.join(keys)} would double rows: the right side has {at} more than once",
            hint="deduplicate() the right side first, or join on more columns",
        )
    joined = rows.join(side, left_on=list(keys), right_on=match, how="left", maintain_order="left")
    return _like(left, joined)


def derive(frame: Frame, **columns: str) -> Frame:
    """Adds columns by SQL expressions over one row, each seeing the ones before it; one of a present name replaces it.

    Raises:
        Invalid: An expression does not parse, or names a column that is not there.
    """
    rows = _lazy(frame)
    for name, text in columns.items():
        expression = expressions.parse(text, rows.collect_schema().names(), f"the derived column '{name}'")
        rows = rows.with_columns(expression.alias(name))
    return _like(frame, rows)


def rename(frame: Frame, **names: str) -> Frame:
    """Renames columns: `rename(frame, tailnum="tail_number")`."""
    rows = _lazy(frame)
    _known(names, rows, "rename")
    return _like(frame, rows.rename(names))


def cast(frame: Frame, *, on_failure: Literal["raise", "null"] = "raise", **types: str) -> Frame:
    """Converts columns: `cast(frame, time_hour="datetime", flight="integer")`.

    Args:
        types: integer, float, string, boolean, date (ISO) or datetime (ISO with an offset or Z; becomes UTC).
        on_failure: What happens to a value that cannot be converted.

    Raises:
        Invalid: No such column or type; or a value that cannot be converted, named with its column.
    """
    rows = _lazy(frame)
    _known(types, rows, "cast")
    schema = rows.collect_schema()
    for name, kind in types.items():
        if kind not in TYPES:
            raise unknown("type", kind, TYPES, error=Invalid)
        converted = _converted(pl.col(name), schema[name], TYPES[kind])
        if on_failure == "raise":
            failed = frames.to_polars(rows.filter(pl.col(name).is_not_null() & converted.is_null()).select(name))
            if failed.height:
                raise Invalid(
                    f"{failed.height:,} values of '{name}' are no {kind}, such as {failed[name][0]!r}",
                    hint="on_failure='null' leaves them out",
                )
        rows = rows.with_columns(converted.alias(name))
    return _like(frame, rows)


def deduplicate(
    frame: Frame, *, by: Sequence[str], order: str | None = None, keep: Literal["first", "last"] = "last"
) -> Frame:
    """Keeps one row of each key: the first or last by a column, else in the order they come."""
    rows = _lazy(frame)
    _known([*by, *([order] if order else [])], rows, "deduplicate by")
    if order is not None:
        rows = rows.sort(order, maintain_order=True)
    return _like(frame, rows.unique(list(by), keep=keep, maintain_order=True))


def fill_nulls(frame: Frame, **values: Any) -> Frame:
    """Puts a value where a column has none: `fill_nulls(frame, precip=0.0)`."""
    rows = _lazy(frame)
    _known(values, rows, "fill")
    return _like(frame, rows.with_columns(pl.col(name).fill_null(value) for name, value in values.items()))


def drop_nulls(frame: Frame, *, of: Sequence[str]) -> Frame:
    """Leaves out the rows that have no value in one of these columns."""
    rows = _lazy(frame)
    _known(of, rows, "drop nulls of")
    return _like(frame, rows.drop_nulls(list(of)))


def band(frame: Frame, column: str, *, into: str, edges: Sequence[float], labels: Sequence[str]) -> Frame:
    """Sorts a number into labelled bands: `edges=[5, 10]` makes up to 5, over 5 to 10, and over 10. Nulls stay null.

    Args:
        labels: One more than there are edges, from the lowest band on.

    Raises:
        Invalid: Another number of labels, or edges that do not rise.
    """
    if len(labels) != len(edges) + 1:
        raise Invalid(f"{len(edges)} edges make {len(edges) + 1} bands, and there are {len(labels)} labels")
    if list(edges) != sorted(set(edges)):
        raise Invalid(f"the edges of '{into}' do not rise: {list(edges)}")
    rows = _lazy(frame)
    _known([column], rows, "band")
    value = pl.col(column)
    chosen = pl.lit(labels[-1])
    for edge, label in reversed(list(zip(edges, labels, strict=False))):
        chosen = pl.when(value <= edge).then(pl.lit(label)).otherwise(chosen)
    return _like(frame, rows.with_columns(pl.when(value.is_not_null()).then(chosen).alias(into)))


def _converted(column: pl.Expr, old: pl.DataType, new: pl.DataType) -> pl.Expr:
    if old == pl.String and new == TYPES["datetime"]:
        return column.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    if old == pl.String and new == TYPES["date"]:
        return column.str.to_date("%Y-%m-%d", strict=False)
    return column.cast(new, strict=False)


def _lazy(frame: Any) -> pl.LazyFrame:
    return frames.to_lazy(frame)


def _like(frame: Frame, rows: pl.LazyFrame) -> Frame:
    """The rows as a frame of the kind that was given."""
    made: Any
    if isinstance(frame, pl.LazyFrame):
        made = rows
    elif isinstance(frame, pl.DataFrame):
        made = frames.to_polars(rows)
    else:
        made = frames.to_pandas(rows)
    return made  # type: ignore[no-any-return]


def _known(names: Any, rows: pl.LazyFrame, doing: str) -> None:
    columns = rows.collect_schema().names()
    for name in names:
        if name not in columns:
            raise unknown("column", name, columns, error=Invalid, hint=f"while trying to {doing} it")
