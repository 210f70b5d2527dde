"""What a parameter's annotation means: which values fit, how they read on a command line and as code."""

from __future__ import annotations

import ast
import json
import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal
from zoneinfo import ZoneInfo

__all__ = ["ParameterType", "evaluate", "of_annotation", "of_value"]

Kind = Literal["any", "bool", "choice", "date", "datetime", "dict", "float", "int", "list", "str"]

_PLAIN: dict[str, Kind] = {
    "Any": "any", "bool": "bool", "date": "date", "datetime": "datetime", "dict": "dict", "float": "float",
    "int": "int", "list": "list", "str": "str", "Dict": "dict", "List": "list",
}  # fmt: skip
_YES_NO = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True)
class ParameterType:
    """A type as a notebook's parameters cell writes it.

    Attributes:
        written: The annotation as it stands in the cell, or the type of the default where there is none.
        items: For a list the type of its items, for a dict those of its keys and values.
        choices: For a `Literal`, what it allows.
        call: How the notebook spells the class of a date or datetime ("date", "dt.date").
    """

    kind: Kind
    written: str
    nullable: bool = False
    items: tuple[ParameterType, ...] = ()
    choices: tuple[Any, ...] = ()
    call: str = ""

    def conform(self, value: Any) -> Any:
        """The value as JSON can hold it: dates as ISO text, moments as ISO text in UTC.

        Raises:
            ValueError: It is not of this type; the message ends a sentence that begins with the parameter's name.
        """
        if type(value).__module__ == "numpy" and hasattr(value, "item"):
            value = value.item()
        if value is None:
            if self.nullable or self.kind == "any":
                return None
            raise ValueError(f"must be {self.written}, not None")
        fits: dict[Kind, type | tuple[type, ...]] = {
            "bool": bool, "int": int, "float": (int, float), "str": str, "list": (list, tuple), "dict": dict,
        }  # fmt: skip
        expected = fits.get(self.kind)
        wrong = ValueError(f"must be {self.written}, not {value!r}")
        if expected is not None and not isinstance(value, expected):
            raise wrong
        match self.kind:
            case "int" | "float" if isinstance(value, bool):
                raise wrong
            case "float":
                if not math.isfinite(value):
                    raise ValueError(f"must be a finite number, not {value}")
                return float(value)
            case "choice":
                if not any(value == choice and type(value) is type(choice) for choice in self.choices):
                    raise ValueError(f"must be one of {', '.join(map(repr, self.choices))}, not {value!r}")
                return value
            case "date":
                return _iso_date(value, wrong)
            case "datetime":
                return _iso_moment(value, wrong)
            case "list":
                return [self.items[0].conform(item) for item in value]
            case "dict":
                return {self.items[0].conform(key): self.items[1].conform(item) for key, item in value.items()}
            case "any":
                try:
                    return json.loads(json.dumps(value, allow_nan=False))
                except (TypeError, ValueError):
                    raise ValueError(f"must be something JSON can hold, not {value!r}") from None
            case _:
                return value

    def of_text(self, text: str) -> Any:
        """The value that a text from a command line stands for, as `conform` gives it.

        Raises:
            ValueError: As `conform`.
        """
        stripped = text.strip()
        if self.nullable and stripped.casefold() in ("none", "null"):
            return None
        wrong = ValueError(f"must be {self.written}, not '{text}'")
        match self.kind:
            case "str":
                return text
            case "choice":
                for choice in self.choices:
                    if str(choice) == stripped:
                        return choice
                raise ValueError(f"must be one of {', '.join(map(str, self.choices))}, not '{text}'")
            case "bool":
                if stripped.casefold() not in _YES_NO:
                    raise wrong
                return _YES_NO[stripped.casefold()]
            case "list" if not stripped.startswith("["):
                return [self.items[0].of_text(part) for part in stripped.split(",")] if stripped else []
            case "date" | "datetime":
                return self.conform(stripped)
            case "any":
                try:
                    return self.conform(json.loads(stripped))
                except ValueError:
                    return text
            case _:
                try:
                    value = json.loads(stripped)
                except ValueError:
                    raise wrong from None
                return self.conform(value)

    def code(self, value: Any) -> str:
        """Python that gives the value again, in a notebook where the parameters cell has run."""
        if value is None:
            return "None"
        match self.kind:
            case "date" | "datetime":
                return f"{self.call}.fromisoformat({value!r})"
            case "list":
                return f"[{', '.join(self.items[0].code(item) for item in value)}]"
            case "dict":
                keys, values = self.items
                return f"{{{', '.join(f'{keys.code(key)}: {values.code(item)}' for key, item in value.items())}}}"
            case _:
                return repr(value)


