"""`import workbench` and `workbench --help` load next to nothing: half a second is the promise, and this keeps it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# What the command line itself is made of, with what these bring along.
COMMAND_LINE = {
    "_distutils_hack",
    "annotated_doc",
    "click",
    "markdown_it",
    "mdurl",
    "pygments",
    "rich",
    "shellingham",
    "typer",
    "typing_extensions",
}
# What a command loads when it works, and must not when it is only asked what it does.
HEAVY = {
    "alembic",
    "dask",
    "deltalake",
    "duckdb",
    "jupyter_client",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "polars",
    "pyarrow",
    "sqlalchemy",
    "vl_convert",
}
# Site-packages may start these in every process, ours or not.
AT_START = {"__editable___analytics_workbench_finder", "sitecustomize", "usercustomize"}


def third_party_after(statement: str) -> set[str]:
    """The top-level packages that are neither Python's nor ours, in a fresh process after a statement."""
    program = (
        "import json, sys\n"
        "before = set(sys.modules)\n"
        f"try:\n    {statement}\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "loaded = {name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "print(json.dumps(sorted(loaded)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "workbench" in loaded
    return {name for name in loaded - {"workbench"} - AT_START if not name.startswith("_sysconfigdata")}


def test_importing_the_package_loads_no_other() -> None:
    assert third_party_after("import workbench") == set()


def test_help_loads_only_what_the_command_line_is_made_of() -> None:
    loaded = third_party_after("from workbench.cli import main; main(['--help'])")
    assert loaded <= COMMAND_LINE, f"also loaded: {sorted(loaded - COMMAND_LINE)}"


@pytest.mark.parametrize("command", ["dataset", "demo", "metric", "query", "report", "run", "sql"])
def test_help_of_a_command_loads_nothing_heavy(command: str) -> None:
    assert third_party_after(f"from workbench.cli import main; main(['{command}', '--help'])") & HEAVY == set()


@pytest.mark.parametrize("server", ["workbench_server.api", "workbench_voila.app"])
def test_a_server_loads_no_parser_of_addresses(server: str) -> None:
    assert "lark" not in third_party_after(f"import {server}")
