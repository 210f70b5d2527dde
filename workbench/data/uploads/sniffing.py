"""What a file is, by its bytes and not by its name; and whether it is much larger than it looks."""

from __future__ import annotations

import bz2
import codecs
import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.foundation.errors import Invalid

__all__ = ["Kind", "check_unpacked", "sniffed"]

LOOKED_AT = 1 << 16
PIECE = 1 << 20
VALUES_PER_BYTE = 200
"""So many values of a Parquet file for each of its bytes at most; one value again and again can be more."""
FEW_VALUES = 10_000_000
"""So many it may have in any case."""
ZSTD, GZIP, BZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"BZh"
PACKED = {GZIP: ".gz", BZIP: ".bz2", ZSTD: ".zst"}
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SEPARATORS = (",", ";", "\t", "|")
Kind = str
"""The ending that says what a file is: ".csv", ".csv.gz", ".json", ".ndjson", ".parquet", ".xlsx"."""


def sniffed(path: Path, name: str) -> tuple[Kind, str | None, str | None]:
    """What a file is, and of delimited text what separates its fields and how it is written.

    Args:
        name: What its owner calls it, for errors, and where the bytes leave it open.

    Returns:
        The kind; the separator and the encoding, None where they are what they usually are.

    Raises:
        Invalid: It is empty, or nothing that can be read.
    """
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if not start:
        raise Invalid(f"'{name}' is empty")
    if start.startswith(b"PAR1"):
        return ".parquet", None, None
    if start.startswith(b"PK"):
        return _zipped(path, name), None, None
    if start.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        raise Invalid(f"'{name}' is a workbook of Excel 97 to 2003, or has a password", hint="save it as .xlsx")
    packed = next((ending for mark, ending in PACKED.items() if start.startswith(mark)), "")
    if packed:
        start = _unpacked_start(path, name)
    return _text(start, name, packed)


def check_unpacked(path: Path, kind: Kind, name: str, most: int) -> None:
    """Unpacks a packed file to its end and keeps nothing, since what it says of its size need not be so.

    Raises:
        Invalid: It has more than `most` bytes unpacked, or cannot be unpacked.
    """
    if kind == ".parquet":
        _check_parquet(path, name)
        return
    if kind != ".xlsx" and not kind.endswith(tuple(PACKED.values())):
        return
    count = 0
    try:
        for piece in _zip_pieces(path) if kind == ".xlsx" else _stream_pieces(path, kind):
            count += len(piece)
            if count > most:
                times = count // max(path.stat().st_size, 1)
                raise Invalid(
                    f"'{name}' is more than {most:,} bytes unpacked, {times:,} times as much as packed",
                    hint="a larger file is loaded from where it lies: workbench dataset load FILE --name NAME",
                )
    except (
        OSError,
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        pa.ArrowInvalid,
        NotImplementedError,  # what zipfile says of a way to pack that it does not know
        RuntimeError,  # and of a file that takes a password
    ) as error:
        raise _damaged(name, error) from error


def _check_parquet(path: Path, name: str) -> None:
    try:
        about = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(name, error) from error
    values = about.num_rows * about.num_columns
    if values > max(FEW_VALUES, VALUES_PER_BYTE * path.stat().st_size):
        raise Invalid(
            f"'{name}' says that it has {values:,} values in {path.stat().st_size:,} bytes",
            hint="a larger file is loaded from where it lies: workbench dataset load FILE --name NAME",
        )


def _zipped(path: Path, name: str) -> Kind:
    try:
        with zipfile.ZipFile(path) as packed:
            names = set(packed.namelist())
    except zipfile.BadZipFile as error:
        raise _damaged(name, error) from error
    if "xl/workbook.xml" in names:
        return ".xlsx"
    raise Invalid(f"'{name}' is a ZIP archive and no workbook", hint="unpack it, and upload the files in it")


def _text(start: bytes, name: str, packed: str) -> tuple[Kind, str | None, str | None]:
    if start.startswith(WIDE):
        return f".csv{packed}", _separator(start.decode("utf-16", "replace"), name), "utf-16"
    if b"\0" in start:
        raise Invalid(
            f"'{name}' is no text, no workbook and no Parquet file",
            hint="CSV, TSV, JSON, newline-delimited JSON, Parquet and .xlsx can be read",
        )
    encoding = None
    try:
        decoded = codecs.getincrementaldecoder("utf-8")().decode(start.removeprefix(codecs.BOM_UTF8))
    except UnicodeDecodeError:
        encoding, decoded = "cp1252", start.decode("cp1252", "replace")
    body = decoded.lstrip()
    if encoding is None and body[:1] in ("{", "["):
        if packed:
            raise Invalid(f"'{name}' is packed JSON", hint="unpack it first; CSV may be packed")
        lines = body.splitlines()
        many = len(lines) > 1 and lines[0].rstrip().endswith("}") and lines[1].lstrip().startswith("{")
        one = body[:1] == "{" and len(lines) == 1
        by_name = name.lower().endswith((".ndjson", ".jsonl"))
        return ".ndjson" if many or one or by_name else ".json", None, None
    return f".csv{packed}", _separator(decoded, name), encoding


def _separator(text: str, name: str) -> str | None:
    """What is in each of the first lines as often as in the others; None for a comma."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if len(text) >= LOOKED_AT // 4 and len(lines) > 1:
        lines.pop()  # it may be cut
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines]
    usual = "\t" if re.search(r"\.(tsv|tab)(\.\w+)?$", name.lower()) else ","
    for separator in (usual, *SEPARATORS):
        counts = {line.count(separator) for line in bare}
        if len(counts) == 1 and counts != {0}:
            return None if separator == "," else separator
    first = bare[0] if bare else ""
    best = max(SEPARATORS, key=first.count)
    return best if first.count(best) and best != "," and not first.count(",") else None


def _unpacked_start(path: Path, name: str) -> bytes:
    try:
        with pa.input_stream(str(path), compression=_codec(path)) as stream:
            return bytes(stream.read(LOOKED_AT))
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(name, error) from error


def _codec(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    return "gzip" if start.startswith(GZIP) else "bz2" if start.startswith(BZIP) else "zstd"


def _stream_pieces(path: Path, kind: Kind) -> Iterator[bytes]:
    opened: Any
    if kind.endswith((".gz", ".bz2")):
        with (gzip.open if kind.endswith(".gz") else bz2.open)(path, "rb") as opened:
            while piece := opened.read(PIECE):
                yield piece
        return
    with pa.input_stream(str(path), compression="zstd") as stream:
        while piece := stream.read(PIECE):
            yield piece


def _zip_pieces(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as packed:
        for entry in packed.infolist():
            with packed.open(entry) as opened:
                while piece := opened.read(PIECE):
                    yield piece


def _damaged(name: str, error: Exception) -> Invalid:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return Invalid(f"'{name}' cannot be unpacked: {said}", hint="it may be cut short; upload it again")
