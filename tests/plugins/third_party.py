"""A package of somebody else's, as docs/connectors.md shows it: built and installed by pip, without a network."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from house import ROOT

__all__ = ["MODULE", "third_party_connector"]

MODULE = "workbench_arrow_files"


@pytest.fixture(scope="session")
def third_party_connector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The scheme of its connector, which is installed for as long as the session lasts."""
    folder = tmp_path_factory.mktemp("third-party")
    page = (ROOT / "docs" / "connectors.md").read_text().partition("## A connector of your own")[2]
    for name, language in (("pyproject.toml", "toml"), (f"{MODULE}.py", "python")):
        found = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
        assert found is not None, f"the page shows no {name}"
        (folder / name).write_text(found[1])
    target = folder / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", "--target", target, folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    sys.path.insert(0, str(target))
    importlib.invalidate_caches()
    yield "arrow"
    sys.path.remove(str(target))
    sys.modules.pop(MODULE, None)
