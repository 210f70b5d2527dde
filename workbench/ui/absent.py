"""What stands in the place of figures whose dataset nobody has made yet."""

from __future__ import annotations

from html import escape

from workbench.app import Workbench
from workbench.foundation.errors import WorkbenchError

__all__ = ["absent", "lacking"]


def lacking(wb: Workbench, error: WorkbenchError) -> str:
    """The dataset that is not there and that a pipeline would make; "" where something else went wrong."""
    kind, name = error.missing or ("", "")
    return name if kind == "dataset" and _maker(wb, name) else ""


def absent(wb: Workbench, dataset: str) -> str:
    """Says in HTML that the dataset is not there yet, and which command makes it."""
    command = escape(f"workbench run {_maker(wb, dataset)}")
    return (
        f'<div class="wb-lacks" role="status"><p>There is no dataset <strong>{escape(dataset)}</strong> yet, and so '
        f"nothing to show.</p><p><code>{command}</code> makes it; then open this page again.</p></div>"
    )


def _maker(wb: Workbench, dataset: str) -> str:
    for name in wb.pipelines.names():
        try:
            stages = wb.pipelines.get(name).stages
        except WorkbenchError:  # a definition with mistakes makes nothing
            continue
        if any(dataset in stage.writes for stage in stages):
            return name
    return ""
