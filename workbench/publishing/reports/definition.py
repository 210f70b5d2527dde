"""What a report is: one YAML file in the workspace's `reports` folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.foundation.errors import Invalid, NotFound, nearest, unknown

__all__ = ["FOLDER", "ReportDefinition", "find", "load_all"]

FOLDER = "reports"


class ReportDefinition(BaseModel):
    """A report: a notebook, what it is called, and the parameters it is run with unless others are given.

    Attributes:
        name: The file's name without `.yaml`; what commands and folders call it.
        title: What readers see.
        notebook: Path of the notebook, relative to the workspace.
        description: What the report tells, in a sentence; stands under the title.
        audience: Whom it is for: "Operations".
        parameters: Values that replace the notebook's own defaults.
        language: Of the text, as in `lang="en"`.
        version: Digest of the file, so that a changed definition is another version.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    title: str = Field(min_length=1)
    notebook: Path
    description: str = ""
    audience: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    version: str = ""


def find(home: Path, name: str) -> ReportDefinition:
    """The report of that name.

    Raises:
        NotFound: No such report; the message has the nearest one.
        Invalid: Its file is not valid YAML, or not a report.
    """
    path = path_of(home, name)
    names = [found.stem for found in _files(home)]
    if name not in names:
        raise unknown("report", name, names, hint=f"reports are the .yaml files in {home / FOLDER}")
    return _load(path, home)


def path_of(home: Path, name: str) -> Path:
    """Where the definition of that name lies."""
    return home / FOLDER / f"{name}.yaml"


def load_all(home: Path) -> list[ReportDefinition]:
    """Every report of a workspace, by name.

    Raises:
        Invalid: One of the files is not a report; the message names it.
    """
    return [_load(path, home) for path in _files(home)]


def _files(home: Path) -> list[Path]:
    return sorted((home / FOLDER).glob("*.yaml"))


def _load(path: Path, home: Path) -> ReportDefinition:
    shown = path.relative_to(home)
    try:
        text = path.read_bytes()
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(f"{shown} is not valid YAML: {_where(error)}", hint="mend the file and try again") from error
    except OSError as error:
        raise NotFound(f"{shown} cannot be read: {error.strerror}") from error
    if not isinstance(content, dict):
        raise Invalid(f"{shown} is not a report: it has to hold name, title and notebook")
    try:
        made = ReportDefinition.model_validate({**content, "version": hashlib.sha256(text).hexdigest()[:12]})
    except ValidationError as error:
        raise Invalid(f"{shown} is not a report: {_first(error)}") from error
    if made.name != path.stem:
        raise Invalid(
            f"{shown} calls the report '{made.name}'; the name has to be the file's, '{path.stem}'",
            hint=f"write 'name: {path.stem}', or rename the file",
        )
    if not (home / made.notebook).is_file():
        raise NotFound(
            f"report '{made.name}' names the notebook {made.notebook}, which does not exist",
            hint=f"paths in {shown} are relative to {home}",
        )
    return made


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be parsed"
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)


def _first(error: ValidationError) -> str:
    # A mistyped field is also a missing one; its own name says more.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        guess = nearest(field, ReportDefinition.model_fields)
        return f"unknown field '{field}'" + (f"; did you mean '{guess}'?" if guess else "")
    return f"'{field}' is missing" if first["type"] == "missing" else f"'{field}': {first['msg'].lower()}"
