"""What a person types beside a column, read as what the column holds."""

from __future__ import annotations

import csv
import math
import re
from datetime import UTC, date, datetime

import polars as pl

from workbench.analytics.exploration.model import OPERATORS, Condition, Operator, Value, kind_of
from workbench.foundation.errors import Invalid, unknown

__all__ = ["condition"]

_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_WHOLE = re.compile(r"[+-]?\d+")


def condition(column: str, dtype: pl.DataType, operator: Operator, text: str = "") -> Condition | None:
    """A condition, or None as long as nothing is typed that it could be about.

    Args:
        text: For `is` and `is not` one value or several with commas between them; `"Newark, NJ"` in double quotes is
            one that has a comma. Else one value.

    Raises:
        Invalid: The column cannot be asked that, or the text is none of its values.
    """
    kind = kind_of(dtype)
    if operator not in OPERATORS[kind]:
        raise unknown(f"question to '{column}'", operator, OPERATORS[kind], error=Invalid)
    if operator in ("is missing", "is there"):
        return Condition(column, operator)
    if not text.strip():
        return None
    several = operator in ("is", "is not")
    texts = _apart(text) if several else [text if operator == "contains" else text.strip()]
    return Condition(column, operator, tuple(_value(column, dtype, one) for one in texts))


def _apart(text: str) -> list[str]:
    (found,) = csv.reader([text.replace("\n", " ").replace("\r", " ")], skipinitialspace=True)
    return [one.strip() for one in found]


def _value(column: str, dtype: pl.DataType, text: str) -> Value:
    try:
        match kind_of(dtype):
            case "number":
                return _number(text)
            case "moment":
                return _moment(text, whole_days=dtype == pl.Date)
            case "flag":
                return _FLAGS[text.casefold()]
    except (ValueError, KeyError, OverflowError):
        right = {"number": "15 or 0.5", "moment": "2013-01-31 or 2013-01-31 05:15, in UTC", "flag": "yes or no"}
        raise Invalid(
            f"{text[:60]!r} cannot be a value of '{column}', which is {dtype}", hint=f"such as {right[kind_of(dtype)]}"
        ) from None
    return text


def _number(text: str) -> int | float:
    if _WHOLE.fullmatch(text):
        return int(text)
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


def _moment(text: str, *, whole_days: bool) -> date | datetime:
    if whole_days or re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
