"""First drafts of whatever people write in a workspace. Each passes the lint and runs as it is written."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from workbench.app import Workbench
from workbench.foundation.errors import Conflict, Invalid, WorkbenchError, unknown
from workbench.starters import drafts

__all__ = ["KINDS", "scaffold"]

KINDS = ("notebook", "pipeline", "report", "dashboard", "metric", "expectations")
"""What `scaffold` can write."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def scaffold(wb: Workbench, kind: str, name: str, *, dataset: str | None = None) -> list[Path]:
    """Writes the files of a new notebook, pipeline, report, dashboard, metric or suite of expectations.

    Args:
        dataset: What a metric, expectations, a report or a dashboard are about. The first two take the only one when
            there is one.

    Returns:
        The files written.

    Raises:
        Invalid: No such kind, or the name is none, or it has to be said which dataset is meant.
        NotFound: No such dataset; the message has the nearest one.
        Conflict: One of the files, or a metric or suite of that name, is there already; nothing is written.
    """
    if kind not in KINDS:
        raise unknown("kind of scaffold", kind, KINDS, error=Invalid)
    if not NAME.fullmatch(name):
        raise Invalid(
            f"'{name}' cannot be a name",
            hint="begin with a small letter; then small letters, digits, '-' and '_', at most 64",
        )
    if dataset is not None and dataset not in wb.datasets:
        raise unknown("dataset", dataset, wb.lake.names(), hint="workbench dataset list shows them")
    files = _drafted(wb, kind, name, dataset)
    home = wb.settings.home
    for path in files:
        if (home / path).exists():
            raise Conflict(f"{path} is there already", hint="choose another name")
    written = []
    for path, text in files.items():
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def _drafted(wb: Workbench, kind: str, name: str, dataset: str | None) -> dict[str, str]:
    match kind:
        case "notebook":
            return drafts.notebook(name)
        case "pipeline":
            return drafts.pipeline(name)
        case "report":
            return drafts.report(wb, name, dataset)
        case "dashboard":
            return drafts.dashboard(wb, name, dataset)
        case "metric":
            _refuse_taken("metric", name.replace("-", "_"), [found.name for found in wb.metrics.list()])
            return drafts.metric(wb, name, dataset or _only(wb, kind))
        case _:
            suites: list[str] = []
            with suppress(WorkbenchError):  # a mistake in another file is none of this one
                suites = [suite.name for suite in wb.quality.suites()]
            _refuse_taken("suite", name, suites)
            return drafts.expectations(wb, name, dataset or _only(wb, kind))


def _refuse_taken(what: str, name: str, taken: list[str]) -> None:
    if name in taken:
        raise Conflict(f"a {what} '{name}' is there already", hint="choose another name")


def _only(wb: Workbench, kind: str) -> str:
    names = sorted(wb.lake.names())
    if len(names) == 1:
        return names[0]
    about = f"{'a metric is' if kind == 'metric' else 'expectations are'} about a dataset"
    if not names:
        raise Invalid(f"{about}, and there is none yet", hint="workbench dataset load FILE --name NAME makes one")
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    raise Invalid(f"{about}; say which one: there is {shown}", hint=f"workbench new {kind} NAME --dataset {names[0]}")
