"""Where rows come from: files, SQL databases and APIs, and whatever else an installed package registers::

source = open_source("sqlite:///ops.db")
for batch in source.batches(table="flights"):
    ...

and streams of messages, which are acknowledged once they have been kept.
"""

from workbench.data.connectors.api import SendOptions
from workbench.data.connectors.databases import DatabaseAddress, DuckFile
from workbench.data.connectors.declared import ColumnType
from workbench.data.connectors.files import SCHEMES as STORES
from workbench.data.connectors.files import FileSource, Found, Remote, TextFormat
from workbench.data.connectors.given import open_file
from workbench.data.connectors.model import Source
from workbench.data.connectors.onetable import OneTable
from workbench.data.connectors.opening import connectors, kind_of, open_source, read_frame, read_reader
from workbench.data.connectors.span import Span, Spanned, inside
from workbench.data.connectors.streams import Refused, Stream, StreamBatch, open_stream, read_again, streams
from workbench.data.connectors.zones import in_zone, stream_in_zone

__all__ = [
    "STORES",
    "ColumnType",
    "DatabaseAddress",
    "DuckFile",
    "FileSource",
    "Found",
    "OneTable",
    "Refused",
    "Remote",
    "SendOptions",
    "Source",
    "Span",
    "Spanned",
    "Stream",
    "StreamBatch",
    "TextFormat",
    "connectors",
    "in_zone",
    "inside",
    "kind_of",
    "open_file",
    "open_source",
    "open_stream",
    "read_again",
    "read_frame",
    "read_reader",
    "stream_in_zone",
    "streams",
]
