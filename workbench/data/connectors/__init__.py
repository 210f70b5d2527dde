"""Where rows come from: files, SQL databases and APIs, and whatever else an installed package registers::

source = open_source("sqlite:///ops.db")
for batch in source.batches(table="flights"):
    ...
"""

from workbench.data.connectors.files import TextFormat
from workbench.data.connectors.model import Source
from workbench.data.connectors.opening import connectors, open_source, read_frame, read_reader
from workbench.data.connectors.span import Span, Spanned

__all__ = ["Source", "Span", "Spanned", "TextFormat", "connectors", "open_source", "read_frame", "read_reader"]
