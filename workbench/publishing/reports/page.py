"""One executed notebook and its receipt as one self-contained page."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.charts import palette, stylesheet
from workbench.governance.runs import Receipt, RunStatus
from workbench.publishing.reports.body import TEMPLATES, render_cells
from workbench.publishing.reports.definition import ReportDefinition
from workbench.publishing.reports.explanations import explanations
from workbench.publishing.reports.provenance import moment, parameters_in_words, provenance

if TYPE_CHECKING:  # every command would load it, and only a report needs it
    import jinja2

__all__ = ["for_print", "page"]

# Nothing is fetched and nothing runs: no script at all, styles and pictures only from within the file.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
_SHORT = re.compile(r'<details class="wb-short[^"]*"')
STATUS = {
    RunStatus.SUCCEEDED: "Succeeded",
    RunStatus.FAILED: "Failed",
    RunStatus.RUNNING: "Still running",
    RunStatus.SKIPPED: "Skipped",
}


def page(notebook: Path, definition: ReportDefinition, receipt: Receipt, *, home: Path) -> str:
    """The page: title, parameters in words, contents, text with figures and tables, what it was made of.

    The same notebook, definition and receipt give the same bytes.

    Raises:
        NotFound: No such notebook.
        Invalid: It is not a notebook.
    """
    body = render_cells(notebook, definition.title)
    made = provenance(receipt, home=str(home))
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            report=definition,
            receipt=receipt,
            status=STATUS[receipt.status],
            failed=receipt.status is not RunStatus.SUCCEEDED,
            when=moment(receipt.finished or receipt.started),
            parameters=parameters_in_words(receipt.parameters, explanations(notebook)),
            contents=[heading for heading in body.headings if heading.level <= 3],
            body=body.html,
            made=made,
            policy=POLICY,
            style=_style(definition.title, receipt.run),
        )
    )


def for_print(html: str) -> str:
    """The page as it is printed to PDF: short tables under charts are opened."""
    return _SHORT.sub(r"\g<0> open", html)


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _style(title: str, run: str) -> str:
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    light, dark = palette("light"), palette("dark")
    words = {"LIGHT": light, "DARK": dark, "REPORT_TITLE": _css_string(title), "REPORT_RUN": _css_string(run)}
    for word, text in words.items():
        css = css.replace(word, text)
    return stylesheet() + css


def _css_string(text: str) -> str:
    """A text inside a CSS string inside a <style>: nothing in it can end either."""
    return "".join(char if char.isalnum() or char in " .,:-_" else f"\\{ord(char):x} " for char in text)
