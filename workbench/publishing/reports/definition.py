"""What a report is: one YAML file in the workspace's `reports` folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workbench.foundation import definitions
from workbench.foundation.errors import Invalid, NotFound, WorkbenchError, unknown

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

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="Up to 64 lower-case letters, digits, - and _."
    )
    title: str = Field(min_length=1)
    notebook: Path
    description: str = ""
    audience: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    language: str = Field(
        default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="A language tag such as en or de-AT."
    )
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


def load_all(home: Path) -> tuple[list[ReportDefinition], list[str]]:
    """Every report of a workspace, by name; and what is wrong with each file that is none."""
    found: list[ReportDefinition] = []
    wrong: list[str] = []
    for path in _files(home):
        try:
            found.append(_load(path, home))
        except WorkbenchError as error:
            wrong.append(str(error))
    return found, wrong


def _files(home: Path) -> list[Path]:
    return sorted((home / FOLDER).glob("*.yaml"))


def _load(path: Path, home: Path) -> ReportDefinition:
    file = definitions.read(path, kind="report definition", shown=str(path.relative_to(home)))
    if not isinstance(file.content, dict):
        raise Invalid(f"{file.shown} is not a report: it has to hold name, title and notebook")
    given = {**file.content, "version": hashlib.sha256(file.text).hexdigest()[:12]}
    written = [name for name in ReportDefinition.model_fields if name != "version"]
    if "version" in file.content:
        file.complain(("version",), "the report has the unknown field 'version'; it is made from what the file says")
    made = file.validated(ReportDefinition, given, noun="report", fields={ReportDefinition: written})
    file.refuse()
    assert made is not None, "what is not valid was refused"
    if made.name != path.stem:
        file.complain(("name",), f"the report has the name '{made.name}'; it has to be the file's, '{path.stem}'")
        file.refuse(hint=f"write 'name: {path.stem}', or rename the file")
    if not (home / made.notebook).is_file():
        raise NotFound(
            f"{file.shown}, line {file.line(('notebook',))}: "
            f"the report names the notebook {made.notebook}, which does not exist",
            hint=f"paths in {file.shown} are relative to {home}",
        )
    return made
