"""Segments as people write them down, in YAML or JSON: plain mappings, one per condition.

A condition is a mapping with exactly one of the keys of `KINDS`, and with options:

    all:
      - did: purchase
        where: amount > 10
        at_least: 2
        between: [2024-01-01, 2024-02-01]
      - did_not: purchase
        last: 30 days
      - any:
          - in: customers in Germany
          - subjects: [ada, bob]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from workbench.analytics.product.conditions import (
    All,
    AnyOf,
    Condition,
    Did,
    FirstDid,
    InState,
    Listed,
    Not,
    OneEvent,
    Window,
)
from workbench.analytics.product.events import Step
from workbench.analytics.product.periods import Every
from workbench.compute import grains, moments
from workbench.foundation.errors import Invalid, WorkbenchError, unknown

__all__ = ["KINDS", "condition_of"]

_WINDOW = ("between", "last")
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "did": ("where", "at_least", "at_most", "exactly", *_WINDOW),
    "did_not": ("where", *_WINDOW),
    "first_did": ("where", *_WINDOW),
    "first_event": ("where", *_WINDOW),
    "last_event": ("where", *_WINDOW),
    "lifecycle": ("of", "where", "period", "grain", "time_zone", "week_start"),
    "in": (),
    "not_in": (),
    "all": (),
    "any": (),
    "not": (),
    "subjects": (),
}
"""Key of a condition -> the options it takes."""

DEEPEST = 20


def condition_of(
    document: Any,
    *,
    now: datetime,
    time_zone: str = "UTC",
    others: Mapping[str, Condition] | None = None,
    what: str = "the segment",
) -> Condition:
    """The condition that a document means.

    Args:
        document: What YAML or JSON gave.
        now: Where `last: 30 days` ends.
        time_zone: Whose midnight a date without a time means.
        others: The segments that may be called by name, with `in` and `not_in`.
        what: What the document is, for messages: "segment 'lapsed'".

    Raises:
        Invalid: An unknown key (the nearest is named), a value of a wrong kind, an unknown segment; says where.
    """
    if now.tzinfo is None:
        raise Invalid(f"the time {now.isoformat()} has no time zone", hint="give it one, e.g. tzinfo=UTC")
    grains.check("day", time_zone)
    return _Reader(now, time_zone, others or {}).read(document, what, 0)


@dataclass(frozen=True)
class _Reader:
    now: datetime
    time_zone: str
    others: Mapping[str, Condition]

    def read(self, said: Any, where: str, depth: int) -> Condition:
        """The condition of one mapping; `where` is the way to it in words."""
        if depth > DEEPEST:
            raise Invalid(f"{where} is nested more than {DEEPEST} conditions deep")
        if not isinstance(said, Mapping):
            raise Invalid(f"{where} has to be a mapping, such as {{did: purchase}}, not {_shown(said)}")
        kinds = [key for key in said if key in KINDS]
        if len(kinds) != 1:
            raise self._no_kind(said, kinds, where)
        kind = kinds[0]
        for key in said:
            if key != kind and key not in KINDS[kind]:
                raise _at(unknown(f"option of '{kind}'", str(key), KINDS[kind], error=Invalid), where)
        value, place = said[kind], f"{where}, {kind}"
        try:
            match kind:
                case "all" | "any":
                    return self._joined(kind, value, where, depth)
                case "not":
                    return Not(self.read(value, place, depth + 1))
                case "in":
                    return self._other(value, place)
                case "not_in":
                    return Not(self._other(value, place))
                case "subjects":
                    return Listed(tuple(_a(list, value, place, "a list of subjects")))
                case "lifecycle":
                    return self._state(said, place)
            return self._behaviour(kind, said, place)
        except _Placed:
            raise
        except WorkbenchError as error:
            raise _at(error, place) from error

    def _no_kind(self, said: Mapping[Any, Any], kinds: list[str], where: str) -> WorkbenchError:
        if kinds:
            two = " and ".join(f"'{kind}'" for kind in kinds)
            return _at(
                Invalid(f"a condition says one thing, and this one says {two}", hint="join them with all"), where
            )
        options = {option for allowed in KINDS.values() for option in allowed}
        odd = next((str(key) for key in said if key not in options), None)
        if odd is None:
            return _at(Invalid(f"a condition needs one of {', '.join(KINDS)}"), where)
        return _at(unknown("condition", odd, KINDS, error=Invalid), where)

    def _joined(self, kind: str, value: Any, where: str, depth: int) -> Condition:
        place = f"{where}, {kind}"
        items = _a(list, value, place, "a list of conditions")
        found = tuple(self.read(item, f"{place} {n}", depth + 1) for n, item in enumerate(items, 1))
        return All(found) if kind == "all" else AnyOf(found)

    def _other(self, name: Any, place: str) -> Condition:
        if _a(str, name, place, "the name of a segment") not in self.others:
            raise unknown("segment", name, self.others, error=Invalid)
        return self.others[name]

    def _behaviour(self, kind: str, said: Mapping[Any, Any], place: str) -> Condition:
        window = self._window(said, place)
        if kind in ("first_event", "last_event"):
            if said.get("where") is None:
                raise Invalid("an event is looked at for a condition", hint="add where: country = 'de'")
            meets = self._step(said[kind], said, place)
            return OneEvent("first" if kind == "first_event" else "last", Step(meets.event), str(meets.where), window)
        step = self._step(said[kind], said, place)
        if kind == "first_did":
            return FirstDid(step, window)
        if kind == "did_not":
            return Did(step, "exactly", 0, window)
        counts = [key for key in ("at_least", "at_most", "exactly") if key in said]
        if len(counts) > 1:
            raise Invalid(f"'{counts[0]}' and '{counts[1]}' do not go together", hint="write two conditions under all")
        if not counts:
            return Did(step, window=window)
        times = _a(int, said[counts[0]], f"{place}, {counts[0]}", "a whole number")
        compared: Any = counts[0].replace("_", " ")
        return Did(step, compared, times, window)

    def _state(self, said: Mapping[Any, Any], place: str) -> Condition:
        if "of" not in said or "period" not in said:
            raise Invalid("a state needs 'of', the event, and 'period', a day or time in it")
        zone = _a(str, said.get("time_zone", self.time_zone), f"{place}, time_zone", "the name of a time zone")
        week_start = _a(int, said.get("week_start", 1), f"{place}, week_start", "a day from 1 (Monday) to 7 (Sunday)")
        every = Every(said.get("grain", "day"), zone, week_start)
        period = moments.moment_of(said["period"])
        if period is None:
            raise Invalid(f"{_shown(said['period'])} is no day or time that a period could have in it")
        state: Any = said["lifecycle"]
        return InState(state, self._step(said["of"], said, place), period, every)

    def _step(self, event: Any, said: Mapping[Any, Any], place: str) -> Step:
        name = _a((str, type(None)), event, place, "the name of an event, or nothing for any")
        where = _a((str, type(None)), said.get("where"), f"{place}, where", "a condition over a row's columns")
        return Step(name, where)

    def _window(self, said: Mapping[Any, Any], place: str) -> Window:
        if "between" in said and "last" in said:
            raise Invalid("'between' and 'last' do not go together")
        if "last" in said:
            length = moments.length_of(said["last"], "'last'")
            if length <= timedelta(0):
                raise Invalid(f"'last' has {_shown(said['last'])}; it is longer than nothing", hint="write 30 days")
            try:
                return Window(self.now - length, self.now)
            except OverflowError:
                raise Invalid(f"'last' has {said['last']}, which begins before there are dates") from None
        return Window(*moments.between_of(said.get("between"), self.time_zone))


class _Placed(Invalid):
    """An error whose message says already where it is."""


def _at(error: WorkbenchError, where: str) -> _Placed:
    return _Placed(f"{where}: {error}", hint=error.hint)


def _a(kind: Any, value: Any, place: str, wanted: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _Placed(f"{place}: {_shown(value)} is not {wanted}")
    return value


def _shown(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:56]} ..."
