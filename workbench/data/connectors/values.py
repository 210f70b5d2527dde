"""Values of JSON: what they are in words, and as text."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from workbench.foundation.errors import Invalid

__all__ = ["KINDS", "TEXT", "as_json", "as_texts", "encodable", "kind_of", "shown"]

TEXT = pa.large_string()
KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    dict: "an object",
    list: "a list",
}
_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def kind_of(value: Any) -> str:
    return "null" if value is None else KINDS[type(value)]


def as_json(value: Any) -> str:
    return _WRITER.encode(value)


def as_texts(name: str, values: list[Any], where: str) -> pa.Array:
    """A column of texts and nulls.

    Raises:
        Invalid: One has half of a surrogate pair, which JSON can say and no text has.
    """
    try:
        return pa.array(values, TEXT)
    except UnicodeEncodeError:
        row = next(at for at, value in enumerate(values, start=1) if value is not None and not encodable(value))
        raise Invalid(
            f"{where}, row {row}, column '{shown(name)}': {values[row - 1][:40]!r} has half of a character",
            hint="tell whoever owns the API",
        ) from None


def encodable(text: str) -> bool:
    """Whether it is text, and can be written down as such."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(name: str) -> str:
    """A name as any terminal can show it."""
    return name[:80].encode("utf-8", "backslashreplace").decode()
