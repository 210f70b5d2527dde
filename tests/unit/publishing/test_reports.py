"""From a definition to published files: run, render, find again, and what goes wrong on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from waiting import wait_until

from workbench.foundation.errors import Invalid, NotFound
from workbench.governance.runs import Actor, Run, RunKind, Runs, RunStatus
from workbench.governance.security import local_owner
from workbench.orchestration.notebooks import NotebookFailed, Progress
from workbench.publishing.reports import Reports, report_step
from workbench.publishing.reports.files import publish, write
from workbench.publishing.reports.pdf import find_chromium, print_pdf

Finished = Callable[[], Run]


def test_a_report_runs_with_the_definitions_parameters_and_is_published(reports: Reports, home: Path) -> None:
    steps: list[Progress] = []
    done = reports.run("punctuality", on_progress=steps.append)
    assert done.run.status is RunStatus.SUCCEEDED
    assert done.run.kind is RunKind.REPORT
    assert done.run.parameters == {"rows": 4}
    assert done.folder == home / ".workbench" / "reports" / "punctuality" / done.run.id
    page = done.html.read_text()
    assert "Flight punctuality" in page
    assert "Table, 4 rows" in page
    assert f"workbench replay {done.run.id}" in page
    assert json.loads((done.folder / "receipt.json").read_text())["run"] == done.run.id
    assert (done.run.directory / "report.html").read_text() == page
    assert {step.run for step in steps} == {done.run.id}
    assert reports.latest("punctuality") == done


def test_given_parameters_go_before_the_definitions_and_text_is_read_as_the_declared_type(reports: Reports) -> None:
    done = reports.run("punctuality", {"rows": "3"}, text=True)
    assert done.run.parameters == {"rows": 3}
    assert "Table, 3 rows" in done.html.read_text()


def test_a_wrong_parameter_is_refused_before_anything_runs(reports: Reports, runs: Runs) -> None:
    with pytest.raises(Invalid, match="no parameter 'row'; did you mean 'rows'"):
        reports.run("punctuality", {"row": 3})
    assert not runs.list()


def test_a_failed_run_publishes_nothing_and_can_be_looked_at(reports: Reports, home: Path) -> None:
    with pytest.raises(NotebookFailed) as failed:
        reports.run("punctuality", {"rows": 200})
    assert not (home / ".workbench" / "reports").exists()
    assert reports.latest("punctuality") is None
    shown = reports.render(failed.value.run.id)
    page = shown.html.read_text()
    assert "The run did not succeed." in page
    assert "too many rows" in page
    assert reports.latest("punctuality") is None


def test_rendering_again_gives_the_same_bytes(reports: Reports, finished: Finished) -> None:
    run = finished()
    first = reports.render(run.id).html.read_bytes()
    assert reports.render(run.id[:-2]).html.read_bytes() == first


def test_the_footer_names_each_dataset_with_its_version(reports: Reports, finished: Finished) -> None:
    page = reports.render(finished().id).html.read_text()
    assert '<th scope="row">flights_enriched</th><td class="wb-num">12</td>' in page


def test_the_newest_run_is_rendered_where_that_never_came_about(reports: Reports, finished: Finished) -> None:
    older = finished()
    reports.render(older.id)
    newer = finished()
    latest = reports.latest("punctuality")
    assert latest is not None
    assert latest.run.id == newer.id
    assert latest.html.is_file()


def test_a_run_s_page_is_found_also_where_a_newer_one_is(reports: Reports, finished: Finished) -> None:
    older = reports.render(finished().id)
    unrendered = finished()
    assert reports.of(older.run.id) == older
    assert reports.of(unrendered.id).html.is_file()


def test_without_a_browser_there_is_a_note_and_no_failure(reports: Reports, finished: Finished) -> None:
    done = reports.render(finished().id)
    assert done.pdf is None
    assert done.note == "no PDF: the setting 'chromium' names /nowhere/chromium, which is not a program here"
    latest = reports.latest("punctuality")
    assert latest is not None
    assert latest.note == done.note


def test_a_run_of_something_else_is_refused(reports: Reports, runs: Runs) -> None:
    other = runs.start(RunKind.NOTEBOOK, "notebooks/x.ipynb", actor=Actor(local_owner()), parameters={})
    with pytest.raises(Invalid, match=r"is a notebook's \(notebooks/x.ipynb\), not a report's"):
        reports.render(other.id)
    with pytest.raises(NotFound, match="no run 'nothing'"):
        reports.render("nothing")


def test_a_run_whose_output_is_gone_is_one_sentence(reports: Reports, finished: Finished) -> None:
    run = finished()
    (run.directory / "output.ipynb").unlink()
    with pytest.raises(NotFound, match="does not exist"):
        reports.render(run.id)


def test_a_pipelines_stage_takes_a_reports_name(reports: Reports, home: Path) -> None:
    step = report_step(reports)
    assert step.check("punctuality", {}) == {"rows": 4}
    assert step.files("punctuality") == (
        home / "reports" / "punctuality.yaml",
        home / "reports" / "punctuality.ipynb",
    )
    with pytest.raises(Invalid, match="has no parameter 'row'"):
        step.check("punctuality", {"row": 1})


def test_a_machine_without_a_browser_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found, why = find_chromium(None)
    if found is None:
        assert why.startswith("no PDF: there is no Chromium on this machine; install chromium")
    else:
        assert str(found).startswith("/Applications/")


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_browser_that_fails_is_quoted(tmp_path: Path) -> None:
    broken = program(tmp_path / "broken", "echo 'no usable sandbox' >&2; exit 3")
    why = print_pdf("<p>", tmp_path / "a.pdf", chromium=broken)
    assert why == f"no PDF: {broken} could not print the page: no usable sandbox"


def is_alive_in(process: psutil.Process, group: int) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and os.getpgid(process.pid) == group
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False


def test_a_browser_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    hanging = program(tmp_path / "hanging", f"echo $$ > {tmp_path}/pid; sleep 600 & sleep 600")
    why = print_pdf("<p>", tmp_path / "a.pdf", chromium=hanging, seconds=2)
    assert why is not None
    assert "did not finish" in why
    group = int((tmp_path / "pid").read_text())
    wait_until(lambda: not any(is_alive_in(process, group) for process in psutil.process_iter()), what="its end")
    assert not (tmp_path / "a.pdf").exists()


def test_a_folder_is_published_at_once_and_replaced_file_by_file(tmp_path: Path) -> None:
    page, pdf, folder = tmp_path / "page", tmp_path / "pdf", tmp_path / "out" / "run"
    page.write_text("one")
    pdf.write_text("two")
    publish(folder, {"report.html": page, "report.pdf": pdf})
    page.write_text("three")
    publish(folder, {"report.html": page}, stale=["report.pdf"])
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"report.html": "three"}
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_a_kill_while_publishing_leaves_no_half_folder(tmp_path: Path) -> None:
    source, folder = tmp_path / "page", tmp_path / "out" / "run"
    source.write_text("whole")
    code = (
        "import sys; from pathlib import Path; from workbench.publishing.reports.files import publish; "
        "publish(Path(sys.argv[2]), {'report.html': Path(sys.argv[1])})"
    )
    command = [sys.executable, "-c", code, str(source), str(folder)]
    environment = os.environ | {"WORKBENCH_FAILPOINT": "reports.publish.before_rename"}
    killed = subprocess.run(command, env=environment, check=False)
    assert killed.returncode == -9
    assert not folder.exists()
    publish(folder, {"report.html": source})
    assert (folder / "report.html").read_text() == "whole"


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path / "page.html", "one")
    write(tmp_path / "page.html", "two")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page.html", "two")]
