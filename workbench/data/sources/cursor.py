"""Values of a cursor: what they are, how they are kept, and how a source says them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from workbench.foundation.errors import Invalid

__all__ = ["SPOKEN", "Cursor", "Value", "lag_of"]

Value = datetime | date | int | float | Decimal | str
Kind = Literal["time", "date", "integer", "number", "decimal", "text"]

SPOKEN: dict[str, str] = {
    "time": "times",
    "date": "dates",
    "integer": "whole numbers",
    "number": "numbers",
    "decimal": "decimals",
    "text": "texts",
}
_LAG = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# Somewhere on earth it is tomorrow already.
_AHEAD = timedelta(hours=14)
_MINUTE = timedelta(minutes=1)


def lag_of(said: float | str | None) -> timedelta | float:
    """
    Raises:
        ValueError: It is no length of time and no number, or negative.
    """
    if said is None:
        return 0
    if isinstance(said, str):
        found = _LAG.fullmatch(said.strip())
        if found is None:
            raise ValueError(f"has the lag '{said}', which is no length of time; write 30min, 2h or 3d")
        return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    if said < 0:
        raise ValueError("has a negative lag")
    return said


@dataclass(frozen=True)
class Cursor:
    """The column that an incremental load follows, as one source has it.

    Attributes:
        column: Its name.
        type: As the source gives it.
        zone: Of its times, where they have none.
    """

    column: str
    type: pa.DataType
    zone: str

    @property
    def kind(self) -> Kind:
        """
        Raises:
            Invalid: Its values have no order that can be followed.
        """
        kinds: list[tuple[Any, Kind]] = [
            (pa.types.is_timestamp, "time"),
            (pa.types.is_date, "date"),
            (pa.types.is_integer, "integer"),
            (pa.types.is_floating, "number"),
            (pa.types.is_decimal, "decimal"),
            (lambda found: pa.types.is_string(found) or pa.types.is_large_string(found), "text"),
        ]
        for holds, kind in kinds:
            if holds(self.type):
                return kind
        raise Invalid(
            f"the cursor '{self.column}' is {self.type}, which cannot be followed",
            hint="a cursor is a time, a date, a number or a text",
        )

    def read(self, written: Any) -> Value:
        """A value as it is kept, or as somebody wrote it down.

        Raises:
            Invalid: It is none of this column.
        """
        try:
            match self.kind:
                case "time":
                    found = datetime.fromisoformat(str(written))
                    zone = ZoneInfo(self.zone) if self.zone else UTC
                    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
                case "date":
                    return date.fromisoformat(str(written)[:10])
                case "integer":
                    return int(written)
                case "number":
                    return float(written)
                case "decimal":
                    return Decimal(str(written))
                case "text":
                    return str(written)
        except (ValueError, ArithmeticError) as error:
            raise Invalid(
                f"the cursor '{self.column}' is {self.type} by now, and {str(written)[:40]!r} is no such value",
                hint="where the column's type was changed, load all of it again: sync it anew",
            ) from error

    @staticmethod
    def written(value: Value) -> Any:
        """A value as JSON keeps it."""
        if isinstance(value, datetime | date):
            return value.isoformat()
        return str(value) if isinstance(value, Decimal) else value

    def before(self, value: Value, lag: timedelta | float) -> Value:
        """From where on to look again: a value less a lag, and less the hour that its clock shows twice.

        Raises:
            Invalid: The lag is not of this column.
        """
        return self._before_it_repeats(self._less(value, lag) if lag else value)

    def _less(self, value: Value, lag: timedelta | float) -> Value:
        try:
            if isinstance(value, Decimal) and not isinstance(lag, timedelta):
                return value - Decimal(str(lag))
            if isinstance(value, int) and isinstance(lag, float):
                lag = round(lag)
            found: Value = value - lag  # type: ignore[operator,assignment]
            return found
        except TypeError as error:
            raise Invalid(
                f"the cursor '{self.column}' is {self.type}, from which the lag {lag} cannot be taken",
                hint="a lag is a length of time for times and dates, such as 2h or 3d, and a number for numbers",
            ) from error
        except OverflowError as error:
            raise Invalid(f"the lag {lag} leads before the first day of the calendar") from error

    def _before_it_repeats(self, value: Value) -> Value:
        """Where a clock was set back, rows that come after a time may say an earlier one: since when it repeats."""
        if not isinstance(value, datetime) or not self.zone or self.type.tz is not None:
            return value
        zone = ZoneInfo(self.zone)
        shown = value.astimezone(zone).replace(tzinfo=None)
        if not _twice(shown, zone):
            return value
        shown = shown.replace(second=0, microsecond=0, fold=0)
        while _twice(shown - _MINUTE, zone):
            shown -= _MINUTE
        return shown.replace(tzinfo=zone).astimezone(UTC) - timedelta(microseconds=1)

    def at_source(self, value: Value) -> Value:
        """A value as the source's own column has it."""
        if isinstance(value, datetime) and self.type.tz is None:
            return value.astimezone(ZoneInfo(self.zone) if self.zone else UTC).replace(tzinfo=None)
        return value

    def latest(self, now: datetime) -> Value | None:
        """The latest value that a right clock can have written; None where no clock writes it."""
        match self.kind:
            case "time":
                return now
            case "date":
                return (now + _AHEAD).date()
            case _:
                return None


def _twice(shown: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of a zone show a time twice, being set back."""
    first, second = (shown.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second
