"""Data sources in the catalog, and bringing their rows in: all of them, those beyond a cursor, or file by file."""

from workbench.data.sources.model import DataSource, Mode, SourceDefinition, SyncRecord, Tested
from workbench.data.sources.sources import Sources

__all__ = ["DataSource", "Mode", "SourceDefinition", "Sources", "SyncRecord", "Tested"]
