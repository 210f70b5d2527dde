"""Suites of expectations, from YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workbench.data.quality.expectations import Expectation, HasType, RowCount, RowRule
from workbench.foundation.errors import Invalid, nearest

__all__ = ["Suite", "load_suites"]


class Suite(BaseModel):
    """What is expected of a dataset.

    Attributes:
        name: What it is asked for by; the dataset's name when not given.
        dataset: Whose rows it is about.
        expectations: At least one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    dataset: str
    expectations: Annotated[tuple[Expectation, ...], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return {"name": given.get("dataset"), **given} if isinstance(given, dict) else given

    @classmethod
    def load(cls, path: Path) -> Suite:
        """Reads a file that has one suite.

        Raises:
            Invalid: The file cannot be read, has several suites, or has mistakes; all of them are named.
        """
        suites = load_suites([path])
        if len(suites) != 1:
            raise Invalid(f"{path.name} has {len(suites)} suites where one is wanted")
        return suites[0]


def load_suites(paths: Sequence[Path]) -> list[Suite]:
    """Reads files that each have a suite, or a list of suites.

    Raises:
        Invalid: A file cannot be read or has mistakes, or two suites have one name; all mistakes are named.
    """
    suites: list[Suite] = []
    problems: list[str] = []
    for path in paths:
        where = f"{path.parent.name}/{path.name}"
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(f"{where} cannot be read: {' '.join(str(error).split())}")
            continue
        for entry in content if isinstance(content, list) else [content]:
            try:
                suite = Suite.model_validate(entry)
            except ValidationError as error:
                problems += [f"{where}: {said}" for said in _sentences(error, entry)]
                continue
            if any(other.name == suite.name for other in suites):
                problems.append(f"{where}: a suite named '{suite.name}' is there already")
            suites.append(suite)
    if problems:
        raise Invalid("\n".join(problems))
    return suites


def _sentences(error: ValidationError, entry: Any) -> list[str]:
    said = []
    for problem in error.errors():
        place = list(problem["loc"])
        subject, rest = "the suite", place
        if place[:1] == ["expectations"] and len(place) > 1:
            number = int(place[1])
            kind = entry["expectations"][number]
            called = f" ({kind.get('expect')})" if isinstance(kind, dict) and kind.get("expect") else ""
            subject, rest = f"expectation {number + 1}{called}", place[3:]
        field = ".".join(map(str, rest))
        match problem["type"]:
            case "extra_forbidden":
                said.append(f"{subject} has the unknown field '{field}'" + _meant(field, _fields(entry, place)))
            case "missing":
                said.append(f"{subject} needs '{field}'")
            case "union_tag_invalid":
                tag = str(problem["ctx"]["tag"])
                known = [part.strip("' ") for part in str(problem["ctx"]["expected_tags"]).split(",")]
                said.append(f"{subject} is of no known kind" + (_meant(tag, known) or f"; use {', '.join(known)}"))
            case "union_tag_not_found":
                said.append(f"{subject} needs 'expect', its kind")
            case "value_error":
                said.append(f"{subject} {problem['ctx']['error']}")
            case "model_type" | "model_attributes_type":
                said.append(f"{subject} has to be a mapping of fields")
            case _:
                said.append(f"{subject} has a wrong '{field}': {problem['msg'].lower()}")
    return list(dict.fromkeys(said))


def _fields(entry: Any, place: list[Any]) -> list[str]:
    if place[0] != "expectations":
        return list(Suite.model_fields)
    expect = entry["expectations"][place[1]].get("expect")
    kinds = (*get_args(RowRule), RowCount, HasType)
    kind = next(kind for kind in kinds if expect in get_args(kind.model_fields["expect"].annotation))
    return list(kind.model_fields)


def _meant(word: str, known: Sequence[str]) -> str:
    guess = nearest(word, known)
    return f"; did you mean '{guess}'?" if guess else ""
