"""How sources and their syncs look where somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.data.sources.model import DataSource, SyncRecord
from workbench.foundation.listing import Listing

__all__ = ["listed", "syncs_listed"]


def listed(sources: Iterable[DataSource]) -> Listing[DataSource]:
    return Listing(
        sources, caption="Data sources", row=_source, empty="no source yet: wb.sources.add(name, url, into=...)"
    )


def syncs_listed(syncs: Iterable[SyncRecord]) -> Listing[SyncRecord]:
    return Listing(syncs, caption="Syncs", row=_sync, empty="no sync yet")


def _source(source: DataSource) -> dict[str, str]:
    last = source.last
    return {
        "name": source.name,
        "kind": source.definition.kind,
        "into": source.definition.into,
        "mode": source.definition.mode,
        "owner": source.owner,
        "records": "" if source.records is None else f"{source.records:,}",
        "last sync": "never" if last is None else f"{last.started:%Y-%m-%d %H:%M} {last.outcome}",
        "state": "paused" if source.paused else "",
    }


def _sync(sync: SyncRecord) -> dict[str, str]:
    return {
        "started": f"{sync.started:%Y-%m-%d %H:%M:%S}",
        "outcome": sync.outcome,
        "rows": "" if sync.rows is None else f"{sync.rows:,}",
        "removed": "" if sync.removed is None else f"{sync.removed:,}",
        "held": "" if sync.held is None else f"{sync.held:,}",
        "version": "" if sync.version is None else str(sync.version),
        "run": sync.run,
        "by": sync.by,
        "said": ": ".join(filter(None, (sync.error, sync.hint))) or "; ".join(sync.notes),
    }
