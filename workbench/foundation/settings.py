"""Settings: `workbench.toml` in the workspace, overridden by `WORKBENCH_*` in the environment."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from workbench.foundation.definitions import Place, complaints, listed
from workbench.foundation.errors import Invalid, NotFound, nearest

__all__ = ["MARKER", "Settings", "find_home", "load"]

MARKER = "workbench.toml"


class Settings(BaseSettings):
    """What a workspace can be told. Every field is a line in `workbench.toml` or a `WORKBENCH_<FIELD>` variable."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", extra="forbid", frozen=True)

    home: Path = Field(description="The workspace's folder: where workbench.toml lies.")
    catalog_url: str = Field(
        default="", description="SQLAlchemy URL of the catalog. Empty: SQLite in the workspace's state folder."
    )
    lake_root: Path = Field(default=Path(".workbench/lake"), description="Where dataset files lie.")
    run_id: str | None = Field(
        default=None, description="The run this process works for; set for kernels by the runner."
    )
    replay_of: str | None = Field(
        default=None, description="The run whose sealed versions every read gets; set for kernels during a replay."
    )
    token: SecretStr | None = Field(
        default=None,
        description="Whom this process works for; set for kernels. Never in a file: only in the environment.",
    )
    pin_days: int = Field(default=90, ge=0, description="How long the versions that a run read are kept for replay.")
    sql_time_limit: float = Field(default=60, gt=0, description="Seconds that one SQL statement may take.")
    sql_memory_limit: int = Field(
        default=2_000, ge=32, description="Megabytes that one SQL statement may hold, and its result once more."
    )
    cell_timeout: int = Field(default=1800, gt=0, description="Seconds one notebook cell may take.")
    chromium: str | None = Field(
        default=None, description="Path of the Chromium that prints PDF. Empty: the first one found on PATH."
    )
    engine: str = Field(
        default="auto",
        description="What computes: auto, local, dask, gpu or dask-cuda; auto chooses by the size of the data.",
    )
    dask_scheduler: str = Field(
        default="",
        pattern=r"^$|^(tcp|tls|ucx)://\S+:\d+$",
        description="Address of a Dask scheduler, such as tcp://10.0.0.5:8786. Empty: the engine dask starts its own.",
    )
    rollups: Literal["use", "off", "only"] = Field(
        default="use",
        description="Whether metrics are answered from rollups where that gives the same; only refuses anything else.",
    )
    result_cache: int = Field(
        default=256,
        ge=0,
        description="Megabytes of computed results that are kept for whoever asks the same again; 0 keeps none.",
    )
    upload_limit: int = Field(default=512, ge=1, description="Megabytes that an uploaded file may have.")
    upload_quota: int = Field(
        default=2_048, ge=1, description="Megabytes that one person's uploads may have together until they are loaded."
    )
    upload_hours: int = Field(
        default=24, ge=1, description="Hours after which an upload that nobody goes on with goes."
    )
    host: str = Field(default="127.0.0.1", description="The address that servers listen on.")
    port: int = Field(default=8600, ge=1, le=65_000, description="The first port of the servers; others follow it.")
    pages_per_viewer: int = Field(
        default=20,
        ge=1,
        description="How many dashboards one person may have open at once: each has a kernel of its own.",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = Path(init_settings()["home"])
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / MARKER)

    def model_post_init(self, context: object) -> None:
        object.__setattr__(self, "lake_root", self.home / self.lake_root)
        if not self.catalog_url:
            object.__setattr__(self, "catalog_url", f"sqlite:///{self.state / 'catalog.db'}")

    @property
    def state(self) -> Path:
        """Everything the workbench writes of its own accord."""
        return self.home / ".workbench"

    @property
    def runs_dir(self) -> Path:
        return self.state / "runs"

    @property
    def reports_dir(self) -> Path:
        return self.state / "reports"

    @property
    def results_dir(self) -> Path:
        return self.state / "results"

    @property
    def uploads_dir(self) -> Path:
        return self.state / "uploads"

    @property
    def logs_dir(self) -> Path:
        return self.state / "logs"


def find_home(start: Path | None = None) -> Path:
    """The workspace a process is in: `WORKBENCH_HOME`, else the nearest folder upward with a `workbench.toml`.

    Raises:
        NotFound: There is none.
    """
    if start is None and (named := os.environ.get("WORKBENCH_HOME")):
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARKER).is_file():
            return folder
    raise NotFound(
        f"no workspace: there is no {MARKER} in {here} or above it",
        hint="run 'workbench init' here, or 'workbench demo' in an empty folder",
    )


def load(home: Path | None = None) -> Settings:
    """The settings of a workspace.

    Raises:
        NotFound: No workspace here.
        Invalid: `workbench.toml` cannot be parsed, or settings are unknown or of a wrong type; all of them are named.
            Or a variable in the environment is one of ours misspelt.
    """
    folder = home.resolve() if home is not None else find_home()
    if not (folder / MARKER).is_file():
        raise NotFound(
            f"no workspace: there is no {MARKER} in {folder}", hint=f"run 'workbench init {folder}', or name another"
        )
    _refuse_misspelt_variables()
    try:
        return Settings(home=folder)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{folder / MARKER} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise Invalid(_mistakes(error, folder / MARKER), hint="see docs/settings.md") from error


def _refuse_misspelt_variables() -> None:
    """A variable that is nearly one of ours; what is far from all of them belongs to another program."""
    known = [f"WORKBENCH_{name.upper()}" for name in (*Settings.model_fields, "failpoint")]
    for name in sorted(os.environ):
        if name.startswith("WORKBENCH_") and name not in known and (guess := nearest(name, known, cutoff=0.85)):
            raise Invalid(f"environment: no setting '{name}'; did you mean '{guess}'?", hint="see docs/settings.md")


def _mistakes(error: ValidationError, path: Path) -> str:
    """What is wrong, told of the file or of the environment, whichever it came from."""
    variables = {name.upper() for name in os.environ}
    given = {name for name in Settings.model_fields if f"WORKBENCH_{name.upper()}" in variables}
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []

    def line(place: Place) -> int | None:
        key = re.compile(rf"""\s*\[?["']?{re.escape(str(place[0]))}["']?\s*[=.\]]""")
        return next((at for at, text in enumerate(lines, start=1) if key.match(text)), None)

    found = complaints(error, Settings, None, noun="workspace", term="setting", line=line)
    outside = [one for one in found if one.place[0] in given]
    told = [
        listed(MARKER, [one for one in found if one not in outside]),
        listed("environment", [replace(one, line=None) for one in outside]),
    ]
    return "\n".join(filter(None, told))
