"""Files as a source of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, Self

import pyarrow as pa

from workbench.data.connectors.files.delimited import TextFormat
from workbench.data.connectors.files.excel import sheets
from workbench.data.connectors.files.formats import EXCEL, Format, format_of
from workbench.data.connectors.files.options import FileOptions
from workbench.data.connectors.files.settling import Settled, uniform, uniform_schema
from workbench.data.connectors.files.stores import Found, Held, Store, table_of
from workbench.data.connectors.model import BATCH_ROWS
from workbench.data.connectors.spool import Spool
from workbench.foundation.errors import Invalid, unknown

__all__ = ["FileSource"]

Batches = Iterator[pa.RecordBatch]


class FileSource:
    """Rows of one file, or of all that a pattern names.

    Its one table is named after them; those of an Excel workbook are its sheets.

    Args:
        store: Where they lie, and which are meant.
        options: How they are read.
        fragment: The same as it stands behind the `#` of the address.
        text: How delimited files are written. With a separator, a file of an unknown ending is one.
    """

    def __init__(self, store: Store, options: FileOptions, fragment: str, text: TextFormat | None = None) -> None:
        """
        Raises:
            NotFound: No such file; the message has the nearest name in that folder.
            Invalid: A folder, a file of no known format, or one that is not delimited text and
                is said to be.
            Unavailable: A file may not be read.
        """
        self.url = f"{store.place}#{fragment}" if fragment else store.place
        self._store = store
        if text is not None:
            options = options.model_copy(update={"separator": text.separator, "encoding": text.encoding})
        self._options = options
        for found in store.find():
            format_of(found.name, options)

    def __repr__(self) -> str:
        return f"FileSource({self.url})"

    def tables(self) -> list[str]:
        """The sheets, of one Excel workbook."""
        if not self._sheets():
            return [table_of(self._store.place)]
        (found,) = self._store.find()
        with self._store.opened(found) as file:
            return sheets(file)

    def schema(self, *, table: str | None = None, query: str | None = None) -> pa.Schema:
        """Its columns, for which files are read that do not say them."""
        return next(self.batches(table=table, query=query)).schema

    def batches(
        self,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> Batches:
        self._check(table, query)
        options = self._options
        if table is not None and self._sheets():
            options = options.model_copy(update={"sheet": table})
        files = self._store.find()
        settled = Settled(self._store.place, self._options.types)
        with Spool(self._store.place) as kept:
            look = partial(self._first_look, settled, kept, batch_rows, options, only=len(files) == 1)
            for found, read in [(found, look(found)) for found in files]:
                before = 0
                for batch in read():
                    yield self._named(settled.fitted(batch, before, found.place), found)
                    before += batch.num_rows

    def fingerprint(self) -> str:
        marks = [found.mark for found in self._store.find()]
        return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:32] if all(marks) else ""

    def files(self) -> list[Found]:
        """The files that are meant now, by name; at least one."""
        return self._store.find()

    @contextmanager
    def one(self, found: Found) -> Iterator[tuple[bytes, Self]]:
        """One of the files by itself, brought to this machine for as long as the block lasts.

        Returns:
            A digest of its content, and a source of its rows.
        """
        with self._store.opened(found) as file:
            with file.path.open("rb") as content:
                digest = hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).digest()
            alone = type(self)(Held(found, file), self._options, "")
            yield digest, alone

    def _first_look(
        self, settled: Settled, kept: Spool, batch_rows: int, options: FileOptions, found: Found, *, only: bool
    ) -> Callable[[], Batches]:
        """Settles the columns of a file, and gives what reads its rows once those of all files are."""
        kind = format_of(found.name, options)
        rows = partial(self._rows, found, kind, batch_rows)
        as_text = list(self._options.types)
        if kind.schema is not None and not only and self._store.near:
            with self._store.opened(found) as file:
                settled.add(uniform_schema(kind.schema(file), found.place), found.name, written=kind.written)
            return rows
        batches = rows(as_text)
        first = next(batches)
        settled.add(first.schema, found.name, written=kind.written)
        if only:
            return lambda: chain([first], batches)
        stream = kept.keep(chain([first], batches))

        def read() -> Batches:
            again = settled.rewritten(first.schema) if kind.written else []
            return rows([*as_text, *again]) if again else kept.read(stream)

        return read

    def _rows(self, found: Found, kind: Format, batch_rows: int, as_text: Collection[str] = ()) -> Batches:
        with self._store.opened(found) as file:
            before = 0
            for batch in kind.read(file, batch_rows, as_text):
                yield uniform(batch, found.place, before)
                before += batch.num_rows

    def _named(self, batch: pa.RecordBatch, found: Found) -> pa.RecordBatch:
        """With the column that says the file, if it is asked for."""
        name = self._options.file
        if not name:
            return batch
        if name in batch.schema.names:
            raise Invalid(
                f"{self._store.place} has a column '{name}' of its own, and file={name} would add another",
                hint="choose another name for the column of files",
            )
        return batch.append_column(name, pa.array([found.name] * batch.num_rows, pa.string()))

    def _sheets(self) -> bool:
        """Whether its tables are sheets."""
        files = self._store.find()
        return len(files) == 1 and files[0].name.lower().endswith(EXCEL)

    def _check(self, table: str | None, query: str | None) -> None:
        if query is not None:
            raise Invalid(
                f"{self._store.place} is a file and takes no query",
                hint='load it into a dataset and query that: workbench sql "SELECT ..."',
            )
        if table is not None and not self._sheets() and table not in self.tables():
            raise unknown("table", table, self.tables())
