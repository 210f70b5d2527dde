"""From one page of an API to the next, and to an end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from workbench.data.connectors.api.options import ApiOptions
from workbench.foundation.errors import Invalid, WorkbenchError, nearest
from workbench.foundation.http import Answer

__all__ = ["Page", "pages"]

Ask = Callable[[str, Mapping[str, str]], Answer]

_PORTS = {"http": 80, "https": 443}
_ABSENT = object()


@dataclass(frozen=True)
class Page:
    """Attributes:
    number: From 1.
    """

    number: int
    rows: list[Any]


@dataclass(frozen=True)
class _Question:
    """
    Attributes:
        mark: The page's number, offset, cursor or link, whatever tells it from the others.
    """

    url: str
    parameters: Mapping[str, str]
    mark: str


def pages(ask: Ask, url: str, parameters: Mapping[str, str], options: ApiOptions, place: str) -> Iterator[Page]:
    """Every page of an API, each asked for when it is taken.

    Args:
        ask: Gets an address with parameters.
        parameters: Go along with every page, save where a link is followed, which has them.
        place: The address as errors show it.

    Raises:
        Invalid: The body is not as the options say; a cursor, link or page comes again; a link leads to another host;
            there are more pages than there may be.
        WorkbenchError: What `ask` raises, with the page's number.
    """
    question: _Question | None = _first(url, parameters, options)
    seen: set[str] = set()
    before: list[Any] = []
    number = 0
    while question is not None:
        number += 1
        if number > options.most_pages:
            raise Invalid(
                f"{place} has more than {options.most_pages:,} pages",
                hint="where that is right, most_pages= allows more",
            )
        where = place if options.pages == "none" else f"{place}, page {number}"
        seen.add(question.mark)
        answer, body = _asked(ask, question, where, number)
        rows = _rows(body, options.rows, where)
        if rows and rows == before and not options.repeats:
            asked_by = f"does the API know '{options.asked_by}'? " if options.asked_by else ""
            raise Invalid(
                f"{where} has the very rows of the page before, so it would never end",
                hint=f"{asked_by}where equal pages are right, say repeats=yes",
            )
        before = rows
        yield Page(number, rows)
        question = _after(question, answer, body, rows, options, parameters, where)
        if question is not None and question.mark in seen:
            raise Invalid(
                f"{where} leads to a page that was there before ({question.mark[:80]!r}), so it would never end",
                hint="tell whoever owns the API; nothing of it was taken",
            )


def _asked(ask: Ask, question: _Question, where: str, number: int) -> tuple[Answer, Any]:
    try:
        answer = ask(question.url, question.parameters)
        return answer, answer.json()
    except WorkbenchError as error:
        if number == 1:
            raise
        raise type(error)(f"{where}: {error}", hint=error.hint) from error


def _first(url: str, parameters: Mapping[str, str], options: ApiOptions) -> _Question:
    begin = dict(parameters)
    if options.size is not None:
        begin[options.size_parameter] = str(options.size)
    mark = ""
    if options.pages in ("page", "offset"):
        number = options.first if options.first is not None else 1 if options.pages == "page" else 0
        mark = begin[options.asked_by] = str(number)
    return _Question(url, begin, mark)


def _after(
    question: _Question,
    answer: Answer,
    body: Any,
    rows: list[Any],
    options: ApiOptions,
    parameters: Mapping[str, str],
    where: str,
) -> _Question | None:
    """What to ask next; None at the end."""
    if options.more and not _more(body, options.more, where):
        return None
    match options.pages:
        case "page" | "offset":
            # Not by how many rows there are: a server gives fewer than it is asked for as it likes.
            if not rows:
                return None
            mark = str(int(question.mark) + (1 if options.pages == "page" else len(rows)))
            return _Question(question.url, {**question.parameters, options.asked_by: mark}, mark)
        case "cursor":
            cursor = _next(body, options.next, where)
            if cursor is None:
                return None
            return _Question(question.url, {**question.parameters, options.asked_by: cursor}, cursor)
        case "next":
            link = _next(body, options.next, where)
        case "link":
            link = answer.links.get("next")
        case _:
            return None
    if link is None:
        return None
    target = urljoin(answer.url, link)
    if _origin(target) != _origin(question.url):
        raise Invalid(
            f"{where} goes on at {_origin(target)}, which is another host",
            hint="what an API is shown goes to its own host only; is its address the one it calls itself by?",
        )
    return _Question(target, {}, target)


def _rows(body: Any, path: str, where: str) -> list[Any]:
    found = _at(body, path, where) if path else body
    if found is None and path:
        return []  # as some write a list that is empty
    if isinstance(found, list):
        return found
    lists = _lists(body)
    hint = f"say where they are: rows={lists[0]}" if lists else "there is no list anywhere in it"
    raise Invalid(f"{where}: {f'its {path}' if path else 'the body'} is {_kind(found)}, no list of rows", hint=hint)


def _more(body: Any, path: str, where: str) -> bool:
    found = _at(body, path, where)
    if found is None or isinstance(found, bool):
        return bool(found)
    raise Invalid(f"{where}: '{path}' is {_kind(found)}, and more= takes true or false")


def _next(body: Any, path: str, where: str) -> str | None:
    found = _at(body, path, where, optional=True)
    if found is _ABSENT or found is None or found is False or found == "":
        return None
    if isinstance(found, str | int) and found is not True:
        return str(found)
    raise Invalid(f"{where}: '{path}' is {_kind(found)}, no cursor and no link")


def _at(body: Any, path: str, where: str, *, optional: bool = False) -> Any:
    """What a path leads to. Its last name may be absent if it is optional, unless there is one like it: whoever
    mistypes the way to the next page would get the first one for all of them."""
    found = body
    names = path.split(".")
    for at, name in enumerate(names):
        last = at == len(names) - 1
        if isinstance(found, dict):
            if name not in found:
                may_be_absent = optional and last
                guess = nearest(name, found, cutoff=0.9 if may_be_absent else 0.6)
                if may_be_absent and guess is None:
                    return _ABSENT
                known = _names(found, 12) or "nothing"
                meant = f"; did you mean '{guess}'?" if guess else f"; there is {known}"
                raise Invalid(f"{where}: there is no '{name}' in the body, on the way {path}{meant}")
            found = found[name]
        elif isinstance(found, list) and re.fullmatch("-?[0-9]{1,9}", name):
            if optional and not found:
                return _ABSENT
            try:
                found = found[int(name)]
            except IndexError:
                raise Invalid(f"{where}: there is no item {name} of {len(found)}, on the way {path}") from None
        else:
            raise Invalid(f"{where}: before '{name}', on the way {path}, the body has {_kind(found)}")
    return found


def _lists(body: Any) -> list[str]:
    """Paths of lists in a body, those of objects first."""
    if not isinstance(body, dict):
        return []
    found: list[tuple[bool, str]] = []
    for name, value in body.items():
        if isinstance(value, list):
            found.append((not (value and isinstance(value[0], dict)), name))
        elif isinstance(value, dict):
            found += [
                (not (inner and isinstance(inner[0], dict)), f"{name}.{key}")
                for key, inner in value.items()
                if isinstance(inner, list)
            ]
    return [path for _, path in sorted(found)]


def _kind(found: Any) -> str:
    match found:
        case None:
            return "nothing (null)"
        case dict():
            return f"an object ({_names(found, 5) or 'empty'})"
        case list():
            return "a list"
        case str():
            return f"the text {found[:40]!r}"
    return json.dumps(found)[:40]


def _names(found: Mapping[str, Any], most: int) -> str:
    """Names of an object, as a terminal can show them whatever they are."""
    return ", ".join(name[:40].encode("utf-8", "backslashreplace").decode() for name in list(found)[:most])


def _origin(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        port = None
    return f"{parts.scheme}://{parts.hostname}:{port}"
