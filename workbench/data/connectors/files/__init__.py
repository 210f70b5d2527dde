"""Rows of files: one, or all that a pattern names, with one schema."""

from workbench.data.connectors.files.delimited import TextFormat
from workbench.data.connectors.files.formats import format_of
from workbench.data.connectors.files.options import FileOptions
from workbench.data.connectors.files.remote import SCHEMES, Remote, Web
from workbench.data.connectors.files.source import FileSource
from workbench.data.connectors.files.stores import Found, Local

__all__ = ["SCHEMES", "FileOptions", "FileSource", "Found", "Local", "Remote", "TextFormat", "Web", "format_of"]
