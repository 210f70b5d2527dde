"""CSV and TSV, strictly: types from the whole file, block by block, and an error that names the line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from workbench.data.connectors.files.blocks import BLOCK, beginning, refuse_nul
from workbench.data.connectors.files.finding import found_types
from workbench.data.connectors.files.mistaken import refuse_mistaken
from workbench.data.connectors.files.parsing import Irregular, Records
from workbench.data.connectors.files.stores import File
from workbench.foundation.errors import Invalid

__all__ = ["TextFormat", "read_delimited"]

LOOKED_AT = 1 << 16
SEPARATORS = (",", ";", "\t", "|")
TAB = {"tab": "\t", "\\t": "\t"}  # a shell passes a tab on as it was typed


@dataclass(frozen=True)
class TextFormat:
    """How a delimited text file is written, where it is not by the book.

    Attributes:
        separator: One character between fields, or "tab"; by default what the file's ending says.
        encoding: Such as "cp1252" or "latin-1".
    """

    separator: str | None = None
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        if self.separator is not None:
            meant = TAB.get(self.separator, self.separator)
            if len(meant) != 1 or not meant.isascii() or meant in '"\r\n':
                raise Invalid(f"{self.separator!r} cannot separate fields", hint="one character does, such as ; or tab")
            object.__setattr__(self, "separator", meant)
        try:
            "a".encode(self.encoding)
        except (LookupError, ValueError) as error:
            raise Invalid(
                f"there is no encoding '{self.encoding}'", hint="for example utf-8, cp1252, latin-1 or utf-16"
            ) from error


def read_delimited(
    file: File,
    ending: str,
    text: TextFormat,
    as_text: Collection[str] = (),
    *,
    batch_rows: int = 1 << 16,
    block: int = BLOCK,
) -> Iterator[pa.RecordBatch]:
    """Reads a file with a header line twice: for what its columns are, then for its rows, a block in memory at a time.

    Empty fields and `NA` are null. A column is a whole number, a number, a boolean, a date or a timestamp if all its
    values are, else text; without any value it is text. Timestamps with an offset are in UTC. Text stay times of day,
    columns in which a number begins with a zero (zip codes, phones), and whole numbers beyond 64 bits.

    Args:
        ending: The separator that the file's ending says.
        as_text: Columns that stay as they are written, whatever they look like.
        batch_rows: The most rows of a batch; there is at least one batch.
        block: How much is read at a time, in bytes. A file with quotes inside of its fields is read at once.

    Raises:
        Invalid: Empty, a line with too few or too many fields, an open quote, text that is not of the encoding; names
            the line. Or separated by something else; names what.
    """
    start = beginning(file, text.encoding, LOOKED_AT + 1)
    refuse_mistaken(file, start, "delimited text, such as CSV")
    refuse_nul(file, start)
    if text.separator is None:
        _check_separator(file, start, ending)
    records = Records(file, text.encoding, text.separator or ending, as_text, block)
    try:
        types = found_types(records)
    except Irregular:
        records = replace(records, size=None, names=[])
        types = found_types(records)
    times = {name: kind for name, kind in types.items() if pa.types.is_timestamp(kind) and kind.unit == "us"}
    given = False
    for _, table in records.tables({**types, **dict.fromkeys(times, pa.string())}):
        for name, kind in times.items():
            index = table.schema.get_field_index(name)
            table = table.set_column(index, name, table.column(index).cast(kind))
        for batch in table.to_batches(batch_rows):
            given = True
            yield batch
        if not given:
            given = True
            yield pa.RecordBatch.from_arrays([pa.array([], one.type) for one in table.schema], schema=table.schema)


def _check_separator(file: File, start: bytes, ending: str) -> None:
    """
    Raises:
        Invalid: Something else separates every one of the first lines, and the header lacks what should.
    """
    text = start[:LOOKED_AT].decode("utf-8", errors="replace").splitlines()
    lines = [line for line in text[: -1 if len(start) > LOOKED_AT else None] if line.strip()][:20]
    if not lines or ending in lines[0]:
        return
    counts = {other: {line.count(other) for line in lines} for other in SEPARATORS}
    found = next((other for other, numbers in counts.items() if len(numbers) == 1 and numbers != {0}), None)
    if found is not None:
        shown = "tab" if found == "\t" else found
        raise Invalid(
            f"the fields of {file} are separated by '{shown}', not by '{'tab' if ending == TAB['tab'] else ending}'",
            hint=f"say so: separator='{shown}' in Python, --separator '{shown}' on the command line",
        )
