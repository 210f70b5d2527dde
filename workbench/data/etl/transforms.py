"""Transforms from frame to frame: joins that cannot double rows, derived and renamed columns, bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import polars as pl

from workbench.compute import expressions, frames, listed
from workbench.data.etl.kinds import AnyFrame, Expression, alike
from workbench.foundation.errors import Invalid, unknown

__all__ = ["band", "derive", "join", "rename"]

Relation = Literal["many_to_one", "one_to_one", "one_to_many"]
Unmatched = Literal["keep", "drop", "raise"]


def join(
    left: AnyFrame,
    right: Any,
    on: str | Sequence[str] | Mapping[str, str],
    *,
    columns: str | Sequence[str] | Mapping[str, str] | None = None,
    relation: Relation = "many_to_one",
    unmatched: Unmatched = "keep",
) -> AnyFrame:
    """Adds columns of `right` to the rows of `left`, which stay in their order.

    Args:
        left: A frame.
        right: A frame; may be of another kind.
        on: Columns of both, or left column -> right column. A missing value matches nothing.
        columns: What to take from `right`, or right column -> new name; by default everything but the key.
        relation: What is checked before: `many_to_one`: at most one row per key on the right, so that every row of
            `left` stays once; `one_to_one`: on the left, too; `one_to_many`: on the left only, and a row of `left` is
            there for every row that matches it.
        unmatched: Rows of `left` that match nothing are kept with null, dropped, or refused (`raise`).

    Returns:
        A frame of the kind of `left`; where nothing matched, the new columns are null.

    Raises:
        Invalid: The relation does not hold (a row would be doubled that should not), the keys' types differ, a new
            column has a name that `left` has already, or rows match nothing that have to.
        NotFound: No such column.
    """
    rows, others = frames.to_lazy(left), frames.to_lazy(right)
    keys = dict(on) if isinstance(on, Mapping) else {name: name for name in listed(on)}
    own, other = rows.collect_schema(), others.collect_schema()
    if not keys:
        raise Invalid("a join needs a key", hint="on=['carrier']")
    for mine, theirs in keys.items():
        _known(mine, own, "left")
        _known(theirs, other, "right")
        if own[mine] != other[theirs]:
            raise Invalid(
                f"the key '{mine}' is {own[mine]} on the left and {other[theirs]} on the right", hint="cast one"
            )
    if columns is None:
        taken = {name: name for name in other if name not in keys.values()}
    else:
        taken = dict(columns) if isinstance(columns, Mapping) else {name: name for name in listed(columns)}
    for name, new in taken.items():
        _known(name, other, "right")
        if new in own:
            raise Invalid(f"both sides have a column '{new}'", hint=f"name it: columns={{'{name}': '...'}}")
    if relation not in get_args(Relation):
        raise unknown("relation", relation, get_args(Relation), error=Invalid)
    if unmatched not in get_args(Unmatched):
        raise unknown("way with rows that match nothing", unmatched, get_args(Unmatched), error=Invalid)
    if relation != "one_to_many":
        _refuse_doubles(others, list(keys.values()), "right")
    if relation != "many_to_one":
        _refuse_doubles(rows, list(keys), "left")
    wanted = others.select(
        *(pl.col(theirs).alias(f".key {n}") for n, theirs in enumerate(keys.values())),
        *(pl.col(name).alias(new) for name, new in taken.items()),
    )
    places = [f".key {n}" for n in range(len(keys))]
    if unmatched == "raise":
        _refuse_unmatched(rows.join(wanted, left_on=list(keys), right_on=places, how="anti"), list(keys))
    joined = rows.join(
        wanted,
        left_on=list(keys),
        right_on=places,
        how="inner" if unmatched == "drop" else "left",
        maintain_order="left_right",
    )
    return alike(left, joined.select(*own, *taken.values()))


def derive(frame: AnyFrame, **columns: Expression) -> AnyFrame:
    """Adds or replaces columns, each by a SQL expression over one row: `route="origin || '-' || dest"`.

    A column may use those derived before it.

    Raises:
        Invalid: An expression does not parse, names an unknown column, looks across rows, or mixes types.
    """
    rows = frames.to_lazy(frame)
    schema = dict(rows.collect_schema())
    for name, text in columns.items():
        expression = expressions.parse(text, schema, f"the expression for '{name}'")
        schema[name] = expressions.type_of(expression, schema, f"the expression for '{name}'")
        rows = rows.with_columns(expression.alias(name))
    return alike(frame, rows)


def rename(frame: AnyFrame, **names: str) -> AnyFrame:
    """Gives columns other names: `rename(frame, year="plane_year")`.

    Raises:
        NotFound: No such column.
        Invalid: Two columns would have one name.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    for name in names:
        _known(name, schema, "")
    after = [names.get(name, name) for name in schema]
    if doubled := next((name for name in after if after.count(name) > 1), None):
        raise Invalid(f"two columns would be named '{doubled}'")
    return alike(frame, rows.rename(names))


def band(frame: AnyFrame, column: str, *, into: str, edges: Sequence[float], labels: Sequence[str]) -> AnyFrame:
    """Sorts the numbers of a column into labelled bands.

    Args:
        into: The column to make; text, null where the number is missing.
        edges: Ascending. A band ends with its edge: it takes what is above the edge before and up to its own.
        labels: One per band: one more than edges, the last for what is above all of them.

    Raises:
        Invalid: Edges that do not ascend, another number of labels, or a column that is no number.
        NotFound: No such column.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    _known(column, schema, "")
    if not schema[column].is_numeric():
        raise Invalid(f"'{column}' is {schema[column]}, so it cannot be sorted into bands of numbers")
    if len(labels) != len(edges) + 1:
        raise Invalid(f"{len(edges)} edges make {len(edges) + 1} bands, and there are {len(labels)} labels")
    if list(edges) != sorted(set(edges)):
        raise Invalid(f"the edges have to ascend: {', '.join(map(str, edges))}")
    value = pl.col(column).fill_nan(None) if schema[column].is_float() else pl.col(column)
    banded: pl.Expr = pl.lit(labels[-1])
    for edge, label in zip(reversed(edges), reversed(labels[:-1]), strict=True):
        banded = pl.when(value <= edge).then(pl.lit(label)).otherwise(banded)
    return alike(frame, rows.with_columns(pl.when(value.is_not_null()).then(banded).alias(into)))


def _known(name: str, schema: Mapping[str, pl.DataType], side: str) -> None:
    if name not in schema:
        raise unknown(f"column on the {side}" if side else "column", name, schema)


def _refuse_unmatched(rows: pl.LazyFrame, key: list[str]) -> None:
    found = rows.select(key).collect(engine="in-memory")
    if found.height:
        example = ", ".join(f"{name}={value!r}" for name, value in zip(key, found.sort(key).row(0), strict=True))
        raise Invalid(
            f"{found.height:,} rows of the left side match nothing on the right, e.g. {example}",
            hint="unmatched='keep' keeps them with nulls, 'drop' leaves them out",
        )


def _refuse_doubles(rows: pl.LazyFrame, key: list[str], side: str) -> None:
    doubled = (
        rows.select(key).drop_nulls().group_by(key).len("times").filter(pl.col("times") > 1).sort(key)
    ).collect(engine="in-memory")  # fmt: skip
    if doubled.height:
        example = ", ".join(f"{name}={value!r}" for name, value in zip(key, doubled.row(0), strict=False))
        raise Invalid(
            f"the {side} side has {doubled.height:,} keys more than once (e.g. {example}), which would double rows",
            hint="deduplicate it, join by more columns, or say another relation",
        )
