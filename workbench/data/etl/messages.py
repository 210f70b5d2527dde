"""Messages of a stream that are rows of a dataset, and those that are none: held back, and tried again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.connectors import ColumnType, Refused, read_again
from workbench.data.lake import Lake
from workbench.data.quality import REASONS, Held, Kept, Parted, Tried, Trying
from workbench.governance.runs import Actor

__all__ = ["POSITION", "Wanted", "fitting", "kept", "trying", "unfit"]

POSITION = ".position"
"""The column beside a message's values that says where it stands in its part of the stream."""

_MOST_REASONS = 20
_WHY = pl.List(pl.Struct({"expectation": pl.String(), "values": pl.String()}))
_KEPT = pl.Schema({"id": pl.String(), "content": pl.String(), REASONS: _WHY})


@dataclass(frozen=True)
class Wanted:
    """What a dataset wants of a message.

    Attributes:
        dataset: Its name.
        schema: Its columns; none where it is to be made.
        key: What a message has to have.
        evolve: Whether a new field becomes a column.
    """

    dataset: str
    schema: pl.Schema
    key: Sequence[str]
    evolve: bool


def fitting(rows: pl.DataFrame, ids: Mapping[int, str], wanted: Wanted) -> tuple[pl.DataFrame, list[Refused]]:
    """The rows as the dataset has them, and those that do not fit: a field that can be no column, or no key.

    Args:
        rows: With `POSITION`.
        ids: What the stream calls the message of a position.
    """
    schema, there = wanted.schema, bool(wanted.schema)
    reasons = [
        (pl.col(name).is_null() if name in rows.columns else pl.lit(True), f"has no '{name}', which is its key")
        for name in wanted.key
    ]
    odd = []
    taken = {name.casefold(): name for name in schema}
    for name in rows.columns:
        if name == POSITION or name in schema:
            continue
        if not name.strip() or "\0" in name or taken.setdefault(name.casefold(), name) != name:
            odd.append(name)
            reasons.append((pl.col(name).is_not_null(), f"has the field {name!a}, which can be no column"))
        elif there and not wanted.evolve:
            odd.append(name)
            said = f"has the field '{name}', which is no column of '{wanted.dataset}'"
            reasons.append((pl.col(name).is_not_null(), said))
    refused: list[Refused] = []
    for wrong, reason in reasons:
        found = rows.filter(wrong)
        for row in found.to_dicts() if found.height else ():
            position = row.pop(POSITION)
            refused.append(Refused(position, ids[position], f"the message {reason}", _text(row)))
        rows = rows.filter(~wrong)
    rows = rows.drop(odd)
    missing = [name for name in schema if name not in rows.columns]
    return rows.with_columns(pl.lit(None, schema[name]).alias(name) for name in missing), refused


def unfit(parted: Parted, ids: Mapping[int, str]) -> list[Refused]:
    """Rows that break what is expected of them, as messages.

    Args:
        parted: With `POSITION`.
        ids: What the stream calls the message of a position.
    """
    refused = []
    for row in parted.held.to_dicts():
        position, why = row.pop(POSITION), row.pop(REASONS)
        reason = "; ".join(one["expectation"] for one in why)
        refused.append(Refused(position, ids[position], f"the message does not fit: {reason}", _text(row)))
    return refused


def kept(refused: Sequence[Refused], how: dict[str, Any] | None = None) -> Kept:
    """Messages as they are held back: what the stream calls each, what it says, and what is wrong with it."""
    rows = [(one.id, one.content, [{"expectation": one.reason, "values": ""}]) for one in refused]
    reasons = dict(Counter(one.reason for one in refused).most_common(_MOST_REASONS))
    return Kept(pl.DataFrame(rows, schema=_KEPT, orient="row"), reasons, how)


def trying(lake: Lake, looking: Actor, judge: Trying) -> Trying:
    """Reads messages that were held back again, as their dataset has its columns by now.

    Their `content` is a JSON object, which somebody may have mended.

    Args:
        judge: Holds rows against the suite that the stream's source names.
    """

    def again(batch: Held, rows: pl.DataFrame) -> Tried:
        schema = lake.read(batch.dataset, looking).collect_schema()
        return _tried(batch, rows, Wanted(batch.dataset, schema, lake.key(batch.dataset), evolve=False), judge)

    return again


def _tried(batch: Held, rows: pl.DataFrame, wanted: Wanted, judge: Trying) -> Tried:
    how = batch.how or {}
    types = {name: _declared(dtype) for name, dtype in wanted.schema.items()}
    ids, contents = rows["id"].to_list(), rows["content"].to_list()
    again = read_again(ids, contents, types, batch.origin, id_column=how.get("id_column", ""))
    read = frames.to_polars(again.rows).with_columns(pl.Series(POSITION, again.positions, pl.Int64))
    fits, odd = fitting(read, dict(zip(again.positions, again.ids, strict=True)), wanted)
    refused = [*again.refused, *odd]
    if how.get("expect") and fits.height:
        judged = judge(replace(batch, suite=how["expect"]), fits)
        fits = judged.fits
        for row in (row for one in judged.held for row in one.rows.to_dicts()):
            why = "; ".join(f"{one['expectation']} ({one['values']})" for one in row[REASONS])
            refused.append(Refused(row[POSITION], "", why, ""))
    # As they are held, whatever was made of them on the way.
    held = [
        replace(one, id=ids[one.position - 1], content=contents[one.position - 1])
        for one in sorted(refused, key=lambda one: one.position)
    ]
    return Tried(fits.sort(POSITION).drop(POSITION), (kept(held),) if held else ())


def _text(row: Mapping[str, Any]) -> str:
    values = {name: value for name, value in row.items() if value is not None}
    return json.dumps(values, ensure_ascii=False, default=str)


def _declared(dtype: pl.DataType) -> ColumnType:
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "number"
    of: dict[pl.DataType, ColumnType] = {pl.Boolean(): "boolean", pl.Date(): "date"}
    return "time" if isinstance(dtype, pl.Datetime) else of.get(dtype, "text")
