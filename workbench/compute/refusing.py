"""What every engine refuses, in the same words wherever it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from workbench.compute.model import Analysis
from workbench.compute.parts import Parts
from workbench.foundation.errors import Invalid

__all__ = ["check", "telling"]


def check(analysis: Analysis, parts: Parts) -> None:
    """
    Raises:
        Invalid: There is no part, parts have different columns, or the analysis is by subject and the parts are not.
    """
    if not parts.parts:
        raise Invalid(f"the analysis '{analysis.name}' got no rows to run on, not even an empty part")
    if len(parts) == 1:
        return
    if analysis.by_subject and not parts.by_subject:
        raise Invalid(f"the analysis '{analysis.name}' is by subject, and its rows are not cut by subject")
    first = parts.schema
    if any(part.lazy().collect_schema() != first for part in parts.parts[1:] if not part.files or part.frames):
        raise Invalid(f"the parts given to the analysis '{analysis.name}' do not have the same columns")


@contextmanager
def telling(analysis: Analysis) -> Iterator[None]:
    """What of an analysis cannot be computed on its rows is told in one sentence.

    Raises:
        Invalid: A column is missing, or a value does not fit where it is put.
    """
    try:
        yield
    except (pl.exceptions.ColumnNotFoundError, pl.exceptions.SchemaError) as error:
        raise Invalid(f"the analysis '{analysis.name}' does not fit its rows: {_first_line(error)}") from error
    except pl.exceptions.InvalidOperationError as error:
        raise _not_computed(analysis, error) from error
    except (pl.exceptions.ComputeError, pl.exceptions.PanicException) as error:
        if "overflow" not in str(error):
            raise
        raise _not_computed(analysis, error) from error


def _not_computed(analysis: Analysis, error: BaseException) -> Invalid:
    return Invalid(
        f"the analysis '{analysis.name}' cannot be computed on its rows: {_first_line(error)}",
        hint="a value does not fit the type it is cast to, or a result is too large for its own",
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
