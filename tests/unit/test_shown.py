"""What a user who types `wb.runs`, `wb.reports`, `wb.pipelines` or `wb.notebooks` sees."""

from __future__ import annotations

from workbench import Workbench
from workbench.governance.runs import RunKind, RunStatus
from workbench.starters import scaffold


def test_of_an_empty_workspace_each_says_that_there_is_nothing(wb: Workbench) -> None:
    assert repr(wb.runs) == "There is no run yet: `workbench run TARGET` starts one."
    assert repr(wb.runs.list(name="x")) == "There is no such run."
    for empty, kind in ((wb.reports, "report"), (wb.pipelines, "pipeline"), (wb.notebooks, "notebook")):
        assert repr(empty) == f"There is no {kind} yet: `workbench new {kind} NAME` writes one."


def test_runs_show_themselves_newest_first(wb: Workbench) -> None:
    made = [wb.runs.start(RunKind.NOTEBOOK, f"{n}.ipynb", actor=wb.actor, parameters={}) for n in range(12)]
    wb.runs.finish(made[0].id, RunStatus.FAILED, error="cell 1 (x): no")
    lines = repr(wb.runs.list()).splitlines()
    assert lines[0].split() == ["run", "kind", "name", "status", "started", "(UTC)", "seconds", "by"]
    assert lines[1].startswith(f"{made[11].id}  notebook  11.ipynb  running")
    assert len(lines) == 13
    assert len(repr(wb.runs).splitlines()) == 11, "the newest stand for all"
    assert f'<th scope="row">{made[11].id}</th>' in wb.runs._repr_html_()
    shown = repr(wb.runs.get(made[0].id))
    assert shown.startswith(f"Run {made[0].id}: notebook 0.ipynb failed in ")
    assert shown.endswith("s: cell 1 (x): no")


def test_definitions_show_themselves_and_what_was_left_out(wb: Workbench) -> None:
    for kind in ("notebook", "pipeline", "report"):
        scaffold(wb, kind, "first")
    for kind in ("pipelines", "reports"):
        (wb.settings.home / kind / "bad.yaml").write_text("name: [\n")
    assert [found.name for found in wb.pipelines.list()] == ["first"]
    for shown, title in (
        (wb.pipelines, "What this pipeline makes, in a sentence."),
        (wb.reports, "What this report tells, in a sentence."),
    ):
        _, row, left_out = repr(shown).splitlines()
        assert row.startswith("first  ")
        assert row.endswith(title)
        assert left_out.startswith("left out: ")
        assert "bad.yaml" in left_out
        assert "bad.yaml" in shown._repr_html_()
    assert repr(wb.notebooks).splitlines()[1:] == [
        "notebooks/first/first.ipynb  First: the first stage",
        "notebooks/first.ipynb        First",
        "reports/first.ipynb          First",
    ]
    assert "<caption>Notebooks</caption>" in wb.notebooks._repr_html_()
