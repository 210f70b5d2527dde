"""What the analyses of this room have in common: which columns an event has, and which rows a step means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from workbench.compute import expressions
from workbench.foundation.errors import Invalid, unknown, whole

__all__ = ["EventColumns", "Step", "several"]

_WHERE = re.compile(r"(?:^|\s)where(?:\s|$)", re.IGNORECASE)

Said = TypeVar("Said")


@dataclass(frozen=True)
class EventColumns:
    """The columns of a dataset of events.

    Attributes:
        subject: Who did it: text or whole number. Rows without one belong to nobody and are never counted.
        event: What was done: text.
        time: When: a time in UTC. Rows without one are never counted.
        id: Tells events apart; breaks ties of events of one subject at one time. None: ties have no order, and what
            depends on one takes such events in the order of their names.
    """

    subject: str
    event: str
    time: str
    id: str | None = None

    @property
    def order(self) -> list[str]:
        """What a subject's events are sorted by."""
        return [self.time, self.id or self.event]

    def check(self, schema: Mapping[str, pl.DataType], dataset: str) -> None:
        """
        Raises:
            Invalid: A column is not there, or not of the type that it needs; names the nearest one.
        """
        for name in (self.subject, self.event, self.time, *([self.id] if self.id else [])):
            if name not in schema:
                raise unknown(f"column in dataset '{dataset}' called", name, schema, error=Invalid)
        if not (schema[self.subject].is_integer() or schema[self.subject] == pl.String):
            raise Invalid(
                f"the subject '{self.subject}' is {schema[self.subject]}; it has to be a text or a whole number"
            )
        if schema[self.event] != pl.String:
            raise Invalid(f"the event '{self.event}' is {schema[self.event]}; it has to be a text")
        dtype = schema[self.time]
        if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None:
            raise Invalid(f"the time '{self.time}' is {dtype}; it has to be a time with a zone")


@dataclass(frozen=True)
class Step:
    """Events of one name, or of any, that meet a condition.

    Attributes:
        event: The event's name; None for any.
        where: SQL condition over one row's columns.
        label: What a result calls it; by default the event's name.
    """

    event: str | None = None
    where: str | None = None
    label: str = ""

    def __post_init__(self) -> None:
        """
        Raises:
            Invalid: A text holds half a character.
        """
        whole(self.event, self.where, self.label)

    @classmethod
    def of(cls, said: str | Step) -> Step:
        """A text is the name of an event."""
        return said if isinstance(said, Step) else cls(said)

    @classmethod
    def parse(cls, text: str) -> Step:
        """A step as it is typed: `cart`, `cart where amount > 100`, `where amount > 100` or `*` for any event.

        The first " where " begins the condition; an event with that word in its name takes a `Step`.

        Raises:
            Invalid: It is empty, or there is nothing after "where".
        """
        event, *conditions = (part.strip() for part in _WHERE.split(text, maxsplit=1))
        if "" in conditions:
            raise Invalid(f"the step '{text.strip()}' has no condition after 'where'", hint="cart where amount > 100")
        if not event and not conditions:
            raise Invalid("a step has no name", hint="write an event's name, or * for any event")
        where = conditions[0] if conditions else None
        return cls(None if event in ("", "*") else event, where, " ".join(text.split()) if where else "")

    @property
    def title(self) -> str:
        return self.label or self.event or "any event"

    def rows(self, columns: EventColumns, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """Which rows are of this step: true or false, never null.

        Raises:
            Invalid: The condition is none, or names an unknown column.
        """
        found = pl.lit(True) if self.event is None else pl.col(columns.event) == self.event
        if self.where is not None:
            found = found & expressions.parse_filter(self.where, schema, f"the condition of step '{self.title}'")
        return found.fill_null(False)


def several(said: Iterable[Said], what: str) -> tuple[Said, ...]:
    """Each of a list.

    Raises:
        Invalid: It is one text, of which each letter would be something.
    """
    if isinstance(said, str):
        raise Invalid(f"{what} are given as a list, not as the text {said[:60]!r}", hint=f"[{said[:60]!r}]")
    return tuple(said)
