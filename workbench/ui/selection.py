"""What the filters of a dashboard say, as the metric layer understands it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

__all__ = ["Selection", "condition"]


@dataclass(frozen=True)
class Selection:
    """A time range and a condition.

    Attributes:
        first: The first day, or None where nothing is filtered by time.
        last: The last day, which belongs to it.
        where: SQL condition over dimensions, or None.
        earliest: The first day there is data of; what lies before cannot be compared with.
    """

    first: date | None = None
    last: date | None = None
    where: str | None = None
    earliest: date | None = None

    @property
    def between(self) -> tuple[date, date] | None:
        """The range as a query takes it, end exclusive."""
        if self.first is None or self.last is None:
            return None
        return self.first, self.last + timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1 if self.first is not None and self.last is not None else 0

    @property
    def before(self) -> Selection | None:
        """The period of the same length right before; None where the data does not reach back over all of it."""
        if self.first is None or self.earliest is None:
            return None
        first = self.first - timedelta(days=self.days)
        if first < self.earliest:
            return None
        return Selection(first, self.first - timedelta(days=1), self.where, self.earliest)


def condition(dimension: str, values: Iterable[Any]) -> str:
    """The SQL that holds where a dimension has one of the values. Nothing in a value can end its literal."""
    values = list(values)
    known = [value for value in values if value is not None]
    parts = [f"{dimension} IN ({', '.join(map(_literal, known))})"] if known else []
    parts += [f"{dimension} IS NULL"] if None in values else []
    return f"({' OR '.join(parts)})" if parts else "FALSE"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
