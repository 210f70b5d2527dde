"""Options behind the `#` of an address, `rows=data&types=id:text`, as a model of pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError

from workbench.data.connectors.declared import ColumnType
from workbench.foundation.definitions import complaints, listed
from workbench.foundation.errors import Invalid, nearest
from workbench.foundation.http import Credentials
from workbench.foundation.secret import is_reference, named_like_a_secret, read_secret

__all__ = ["AUTH_SAID", "TYPES_SAID", "Auth", "Secrets", "Settings", "Types", "credentials_of", "options_of"]

Options = TypeVar("Options", bound=BaseModel)

_TYPES: tuple[str, ...] = get_args(ColumnType)
TYPES_SAID = (
    "Types of columns, `id:text,at:time`, where they are not to be found out: text, integer, number, boolean, date or"
    " time."
)
_REF = "where REF is env:NAME, file:/path or keyring:service/name"
_AUTH = f"is bearer:REF, basic:USER:REF, header:NAME:REF or query:NAME:REF, {_REF}"
AUTH_SAID = f"Who asks: {_AUTH}."


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


def _by_reference(given: str) -> str:
    """Without repeating what was given, which may be the secret."""
    if given:
        kind, _, rest = given.partition(":")
        name, _, reference = rest.partition(":") if kind != "bearer" else ("-", "", rest)
        if kind not in ("bearer", "basic", "header", "query") or not name or ":" not in reference:
            raise ValueError(f"has an auth that says not where its secret is kept: it {_AUTH}")
        if not is_reference(reference):
            raise ValueError(f"has an auth with a secret in clear: it {_AUTH}")
    return given


def _named(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    pairs = [part.partition(":") for part in filter(None, given.split(","))]
    if not all(name and value for name, _, value in pairs):
        raise ValueError("is no list of name:value, with commas between them")
    return {name: value for name, _, value in pairs}


def _references(given: Mapping[str, str]) -> Mapping[str, str]:
    for name, reference in given.items():
        if not is_reference(reference):
            raise ValueError(f"has a secret '{name}' in clear: it is name:REF, {_REF}")
    return given


def _no_secrets(given: Mapping[str, str]) -> Mapping[str, str]:
    for name in given:
        if named_like_a_secret(name):
            raise ValueError(f"has '{name}' in clear, and addresses are shown and kept: secrets={name}:env:NAME")
    return given


Auth = Annotated[str, AfterValidator(_by_reference)]
Secrets = Annotated[Mapping[str, str], BeforeValidator(_named), AfterValidator(_references)]
Settings = Annotated[Mapping[str, str], BeforeValidator(_named), AfterValidator(_no_secrets)]
Types = Annotated[Mapping[str, ColumnType], BeforeValidator(_written)]


def credentials_of(auth: str) -> Credentials | None:
    """What an `auth` refers to, read now.

    Raises:
        NotFound: There is no such secret.
        Invalid: It cannot be sent.
    """
    kind, _, rest = auth.partition(":")
    if kind == "bearer":
        return Credentials.bearer(read_secret(rest))
    name, _, reference = rest.partition(":")
    match kind:
        case "basic":
            return Credentials.basic(name, read_secret(reference))
        case "header":
            return Credentials.header(name, read_secret(reference))
        case "query":
            return Credentials.parameter(name, read_secret(reference))
    return None


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
