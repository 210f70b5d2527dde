from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

SHOP = "id,kind,price\n1,tea,2.5\n2,coffee,3.0\n3,tea,\n"


@pytest.fixture
def shop(workspace: Path, command: Command) -> None:
    (workspace / "shop.csv").write_text(SHOP)
    assert command("dataset", "load", "shop.csv", "--name", "shop", "--key", "id").code == 0


def test_a_file_becomes_a_dataset_that_is_listed_shown_and_previewed(command: Command, shop: None) -> None:
    listed = json.loads(command("dataset", "list", "--json").out)
    assert [(row["name"], row["rows"], row["columns"]) for row in listed] == [("shop", 3, 3)]
    assert "key id" in command("dataset", "show", "shop").out
    assert json.loads(command("dataset", "preview", "shop", "-n", "1", "--json").out) == [
        {"id": 1, "kind": "tea", "price": 2.5}
    ]


def test_the_list_can_be_searched_and_sorted(command: Command, shop: None, workspace: Path) -> None:
    (workspace / "other.csv").write_text("id,weight\n1,2\n")
    assert command("dataset", "load", "other.csv", "--name", "other").code == 0

    def names(*asked: str) -> list[str]:
        return [row["name"] for row in json.loads(command("dataset", "list", *asked, "--json").out)]

    assert names() == ["other", "shop"]
    assert names("--sort", "-rows") == ["shop", "other"]
    assert names("WEIGHT", "other") == ["other"]
    assert names("--owner", "nobody") == []
    assert command("dataset", "list", "nothing").out.strip() == "no dataset fits"
    assert "did you mean 'rows'" in command("dataset", "list", "--sort", "row").err


def test_times_without_a_zone_are_given_one(command: Command, workspace: Path) -> None:
    (workspace / "visits.csv").write_text("id,at\n1,2013-01-01T05:00:00\n")
    assert command("dataset", "load", "visits.csv", "--name", "visits").code == 2
    assert command("dataset", "load", "visits.csv", "--name", "visits", "--time-zone", "America/New_York").code == 0
    assert json.loads(command("dataset", "preview", "visits", "--json").out)[0]["at"] == "2013-01-01T10:00:00+00:00"


def test_sql_prints_a_table_for_people_and_objects_for_programs(command: Command, shop: None) -> None:
    statement = "SELECT kind, count(*) AS n FROM shop GROUP BY kind ORDER BY kind"
    assert command("sql", statement).out.splitlines() == ["kind    n", "coffee  1", "tea     2"]
    assert json.loads(command("sql", statement, "--json").out) == [{"kind": "coffee", "n": 1}, {"kind": "tea", "n": 2}]


def test_a_database_table_becomes_a_dataset(command: Command, workspace: Path) -> None:
    import sqlite3

    with sqlite3.connect(workspace / "shop.db") as connection:
        connection.execute("CREATE TABLE sale (id INTEGER PRIMARY KEY, kind TEXT)")
        connection.executemany("INSERT INTO sale VALUES (?, ?)", [(1, "tea"), (2, "coffee")])
    connection.close()
    assert command("dataset", "load", "sqlite:///shop.db", "--table", "sale", "--name", "sale").code == 0
    assert command("dataset", "load", "sqlite:///shop.db", "--query", "SELECT 1 AS one", "--name", "one").code == 0
    assert json.loads(command("sql", "SELECT count(*) AS n FROM sale", "--json").out) == [{"n": 2}]


