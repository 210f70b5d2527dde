"""Rows of files: one, or all that a pattern names, with one schema."""

from workbench.data.connectors.files.delimited import TextFormat
from workbench.data.connectors.files.options import FileOptions
from workbench.data.connectors.files.source import FileSource
from workbench.data.connectors.files.stores import Local

__all__ = ["FileOptions", "FileSource", "Local", "TextFormat"]
