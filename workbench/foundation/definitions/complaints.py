"""What pydantic found wrong, for somebody who wrote a file.

Every mistake is one sentence about a subject: "stage 'extract' has the unknown field 'retires'; did you mean
'retries'?" A validator's own words go on after the subject in the same way: `raise ValueError("needs a min")`. What a
pattern asks for is said with the field's description.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from workbench.foundation.definitions.spot import Place, Spot, names
from workbench.foundation.errors import Invalid, nearest

__all__ = ["Complaint", "Fields", "complaints", "listed", "meant", "validated"]

M = TypeVar("M", bound=BaseModel)

Fields = Mapping[type[BaseModel], Iterable[str]]

_SPOKEN = {bool: "true or false", int: "a whole number", float: "a number", str: "text", date: "a date"}
_SPOKEN |= {datetime: "a time"}


@dataclass(frozen=True)
class Complaint:
    """One mistake.

    Attributes:
        place: Keys and positions (from 0) that lead to it in the content.
        sentence: What is wrong, subject and all.
        line: From 1; None where it is not known.
    """

    place: Place
    sentence: str
    line: int | None = None


def complaints(
    error: ValidationError,
    model: type[BaseModel],
    content: Any,
    at: Place = (),
    *,
    noun: str,
    term: str = "field",
    fields: Fields | None = None,
    line: Callable[[Place], int | None] = lambda place: None,
) -> list[Complaint]:
    """What pydantic found, for somebody who wrote a file.

    Args:
        model: What the content was to become.
        content: What was validated.
        at: Where the content stands in the file, when the file has several of its kind.
        noun: What the model is to the reader: "metric".
        term: What the model's fields are to the reader.
        fields: The fields a reader may write, where these are not the model's own.
        line: The line of a place.
    """
    subject = _called(noun, content, at[-1]) if at else f"the {noun}"
    found: list[Complaint] = []
    mistyped: set[Place] = set()
    missing: list[Complaint] = []
    for problem in error.errors(include_url=False):
        spot = Spot.at(model, problem["loc"])
        known = [] if spot.owner is None else list((fields or {}).get(spot.owner) or names(spot.owner))
        who = subject
        if spot.items:
            last = spot.place[spot.items - 1]
            who = _called(_singular(spot.place[spot.items - 2]), _within(content, spot.place[: spot.items]), last)
            who += f" ({spot.tag})" if spot.tag else ""
            who += f" of {subject}" if at else ""
        said = _said(problem, spot, ".".join(map(str, spot.place[spot.items :])), known, term)
        place = spot.place
        if problem["type"] == "union_tag_invalid":
            place = (*place, _discriminator(problem["ctx"]))
        one = Complaint((*at, *place), f"{who} {said}", line((*at, *place)))
        (missing if problem["type"] == "missing" else found).append(one)
        if problem["type"] == "extra_forbidden" and (guess := nearest(str(place[-1]), known)):
            mistyped.add((*at, *place[:-1], guess))
    # A mistyped field is also a missing one; to say so once is enough.
    found += [one for one in missing if one.place not in mistyped]
    # What holds a wrong thing is judged without it: a list of one wrong item is "empty" too.
    holding = {one.place[:end] for one in found for end in range(len(at), len(one.place))}
    return [one for one in dict.fromkeys(found) if one.place not in holding]


def _said(problem: Any, spot: Spot, name: str, known: list[str], term: str) -> str:
    """The sentence of a problem, from its verb on."""
    given, context = problem["input"], problem.get("ctx", {})
    shown = _shortened(f"'{given}'" if isinstance(given, str) else reprlib.repr(given))
    match problem["type"]:
        case "extra_forbidden":
            there = f"; there is {', '.join(known[:20])}" if known else ""
            return f"has the unknown {term} '{name}'" + (meant(str(spot.place[-1]), known) or there)
        case "missing":
            return f"needs '{name}'"
        case "value_error" | "assertion_error":
            return str(context["error"])
        case "literal_error" | "enum":
            choices = re.findall(r"'([^']*)'", context["expected"])
            return f"has the {name} {shown}" + (meant(str(given), choices) or f"; use {context['expected']}")
        case "union_tag_invalid":
            tags = re.findall(r"'([^']*)'", context["expected_tags"])
            meaning = meant(context["tag"], tags) or f"; use {', '.join(tags)}"
            return f"has the {_discriminator(context)} '{context['tag']}'{meaning}"
        case "union_tag_not_found":
            return f"needs {context['discriminator']}, its kind"
        case "model_type" | "model_attributes_type" | "dataclass_type" | "dict_type" | "mapping_type":
            return f"has a '{name}' that is not a mapping of fields" if name else "is not a mapping of fields"
        case "string_pattern_mismatch":
            wanted = (spot.field.description or "") if spot.field is not None else ""
            use = f"use {wanted[:1].lower()}{wanted[1:].rstrip('.')}"
            return f"has the {name} {shown}; " + (use if wanted else f"it has to match {context['pattern']}")
    if spot.choices:
        *most, last = (_SPOKEN.get(kind, getattr(kind, "__name__", str(kind))) for kind in spot.choices)
        return f"has the {name} {shown}; use {', '.join(most)} or {last}"
    message = f"{problem['msg'][:1].lower()}{problem['msg'][1:]} (it is {shown})"
    return f"has a wrong '{name}': {message}" if name else f"is wrong: {message}"


def validated(model: type[M], given: Mapping[str, Any], *, noun: str) -> M:
    """Makes a model of what somebody gave in Python or JSON, where there are no lines to name.

    Args:
        noun: What the model is to the reader: "metric".

    Raises:
        Invalid: It has mistakes; all of them are named.
    """
    given = dict(given)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        sentences = [one.sentence for one in complaints(error, model, given, noun=noun)]
        raise Invalid("; ".join(dict.fromkeys(sentences))) from None  # its cause repeats what was given


def listed(shown: str, found: Iterable[Complaint]) -> str:
    """Complaints about one file as a text, by line and each once: a sentence for one, a list for several."""
    lines = list(dict.fromkeys((one.line, one.sentence) for one in sorted(found, key=lambda one: one.line or 0)))
    if len(lines) == 1:
        line, sentence = lines[0]
        return f"{shown}, line {line}: {sentence}" if line else f"{shown}: {sentence}"
    said = "\n".join(f"  line {line}: {sentence}" if line else f"  {sentence}" for line, sentence in lines)
    return f"{shown} has {len(lines)} mistakes:\n{said}" if lines else ""


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a mistyped word: the nearest known one, or nothing."""
    guess = nearest(word, known)
    return f"; did you mean '{guess}'?" if guess else ""


def _discriminator(context: Any) -> str:
    return str(context["discriminator"]).strip("'")


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:76]} ..."


def _within(content: Any, place: Place) -> Any:
    for part in place:
        try:
            content = content[part]
        except (LookupError, TypeError):
            return None
    return content


def _singular(word: str | int) -> str:
    return str(word).removesuffix("s")


def _called(noun: str, content: Any, at: str | int) -> str:
    """One of several: by its own name, its key, or its number."""
    name = content.get("name") if isinstance(content, dict) else content
    if isinstance(name, str) and name:
        return f"{noun} '{name}'"
    return f"{noun} {at + 1}" if isinstance(at, int) else f"{noun} '{at}'"
