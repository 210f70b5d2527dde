"""The package's own source, parsed once, for the tests that hold the house to its plan."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Our import packages, and where each lies.
PACKAGES = {
    "workbench": ROOT,
    "workbench_server": ROOT / "extensions" / "server",
    "workbench_voila": ROOT / "extensions" / "voila",
}

# Floors whose folders are rooms, each a slice with a façade; every other floor is one slice.
FLOORS_WITH_ROOMS = ("foundation", "governance", "data", "analytics", "orchestration", "publishing")


@dataclass(frozen=True)
class Imported:
    """One imported thing: `from module import name`, or `import module` with an empty name."""

    module: str
    name: str
    line: int
    inside_function: bool


@dataclass(frozen=True)
class Module:
    """A module of the workbench: its dotted name, its file and its syntax tree."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(), str(self.path))

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def where(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"

    @cached_property
    def imports(self) -> tuple[Imported, ...]:
        return tuple(self._imports(self.tree, inside_function=False))

    def _imports(self, node: ast.AST, *, inside_function: bool) -> Iterator[Imported]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Imported(alias.name, "", child.lineno, inside_function)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{self.where(child.lineno)}: a relative import"
                for alias in child.names:
                    yield Imported(child.module or "", alias.name, child.lineno, inside_function)
            else:
                function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from self._imports(child, inside_function=inside_function or function)


def slice_of(module: str) -> str:
    """The slice that a module belongs to: `workbench.data.lake` for `workbench.data.lake.commit`."""
    parts = module.split(".")
    return ".".join(parts[: 3 if len(parts) > 1 and parts[1] in FLOORS_WITH_ROOMS else 2])


@pytest.fixture(scope="session")
def modules() -> dict[str, Module]:
    """Every module of the workbench and of its extensions, by name."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted((folder / package).rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = Module(name, path)
    assert "workbench.foundation.errors" in found
    return found


@pytest.fixture(scope="session")
def repository_files() -> list[Path]:
    """The files that git keeps or would keep."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
