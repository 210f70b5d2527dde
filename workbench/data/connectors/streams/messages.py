"""From messages to rows: columns are text unless they were declared, and what does not fit is refused alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from workbench.data.connectors.declared import DECLARED, ColumnType, converted
from workbench.data.connectors.streams.model import Refused, StreamBatch
from workbench.data.connectors.values import TEXT, shown
from workbench.foundation.errors import Invalid

__all__ = ["Message", "batch_of", "read_again", "read_object"]


@dataclass(frozen=True)
class Message:
    """One message before it is a row.

    Attributes:
        id: Its position as the stream writes it.
        values: Column -> value; None where it could not be read.
        reason: Why not.
        content: What it says, as text, for whoever mends it.
    """

    position: int
    id: str
    values: Mapping[str, Any] | None
    content: str
    reason: str = ""


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object that a message is.

    Raises:
        ValueError: It is none; the sentence goes on after "the message".
    """
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {str(error)[:80]}") from None
    if not isinstance(found, dict) or not found:
        raise ValueError("is no JSON object with values")
    return found


def batch_of(
    part: str, messages: Sequence[Message], types: Mapping[str, ColumnType], place: str, *, id_column: str = ""
) -> StreamBatch:
    """
    Args:
        messages: In the stream's order.
        types: Declared columns, which are there even when no message has them; all others are text.
        place: The stream, for reasons.
        id_column: A column that gets the messages' ids.
    """
    refused = [_refused(message, message.reason) for message in messages if message.values is None]
    good = [message for message in messages if message.values is not None]
    names = dict.fromkeys([*types, *(name for message in good for name in message.values or ())])
    if id_column in names:
        del names[id_column]
    columns: dict[str, pa.Array] = {}
    for name in names:
        kind = types.get(name, "text")
        try:
            columns[name] = converted(name, kind, [_value(one, name) for one in good], place)
        except Invalid:
            wrong = [one for one in good if not _fits(name, kind, _value(one, name), place)]
            for one in wrong:
                refused.append(_refused(one, f"'{shown(name)}' is no {kind}: {str(_value(one, name))[:80]!a}"))
            kept = [one for one in good if one not in wrong]
            mask = pa.array([one not in wrong for one in good], pa.bool_())
            columns = {before: array.filter(mask) for before, array in columns.items()}
            good = kept
            columns[name] = converted(name, kind, [_value(one, name) for one in good], place)
    if id_column:
        columns = {id_column: pa.array([one.id for one in good], TEXT), **columns}
    schema = pa.schema([(name, DECLARED.get(types.get(name, "text"), TEXT)) for name in columns])
    rows = pa.RecordBatch.from_arrays(list(columns.values()), schema=schema)
    refused.sort(key=lambda one: one.position)
    positions, ids = tuple(one.position for one in good), tuple(one.id for one in good)
    return StreamBatch(part, rows, positions, ids, tuple(refused), id_column)


def read_again(
    ids: Sequence[str],
    contents: Sequence[str],
    types: Mapping[str, ColumnType],
    place: str,
    *,
    id_column: str = "",
) -> StreamBatch:
    """Messages that were kept as what they said, each a JSON object, as if they came now; their positions are 1, 2, 3.

    Args:
        ids: What the stream called them.
        contents: What they said.
        types: As for `batch_of`.
    """
    messages = []
    for position, (id_, content) in enumerate(zip(ids, contents, strict=True), start=1):
        try:
            messages.append(Message(position, id_, read_object(content.encode()), content))
        except ValueError as error:
            messages.append(Message(position, id_, None, content, f"the message {error}"))
    declared = {name: kind for name, kind in types.items() if name != id_column}
    return batch_of("", messages, declared, place, id_column=id_column)


def _value(message: Message, name: str) -> Any:
    return (message.values or {}).get(name)


def _fits(name: str, kind: ColumnType, value: Any, place: str) -> bool:
    try:
        converted(name, kind, [value], place)
    except Invalid:
        return False
    return True


def _refused(message: Message, reason: str) -> Refused:
    return Refused(message.position, message.id, reason, message.content)


def _no_number(said: str) -> Any:
    raise ValueError(f"{said} is no number of JSON")
