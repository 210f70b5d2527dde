"""Computing what is kept of a rollup, from the rows: of all months, or of those that changed."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from workbench.analytics.metrics.measure import Window
from workbench.analytics.metrics.rollups.months import Touched, windows
from workbench.analytics.metrics.rollups.partials import Kept
from workbench.analytics.metrics.rollups.sheets import CHUNK, Sheets
from workbench.analytics.metrics.sources import Sources
from workbench.compute import Engine

__all__ = ["partials_by_month", "partials_of"]


def partials_of(sheets: Sheets, at: int, changed: Touched, sources: Sources, engine: Engine) -> list[pl.DataFrame]:
    """One sheet of the rows of some months."""
    return [frame.drop(CHUNK) for frame in partials_by_month(sheets, at, changed, sources, engine)]


def partials_by_month(
    sheets: Sheets, at: int, changed: Touched, sources: Sources, engine: Engine
) -> Iterator[pl.DataFrame]:
    """The same, with each row's month.

    Args:
        at: Which sheet.
        changed: Which months; all rows, where anything may have changed.
    """
    schema = sources.schema(sheets.dataset, sheets.joined())
    if changed.anything:
        yield _computed(sheets, at, None, None, schema, sources, engine)
        return
    for window in windows(changed.months, sheets.time, schema[sheets.time]):
        yield _computed(sheets, at, window, None, schema, sources, engine)
    if changed.missing:
        name = sheets.time.replace('"', '""')
        yield _computed(sheets, at, None, f'"{name}" IS NULL', schema, sources, engine)


def _computed(
    sheets: Sheets,
    at: int,
    window: Window | None,
    where: str | None,
    schema: pl.Schema,
    sources: Sources,
    engine: Engine,
) -> pl.DataFrame:
    measures = sheets.chunked(at, window, where)
    with sources.telling(sheets.dataset):
        parts = sources.parts(sheets.dataset, sheets.joins, measures.columns(dict(schema)), window)
        return engine.run(Kept(measures), parts).frame
