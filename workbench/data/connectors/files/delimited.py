"""CSV and TSV, strictly: types from the whole file, and an error that names the line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc

from workbench.data.connectors.files.mistaken import refuse_mistaken
from workbench.data.connectors.files.stores import File
from workbench.data.connectors.times import as_times
from workbench.foundation.errors import Invalid

__all__ = ["TextFormat", "read_delimited"]

NULLS = ["", "NA"]
LARGEST_BLOCK = 1 << 30  # types come from one block, and Arrow's block length is a 32-bit number
LOOKED_AT = 1 << 16
PIECE = 1 << 24
SMALL = 256_000_000  # bytes that any packed file may have unpacked
TIMES = 200  # and so many for each of its own: tables of text are rarely a tenth of that
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SEPARATORS = (",", ";", "\t", "|")
TAB = {"tab": "\t", "\\t": "\t"}  # a shell passes a tab on as it was typed
# Numbers to a computer, names to people: a zip code, a phone, an id. Their zeros would be lost, or their last digits.
_ZEROS = r"[ \t]*[-+]?0[0-9xX][0-9a-fA-FxX.+-]*[ \t]*"
_LONG = r"[ \t]*[-+]?[0-9]{19,}[ \t]*"


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


def read_delimited(file: File, ending: str, text: TextFormat, as_text: Collection[str] = ()) -> pa.Table:
    """Reads a whole file with a header line.

    Empty fields and `NA` are null. A column is a whole number, a number, a boolean, a date or a timestamp if all its
    values are, else text; without any value it is text. Timestamps with an offset are in UTC. Text stay times of day,
    columns in which a number begins with a zero (zip codes, phones), and whole numbers beyond 64 bits.

    Args:
        ending: The separator that the file's ending says.
        as_text: Columns that stay as they are written, whatever they look like.

    Raises:
        Invalid: Empty, a line with too few or too many fields, an open quote, text that is not of the encoding; names
            the line. Or separated by something else; names what.
    """
    content = _as_utf8(file, _content(file), text.encoding)
    refuse_mistaken(file, content[:LOOKED_AT], "delimited text, such as CSV")
    if (nul := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, nul) + 1
        raise Invalid(
            f"{file}, line {line}: a NUL character, which no text has",
            hint="it may be UTF-16 (encoding='utf-16-le', --encoding utf-16-le), damaged, or no text at all",
        )
    if b"\n" not in content and b"\r" not in content:
        content += b"\n"  # Arrow takes a header that no line ends for nothing at all
    if text.separator is None and (other := _other_separator(content, ending)) is not None:
        shown = "tab" if other == "\t" else other
        raise Invalid(
            f"the fields of {file} are separated by '{shown}', not by '{'tab' if ending == TAB['tab'] else ending}'",
            hint=f"say so: separator='{shown}' in Python, --separator '{shown}' on the command line",
        )
    if content.count(b'"') % 2:
        raise Invalid(f"{file} has a quote that is opened and never closed", hint="it may be cut short; fetch it again")
    delimiter = text.separator or ending
    table = _parse(file, content, delimiter, as_text)
    try:
        names = table.schema.names
    except UnicodeDecodeError as error:
        raise _undecodable(file, content, "utf-8") from error
    if any(pa.types.is_binary(field.type) for field in table.schema):
        raise _undecodable(file, content, "utf-8")
    for index, column in _kept_as_text(table, content, delimiter).items():
        table = table.set_column(index, names[index], column)
    for index, column in _times_of_any_year(table, as_text).items():
        table = table.set_column(index, names[index], column)
    return table


def _content(file: File) -> bytes:
    """All of its bytes, unpacked."""
    packed = max(file.path.stat().st_size, 1)
    most = max(SMALL, packed * TIMES)
    pieces: list[bytes] = []
    length = 0
    with pa.input_stream(str(file.path), compression="detect") as stream:
        try:
            while piece := stream.read(PIECE):
                length += len(piece)
                if length > most:
                    raise Invalid(
                        f"{file} has {packed:,} bytes and unpacks to more than {most:,}, as a zip bomb does",
                        hint="if that is right, unpack it first",
                    )
                pieces.append(piece)
        except (OSError, pa.ArrowInvalid) as error:
            raise Invalid(f"{file} cannot be unpacked: {error}", hint="it may be cut short; fetch it again") from error
    return b"".join(pieces)


def _as_utf8(file: File, content: bytes, encoding: str) -> bytes:
    """Arrow reads UTF-8 and nothing else, and looks itself whether it is."""
    if codecs.lookup(encoding).name == "utf-8":
        if content.startswith(WIDE):
            raise _undecodable(file, content, encoding)
        return content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        raise _undecodable(file, content, encoding) from error


def _other_separator(content: bytes, delimiter: str) -> str | None:
    """What separates every one of the first lines, where the header does not have the separator that it should."""
    start = content[:LOOKED_AT].decode("utf-8", errors="replace").splitlines()
    lines = [line for line in start[: -1 if len(content) > LOOKED_AT else None] if line.strip()][:20]
    if not lines or delimiter in lines[0]:
        return None
    counts = {other: {line.count(other) for line in lines} for other in SEPARATORS}
    return next((other for other, found in counts.items() if len(found) == 1 and found != {0}), None)


def _kept_as_text(table: pa.Table, content: bytes, delimiter: str) -> dict[int, pa.ChunkedArray]:
    """The columns, by place, that Arrow takes for times of day or numbers and that are text."""
    zeros = _somewhere(_ZEROS, content, delimiter)
    long = _somewhere(_LONG, content, delimiter)
    patterns: dict[int, str] = {}
    for index, field in enumerate(table.schema):
        if pa.types.is_time(field.type):
            patterns[index] = ""
        elif pa.types.is_floating(field.type) and (zeros or long):
            patterns[index] = f"^({_ZEROS}|{_LONG})$"
        elif pa.types.is_integer(field.type) and zeros:
            patterns[index] = f"^({_ZEROS})$"
    if not patterns:
        return {}
    names = list(dict.fromkeys(table.schema.names[index] for index in patterns))
    again = _attempt(content, delimiter, only=names, as_text=names, threads=True)
    found = {index: again.column(table.schema.names[index]) for index in patterns}
    return {
        index: column
        for index, column in found.items()
        if not patterns[index] or compute.any(compute.match_substring_regex(column, patterns[index])).as_py()
    }


def _times_of_any_year(table: pa.Table, as_text: Collection[str]) -> dict[int, pa.ChunkedArray]:
    """The columns, by place, of times that have a fraction and do not all lie between 1677 and 2262.

    Arrow looks for a fraction in nanoseconds only, which reach no further, and leaves the others as text.
    """
    found: dict[int, pa.ChunkedArray] = {}
    for index, field in enumerate(table.schema):
        if field.name in as_text:
            continue
        if pa.types.is_string(field.type) and (times := as_times(table.column(index))) is not None:
            found[index] = times
    return found


def _somewhere(pattern: str, content: bytes, delimiter: str) -> bool:
    """Whether a field of the file may be such a value; to look is quicker than to read columns twice."""
    edge = rf'(?:[\r\n"]|{re.escape(delimiter)})'
    return re.search(f"{edge}{pattern}(?:{edge}|$)".encode(), content) is not None


def _parse(file: File, content: bytes, delimiter: str, as_text: Collection[str]) -> pa.Table:
    try:
        return _attempt(content, delimiter, as_text=as_text, threads=True)
    except pa.ArrowInvalid:
        pass
    try:  # one thread, because only then does Arrow know the row's number
        return _attempt(content, delimiter, as_text=as_text, threads=False)
    except pa.ArrowInvalid as error:
        raise _explained(file, content, error) from error


def _attempt(
    content: bytes, delimiter: str, *, only: Sequence[str] = (), as_text: Collection[str] = (), threads: bool
) -> pa.Table:
    """Every column, or only some, and some as text."""
    return pc.read_csv(
        pa.BufferReader(content),
        read_options=pc.ReadOptions(block_size=min(len(content) + 1, LARGEST_BLOCK), use_threads=threads),
        parse_options=pc.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            null_values=NULLS,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            include_columns=only,
            column_types=dict.fromkeys(as_text, pa.string()),
        ),
    )


def _explained(file: File, content: bytes, error: pa.ArrowInvalid) -> Invalid:
    text = str(error)
    if "Empty CSV" in text:
        return Invalid(f"{file} is empty", hint="its first line must name the columns")
    counts = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", text)
    if counts:
        row, expected, found = counts.groups()
        one_line_per_row = b'"' not in content and b"\n\n" not in content and b"\r\n\r\n" not in content
        place = f"line {row}" if one_line_per_row else f"record {row} (the header is 1)"
        return Invalid(
            f"{file}, {place}: {found} fields where the header has {expected}",
            hint="mend or remove that line, or fetch the file again if it is the last one",
        )
    return Invalid(f"{file} cannot be read as CSV: {text.splitlines()[0]}", hint="open it in an editor")


def _undecodable(file: File, content: bytes, encoding: str) -> Invalid:
    guess = "utf-16" if content.startswith(WIDE) else "cp1252" if encoding == "utf-8" else "utf-8"
    hint = f"say its encoding: encoding='{guess}' in Python, --encoding {guess} on the command line"
    place = ""
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        newline = content.count(b"\n", 0, error.start)
        place = f", line {newline + 1}"
    except UnicodeError:
        pass
    return Invalid(f"{file}{place}: not {encoding.upper()} text", hint=hint)
