"""Options behind the `#` of an address, `rows=data&types=id:text`, as a model of pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args
from urllib.parse import parse_qsl

from pydantic import BaseModel, BeforeValidator, ValidationError

from workbench.data.connectors.declared import ColumnType
from workbench.foundation.definitions import complaints, listed
from workbench.foundation.errors import Invalid, nearest

__all__ = ["TYPES_SAID", "Types", "options_of"]

Options = TypeVar("Options", bound=BaseModel)

_TYPES: tuple[str, ...] = get_args(ColumnType)
TYPES_SAID = (
    "Types of columns, `id:text,at:time`, where they are not to be found out: text, integer, number, boolean, date or"
    " time."
)


def _written(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    found: dict[str, str] = {}
    for part in filter(None, given.split(",")):
        name, _, kind = part.rpartition(":")
        if not name or kind not in _TYPES:
            guess = nearest(kind, _TYPES) if name else None
            meant = f"; did you mean '{guess}'?" if guess else f"; there is {', '.join(_TYPES)}"
            raise ValueError(f"has '{part}' among its types, where name:type should be{meant}")
        found[name] = kind
    return found


Types = Annotated[Mapping[str, ColumnType], BeforeValidator(_written)]


def options_of(model: type[Options], fragment: str, place: str, *, noun: str, example: str) -> Options:
    """
    Args:
        fragment: What stands behind the `#`.
        place: The address without it, for errors.
        noun: What has the options: "API".

    Raises:
        Invalid: An unknown option or a wrong value; all are named.
    """
    try:
        written = fragment.strip("&")
        pairs = parse_qsl(written, keep_blank_values=True, strict_parsing=True) if written else []
    except ValueError:
        raise Invalid(
            f"what stands behind the # of {place} is no list of options", hint=f"for example #{example}"
        ) from None
    given = dict(pairs)
    if len(given) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise Invalid(f"{place} has the option '{twice}' twice")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = complaints(error, model, given, noun=noun, term="option")
        raise Invalid(listed(place, found), hint="see docs/connectors.md") from None  # it repeats what was given
