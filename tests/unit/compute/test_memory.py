"""How Polars is told to hold memory that it has freed: before it is loaded, and never against what somebody set."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SAID = "import os; print(os.environ['_RJEM_MALLOC_CONF'], os.environ['POLARS_THP'])"


def said(statement: str, **given: str) -> list[str]:
    """Both settings in a fresh process after a statement, as Polars' allocator finds them."""
    kept = {name: value for name, value in os.environ.items() if name not in ("_RJEM_MALLOC_CONF", "POLARS_THP")}
    program = [sys.executable, "-c", f"{statement}\n{SAID}"]
    return subprocess.run(program, env=kept | given, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("statement", ["import workbench", "import workbench, polars"])
def test_freed_memory_is_held_ten_seconds_in_large_pages(statement: str) -> None:
    settings, large = said(statement)
    # Polars writes its own before ours; of two the allocator takes the last.
    assert [one for one in settings.split(",") if one.startswith("dirty_decay_ms")][-1] == "dirty_decay_ms:10000"
    assert ("thp:always" in settings.split(",")) == ("polars" in statement)
    assert large == "1"


def test_what_somebody_set_stays() -> None:
    given = {"_RJEM_MALLOC_CONF": "dirty_decay_ms:0", "POLARS_THP": "0"}
    assert said("import workbench", **given) == ["dirty_decay_ms:0", "0"]
