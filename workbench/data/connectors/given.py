"""One file on this machine that is known by its kind and not by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from workbench.data.connectors.declared import ColumnType
from workbench.data.connectors.files import FileOptions, FileSource, Local, TextFormat
from workbench.foundation.definitions import complaints, listed
from workbench.foundation.errors import Invalid

__all__ = ["open_file"]


def open_file(
    path: Path,
    name: str,
    *,
    text: TextFormat | None = None,
    sheet: str = "",
    header: int = 1,
    types: Mapping[str, ColumnType] | None = None,
) -> FileSource:
    """Opens a file for reading, with what stands behind the `#` of an address given as values.

    Args:
        path: Its ending says what it is.
        name: What it is called in errors about these values.
        text: How delimited text is written.
        sheet: Of a workbook: its name, or its number from 1.
        header: The row of a sheet that names its columns, from 1.
        types: Columns whose type is not to be found out.

    Raises:
        NotFound: No such file.
        Invalid: A value that cannot be.
    """
    given = {"types": types or {}, "sheet": sheet, "header": header}
    given = {one: value for one, value in given.items() if value not in ({}, "", 1)}
    try:
        options = FileOptions.model_validate(given)
    except ValidationError as error:
        raise Invalid(listed(name, complaints(error, FileOptions, given, noun="file", term="option"))) from error
    return FileSource(Local(path), options, "", text)
