"""Values for the parameters of a query: declared with it, checked before it runs, bound and never pasted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import ValidationError

from workbench.analytics.queries.model import Parameter, Scalar
from workbench.foundation.errors import Invalid, unknown

__all__ = ["Value", "declared", "plain", "samples", "values"]

Value = str | bool | int | float | date | datetime

_SAMPLES: dict[str, Value] = {
    "text": "",
    "integer": 0,
    "number": 0.0,
    "boolean": False,
    "date": date(2000, 1, 1),
    "time": datetime(2000, 1, 1, tzinfo=UTC),
}
_TRUTH = {"true": True, "false": False}


def declared(names: Iterable[str], given: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of a query.

    Args:
        names: Of every `$name` in its statement.
        given: A `Parameter`, its fields, or only a default, whose type it then has. What is not given is a text that
            has no default.

    Raises:
        Invalid: One is given that the statement does not have, or its default is not of its type; or the statement
            has a `?`.
    """
    known = sorted(names)
    if any(name.isdigit() for name in known):
        raise Invalid("a saved query's parameters have names", hint="write $origin where there is a ?")
    for name in given:
        if name not in known:
            raise unknown("parameter of the statement", f"${name}", [f"${one}" for one in known], error=Invalid)
    return {name: _declared(name, given.get(name, Parameter())) for name in known}


def values(parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Value]:
    """What is bound, of the declared types: what is given, else the default. A text is read as what is wanted.

    Raises:
        Invalid: One is missing, unknown, or not of its type; the message names it.
    """
    for name in given:
        if name not in parameters:
            raise unknown("parameter", name, parameters, error=Invalid)
    found: dict[str, Value] = {}
    for name, parameter in parameters.items():
        value = given.get(name)
        if value is None:
            value = parameter.default
        if value is None:
            raise Invalid(
                f"the parameter '{name}' ({parameter.type}) needs a value", hint=parameter.description or None
            )
        found[name] = _value(name, parameter, value)
    return found


def samples(parameters: Mapping[str, Parameter]) -> dict[str, Value]:
    """A value of the right type for each, to look at a statement with."""
    return values(parameters, {name: _SAMPLES[one.type] for name, one in parameters.items() if one.default is None})


def plain(given: Mapping[str, Value]) -> dict[str, Scalar]:
    """The same as JSON has it: dates and times as text."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}


def _declared(name: str, given: Any) -> Parameter:
    try:
        if isinstance(given, Parameter):
            parameter = given
        elif isinstance(given, Mapping):
            parameter = Parameter.model_validate(dict(given))
        else:
            parameter = Parameter(type=_type_of(name, given), default=plain({name: given})[name])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise Invalid(f"the parameter '{name}' cannot be declared: {where}: {first['msg'].lower()}") from error
    if parameter.default is None:
        return parameter
    value = _value(name, parameter, parameter.default)
    return parameter.model_copy(update={"default": plain({name: value})[name]})


def _type_of(name: str, default: Any) -> Any:
    for kind, sample in _SAMPLES.items():
        if type(default) is type(sample):
            return kind
    raise Invalid(f"the parameter '{name}' cannot have the default {str(default)[:60]!r}", hint=", ".join(_SAMPLES))


def _value(name: str, parameter: Parameter, given: Any) -> Value:
    found = _read(parameter.type, given)
    if found is None:
        raise Invalid(
            f"{str(given)[:60]!r} cannot be the parameter '{name}', which is a {parameter.type}",
            hint={
                "boolean": "true or false",
                "date": "written as 2013-01-31",
                "time": "written as 2013-01-31T05:15:00Z; without a zone it is UTC",
            }.get(parameter.type),
        )
    return found


def _read(kind: str, given: Any) -> Value | None:
    try:
        match kind, given:
            case "text", str():
                return str(given)
            case "boolean", bool():
                return given
            case "boolean", str():
                return _TRUTH.get(given.lower())
            case _, bool():
                return None
            case "integer", int() | str():
                number = int(given)
                return number if -(2**63) <= number < 2**63 else None
            case "number", int() | float() | str():
                real = float(given)
                return real if math.isfinite(real) else None
            case "date", date() if not isinstance(given, datetime):
                return given
            case "date", str():
                return date.fromisoformat(given)
            case "time", datetime() | str():
                moment = given if isinstance(given, datetime) else datetime.fromisoformat(given)
                return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None
