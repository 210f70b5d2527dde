"""A file that is something else than its ending says, told by its first bytes."""

from __future__ import annotations

import re

from workbench.data.connectors.files.stores import File
from workbench.foundation.errors import Invalid

__all__ = ["LOOKED_AT", "refuse_mistaken"]

LOOKED_AT = 1 << 10
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_OTHERS = {
    b"PK\x03\x04": ("a ZIP archive or a workbook", "unpack it, or give a workbook the ending .xlsx"),
    b"PAR1": ("a Parquet file", "give it the ending .parquet"),
    b"%PDF-": ("a PDF", "tables in it cannot be read"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save it as .xlsx"),
    b"SQLite format 3\0": ("an SQLite database", "its address is sqlite:///FILE"),
}


def refuse_mistaken(file: File, start: bytes, wanted: str) -> None:
    """
    Args:
        start: Its first bytes.
        wanted: What it should be: "CSV".

    Raises:
        Invalid: It is something else.
    """
    if _PAGE.match(start):
        raise Invalid(
            f"{file} is a web page (HTML), and no {wanted}",
            hint="an error or a form to sign in was saved instead of the file; fetch it again",
        )
    for first, (what, hint) in _OTHERS.items():
        if start.startswith(first):
            raise Invalid(f"{file} is {what}, and no {wanted}", hint=hint)
