"""The lock files: whole, without addresses, and in step with pyproject.toml and with each other."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from house import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from workbench import __version__

LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-lower.txt", "requirements-bootstrap.txt"]
NPM = ["extensions/lab", "extensions/voila/page"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def locked(name: str) -> dict[str, set[Version]]:
    """Package -> its locked versions (more than one where Pythons or platforms differ)."""
    found: dict[str, set[Version]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if line and line[0] not in "# ":
            requirement = Requirement(line.rstrip("\\ "))
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            found.setdefault(canonicalize_name(requirement.name), set()).add(Version(pin.version))
    return found


def asked(*extras: str) -> list[Requirement]:
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return [Requirement(line) for line in lines if not line.startswith("analytics-workbench")]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=sha256:", ""), re.MULTILINE), "an option of an installer"
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.txt", ["build"]),
        ("requirements-dev.txt", ["build", "mysql", "postgres", "dev"]),
        ("requirements-lower.txt", ["build", "mysql", "postgres", "dev"]),
    ],
)
def test_a_lock_satisfies_what_the_project_asks_for(lock: str, extras: list[str]) -> None:
    versions = locked(lock)
    for requirement in asked(*extras):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"{lock} lacks {requirement}: make lock"
        assert all(version in requirement.specifier for version in found), f"{requirement}, locked {found}: make lock"


@pytest.mark.parametrize("package", NPM)
def test_a_lock_of_npm_is_whole_and_names_no_registry(package: str) -> None:
    """npm then asks whichever registry the machine is set up for; `.npmrc` has it written like that."""
    folder = ROOT / package
    lock = json.loads((folder / "package-lock.json").read_text())
    wanted = json.loads((folder / "package.json").read_text())
    packages = lock["packages"]
    assert {kind: packages[""][kind] for kind in ("dependencies", "devDependencies")} == {
        kind: wanted[kind] for kind in ("dependencies", "devDependencies")
    }
    installed = {name: about for name, about in packages.items() if name}
    assert not [name for name, about in installed.items() if "resolved" in about or "integrity" not in about]
    assert (folder / ".npmrc").read_text().splitlines()[0] == "omit-lockfile-registry-resolved=true"


@pytest.mark.parametrize("package", NPM)
def test_what_runs_in_browsers_has_the_version_of_the_project(package: str) -> None:
    assert json.loads((ROOT / package / "package.json").read_text())["version"] == __version__


def test_the_runtime_lock_is_a_part_of_the_development_lock() -> None:
    """So `make test` after `make demo` only adds, and `make demo` after `make test` has nothing to do."""
    development = locked("requirements-dev.txt")
    assert {
        name: versions for name, versions in locked("requirements.txt").items() if development.get(name) != versions
    } == {}


def test_the_lower_lock_differs_only_where_it_says() -> None:
    lower, development = locked("requirements-lower.txt"), locked("requirements-dev.txt")
    different = {name for name in lower.keys() | development.keys() if lower.get(name) != development.get(name)}
    lines = (ROOT / "requirements-lower.in").read_text().splitlines()
    bounds = [Requirement(line) for line in lines if line and not line.startswith("#")]
    names = {canonicalize_name(bound.name) for bound in bounds}
    # What comes with polars, dask and numba, and the numpy that this numba knows.
    assert different - {"polars-runtime-32", "distributed", "llvmlite", "numpy"} <= names
    for bound in bounds:
        assert all(version in bound.specifier for version in lower[canonicalize_name(bound.name)])
