"""Quality results in the catalog. The only file that opens sessions on `quality_result`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice

from sqlalchemy import select

from workbench.data.quality.model import Outcome, QualityResult
from workbench.data.quality.tables import QualityResultRow
from workbench.foundation.catalog import Catalog

__all__ = ["QualityStore"]


class QualityStore:
    """What checks found, over time."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def add(self, result: QualityResult, principal: str, sights: Mapping[str, str | None]) -> None:
        """Keeps a result without its sample rows.

        Args:
            sights: Dataset -> who sees the same of it, for those that were looked at.
        """
        outcomes = [{name: value for name, value in asdict(o).items() if name != "sample"} for o in result.outcomes]
        with self._catalog.begin() as session:
            session.add(
                QualityResultRow(
                    dataset=result.dataset,
                    version=result.version,
                    suite=result.suite,
                    run=result.run,
                    principal=principal,
                    checked=result.checked,
                    seconds=result.seconds,
                    rows=result.rows,
                    passed=result.passed,
                    outcomes=outcomes,
                    sights=dict(sights),
                )
            )

    def of(self, dataset: str, limit: int, seen: Callable[[Mapping[str, str | None]], bool]) -> list[QualityResult]:
        """The latest results of a dataset, newest first.

        Args:
            seen: Whether whoever asks sees the same of these datasets, by the sights of a result.
        """
        query = (
            select(QualityResultRow)
            .where(QualityResultRow.dataset == dataset)
            .order_by(QualityResultRow.id.desc())
            .execution_options(yield_per=100)
        )
        with self._catalog.read() as session:
            alike = (row for row in session.scalars(query) if seen(row.sights or {dataset: None}))
            return [_result(row) for row in islice(alike, limit)]


def _result(row: QualityResultRow) -> QualityResult:
    return QualityResult(
        suite=row.suite,
        outcomes=tuple(Outcome(**{**outcome, "columns": tuple(outcome["columns"])}) for outcome in row.outcomes),
        rows=row.rows,
        checked=row.checked,
        seconds=row.seconds,
        dataset=row.dataset,
        version=row.version,
        run=row.run,
    )
