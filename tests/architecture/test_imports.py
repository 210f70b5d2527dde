"""Who may import what, beyond the floors and rooms that import-linter holds (its contracts are in pyproject.toml)."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from house import PACKAGES, ROOT, Module, slice_of

# Comes with another package that we ask for by name, and is that package's own interface to us; or is what that package
# is imported as, where it is called otherwise.
COMES_WITH = {
    "click": "typer",
    "cudf": "cudf-cu13",
    "cudf_polars": "cudf-polars-cu13",
    "dask_cudf": "dask-cudf-cu13",
    "dask_expr": "dask",
    "IPython": "ipykernel",
    "distributed": "dask",
    "rmm": "cudf-cu13",
}

TABLES_OUTSIDE_STORE = {
    "workbench.governance.security.audit": "appends in the transaction of the act, whose session it is given",
    "workbench.governance.security.origins": "looks in the transaction of the act, whose session it is given",
}


def test_our_own_package_is_imported_at_the_top_of_a_module(modules: dict[str, Module]) -> None:
    """Except for what keeps `import workbench` and `workbench --help` light."""
    found = [
        f"{module.where(imported.line)}: {imported.module}"
        for module in modules.values()
        if module.name != "workbench" and slice_of(module.name) != "workbench.cli"
        for imported in module.imports
        if imported.inside_function and imported.module.split(".")[0] in PACKAGES
    ]
    assert not found, "\n".join(found)


def test_a_slice_is_imported_through_its_facade(modules: dict[str, Module]) -> None:
    found = []
    for module in modules.values():
        if module.name.startswith("workbench.migrations"):
            continue  # its env reads the tables of every slice
        for imported in module.imports:
            target = f"{imported.module}.{imported.name}" if imported.name else imported.module
            owner = slice_of(target)
            if target.split(".")[0] not in PACKAGES or owner not in modules or owner == slice_of(module.name):
                continue
            facade = modules[owner]
            inner = imported.module != owner and facade.is_package and imported.module.startswith(f"{owner}.")
            hidden = imported.module == owner and imported.name not in exported(facade)
            if inner or (hidden and facade.is_package):
                found.append(f"{module.where(imported.line)}: {target} is not in {owner}.__all__")
    assert not found, "\n".join(found)


def test_a_facade_exports_what_it_gathers(modules: dict[str, Module]) -> None:
    """`__all__` of an `__init__.py` names everything public in it, and nothing else; ruff keeps it sorted.

    In a package inside a slice what is imported is for its own use, unless `__all__` says otherwise.
    """
    found = []
    for module in modules.values():
        if not module.is_package or module.name == "workbench.migrations":
            continue
        public = set()
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
                gathered = {alias.asname or alias.name for alias in node.names}
                public |= gathered if slice_of(module.name) == module.name else gathered & set(exported(module))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                public.add(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                public |= {target.id for target in targets if isinstance(target, ast.Name)}
        public = {name for name in public if not name.startswith("_")}
        if module.name == "workbench":
            public |= {"Workbench", "__version__", "connect"}
        if public != set(exported(module)):
            found.append(f"{module.where(1)}: __all__ and the public names differ in {public ^ set(exported(module))}")
    assert not found, "\n".join(found)


def test_only_a_store_opens_catalog_sessions(modules: dict[str, Module]) -> None:
    found = []
    for module in modules.values():
        if module.name.endswith(".store") or module.name.startswith("workbench.foundation.catalog"):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and re.search(r"catalog\.(begin|read)\(", ast.unparse(node)):
                found.append(f"{module.where(node.lineno)}: {ast.unparse(node)[:60]}")
    assert not found, "\n".join(found)


def test_tables_stay_with_their_store(modules: dict[str, Module]) -> None:
    """No ORM row crosses a slice's border, so no other module knows its tables."""
    tables = {name for name in modules if name.endswith(".tables")}
    assert tables
    found = []
    for module in modules.values():
        last = module.name.rpartition(".")[2]
        allowed = last in ("store", "tables") or module.name in TABLES_OUTSIDE_STORE
        if allowed or module.name.startswith("workbench.migrations"):
            continue
        found += [
            f"{module.where(imported.line)}: {imported.module}"
            for imported in module.imports
            if imported.module in tables or f"{imported.module}.{imported.name}" in tables
        ]
    assert not found, "\n".join(found)


def test_every_package_that_we_import_is_asked_for_by_name(modules: dict[str, Module]) -> None:
    """What only came along with something else may be gone with its next version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for extra, lines in project["optional-dependencies"].items() if extra != "dev" for line in lines]
    declared = {
        re.split(r"[\[<>=~!; ]", line)[0].lower().replace("_", "-") for line in (*project["dependencies"], *extras)
    }
    distributions = packages_distributions()
    found = []
    for module in modules.values():
        for imported in module.imports:
            top = imported.module.split(".")[0]
            if top in sys.stdlib_module_names or top in PACKAGES:
                continue
            names = {name.lower().replace("_", "-") for name in distributions.get(top, [top])}
            if not names & declared and COMES_WITH.get(top) not in declared:
                found.append(f"{module.where(imported.line)}: {top} (of {', '.join(sorted(names))})")
    assert not found, "\n".join(sorted(set(found)))


def exported(module: Module) -> list[str]:
    """The names in a module's `__all__`."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


def test_compiled_functions_call_none_of_another_file() -> None:
    """What numba keeps of a function is good as long as its own file does not change: it would keep the other's."""
    compiled = {path for path in (ROOT / "workbench").rglob("*.py") if "@compiled.taking(" in path.read_text()}
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in compiled}
    assert names
    for path in compiled:
        imported = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
        assert not imported & names, path