def test_a_dataset_is_renamed_exported_and_deleted(command: Command, shop: None, workspace: Path) -> None:
    assert command("dataset", "rename", "shop", "store").code == 0
    assert command("dataset", "export", "store", "out.csv").code == 0
    assert (workspace / "out.csv").read_text().splitlines()[:2] == ["id,kind,price", "1,tea,2.5"]
    assert command("dataset", "delete", "store", "--yes").code == 0
    assert json.loads(command("dataset", "list", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["dataset", "show", "shopp"], 2, "no dataset 'shopp'; did you mean 'shop'?"),
        (["dataset", "load", "nowhere.csv", "--name", "x"], 2, "nowhere.csv"),
        (["dataset", "load", "shop.csv", "--name", "shop"], 1, "shop"),
        (["sql", "SELECT * FROM shopp"], 2, "did you mean 'shop'?"),
        (["sql", "DROP TABLE shop"], 1, "one SELECT"),
        (["metric", "query", "sales"], 2, "no metric 'sales'"),
        (["run", "nothing"], 2, "no pipeline 'nothing'"),
        (["run", "missing.ipynb"], 2, "missing.ipynb"),
        (["run", "flights", "-p", "start"], 2, "'start' is not NAME=VALUE"),
        (["replay", "20130101"], 2, "no run '20130101'"),
        (["runs", "show", "zzz"], 2, "no run 'zzz'"),
        (["runs", "list", "--status", "faild"], 2, "did you mean 'failed'?"),
        (["report", "run", "punctuality"], 2, "no report 'punctuality'"),
        (["new", "notebok", "x"], 2, "did you mean 'notebook'?"),
        (["new", "metric", "x", "--dataset", "shopp"], 2, "no dataset 'shopp'; did you mean 'shop'?"),
        (["new", "notebook", "../x"], 2, "'../x' cannot be a name"),
        (["metric", "query", "flights", "--from", "yesterday"], 2, "'yesterday' is no date"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_wrong_is_said_in_one_sentence_without_a_traceback(
    command: Command, shop: None, arguments: list[str], code: int, said: str
) -> None:
    ended = command(*arguments)
    assert ended.code == code, ended
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_debug_shows_the_traceback(command: Command) -> None:
    assert "Traceback" in command("--debug", "dataset", "show", "shop").err


def test_outside_of_a_workspace_the_hint_says_how_to_make_one(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command("dataset", "list")
    assert (ended.code, "workbench init" in ended.err) == (2, True)


def test_the_workspace_can_be_named_from_anywhere(
    command: Command, shop: None, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "shop" in command("--home", str(workspace), "dataset", "list").out


def test_a_workspace_is_made_once(command: Command, workspace: Path) -> None:
    made = command("init", "new")
    assert (made.code, "workbench source add NAME URL" in made.out) == (0, True)
    assert (workspace / "new" / "workbench.toml").is_file()
    ended = command("init", "new")
    assert (ended.code, "is a workspace already" in ended.err) == (1, True)


def test_the_doctor_finds_a_new_workspace_sound_and_names_what_is_wrong(command: Command, workspace: Path) -> None:
    assert command("doctor").code == 0
    (workspace / "pipelines").mkdir(exist_ok=True)
    (workspace / "pipelines" / "broken.yaml").write_text("name: broken\nstagez: []\n")
    ended = command("doctor")
    assert ended.code == 1
    assert "stagez" in ended.out


def test_a_report_that_is_none_is_left_out_and_said(command: Command, workspace: Path) -> None:
    assert command("new", "report", "good").code == 0
    (workspace / "reports" / "bad.yaml").write_text("name: bad\n")
    listed = command("report", "list", "--json")
    assert [row["name"] for row in json.loads(listed.out)] == ["good"]
    assert "left out: reports/bad.yaml" in listed.err
    ended = command("doctor")
    assert (ended.code, "reports/bad.yaml" in ended.out) == (1, True)


@pytest.mark.parametrize("kind", ["notebook", "pipeline", "report", "metric", "expectations"])
def test_what_new_writes_passes_the_lint_and_runs(command: Command, shop: None, workspace: Path, kind: str) -> None:
    from workbench.orchestration.notebooks import lint

    assert command("new", kind, "first-try", "--dataset", "shop").code == 0
    assert [problem for path in workspace.rglob("*.ipynb") for problem in lint(path)] == []
    run = {
        "notebook": ["run", "notebooks/first-try.ipynb", "-p", "rows=3"],
        "pipeline": ["run", "first-try"],
        "report": ["report", "run", "first-try"],
        "metric": ["metric", "query", "first_try", "--json"],
        "expectations": ["doctor"],
    }[kind]
    ended = command(*run)
    assert ended.code == 0, ended.err
    if kind == "metric":
        assert json.loads(ended.out) == [{"first_try": 3}]
    again = command("new", kind, "first-try")
    assert (again.code, "is there already" in again.err) == (1, True)


def test_a_list_of_runs_without_one_says_what_was_looked_for(command: Command, workspace: Path) -> None:
    from workbench import Workbench
    from workbench.governance.runs import RunKind

    assert "no run yet" in command("runs", "list", "--name", "flights").out
    with Workbench.open(workspace) as wb:
        wb.runs.start(RunKind.PIPELINE, "flights", actor=wb.actor, parameters={})
    assert command("runs", "list", "--name", "flihgts").out == "no run of 'flihgts'; did you mean 'flights'?\n"
    assert command("runs", "list", "--name", "flights", "--status", "failed").out == (
        "no run of 'flights' that has failed\n"
    )
    assert json.loads(command("runs", "list", "--name", "flihgts", "--json").out) == []


@pytest.mark.parametrize("command_line", [["--help"], ["dataset", "preview", "long", "-n", "3000", "--json"]])
def test_a_pipe_that_nobody_reads_to_its_end_is_no_failure(command: Command, command_line: list[str]) -> None:
    """Less than fits into a buffer is written at the end, more of it before."""
    Path("long.csv").write_text("text\n" + f"{'x' * 100}\n" * 3_000)
    assert command("dataset", "load", "long.csv", "--name", "long").code == 0
    reading, writing = os.pipe()
    os.close(reading)
    asked = [sys.executable, "-m", "workbench", *command_line]
    ended = subprocess.run(asked, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full, where CI runs it")


@pytest.mark.parametrize(
    ("to", "code", "said"), [(">&-", 0, ""), pytest.param(">/dev/full", 1, "no space left on the disk", marks=FULL)]
)
def test_what_cannot_be_printed_ends_in_no_traceback(shop: None, to: str, code: int, said: str) -> None:
    asked = f'"{sys.executable}" -m workbench dataset list {to}'
    ended = subprocess.run(["sh", "-c", asked], stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == code
    assert said in ended.stderr
    assert not [word for word in ("Traceback", "unexpected", "Exception ignored") if word in ended.stderr]
