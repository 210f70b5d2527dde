"""`%%workbench_sql` in a real kernel: its card, its variable, and errors of one line that fail the cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from jupyter_client.manager import start_new_kernel

from workbench import Workbench

Cell = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a dataset in two versions."""
    folder = tmp_path_factory.mktemp("magic")
    (folder / "workbench.toml").write_text("")
    with Workbench.open(folder) as wb:
        wb.datasets.create("flights", pl.DataFrame({"id": [1, 2], "delay": [5, 70]}))
        wb.datasets["flights"].append(pl.DataFrame({"id": [3], "delay": [20]}))
    return folder


@pytest.fixture(scope="module")
def cell(home: Path) -> Iterator[Cell]:
    """Runs a cell; what came of it: `status`, `text`, `html`, `error` as the traceback's lines, and `stderr`."""
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(home))

    def run(code: str) -> dict[str, Any]:
        told: dict[str, Any] = {"text": "", "html": "", "error": [], "stderr": ""}

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            match message["msg_type"]:
                case "execute_result" | "display_data":
                    told["text"] += content["data"]["text/plain"]
                    told["html"] += content["data"].get("text/html", "")
                case "error":
                    told["error"] = content["traceback"]
                case "stream" if content["name"] == "stderr":
                    told["stderr"] += content["text"]

        reply = client.execute_interactive(code, output_hook=hear, timeout=60)
        return told | {"status": reply["content"]["status"]}

    loaded = run("%load_ext workbench")
    assert (loaded["status"], loaded["stderr"]) == ("ok", "")
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_cell_of_sql_shows_a_card_and_keeps_its_rows(cell: Cell) -> None:
    told = cell(
        "%%workbench_sql -o late --param least=15\nSELECT id, delay FROM flights WHERE delay > $least ORDER BY id"
    )
    assert told["status"] == "ok", told
    assert told["text"].startswith("2 rows; 2 columns")
    assert "<table" in told["html"]
    assert cell("late.to_dicts()")["text"] == "[{'id': 2, 'delay': 70}, {'id': 3, 'delay': 20}]"


def test_it_takes_a_version_a_limit_and_variables(cell: Cell) -> None:
    cell('least, name = 4, "\'; DROP TABLE flights --"')
    told = cell(
        '%%workbench_sql --version flights=0 --limit 1 --param least={least} --param name="{name}" -o x\n'
        "SELECT id, $name AS name, '{least}' AS kept FROM flights WHERE delay > $least ORDER BY id DESC"
    )
    assert told["text"].startswith("the first 1 row (cut at the limit: there are more)"), told
    assert cell("x.to_dicts() == [{'id': 2, 'name': name, 'kept': '{least}'}]")["text"] == "True"
    assert cell("x.versions")["text"] == "{'flights': (0,)}"


def test_it_asks_as_the_notebooks_own_workbench(cell: Cell) -> None:
    cell(
        "from workbench import Workbench\n"
        "from workbench.governance.security import Policy, Principal, Role\n"
        "owner = Workbench.open()\n"
        "policy = Policy(dataset='flights', role=Role.VIEWER, row_filter='delay < 50')\n"
        "owner.security.set_policy(policy, by=owner.actor.principal)\n"
        "wb = owner.acting_as(Principal('vera', Role.VIEWER))"
    )
    assert cell("%%workbench_sql -o seen\nSELECT max(delay) AS most FROM flights")["status"] == "ok"
    assert cell("seen.to_dicts()")["text"] == "[{'most': 20}]"
    cell("del wb")
    assert cell("%%workbench_sql -o seen\nSELECT max(delay) AS most FROM flights")["status"] == "ok"
    assert cell("seen.to_dicts()")["text"] == "[{'most': 70}]"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%%workbench_sql\nSELECT dely FROM flights", "error: no column 'dely'; did you mean 'delay'?"),
        ("%%workbench_sql\nDROP TABLE flights", "error: DROP is not answered here: one SELECT is"),
        ("%%workbench_sql --version flights=9\nSELECT * FROM flights", "error: 'flights' has no version 9"),
        ("%%workbench_sql --time-limit 0.2\nSELECT sum(a.range * b.range) FROM range(9999999) a, range(9999999) b",
         "error: the statement was ended: it took longer than 0.2 s"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_line_and_fails_the_cell(cell: Cell, code: str, said: str) -> None:
    told = cell(code)
    assert (told["status"], told["error"][0]) == ("error", said)
    assert len(told["error"]) <= 2
    assert all(line.startswith("hint: ") for line in told["error"][1:])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--limt 3", "%%workbench_sql: unrecognized arguments: --limt 3"),
        ("--param least", "--param: 'least' is not NAME=VALUE"),
        ("--version flights=old", "--version: 'old' is no number of a version"),
        ("-o 1x", "-o: '1x' cannot be a variable's name"),
        ("-o 'x", "No closing quotation"),
    ],
)
def test_a_wrong_option_is_a_line_and_fails_the_cell(cell: Cell, line: str, said: str) -> None:
    told = cell(f"%%workbench_sql {line}\nSELECT 1 AS a")
    assert told["status"] == "error"
    shown = told["stderr"] + "\n".join(told["error"])
    assert said in shown
    assert "Traceback" not in shown
