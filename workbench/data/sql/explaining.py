"""What DuckDB says, as one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from workbench.data.sql.limits import too_large
from workbench.foundation.errors import Forbidden, Invalid, WorkbenchError, unknown

__all__ = ["explained", "sentence"]

_MISSING_COLUMN = re.compile(
    r'[Cc]olumn "?([^"\n]+?)"? (?:not found|does not exist)|does not have a column named "([^"]+)"'
)


def explained(error: Exception, statement: str, columns: Iterable[str], *, megabytes: int) -> WorkbenchError:
    """The error to raise for one of DuckDB's. While rows are fetched it comes as Arrow's, with the same words.

    Args:
        statement: What was asked.
        columns: The columns of the datasets that the statement reads.
        megabytes: What the statement was allowed.
    """
    text = str(error)
    column = _MISSING_COLUMN.search(text)
    if column is not None:
        name = column.group(1) or column.group(2)
        quoted = f"a text stands in single quotes: '{name}'; in double quotes it is a column's name"
        return unknown("column", name, set(columns), error=Invalid, hint=quoted if f'"{name}"' in statement else None)
    if (
        isinstance(error, MemoryError)
        or text.startswith("Out of Memory Error")
        or "Arrow Appender: The maximum total string size" in text
    ):
        return too_large("the statement", megabytes)
    if text.startswith("Permission Error"):
        return Forbidden(f"SQL reads datasets and nothing else: {sentence(error)}")
    return Invalid(f"the statement cannot be answered: {sentence(error)}")


def sentence(error: Exception) -> str:
    """The message without its kind, its candidates and the excerpt of the statement."""
    kept: list[str] = []
    for line in str(error).splitlines():
        if not line.strip() or line.startswith(("LINE ", "\t", "Candidate", "Possible")):
            break
        kept.append(line.strip())
    text = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", " ".join(kept))
    return text.rstrip(".! ")
