"""Records as columns, and what is wrong with those that are none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa
import pyarrow.csv as pc

from workbench.data.connectors.files.ahead import ahead
from workbench.data.connectors.files.blocks import BLOCK, Block, blocks, regular, undecodable, whole
from workbench.data.connectors.files.stores import File
from workbench.foundation.errors import Invalid

__all__ = ["Irregular", "Records"]

NULLS = ["", "NA"]
_AT_ONCE = 4 << 20  # what a thread parses
_LARGEST = 1 << 30  # Arrow's block length is a 32-bit number


class Irregular(Exception):
    """Quotes stand elsewhere than around fields, so that nobody but a parser knows where a record ends."""


@dataclass
class Records:
    """The records of a delimited file, which are read anew whenever they are asked for.

    Attributes:
        as_text: Columns that stay as they are written.
        size: Of a block, in bytes; None: the file is one block.
        names: The columns, once the first block was parsed.
    """

    file: File
    encoding: str
    delimiter: str
    as_text: Collection[str] = ()
    size: int | None = BLOCK
    names: list[str] = field(default_factory=list)
    _regular: bool = field(default=False, init=False)  # known of all of it

    def tables(
        self, types: Mapping[str, pa.DataType] | None = None, *, only: Collection[str] = ()
    ) -> Iterator[tuple[Block, pa.Table]]:
        """Block by block; at least one.

        Args:
            types: Of columns that are known; those of others are what the block's values are.
            only: Only these columns.

        Raises:
            Invalid: A line with too few or too many fields, or text that is not UTF-8; names the line.
            Irregular: The file cannot be cut into blocks.
        """
        records, unquoted = 0, True
        blocks = self._blocks()
        first = next(blocks)
        for block in chain([first], () if first.last else ahead(blocks)):
            if block.lines and block.content[:1] in b"\r\n" and not block.content.strip(b"\r\n"):
                continue
            unquoted = unquoted and b'"' not in block.content
            # As many records as lines: there was one on each so far.
            lines = unquoted and records == block.lines
            table = self._parsed(block, types or {}, only, records, lines=lines)
            yield block, table
            records += table.num_rows if block.lines else table.num_rows + 1  # with the header

    def again(self, block: Block, types: Mapping[str, pa.DataType], only: Collection[str]) -> pa.Table:
        """Some columns of a block, of these types.

        Raises:
            ArrowInvalid: A value is not of its type.
        """
        try:
            return self._attempt(block, types, only, threads=True)
        except pa.ArrowInvalid:  # also of a record that is longer than what a thread parses
            return self._attempt(block, types, only, threads=False)

    def _blocks(self) -> Iterator[Block]:
        if self.size is None:
            yield whole(self.file, self.encoding)
            return
        for block in blocks(self.file, self.encoding, self.size):
            if not (self._regular or regular(block.content, self.delimiter)):
                raise Irregular
            yield block
        self._regular = True

    def _parsed(
        self, block: Block, types: Mapping[str, pa.DataType], only: Collection[str], records: int, *, lines: bool
    ) -> pa.Table:
        """
        Args:
            records: How many there are before it.
            lines: Whether each of these is one line.
        """
        try:
            table = self._attempt(block, types, only, threads=True)
        except pa.ArrowInvalid:
            try:  # one thread, because only then does Arrow know the row's number
                table = self._attempt(block, types, only, threads=False)
            except pa.ArrowInvalid as error:
                numbered = lines and _one_line_per_row(block.content)
                unit, before = ("line", block.lines) if numbered else ("record", records)
                raise self._explained(error, unit, before) from error
        try:
            names = table.schema.names
        except UnicodeDecodeError as error:
            raise undecodable(self.file, block.content, "utf-8") from error
        if any(pa.types.is_binary(one.type) for one in table.schema):
            raise undecodable(self.file, block.content, "utf-8", block.lines)
        if not self.names:
            self.names = names
        return table

    def _attempt(
        self, block: Block, types: Mapping[str, pa.DataType], only: Collection[str], *, threads: bool
    ) -> pa.Table:
        content = block.content
        quoted = b'"' in content
        at_once = _AT_ONCE if threads and self.size is not None else min(len(content) + 1, _LARGEST)
        return pc.read_csv(
            pa.BufferReader(content),
            read_options=pc.ReadOptions(
                block_size=at_once, use_threads=threads, column_names=self.names if block.lines else None
            ),
            parse_options=pc.ParseOptions(delimiter=self.delimiter, newlines_in_values=quoted),
            convert_options=pc.ConvertOptions(
                null_values=NULLS,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                include_columns=list(only),
                column_types={**types, **dict.fromkeys(self.as_text, pa.string())},
            ),
        )

    def _explained(self, error: pa.ArrowInvalid, unit: str, before: int) -> Invalid:
        text = str(error)
        if "Empty CSV" in text:
            return Invalid(f"{self.file} is empty", hint="its first line must name the columns")
        counts = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", text)
        if counts:
            row, expected, found = counts.groups()
            place = f"{unit} {int(row) + before}" + ("" if unit == "line" else " (the header is 1)")
            return Invalid(
                f"{self.file}, {place}: {found} fields where the header has {expected}",
                hint="mend or remove that line, or fetch the file again if it is the last one",
            )
        return Invalid(f"{self.file} cannot be read as CSV: {text.splitlines()[0]}", hint="open it in an editor")


def _one_line_per_row(content: bytes) -> bool:
    blank = content.startswith((b"\n", b"\r\n")) or b"\n\n" in content or b"\r\n\r\n" in content
    return b'"' not in content and not blank
