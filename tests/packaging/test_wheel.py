"""The wheel: what is in it, and that it works alone, in an empty folder, without the repository around it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from house import PACKAGES, ROOT

from workbench import __version__

DEMO = ("notebooks", "pipelines", "reports", "metrics", "expectations")


def run(*command: str | Path, cwd: Path, home: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    environment["JUPYTER_PATH"] = f"{sys.prefix}/share/jupyter"  # what the borrowed packages put outside site-packages
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # Straight from the tree, without asking a package index for the build's own requirements.
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder, home=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `workbench` command of an environment that has the wheel, and borrows only its requirements from ours."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", symlinks=True, with_pip=False)
    python = folder / "venv" / "bin" / "python"
    site = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder, home=folder).strip()
    )
    uv = Path(sys.prefix) / "bin" / "uv"
    installer = (
        [uv, "pip", "install", "--python", python]
        if uv.exists()
        else [sys.executable, "-m", "pip", "--python", python, "install"]
    )
    run(*installer, "--no-deps", "--no-index", wheel, cwd=folder, home=folder)
    # Only the folder is added, not its .pth files: one of them leads to the repository.
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    where = run(python, "-c", "import workbench; print(workbench.__file__)", cwd=folder, home=folder)
    assert Path(where.strip()).is_relative_to(folder), "the repository's own package was found instead"
    return folder / "venv" / "bin" / "workbench"


def test_the_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    kept = {
        str(path.relative_to(folder))
        for package, folder in PACKAGES.items()
        for path in (folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert kept - names == set()
    assert "workbench/py.typed" in names


def test_the_wheel_holds_the_demo(names: set[str]) -> None:
    kept = {
        f"workbench/starters/demo_workspace/{path.relative_to(ROOT)}"
        for folder in DEMO
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    }
    assert kept
    assert kept - names == set()


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {
        *PACKAGES,
        f"analytics_workbench-{__version__}.dist-info",
        f"analytics_workbench-{__version__}.data",
    }
    data = f"analytics_workbench-{__version__}.data/data"
    assert {name for name in names if name.startswith(f"{data}/etc/")} == {
        f"{data}/etc/jupyter/jupyter_server_config.d/workbench_server.json",
        f"{data}/etc/jupyter/labconfig/default_setting_overrides.json",
    }
    panel = f"{data}/share/jupyter/labextensions/@analytics-workbench/lab"
    assert {name for name in names if ".data/" in name and f"{data}/etc/" not in name} == {
        name for name in names if name.startswith((f"{panel}/static/", f"{panel}/package.json"))
    }
    assert not [
        name for name in names if "__pycache__" in name or ".ipynb_checkpoints" in name or "/.workbench/" in name
    ]


@pytest.mark.npm
def test_the_wheel_holds_the_panel_and_it_names_no_place_outside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        built = {
            name.partition("/lab/")[2]: archive.read(name).decode()
            for name in archive.namelist()
            if "/labextensions/@analytics-workbench/lab/" in name
        }
    about = json.loads(built["package.json"])
    assert about["jupyterlab"]["_build"]["load"] in built
    assert "static/style.js" in built
    scripts = {name: text for name, text in built.items() if name.endswith(".js")}
    named = {address for text in scripts.values() for address in re.findall(r"https?://[\w./-]+", text)}
    assert named <= {"http://www.w3.org/2000/svg"}


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = f"analytics_workbench-{__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{about}/METADATA").decode())
        entry_points = archive.read(f"{about}/entry_points.txt").decode()
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "workbench = workbench.cli:main" in entry_points


@pytest.mark.long
def test_the_command_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    assert "dataset" in run(installed, "--help", cwd=tmp_path, home=tmp_path)
    assert __version__ in run(installed, "--version", cwd=tmp_path, home=tmp_path)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_demo_runs_from_the_wheel_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    said = run(installed, "demo", "--no-serve", cwd=folder, home=tmp_path)
    assert "flights" in said
    assert list((folder / ".workbench" / "reports").rglob("*.html"))
