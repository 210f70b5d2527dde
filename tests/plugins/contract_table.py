"""The table of every analysis on every engine: shown for `pytest -s`, and kept as .artifacts/contract.txt.

Runs on other versions of Polars add their columns to it: the table of all is made of .artifacts/contract.json.
"""

from __future__ import annotations

import json

import polars as pl
import pytest
from house import ROOT

PROPERTY = "contract"
TEST = "test_every_analysis_gives_the_same_however_its_rows_come"
KEPT = ROOT / ".artifacts"
_SAID = {"passed": "same", "failed": "DIFFERS", "skipped": "not here"}

_found: dict[str, str] = {}
_why: dict[str, str] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, pytest.Function) and item.originalname == TEST:
        given = item.callspec.params
        item.user_properties.append((PROPERTY, f"{given['sample'].name} on {given['name']}"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Also where tests are spread over processes: what is told of a test travels with its report."""
    told = dict(report.user_properties).get(PROPERTY)
    if told is None or (report.when != "call" and report.passed):
        return
    analysis, engine = str(told).split(" on ")
    _found[f"{analysis} on {engine} {pl.__version__}"] = _SAID[report.outcome]
    if report.skipped and isinstance(report.longrepr, tuple):
        _why[engine] = report.longrepr[2].removeprefix("Skipped: ")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _found:
        return
    state = KEPT / "contract.json"
    known: dict[str, str] = json.loads(state.read_text()) if state.exists() else {}
    known |= _found
    KEPT.mkdir(exist_ok=True)
    state.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    text = _table(known)
    (KEPT / "contract.txt").write_text(text, encoding="utf-8")
    if terminalreporter.config.getoption("capture") == "no":
        terminalreporter.write(f"\n{text}")


def _table(known: dict[str, str]) -> str:
    from every_analysis import SAMPLES  # made only where the contract ran

    analyses = [sample.name for sample in SAMPLES]
    columns = sorted({name.split(" on ")[1] for name in known})
    told = [["analysis", *columns]]
    told += [[analysis, *(known.get(f"{analysis} on {column}", "-") for column in columns)] for analysis in analyses]
    widths = [max(len(row[column]) for row in told) for column in range(len(told[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in told]
    reasons = [f"{engine} is not here: {reason}" for engine, reason in sorted(_why.items())]
    return "\n".join(["Every analysis on every engine, by version of Polars", "", *lines, "", *reasons]).rstrip() + "\n"
