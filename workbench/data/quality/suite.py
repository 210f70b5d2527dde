"""Suites of expectations, from YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.data.quality.kinds import Expectation
from workbench.foundation import definitions
from workbench.foundation.errors import Invalid, WorkbenchError

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
        named = isinstance(given, dict) and isinstance(given.get("dataset"), str)
        return {"name": given["dataset"], **given} if named else given

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
        try:
            file = definitions.read(path, kind="suite of expectations")
        except WorkbenchError as error:
            problems.append(str(error))
            continue
        listed = isinstance(file.content, list)
        for at, entry in enumerate(file.content if listed else [file.content]):
            place = (at,) if listed else ()
            suite = file.validated(Suite, entry, place, noun="suite")
            if suite is None:
                continue
            if any(other.name == suite.name for other in suites):
                file.complain(place, f"a suite named '{suite.name}' is there already")
            suites.append(suite)
        if file.found:
            problems.append(file.mistakes())
    if problems:
        raise Invalid("\n".join(problems))
    return suites


def in_already(dataset: str, suite: str) -> str:
    """Which rows are not held against a suite that is another one by now, and how they are."""
    which = "" if suite == dataset else f" --suite {suite}"
    return (
        f"rows that are in '{dataset}' already are not held against the suite '{suite}':"
        f" workbench dataset quality {dataset} --check{which}"
    )
