"""`wb.dashboards`: which there are, for whoever asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from workbench.foundation.errors import Forbidden, NotFound, WorkbenchError, chosen, unknown
from workbench.foundation.listing import Listing
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor
from workbench.governance.security import Role
from workbench.orchestration.notebooks import introduction, named_in

__all__ = ["FOLDER", "DashboardInfo", "Dashboards"]

FOLDER = Path("notebooks/dashboards")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class DashboardInfo:
    """
    Attributes:
        name: What it is opened by: its file's name without the ending.
        title: Its heading.
        description: Its first sentence.
        path: Of its notebook.
        role: The least role that may open it: "workbench": {"role": "analyst"} in the notebook's metadata; else viewer.
        keeps: Whether new queries and metrics may be kept from it by whoever else may keep them: "keeps": true there.
    """

    name: str
    title: str
    description: str
    path: Path
    role: Role
    keeps: bool = False


class Dashboards:
    """The dashboards of a workspace, as one actor sees them: `notebooks/dashboards/*.ipynb`."""

    def __init__(self, settings: Settings, actor: Actor) -> None:
        self._home = settings.home
        self._actor = actor

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def list(self) -> Listing[DashboardInfo]:
        """Those that the actor may open, by title; `problems` says which files cannot be read."""
        found, problems = [], []
        for path in self._paths().values():
            try:
                info = self._info(path)
            except WorkbenchError as error:
                problems.append(str(error))
                continue
            if self._actor.principal.role.includes(info.role):
                found.append(info)
        return Listing(
            sorted(found, key=lambda info: info.title.casefold()),
            caption="Dashboards",
            row=lambda info: {"dashboard": info.name, "title": info.title, "description": info.description},
            empty="There is no dashboard yet: `workbench new dashboard NAME` writes one.",
            problems=problems,
        )

    def get(self, name: str) -> DashboardInfo:
        """
        Raises:
            NotFound: No such dashboard; the message has the nearest one that the actor may open.
            Forbidden: It takes another role.
            Invalid: Its file is no notebook.
        """
        path = self._paths().get(name)
        if path is None:
            raise unknown("dashboard", name, [info.name for info in self.list()], error=NotFound)
        info = self._info(path)
        who = self._actor.principal
        if not who.role.includes(info.role):
            raise Forbidden(
                f"{who.name} ({who.role}) may not open the dashboard '{name}': that takes the role {info.role}",
                hint="ask an admin of this workspace for the role",
            )
        return info

    def names_in(self, name: str) -> frozenset[str]:
        """Every text in the code of a dashboard's notebook; of what it shows, it names the metrics and datasets.

        Raises:
            NotFound: No such dashboard.
            Forbidden: It takes another role.
            Invalid: Its file is no notebook.
        """
        return named_in(self.get(name).path)

    def _paths(self) -> dict[str, Path]:
        found = sorted((self._home / FOLDER).glob("*.ipynb"))
        return {path.stem: path for path in found if _NAME.fullmatch(path.stem)}

    def _info(self, path: Path) -> DashboardInfo:
        said = introduction(path)
        title = said.title or path.stem.replace("-", " ").replace("_", " ").capitalize()
        role = chosen("role", str(said.metadata.get("role", Role.VIEWER.value)), Role)
        keeps = said.metadata.get("keeps") is True
        return DashboardInfo(path.stem, title, said.sentence, path, role, keeps)
