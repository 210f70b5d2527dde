"""Views that are written down: `views/NAME.yaml`.

description: How many flights each carrier has.
sql: |
  SELECT carrier, count(*) AS flights FROM flights GROUP BY carrier
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from workbench.data.views.model import ViewDefinition
from workbench.foundation import definitions

__all__ = ["in_file", "in_files"]


class _Written(BaseModel):
    """What stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sql: str = Field(min_length=1)
    description: str = ""


def in_files(folder: Path) -> list[str]:
    """The names of the views that there are files of."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def in_file(folder: Path, name: str) -> ViewDefinition | None:
    """What a view's file says; None where it has none.

    Raises:
        Invalid: All that is wrong with it, each with its line.
    """
    if name not in in_files(folder):
        return None
    file = definitions.read(folder / f"{name}.yaml", kind="definition of a view")
    said = file.validated(_Written, file.content, noun="view")
    file.refuse(hint="see docs/views.md")
    assert said is not None, "what is not valid was refused"
    return definitions.validated(
        ViewDefinition, {"name": name, "sql": said.sql, "description": said.description}, noun="view"
    )
