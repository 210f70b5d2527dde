"""What a statement is answered with: rows that become a frame of any kind, and show themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from workbench.compute import frames
from workbench.foundation.errors import Invalid, Unavailable
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SqlResult"]

SHOWN = 10


class SqlResult:
    """The rows that a SELECT gave. Anything that speaks Arrow takes them as they are: `pl.DataFrame(result)`.

    Times are UTC with microseconds.

    Attributes:
        versions: Dataset -> the versions of it that were read; more than one where the statement names another.
        cut: Whether a limit left rows out.
        seconds: How long it took.
    """

    def __init__(
        self,
        table: pa.Table,
        *,
        versions: Mapping[str, tuple[int, ...]] | None = None,
        cut: bool = False,
        seconds: float = 0.0,
        explain: Callable[[], str] | None = None,
    ) -> None:
        self._table = table
        self._explain = explain
        self.versions = dict(versions or {})
        self.cut = cut
        self.seconds = seconds

    @property
    def columns(self) -> list[str]:
        """Their names, each once."""
        return list(self._table.column_names)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def explain(self) -> str:
        """How it was answered: DuckDB's plan, and files and bytes of the columns that were read, of the whole.

        Raises:
            Unavailable: It was answered by a server.
            NotFound: A version that was read was cleaned away since.
        """
        if self._explain is None:
            raise Unavailable(
                "how this was computed is known where it was computed", hint="workbench sql ... --explain there"
            )
        return self._explain()

    def to_polars(self) -> pl.DataFrame:
        """
        Raises:
            Invalid: A column is of a type that Polars does not have, such as INTERVAL.
        """
        return frames.to_polars(self._table)

    def to_pandas(self) -> pd.DataFrame:
        """Whole numbers and booleans with nulls keep their type.

        Raises:
            Invalid: A column is of a type that Polars does not have, such as INTERVAL.
        """
        return frames.to_pandas(self.to_polars())

    def to_arrow(self) -> pa.Table:
        return self._table

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dictionary per row, of plain Python values."""
        return list(self._table.to_pylist())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        with pl.Config(tbl_hide_dataframe_shape=True, tbl_rows=SHOWN):
            return f"{self._size()}\n{self._head()}"

    def _repr_html_(self) -> str:
        with pl.Config(tbl_hide_dataframe_shape=True, tbl_rows=SHOWN):
            return f"<p>{self._size()}</p>{self._head()._repr_html_()}"

    def _size(self) -> str:
        rows, columns = len(self), len(self.columns)
        said = counted(rows, "row")
        if self.cut:
            said = f"the first {said} (cut at the limit: there are more)"
        if rows > SHOWN:
            said += f", {SHOWN} of them shown" if self.cut else f", the first {SHOWN} of them"
        return f"{said}; {counted(columns, 'column')}"

    def _head(self) -> pl.DataFrame:
        head = self._table.slice(0, SHOWN)
        try:
            return frames.to_polars(head)
        except Invalid:
            texts = ([None if value is None else str(value) for value in column.to_pylist()] for column in head.columns)
            return pl.DataFrame(
                dict(zip(self.columns, texts, strict=True)), schema=dict.fromkeys(self.columns, pl.String)
            )
