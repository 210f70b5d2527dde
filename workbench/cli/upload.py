from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from workbench.cli.given import named_values
from workbench.cli.output import JsonOption, print_records, say, size
from workbench.cli.progress import Lines
from workbench.cli.state import open_workbench
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    from workbench import Workbench
    from workbench.data.uploads import Preview

__all__ = ["add_to"]

PIECE = 1 << 22


def add_to(app: typer.Typer) -> None:
    app.command()(upload)


def upload(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="A file of this machine; what it is, its bytes say."),
    ],
    dataset: Annotated[str | None, typer.Option(help="The dataset that it becomes, or that gets its rows.")] = None,
    mode: Annotated[
        str | None,
        typer.Option(help="Into a dataset that is there: append, upsert, delete-insert, snapshot or replace."),
    ] = None,
    key: Annotated[list[str] | None, typer.Option(help="A column of the key; repeat it for several.")] = None,
    sort_by: Annotated[
        list[str] | None, typer.Option(help="A column a new dataset's rows are sorted by; repeat it.")
    ] = None,
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", help="COLUMN=text, integer, number, boolean, date or time; repeat it for several."),
    ] = None,
    separator: Annotated[
        str | None, typer.Option(help="Between the fields of a text file, such as ';' or tab.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a text file, such as cp1252.")] = None,
    sheet: Annotated[str, typer.Option(help="Of a workbook: its name, or its number from 1.")] = "",
    time_zone: Annotated[str | None, typer.Option(help="The zone of times that do not say theirs.")] = None,
    description: Annotated[str, typer.Option(help="What a new dataset is.")] = "",
    look: Annotated[bool, typer.Option("--look", help="Show what it would be, and load nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a dataset of a file, or bring its rows into one, as an upload in JupyterLab does: known by its bytes."""
    from workbench.data.connectors import ColumnType
    from workbench.data.uploads import ReadAs, UploadState
    from workbench.foundation.errors import Invalid, unknown

    if dataset is None and not look:
        raise typer.BadParameter("it is missing: the name of a dataset", param_hint="--dataset")
    types = named_values(type_, "--type")
    for kind in types.values():
        if kind not in get_args(ColumnType):
            raise unknown("type", kind, get_args(ColumnType), error=Invalid)
    read = ReadAs(separator, encoding, sheet, types=cast("dict[str, ColumnType]", types), time_zone=time_zone)
    with open_workbench() as wb:
        if dataset is not None and not look:  # here, and not when all of a large file is sent
            wb.uploads.check(dataset, mode)
        sent = _sent(wb, file, quiet=as_json)
        try:
            if dataset is None or look:
                _show(wb.uploads.preview(sent, read), as_json=as_json)
                return
            about = {"key": tuple(key or ()), "sort_by": tuple(sort_by or ()), "description": description}
            done = wb.uploads.load(sent, dataset, mode=mode, read=read, **about)  # type: ignore[arg-type]
            rows = wb.datasets.get(dataset).info.rows
        finally:
            # The file is still here: what was not loaded need not wait for another try.
            if wb.uploads.get(sent).state is not UploadState.LOADED:
                wb.uploads.cancel(sent)
    if as_json:
        print_records([{"dataset": dataset, "version": done.version, "rows": rows, "run": done.run}], as_json=True)
        return
    say(f"{done.file} is in {dataset}: version {done.version}, {counted(rows, 'row')} (run {done.run})")


def _sent(wb: Workbench, file: Path, *, quiet: bool) -> str:
    lines = Lines()
    with file.open("rb") as content:
        whole = file.stat().st_size
        found = wb.uploads.start(file.name, whole).id
        with wb.uploads.receive(found) as part:
            gone = 0
            while piece := content.read(PIECE):
                part.write(piece)
                gone += len(piece)
                if not quiet:
                    lines.going_on(f"{size(gone)} of {size(whole)}")
    if not quiet:
        lines.done(f"{file.name}: {size(whole)}")
    return found


def _show(found: Preview, *, as_json: bool) -> None:
    columns: list[dict[str, Any]] = [
        {"column": name, "type": str(kind), "first": found.frame[name][0] if found.frame.height else None}
        for name, kind in found.frame.schema.items()
    ]
    if not as_json:
        say(f"{found.format}, {counted(found.rows, 'row')}, {counted(len(columns), 'column')}")
        if found.zoneless:
            say(f"times without a zone, for which --time-zone has to be said: {', '.join(found.zoneless)}")
    print_records(columns, as_json=as_json)
