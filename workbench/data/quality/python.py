"""What may be expected in Python: a function that gets the rows and says which of them fit, or whether all do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from workbench.data.quality.around import Around
from workbench.data.quality.expected import Expected, Finding, Prepared, free, missing
from workbench.data.quality.functions import REFERENCE, where
from workbench.foundation.errors import Forbidden, Invalid, NotFound

__all__ = ["Python"]


class Python(Expected):
    """A function is true of every row, or of the rows as a whole.

    It gets the rows as a lazy frame of Polars, as the asker may see them, with null for NaN. What it gives says which:

    - an expression, or a frame or series with as many values as there are rows: whether each row fits;
    - an expression or a frame with one value, or True or False: whether all of them together do.

    Null is unknown, which is no failure. A frame of one row is told of row by row.

    Attributes:
        function: `module:function`, a file beside the suite; in a notebook also the function itself.
        columns: What the function gets, and what is shown of rows that do not fit; all columns when not given.
    """

    expect: Literal["python"]
    function: Annotated[str | SkipJsonSchema[Callable[..., Any]], Field(union_mode="left_to_right")]
    columns: tuple[str, ...] = ()

    @field_validator("function")
    @classmethod
    def _referred(cls, function: str | Callable[..., Any]) -> str | Callable[..., Any]:
        if isinstance(function, str) and not REFERENCE.fullmatch(function):
            raise ValueError(f"has no function '{function}'; it is written module:function, as in checks:on_time")
        return function

    @property
    def columns_needed(self) -> tuple[str, ...]:
        return self.columns

    @property
    def name(self) -> str:
        """What the function is called."""
        return self.function if isinstance(self.function, str) else getattr(self.function, "__name__", "the function")

    @property
    def statement(self) -> str:
        return f"{self.name} is true"

    def prepared(self, schema: Mapping[str, pl.DataType], around: Around, rows: pl.LazyFrame) -> Prepared:
        function = around.function(self.function) if isinstance(self.function, str) else self.function
        shown = {name: schema[name] for name in self.columns or schema}
        given = rows.select(list(shown)).with_columns(missing(shown))
        path = getattr(getattr(function, "__code__", None), "co_filename", "")
        with self._told(path):
            answer = function(given)
        if isinstance(answer, pl.Expr) and not set(answer.meta.root_names()) & set(shown):
            with self._told(path):  # it may name columns by a rule, which has to be asked of those given
                answer = given.select(answer)
        if isinstance(answer, pl.Expr):
            with self._told(path):
                per_row = pl.DataFrame(schema=shown).select(answer)
            if per_row.width != 1:
                raise self._no_answer(f"an expression of {per_row.width} columns")
            self._true_or_false(per_row.dtypes[0])
            return self._of_rows(~answer, answer.meta.root_names()) if per_row.is_empty() else self._of_all(answer)
        if isinstance(answer, pl.Series):
            answer = answer.to_frame()
        if isinstance(answer, pl.LazyFrame | pl.DataFrame):
            with self._told(path):
                found = answer.lazy().collect(engine="in-memory")
                count = int(rows.select(pl.len()).collect(engine="in-memory").item())
            if found.width != 1:
                raise self._no_answer(f"{found.width} columns")
            self._true_or_false(found.dtypes[0])
            if found.height == count:
                fits = found.to_series().alias(free(f".{self.name}", schema))
                return self._of_rows(~pl.col(fits.name), list(schema), fits)
            if found.height != 1:
                raise self._no_answer(f"{found.height:,} values for {count:,} rows")
            answer = found.item()
        elif hasattr(answer, "item"):  # a truth of NumPy
            answer = answer.item()
        if answer is not None and not isinstance(answer, bool):
            raise self._no_answer(f"a {type(answer).__name__}")
        return self._of_all(pl.lit(answer, pl.Boolean))

    def _of_rows(self, fails: pl.Expr, looked_at: list[str], beside: pl.Series | None = None) -> Prepared:
        fails = fails.fill_null(False)
        shown = self.columns or tuple(dict.fromkeys(looked_at))
        return Prepared(lambda values, _: Finding(values[0]), (), fails, beside, shown)

    def _of_all(self, truth: pl.Expr) -> Prepared:
        if self.mostly != 1:
            raise Invalid("it is not about single rows, so it has no 'mostly'")
        return Prepared(lambda values, _: Finding(problem="it is not" if values[0] is False else ""), (truth,))

    def _true_or_false(self, dtype: pl.DataType) -> None:
        if dtype not in (pl.Boolean, pl.Null):
            raise self._no_answer(f"values of type {dtype}")

    def _no_answer(self, given: str) -> Invalid:
        return Invalid(f"the function gives {given} where it should say true or false, of each row or of all")

    @contextmanager
    def _told(self, path: str) -> Any:
        """Turns what the function raises into why it cannot be told; the words may quote a value and are left out."""
        try:
            yield
        except (Forbidden, Invalid, NotFound):
            raise
        except pl.exceptions.ColumnNotFoundError as error:
            raise Invalid(f"the function asks for a column that is not there: {str(error).splitlines()[0]}") from error
        except (Exception, SystemExit) as error:
            why = f'; wb.quality.function("{self.name}")(rows) shows why' if isinstance(self.function, str) else ""
            raise Invalid(f"the function fails: {where(error, path)}{why}") from error
