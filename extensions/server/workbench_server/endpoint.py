"""What an endpoint is: a line of the table that handlers, authorization, the OpenAPI document and its page share."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from workbench import Workbench
from workbench.foundation.definitions import complaints
from workbench.foundation.errors import Invalid, NotFound, unknown
from workbench_server.arrow import Rows

__all__ = [
    "MAX_SAFE_INTEGER",
    "Answer",
    "Body",
    "Endpoint",
    "Limit",
    "Method",
    "Nothing",
    "Query",
    "Sink",
    "cursor_of",
    "is_list",
    "named",
    "parsed",
    "position_in",
    "sent",
]

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number that a JavaScript number holds exactly, and its neighbours too."""
LONGEST_NAME = 255
LARGEST_BODY = 1_000_000
Method = Literal["GET", "POST", "PUT", "DELETE"]
Limit = Annotated[int, Field(ge=1, le=500, description="At most so many items.")]


class Query(BaseModel):
    """What an endpoint may be asked, as parameters of its URL. A list is a parameter that is given several times."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Nothing(Query):
    """Of an endpoint without parameters."""


class Body(BaseModel):
    """What an endpoint is sent, as a JSON object."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What an endpoint answers. Times are UTC."""

    model_config = ConfigDict(frozen=True)


class Sink(Protocol):
    """What bytes are written to as they come."""

    def write(self, piece: bytes) -> None: ...

    def close(self) -> None:
        """What has come stays."""


@dataclass(frozen=True)
class Endpoint:
    """A question of the API and how it is answered.

    Attributes:
        path: Below the API's base, with `{name}` for what is filled in.
        resource: What is asked about, for the table of permissions; None for what everybody may ask unseen.
        action: What is done with it.
        query: The parameters of the URL.
        answer: What comes back, as JSON; of rows, what is said of them.
        work: Called in a worker thread with the asker's workbench, the filled-in parts of the path by name, and `query`
            where the endpoint has parameters.
        summary: What it is for, in a sentence.
        rows: Whether rows come back, as a stream of Arrow, and `work` gives `Rows`.
        method: GET, HEAD with it, changes nothing; PUT and DELETE do the same a second time.
        body: What is sent along; `work` gets it as `body`.
        slow: Whether it may take minutes: those wait for each other, and nothing else waits for them.
        content: Whether bytes are sent, of any length, that are taken as they come; `work` is asked once all are there,
            and `taking` before, for what they are written to.
    """

    path: str
    resource: str | None
    action: str
    answer: type[BaseModel]
    work: Callable[..., BaseModel | Rows]
    summary: str
    query: type[Query] = Nothing
    rows: bool = False
    method: Method = "GET"
    body: type[Body] | None = None
    slow: bool = False
    content: bool = False
    taking: Callable[..., Sink] | None = None

    @property
    def public(self) -> bool:
        return self.resource is None

    def run(self, wb: Workbench, parts: Mapping[str, str], query: Query, body: Body | None) -> BaseModel | Rows:
        """The answer, for somebody who may have it."""
        asked: dict[str, Any] = {} if self.query is Nothing else {"query": query}
        if body is not None:
            asked["body"] = body
        return self.work(wb, **parts, **asked)


def named(parts: Mapping[str, str]) -> Mapping[str, str]:
    """The filled-in parts of a path, where each can be the name of something at all.

    Raises:
        NotFound: One is too long for a name, or holds what no file and no database takes.
    """
    for part in parts.values():
        if "\0" in part or len(part.encode()) > LONGEST_NAME:
            raise NotFound(f"nothing here has a name like {part[:40]!r}")
    return parts


def parsed(model: type[Query], given: Mapping[str, list[str]]) -> Query:
    """The parameters of a URL as an endpoint wants them.

    Raises:
        Invalid: An unknown parameter, with the nearest one there is; one of a wrong kind; or one given twice.
    """
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    content: dict[str, Any] = {}
    for name, values in given.items():
        if any("\0" in value for value in values):
            raise Invalid(f"the parameter '{name}' holds a character that no text has, U+0000")
        if name.isdigit() and values == [""]:
            continue  # the time that JupyterLab's own client appends to every URL
        if name not in fields:
            raise unknown("parameter", name, fields, error=Invalid)
        if is_list(fields[name]):
            content[name] = values
        elif len(values) > 1:
            raise Invalid(f"the parameter '{name}' is given {len(values)} times")
        else:
            content[name] = values[0]
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = complaints(error, model, content, noun="request", term="parameter", fields={model: list(fields)})
        raise Invalid("; ".join(dict.fromkeys(one.sentence for one in found))) from error


def sent(model: type[Body], content: bytes) -> Body:
    """The body of a request as an endpoint wants it; none at all is an empty one.

    Raises:
        Invalid: It is too long, no JSON object, or has a field that is unknown, missing or of a wrong kind.
    """
    if len(content) > LARGEST_BODY:
        raise Invalid(f"the request's body has {len(content):,} bytes", hint=f"at most {LARGEST_BODY:,}")
    try:
        found = json.loads(content or b"{}")
    except ValueError as error:
        raise Invalid(f"the request's body is no JSON: {error}") from error
    except RecursionError as error:
        raise Invalid("the request's body is nested too deeply") from error
    if rb"\u0000" in content:
        raise Invalid("the request's body holds a character that no text has, U+0000")
    if not isinstance(found, dict):
        raise Invalid("the request's body is no JSON object", hint='{"name": value, ...}')
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as error:
        told = complaints(error, model, found, noun="request", term="field")
        raise Invalid("; ".join(dict.fromkeys(one.sentence for one in told))) from error


def is_list(field: FieldInfo) -> bool:
    """Whether a parameter may be given several times."""
    return get_origin(field.annotation) is tuple or any(
        get_origin(part) is tuple for part in get_args(field.annotation)
    )


def cursor_of(position: str) -> str:
    """Where a next page begins, as something to send back and not to read."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_in(cursor: str | None) -> str | None:
    """What `cursor_of` was given.

    Raises:
        Invalid: It is no cursor of ours.
    """
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise Invalid(f"'{cursor[:40]}' is no cursor", hint="send back the `next` of the page before") from error
