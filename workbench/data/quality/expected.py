"""What all expectations have, and how one is looked at together with the others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.data.quality.around import Around

__all__ = ["SAMPLES", "Expected", "Finding", "OfRows", "OfWhole", "Prepared", "between", "free", "in_order", "missing"]

SAMPLES = 5
Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class Finding:
    """What became of an expectation.

    Attributes:
        failed: How many rows do not fit.
        problem: What was found instead, where that is not said by the number of rows; empty where it is.
        sample: Rows that do not fit and are none of those that were checked.
    """

    failed: int = 0
    problem: str = ""
    sample: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Prepared:
    """An expectation of columns that are known to be there.

    Attributes:
        judge: From the values that `measures` gave and the number of rows to what was found.
        measures: Each gives one value over all rows; those of all expectations are computed in one plan. Where there
            are none, `judge` gets how many rows fail, if that is said of rows.
        fails: The rows that do not fit, where it is about single rows.
        beside: A column that these look at and the rows do not have: a value for each of them.
        shown: The columns to show of rows that do not fit, where these are others than the expectation names.
    """

    judge: Callable[[Sequence[Any], int], Finding]
    measures: tuple[pl.Expr, ...] = ()
    fails: pl.Expr | None = None
    beside: pl.Series | None = None
    shown: tuple[str, ...] = ()


class Expected(BaseModel, ABC):
    """What all expectations have.

    Attributes:
        severity: A gate lets through what only `warn` has to say about.
        mostly: The share of rows that have to fit, from 0 (exclusive) to 1.
        note: Why it is expected, for whoever meets a failure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    expect: str
    severity: Severity = "error"
    mostly: Annotated[float, Field(gt=0, le=1)] = 1.0
    note: str = ""

    @property
    def columns_needed(self) -> tuple[str, ...]:
        column = getattr(self, "column", None)
        return () if column is None else (column,)

    @property
    @abstractmethod
    def statement(self) -> str:
        """What is expected, as a clause."""

    @property
    def said(self) -> str:
        mostly = "" if self.mostly == 1 else f" in at least {self.mostly:.6g} of the rows"
        return self.statement + mostly

    def enough(self, failed: int, rows: int) -> bool:
        """Whether so many rows that do not fit are few enough; in exact numbers, as the share is written."""
        return failed == 0 or rows - failed >= Fraction(repr(self.mostly)) * rows

    @abstractmethod
    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
        """How it is looked at.

        Args:
            schema: The columns and their types.
            rows: Those that are checked, for what cannot be said as an expression.

        Raises:
            Invalid: It cannot be told of columns of these types; says why as a clause.
            NotFound: There is no such dataset, version or column to compare with.
            Forbidden: The asker may not see that.
        """


class OfRows(Expected):
    """One that every row fits or does not."""

    @abstractmethod
    def fails(self, schema: Mapping[str, pl.DataType], around: Around) -> pl.Expr:
        """Whether a row does not fit. Null where that is unknown, which is no failure."""

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
        fails = self.fails(schema, around).fill_null(False)
        pl.DataFrame(schema=schema).select(fails)  # what cannot be compared is told of before rows are read
        return Prepared(lambda values, _: Finding(values[0]), fails=fails)


class OfWhole(Expected):
    """One that the rows as a whole fit or do not, so that it has no share of rows."""

    @model_validator(mode="after")
    def _of_all(self) -> Self:
        if self.mostly != 1:
            raise ValueError("is not about single rows, so it has no 'mostly'")
        return self


def in_order(least: Any, most: Any) -> None:
    """
    Raises:
        ValueError: Neither bound is given, they cannot be compared, or the least is above the most.
    """
    if least is None and most is None:
        raise ValueError("needs a min, a max or both")
    for bound in (least, most):
        if bound != bound:
            raise ValueError("has a bound that is no number")
    if least is None or most is None:
        return
    try:
        backwards = least > most
    except TypeError as error:
        raise ValueError(f"has a min and a max that cannot be compared: {least} and {most}") from error
    if backwards:
        raise ValueError(f"has a min above its max: {least} and {most}")


def between(least: Any, most: Any, form: str = "") -> str:
    """Bounds in words: "at least 3", "at most 9" or "between 3 and 9"; one of them may be None.

    Args:
        form: How each is written, as Python's format has it.
    """
    if most is None:
        return f"at least {least:{form}}"
    return f"at most {most:{form}}" if least is None else f"between {least:{form}} and {most:{form}}"


def missing(schema: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """The columns of floats with null in the place of NaN."""
    return [pl.col(name).fill_nan(None) for name, dtype in schema.items() if dtype.is_float()]


def free(name: str, taken: Container[str]) -> str:
    """A column's name that is not taken."""
    while name in taken:
        name += "_"
    return name
