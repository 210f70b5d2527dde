"""What a report's notebook says each of its parameters is, in a few words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from workbench.foundation.errors import WorkbenchError
from workbench.governance.runs import Run
from workbench.orchestration.notebooks import declared

__all__ = ["explanations", "explanations_of"]

# A longer explanation is no label; the parameter's name has to do then.
MOST_WORDS = 48
# A few hundred bytes each; a page of the gallery shows dozens of runs.
MOST_KEPT = 2_048


def explanations(notebook: Path) -> dict[str, str]:
    """Those of a notebook, by parameter; none of one that cannot be read."""
    try:
        return _read(notebook)
    except WorkbenchError:
        return {}


def explanations_of(run: Run) -> dict[str, str]:
    """Those of a run that has ended, as its page has them. Its notebook is read once: nobody writes it again."""
    try:
        return _kept(run.directory / "output.ipynb")
    except WorkbenchError:
        return {}


def _read(notebook: Path) -> dict[str, str]:
    known = declared(notebook)
    return {parameter.name: parameter.help for parameter in known if 0 < len(parameter.help) <= MOST_WORDS}


_kept = lru_cache(maxsize=MOST_KEPT)(_read)
