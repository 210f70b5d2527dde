"""Settings: `workbench.toml` in the workspace, overridden by `WORKBENCH_*` in the environment."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

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
    pin_days: int = Field(default=90, ge=0, description="How long the versions that a run read are kept for replay.")
    cell_timeout: int = Field(default=1800, gt=0, description="Seconds one notebook cell may take.")
    chromium: str | None = Field(
        default=None, description="Path of the Chromium that prints PDF. Empty: the first one found on PATH."
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
        Invalid: `workbench.toml` cannot be parsed, or a setting is unknown or of the wrong type.
    """
    folder = home.resolve() if home is not None else find_home()
    try:
        return Settings(home=folder)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{folder / MARKER} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            guess = nearest(name, Settings.model_fields)
            meant = f"; did you mean '{guess}'?" if guess else ""
            raise Invalid(f"{MARKER} has an unknown setting '{name}'{meant}", hint="see docs/settings.md") from error
        raise Invalid(f"setting '{name}' in {MARKER} or the environment: {first['msg'].lower()}") from error
