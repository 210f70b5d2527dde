"""Has a wheel or an sdist hold what runs in browsers: builds it with npm where it is older than its sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatch_jupyter_builder import npm_builder
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Folder of each npm package, and the file that its build leaves last.
BUILT = {
    "extensions/lab": "extensions/lab/labextension/static/style.js",
    "extensions/voila/page": "extensions/voila/workbench_voila/static/page.js",
}


class Browsers(BuildHookInterface[Any]):
    """Runs before files are picked. `HATCH_JUPYTER_BUILDER_SKIP_NPM=1` leaves the building to whoever sets it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for folder, built in BUILT.items():
            path, left = Path(self.root, folder), Path(self.root, built)
            npm_builder(
                self.target_name,
                version,
                path=str(path),
                source_dir=str(path / "src"),
                build_dir=str(left.parent),
                npm=["npm"],
            )
            if version == "standard" and not left.is_file():
                raise FileNotFoundError(f"{built} is not there, and npm has not built it")
