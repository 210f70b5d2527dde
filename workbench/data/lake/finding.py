"""Finding datasets among many: what a search looks at, in which order, and where the next page begins."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.foundation.errors import Invalid, unknown

__all__ = ["Order", "words"]

# What datasets are sorted by, and how a value of it is read back from a cursor.
_KINDS: dict[str, Callable[[Any], object]] = {
    "name": str,
    "updated": datetime.fromisoformat,
    "rows": int,
    "bytes": int,
}


def words(name: str, description: str, source: str, owner: str, columns: Iterable[str]) -> str:
    """All that a search looks at. Folded here, because databases do not agree on what a lower-case letter is."""
    return "\n".join([name, description, source, owner, *columns]).casefold()


@dataclass(frozen=True)
class Order:
    """What datasets are sorted by. The name decides between equals, so that an order is always the same one."""

    column: str
    descending: bool

    @classmethod
    def named(cls, sort: str) -> Order:
        """
        Raises:
            Invalid: Datasets are not sorted by that.
        """
        column = sort.removeprefix("-")
        if column not in _KINDS:
            raise unknown("order of datasets", column, _KINDS, error=Invalid)
        return cls(column, sort.startswith("-"))

    def cursor(self, value: object, name: str) -> str:
        """Where a page ended, as text that fits into an address."""
        shown = value.isoformat() if isinstance(value, datetime) else value
        said = json.dumps([self.column, self.descending, shown, name])
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")

    def place(self, cursor: str) -> tuple[object, str]:
        """The value and name that a page ended at.

        Raises:
            Invalid: It is no cursor, or one of another order.
        """
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            column, descending, value, name = json.loads(base64.urlsafe_b64decode(padded))
            if (column, descending) != (self.column, self.descending) or not isinstance(name, str):
                raise ValueError(column)
            return _KINDS[column](value), name
        except (TypeError, ValueError) as error:
            raise Invalid(
                "this cursor does not belong to this list", hint="start again without one, with the same sort"
            ) from error
