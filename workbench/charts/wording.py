"""How a column's values read: in a table cell, on an axis, in a sentence.

One `Column` serves the drawing, the table and the alt text, so that a number reads alike wherever it stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

import polars as pl

from workbench.foundation.errors import Invalid, unknown

__all__ = ["Column", "Kind", "as_moment", "columns_of", "is_format", "names_apart", "plain", "with_unit", "written"]

Kind = Literal["number", "moment", "flag", "text"]

NOTHING = "–"
# What Python's own format language and d3's agree on; Vega-Lite draws axes with d3, everything else is written here.
_FORMAT = re.compile(r"(?P<sign>\+?)(?P<comma>,?)(?:\.(?P<digits>\d{1,2}))?(?P<trim>~?)(?P<type>[fd%e])")
# What d3 and Python's strftime agree on, and the quarter, which only d3 has.
_MOMENT = re.compile(r"(?:[^%]|%[YmbdqHMS])*%[YmbdqHMS](?:[^%]|%[YmbdqHMS])*")
# A year is a name that happens to be a number: 2,013 would be read as an amount.
_YEAR = re.compile(r"(^|_)year$", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column's words.

    Attributes:
        name: As in the frame.
        label: As people read it, a capital first.
        unit: "min", "%", "flights" or "" for none.
        format: A d3 number format such as ",.1f"; "" for what is not a number.
        kind: number, moment, flag or text.
        precision: For moments: the d3 time format as given, or the coarsest one that loses nothing.
    """

    name: str
    label: str
    unit: str
    format: str
    kind: Kind
    precision: str = ""

    def read(self, value: Any) -> str:
        """A value as text, without its unit; nothing at all reads as a dash."""
        if value is None:
            return NOTHING
        if self.kind == "number":
            return written(value, self.format)
        if self.kind == "moment" and isinstance(value, date):
            return value.strftime(self.precision.replace("%q", str((value.month + 2) // 3)))
        if self.kind == "flag":
            return "yes" if value else "no"
        return str(value)

    def say(self, value: Any) -> str:
        """A value as text with its unit, as a sentence needs it."""
        return with_unit(self.read(value), self.shown_unit) if value is not None else "no value"

    @property
    def shown_unit(self) -> str:
        """The unit that still has to be written beside a value: a percent format writes its own."""
        return "" if self.format.endswith("%") and self.unit in {"%", "share", "ratio"} else self.unit

    @property
    def header_unit(self) -> str:
        """The unit a heading needs: "Flights (flights)" says nothing twice."""
        return "" if self.shown_unit.casefold() == self.label.casefold() else self.shown_unit

    @property
    def heading(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.header_unit})" if self.header_unit else self.label

    @property
    def axis_format(self) -> str:
        """The format for ticks: round numbers lose their empty decimals."""
        match = _FORMAT.fullmatch(self.format)
        if match is None:
            return ",~f"
        kind = "f" if match["type"] == "d" else match["type"]
        return f"{match['comma']}.{match['digits'] or '0'}~{kind}" if match["type"] != "d" else f"{match['comma']}.2~f"


def columns_of(
    frame: pl.DataFrame, labels: Mapping[str, str], units: Mapping[str, str], formats: Mapping[str, str]
) -> dict[str, Column]:
    """The words of every column of a frame.

    Args:
        frame: The data.
        labels: Column -> label; a missing one is made from the column's name.
        units: Column -> unit.
        formats: Column -> d3 number format, for times a d3 time format such as "%Y Q%q"; a missing one is chosen from
            the values.

    Raises:
        NotFound: A label, unit or format for a column that is not there.
        Invalid: A format outside what is understood: [+][,][.digits][~] and one of f d % e; for times %Y %m %b %d %q
            %H %M %S.
    """
    for given, what in ((labels, "label"), (units, "unit"), (formats, "format")):
        for name in given:
            if name not in frame.columns:
                raise unknown(f"column to give a {what}", name, frame.columns)
    return {
        series.name: _column(series, labels.get(series.name), units.get(series.name, ""), formats.get(series.name))
        for series in frame.get_columns()
    }


def is_format(text: str) -> bool:
    """Whether a number can be written so: [+][,][.digits][~] and one of f d % e."""
    return _FORMAT.fullmatch(text) is not None


def _column(series: pl.Series, label: str | None, unit: str, wanted: str | None) -> Column:
    name = series.name
    kind = _kind(series.dtype)
    if wanted and not (_MOMENT.fullmatch(wanted) if kind == "moment" else is_format(wanted)):
        right = "time format such as '%b %Y' or '%Y Q%q'" if kind == "moment" else "number format such as ',d' or '.1%'"
        raise Invalid(f"the format '{wanted}' of column '{name}' is not understood", hint=f"write a d3 {right}")
    words = label if label is not None else name.replace("_", " ").strip()
    precision = wanted or _precision(series) if kind == "moment" else ""
    if not unit and "%H" in precision and getattr(series.dtype, "time_zone", None) is not None:
        unit = str(getattr(series.dtype, "time_zone", ""))
    return Column(
        name=name,
        label=words[:1].upper() + words[1:],
        unit=unit,
        format=(wanted or _fitting(series)) if kind == "number" else "",
        kind=kind,
        precision=precision,
    )


def _kind(dtype: pl.DataType) -> Kind:
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return "moment"
    return "flag" if dtype == pl.Boolean else "text"


def _fitting(series: pl.Series) -> str:
    """About three significant digits for the largest value, and never more than three decimals."""
    if series.dtype.is_integer():
        return "d" if _YEAR.search(series.name) else ",d"
    sizes = series.cast(pl.Float64).abs()
    largest = sizes.filter(sizes.is_finite()).max()
    if not isinstance(largest, float) or largest == 0 or largest >= 100:
        return ",.0f" if isinstance(largest, float) and largest >= 100 else ",.1f"
    return ",.1f" if largest >= 10 else ",.2f" if largest >= 1 else ",.3f"


def _precision(series: pl.Series) -> str:
    found = series.drop_nulls()
    if found.is_empty() or bool((found.dt.truncate("1d") == found).all()):
        months = found.n_unique() > 1 and bool((found.dt.day() == 1).all())
        return "%b %Y" if months else "%Y-%m-%d"
    return "%Y-%m-%d %H:%M" if bool((found.dt.truncate("1m") == found).all()) else "%Y-%m-%d %H:%M:%S"


def written(value: float | int | Decimal, spec: str) -> str:
    """A number in a d3 format, with the true minus sign, as d3 writes it too.

    Args:
        value: The number; not-a-number and the infinities have words of their own.
        spec: A format that `columns_of` accepted.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    match = _FORMAT.fullmatch(spec)
    if match is None:
        return str(value)
    if match["type"] == "d":
        text = format(round(value), f"{match['sign']}{match['comma']}d")
    else:
        text = format(value, f"{match['sign']}{match['comma']}.{match['digits'] or '6'}{match['type']}")
    if match["trim"] and "." in text:
        text = re.sub(r"\.?0+(?=%$|$)", "", text)
    if not any(digit in "123456789" for digit in text):
        text = text.lstrip("-")
    return text.replace("-", "−")


def with_unit(text: str, unit: str) -> str:
    """A written number and its unit, kept on one line."""
    if not unit:
        return text
    return f"{text}{unit}" if unit in {"%", "°", "°C", "°F"} else f"{text}\N{NO-BREAK SPACE}{unit}"


def plain(value: Any) -> Any:
    """A value as JSON holds it, losing nothing: times as ISO 8601, decimals and non-finite numbers as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return (
            value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        )
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{(value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds} us"
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def names_apart(column: Column, values: Sequence[Any]) -> list[str]:
    """One text per distinct value, in order; two values that would read alike are written out in full."""
    texts = [column.read(value) for value in values]
    twice = {text for text in texts if texts.count(text) > 1}
    return [str(value) if text in twice else text for text, value in zip(texts, values, strict=True)]


def as_moment(value: Any) -> float | None:
    """A date or aware time as milliseconds since 1970 in UTC; a time without a zone is taken as UTC."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return aware.timestamp() * 1000.0
    return (value - date(1970, 1, 1)).days * 86_400_000.0 if isinstance(value, date) else None
