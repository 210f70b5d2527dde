"""Reading a source: opened with its secret, from a cursor on where it can be asked so, as frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import polars as pl
import pyarrow as pa

from workbench.data.connectors import Source, Span, Spanned, Stream, in_zone, inside, open_source, open_stream
from workbench.data.sources.model import SourceDefinition
from workbench.foundation.errors import Invalid, WorkbenchError, unknown
from workbench.foundation.secret import read_secret

__all__ = ["Opened", "Reading", "led", "opened", "told", "without_zone"]

ROWS = 500_000
BYTES = 128 << 20

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Reading:
    """Rows of a source under way.

    Attributes:
        type: Of the cursor, as the source has it; null where none is followed.
        batches: The rows.
        everything: Whether all rows are read, since the source cannot be asked for some.
    """

    type: pa.DataType
    batches: Batches
    everything: bool


@dataclass(frozen=True)
class Opened:
    """A place that rows can be had from, and what no error may show."""

    place: Source | Stream
    definition: SourceDefinition
    secret: str

    @property
    def source(self) -> Source:
        """What is read: of every mode but `stream`."""
        assert not isinstance(self.place, Stream)
        return self.place

    @property
    def stream(self) -> Stream:
        """What is taken from: of the mode `stream`."""
        assert isinstance(self.place, Stream)
        return self.place

    def look(self) -> str:
        """Changes whenever the content may have changed; empty where that is not known."""
        return "" if isinstance(self.place, Stream) else self.place.fingerprint()

    def asks(self, kind: pa.DataType) -> bool:
        """Whether it can be asked for the rows beyond a cursor of some type alone.

        Databases order texts each by a collation of its own: where one is compared in another order than here, rows
        would be left out.
        """
        return self.spanned and "string" not in str(kind)

    @property
    def spanned(self) -> bool:
        """Whether it can be asked for the rows in a stretch of a column."""
        return isinstance(self.source, Spanned) and not self.definition.query

    def all(self) -> Batches:
        """Every row."""
        one = self.definition
        return self.source.batches(table=one.table or None, query=one.query or None)

    def within(self, span_of: Callable[[pa.DataType], Span]) -> Reading:
        """The rows in a stretch of the cursor. What cannot be asked for it is read whole, and filtered here.

        Args:
            span_of: Gives the stretch, once the cursor's type is known.

        Raises:
            NotFound: There is no such column.
        """
        table = self.definition.table or None
        if self.spanned:
            assert isinstance(self.source, Spanned)
            kind = self._type(self.source.schema(table=table))
            if self.asks(kind):
                return Reading(kind, self.source.batches_within(span_of(kind), table=table), everything=False)
        batches = self.all()
        first = next(batches)
        kind = self._type(first.schema)
        span = span_of(kind)
        return Reading(kind, (inside(batch, span) for batch in chain([first], batches)), everything=True)

    def _type(self, schema: pa.Schema) -> pa.DataType:
        name = self.definition.cursor
        if name not in schema.names:
            raise unknown(
                "column", name, schema.names, hint=f"source '{self.definition.name}' follows it as its cursor"
            )
        return schema.field(name).type

    def frames(self, batches: Batches) -> Iterator[pl.DataFrame]:
        """Batches as frames of some size, whose times have a zone; at least one.

        Raises:
            Invalid: There are no columns, or a time cannot be one in the zone.
        """
        held: list[pa.RecordBatch] = []
        rows = size = 0
        empty: pa.RecordBatch | None = None
        begun = False
        for batch in batches:
            if not batch.num_rows:
                empty = batch
                continue
            held.append(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows >= ROWS or size >= BYTES:
                yield self._frame(held)
                held, rows, size, begun = [], 0, 0, True
        if held:
            yield self._frame(held)
        elif not begun and empty is not None:
            yield self._frame([empty])

    def _frame(self, batches: list[pa.RecordBatch]) -> pl.DataFrame:
        frame = pl.from_arrow(pa.Table.from_batches(batches))
        assert isinstance(frame, pl.DataFrame)
        if not frame.width:
            raise Invalid(
                f"{self.source.url} has no rows, and so no columns",
                hint="types= in an API's address says which there are",
            )
        times = {name: kind for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)}
        naive = [name for name, kind in times.items() if kind.time_zone is None]
        if naive and not self.definition.time_zone:
            raise without_zone(f"column '{naive[0]}'", self.definition.name)
        found = in_zone(frame, naive, self.definition.time_zone) if naive else frame
        return found.with_columns(
            pl.col(name).cast(pl.Datetime("us", kind.time_zone)).dt.convert_time_zone("UTC")
            for name, kind in times.items()
            if name not in naive
        )


def without_zone(what: str, name: str) -> Invalid:
    """The error of times that do not say their zone, in a source that does not say it either."""
    return Invalid(
        f"{what} has times without a time zone",
        hint=f"say which it is: workbench source change {name} --time-zone UTC, in Python time_zone='UTC'",
    )


def opened(definition: SourceDefinition, home: Path) -> Opened:
    """
    Raises:
        NotFound: No such file, or no connector for the URL.
        Invalid: It cannot be read as what it claims to be, or its secret is none.
        Unavailable: The connector's driver is not installed.
    """
    try:
        secret = read_secret(definition.password) if definition.password else ""
    except WorkbenchError as error:
        raise told(error, definition, "") from None
    url = definition.url
    if definition.mode == "stream":
        try:
            return Opened(open_stream(url), definition, secret)
        except WorkbenchError as error:
            raise told(error, definition, secret) from None
    if secret:
        parts = urlsplit(url)
        user, at, host = parts.netloc.rpartition("@")
        url = urlunsplit(parts._replace(netloc=f"{user}:{quote(secret, safe='')}@{host if at else parts.netloc}"))
    try:
        return Opened(open_source(url, base=home), definition, secret)
    except WorkbenchError as error:
        raise told(error, definition, secret) from None


def told(error: WorkbenchError, definition: SourceDefinition, secret: str) -> WorkbenchError:
    """The error as one of this source, without its secret."""
    lead = f"source '{definition.name}': "
    return led(error, "" if str(error).startswith(lead) else lead, secret)


def led(error: WorkbenchError, lead: str, secret: str = "") -> WorkbenchError:
    """An error of the same kind, whose sentence begins with something else and does not show a secret."""
    kind = next(kind for kind in type(error).__mro__ if kind in (WorkbenchError, *WorkbenchError.__subclasses__()))
    said, hint = f"{lead}{error}", error.hint
    for hidden in filter(None, (secret, quote(secret, safe=""))):
        said, hint = said.replace(hidden, "***"), hint and hint.replace(hidden, "***")
    made: WorkbenchError = kind(said, hint=hint)
    return made