def _iso_date(value: Any, wrong: ValueError) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError(f"{wrong} (a date is written 2013-01-31)") from None


def _iso_moment(value: Any, wrong: ValueError) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{wrong} (a moment is written 2013-01-31T12:00:00+00:00)") from None
    if moment.tzinfo is None:
        raise ValueError(f"has no time zone in {value!s:.40}; add one, such as +00:00 for UTC")
    return moment.astimezone(UTC).isoformat()


_ANY = ParameterType("any", "Any")
_TEXT = ParameterType("str", "str")


def of_annotation(node: ast.expr) -> ParameterType:
    """The type an annotation stands for: int, float, str, bool, date, datetime, list[X], dict[str, X], Literal[...],
    Any, and `X | None`.

    Raises:
        ValueError: Another type.
    """
    written = ast.unparse(node)
    unsupported = ValueError(
        f"has the type {written}, which a parameter cannot have; use int, float, str, bool, date, datetime, list[...], "
        "dict[str, ...], Literal[...] or one of these with | None"
    )
    match node:
        case ast.Constant(value=str(quoted)):
            try:
                return of_annotation(ast.parse(quoted, mode="eval").body)
            except SyntaxError:
                raise unsupported from None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            given = [side for side in (left, right) if not (isinstance(side, ast.Constant) and side.value is None)]
            if len(given) != 1:
                raise unsupported
            return replace(of_annotation(given[0]), nullable=True, written=written)
        case ast.Name() | ast.Attribute():
            kind = _PLAIN.get(_last(node))
            if kind is None:
                raise unsupported
            items = {"list": (_ANY,), "dict": (_TEXT, _ANY)}.get(kind, ())
            return ParameterType(kind, written, items=items, call=written)
        case ast.Subscript(value=ast.Name() | ast.Attribute() as outer, slice=inner):
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            match _last(outer):
                case "Optional" if len(parts) == 1:
                    return replace(of_annotation(parts[0]), nullable=True, written=written)
                case "Literal" if all(isinstance(part, ast.Constant) for part in parts):
                    choices = tuple(part.value for part in parts if isinstance(part, ast.Constant))
                    said = tuple(choice for choice in choices if choice is not None)
                    return ParameterType("choice", written, nullable=None in choices, choices=said)
                case "list" | "List" if len(parts) == 1:
                    return ParameterType("list", written, items=(of_annotation(parts[0]),))
                case "dict" | "Dict" if len(parts) == 2:
                    return ParameterType("dict", written, items=(of_annotation(parts[0]), of_annotation(parts[1])))
    raise unsupported


def of_value(value: Any, node: ast.expr) -> ParameterType:
    """The type of a parameter that has a default and no annotation."""
    if value is None:
        return ParameterType("any", "anything", nullable=True)
    kind: Kind = "datetime" if isinstance(value, datetime) else _PLAIN.get(type(value).__name__, "any")
    if kind not in ("date", "datetime"):
        items = {"list": (_ANY,), "dict": (_TEXT, _ANY)}.get(kind, ())
        return ParameterType(kind, kind, items=items)
    function = node.func if isinstance(node, ast.Call) else node
    spelled = ast.unparse(function).removesuffix(".fromisoformat")
    return ParameterType(kind, kind, call=spelled)


def evaluate(node: ast.expr) -> Any:
    """The value of a default, found without running code: literals, and calls of date, datetime and time zones.

    Raises:
        ValueError: It would have to be run.
    """
    try:
        return ast.literal_eval(node)
    except ValueError:
        pass
    match node:
        case ast.List(elts=elements):
            return [evaluate(element) for element in elements]
        case ast.Name() | ast.Attribute() if _last(node) in ("UTC", "utc"):
            return UTC
        case ast.Call(func=ast.Name() | ast.Attribute() as function, args=args, keywords=keywords):
            name = _last(function)
            if name == "fromisoformat" and isinstance(function, ast.Attribute):
                name = f"{_last(function.value)}.fromisoformat"
            known: dict[str, Any] = {
                "date": date, "datetime": datetime, "date.fromisoformat": date.fromisoformat, "timezone": timezone,
                "datetime.fromisoformat": datetime.fromisoformat, "timedelta": timedelta, "ZoneInfo": ZoneInfo,
            }  # fmt: skip
            if name in known and all(word.arg for word in keywords):
                named = {word.arg: evaluate(word.value) for word in keywords if word.arg}
                unnamed = [evaluate(argument) for argument in args]
                try:
                    return known[name](*unnamed, **named)
                except (TypeError, ValueError, KeyError) as error:
                    raise ValueError(f"is {ast.unparse(node)}, which fails: {error}") from error
    raise ValueError(f"is computed ({ast.unparse(node)}); a parameter's default is a plain value")


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
