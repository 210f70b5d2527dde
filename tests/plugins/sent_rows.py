"""The dataset of flights as it arrives at a destination."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from workbench import Workbench
from workbench.data.connectors import open_source, read_frame

__all__ = ["sent_to"]


def sent_to(name: str) -> Callable[[Workbench], pl.DataFrame]:
    """A door through a file of that name in the workspace; its ending says what it is."""

    def through(wb: Workbench) -> pl.DataFrame:
        path = wb.settings.home / name
        table = "flights" if path.suffix in (".db", ".duckdb") else ""
        wb.etl.send("flights", path, table)
        return read_frame(open_source(path), table=table or None)

    return through
