"""What rows were, and from when to when: a slowly changing dimension of type 2 (Kimball)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from workbench.data.lake.counts import Counts, Tally
from workbench.data.lake.schema import TIME
from workbench.foundation.errors import Invalid, unknown

__all__ = ["COLUMNS", "CURRENT", "FROM", "check", "check_free", "closing", "compared", "dated", "history", "widened"]

FROM, TO, IS_CURRENT = "valid_from", "valid_to", "is_current"
COLUMNS = (FROM, TO, IS_CURRENT)
CURRENT = pl.col(IS_CURRENT)
_GONE, _NEW = ".gone", ".new"


def widened(schema: Mapping[str, pl.DataType]) -> pl.Schema:
    """The columns of a history of rows with these columns."""
    return pl.Schema({**schema, FROM: TIME, TO: TIME, IS_CURRENT: pl.Boolean()})


def check(dataset: str, schema: Mapping[str, pl.DataType]) -> None:
    """
    Raises:
        Invalid: The dataset keeps no history.
    """
    if missing := [name for name in COLUMNS if name not in schema]:
        raise Invalid(
            f"'{dataset}' keeps no history: it has no column '{missing[0]}'",
            hint="load into another dataset with mode='snapshot', which makes it with these columns",
        )


def check_free(schema: Mapping[str, pl.DataType]) -> None:
    """
    Raises:
        Invalid: There is a column of a history's own already.
    """
    if taken := [name for name in COLUMNS if name in schema]:
        raise Invalid(f"the frame has a column '{taken[0]}', which a history makes itself", hint="rename or drop it")


def dated(frame: pl.LazyFrame, at: datetime | str) -> pl.LazyFrame:
    """The frame with the time since when each row holds.

    Args:
        at: That time, or the column that says it, which becomes `valid_from`.

    Raises:
        Invalid: The frame has a column of a history's own; or the time is none, or has no zone.
    """
    schema = frame.collect_schema()
    check_free(schema)
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise Invalid(f"the time {at.isoformat()} has no time zone", hint="give it one, e.g. with tzinfo=UTC")
        return frame.with_columns(pl.lit(at).cast(TIME).alias(FROM))
    if at not in schema:
        raise unknown("column", at, schema, error=Invalid)
    kind = schema[at]
    if kind != pl.Date and not (isinstance(kind, pl.Datetime) and kind.time_zone is not None):
        raise Invalid(f"column '{at}' is {kind}, and not a time with a zone", hint="cast it to a time in UTC")
    since = pl.col(at).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") if kind == pl.Date else pl.col(at).cast(TIME)
    return frame.with_columns(since.alias(FROM)).drop(at)


def closing(rows: pl.DataFrame, current: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The rows, and for each key that is current and that they lack one that says it is gone, since the latest time."""
    lost = current.join(rows.select(key), on=list(key), how="anti", maintain_order="left")
    if not rows.height:
        raise Invalid("a frame without rows would end every key's history", hint="missing='keep' lets keys stay")
    latest = pl.lit(rows[FROM].max(), dtype=TIME).alias(FROM)
    marked = rows.with_columns(pl.lit(value=False).alias(_GONE))
    return pl.concat([marked, lost.with_columns(latest, pl.lit(value=True).alias(_GONE))], how="diagonal")


def history(before: pl.DataFrame, rows: pl.DataFrame, key: Sequence[str], schema: pl.Schema) -> pl.DataFrame:
    """The history of keys, with what is known now.

    What was known becomes events (a row began to hold, or ended); rows that come are events too, and count before a
    known one of the same time. Each holds until the next. An event that says what held already is none, so that a load
    which is repeated changes nothing, and a late row is put where it belongs.

    Args:
        before: All rows of these keys.
        rows: With `valid_from`; at most one per key and time.

    Returns:
        Rows of `schema`, by key and time.
    """
    keys = list(key)
    values = [name for name in schema if name not in (*keys, *COLUMNS)]
    if _GONE not in rows.columns:
        rows = rows.with_columns(pl.lit(value=False).alias(_GONE))
    flags = [pl.lit(value=False).alias(_GONE), pl.lit(value=False).alias(_NEW)]
    began = before.select(*keys, *values, FROM, *flags)
    ended = before.filter(pl.col(TO).is_not_null()).select(
        *keys, *(pl.lit(None, dtype=schema[name]).alias(name) for name in values), pl.col(TO).alias(FROM),
        pl.lit(value=True).alias(_GONE), pl.lit(value=False).alias(_NEW),
    )  # fmt: skip
    ended = ended.join(began.select(*keys, FROM), on=[*keys, FROM], how="anti")
    came = rows.select(*keys, *values, FROM, _GONE, pl.lit(value=True).alias(_NEW))
    events = (
        pl.concat([began, ended, came])
        .sort(*keys, FROM, _NEW, descending=[False] * (len(keys) + 1) + [True], maintain_order=True)
        .unique([*keys, FROM], keep="first", maintain_order=True)
    )
    first = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in keys)
    first |= pl.int_range(pl.len()) == 0
    other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in (*values, _GONE))
    told = events.filter(pl.when(first).then(~pl.col(_GONE)).otherwise(other))
    follows = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in keys)
    follows &= pl.int_range(pl.len()) < pl.len() - 1
    return (
        told.with_columns(pl.when(follows).then(pl.col(FROM).shift(-1)).alias(TO))
        .filter(~pl.col(_GONE))
        .with_columns(pl.col(TO).is_null().alias(IS_CURRENT))
        .select(list(schema))
    )


def compared(
    before: pl.DataFrame, after: pl.DataFrame, rows: pl.DataFrame, key: Sequence[str], counts: Counts
) -> tuple[pl.DataFrame, Tally]:
    """Counts what a load changed, of keys.

    Returns:
        The keys whose history is another one, and what becomes of its rows.
    """
    keys, order = list(key), [*key, FROM]
    known = before.select(keys).unique()
    others = [name for name in after.columns if name not in order]
    pairs = before.join(after, on=order, how="inner", suffix=_NEW)
    differs = pairs.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}{_NEW}")) for name in others))
    alone = [before.join(after, on=order, how="anti"), after.join(before, on=order, how="anti")]
    touched = pl.concat([one.select(keys) for one in (differs, *alone)]).unique(maintain_order=True)
    latest = before.group_by(keys).agg(pl.max(FROM).alias(TO))
    given = rows.select(order) if _GONE not in rows.columns else rows.filter(~pl.col(_GONE)).select(order)
    late = given.join(latest, on=keys, how="inner").filter(pl.col(FROM) < pl.col(TO))
    told = given.select(keys).unique()
    counts.added = touched.join(known, on=keys, how="anti").height
    counts.late = late.join(touched, on=keys, how="semi").height
    closed = before.filter(CURRENT).select(keys).join(after.filter(CURRENT).select(keys), on=keys, how="anti")
    counts.removed = closed.height
    counts.changed = touched.join(told, on=keys, how="semi").height - counts.added
    counts.unchanged = told.height - counts.added - counts.changed
    gone, new = alone
    return touched, Tally(added=new.height, changed=differs.height, removed=gone.height)
