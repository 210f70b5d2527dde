from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.foundation import observability


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    observability.configure(tmp_path, process="test")
    yield tmp_path / "test.jsonl"
    root = logging.getLogger("workbench")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()


def test_each_line_is_json_with_the_run_it_belongs_to(log: Path) -> None:
    token = observability.run_id.set("r1")
    observability.logger("lake").info("written", extra={"rows": 3})
    observability.run_id.reset(token)
    line = json.loads(log.read_text())
    assert (line["run"], line["message"], line["rows"], line["logger"]) == ("r1", "written", 3, "workbench.lake")
    assert line["time"].endswith("+00:00")


def test_an_exception_is_kept_with_its_traceback(log: Path) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        observability.logger("lake").exception("failed")
    assert "ValueError: no" in json.loads(log.read_text())["traceback"]
