from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, ago, print_records, say, size
from workbench.cli.state import open_workbench
from workbench.foundation.errors import IntegrityError
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    from workbench.data.lake import DatasetSummary, Effect

__all__ = ["add_to", "commands"]

commands = group("Versioned datasets: list, look, load, export, mend.")

Name = Annotated[str, typer.Argument(help="The dataset's name.")]
RULES = "evolve, freeze, discard_row or discard_value."
VersionOption = Annotated[int | None, typer.Option("--version", "-v", help="A version; default: the newest.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="dataset")


@commands.command("list")
def list_datasets(
    words: Annotated[list[str] | None, typer.Argument(help="Only datasets in whose texts these occur.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only this user's.")] = None,
    sort: Annotated[str, typer.Option(help="name, updated, rows or bytes; '-updated' for descending.")] = "name",
    as_json: JsonOption = False,
) -> None:
    """List the datasets: all, or those whose name, description, source, owner or columns have the words."""
    found: list[DatasetSummary] = []
    cursor = None
    with open_workbench() as wb:
        while True:
            page = wb.datasets.search(" ".join(words or []), owner=owner, sort=sort, limit=500, cursor=cursor)
            found += page.items
            if (cursor := page.next) is None:
                break
    records = [
        {
            "name": one.name,
            "rows": one.rows,
            "columns": one.columns,
            "version": one.version,
            "updated": one.updated if as_json else ago(one.updated),
            "size": one.bytes if as_json else size(one.bytes),
            "source": one.source,
        }
        for one in found
    ]
    none = (
        "no dataset fits"
        if words or owner
        else "no dataset yet: workbench dataset load FILE --name NAME, or workbench source add NAME URL --into NAME"
    )
    print_records(records, as_json=as_json, empty=none)


@commands.command()
def show(name: Name, as_json: JsonOption = False) -> None:
    """Show a dataset: its columns, size, freshness and where it comes from."""
    with open_workbench() as wb:
        found = wb.datasets.get(name).info
    columns = [{"column": column.name, "type": column.type, "nullable": column.nullable} for column in found.columns]
    if as_json:
        print_records(
            [
                {
                    "name": found.name,
                    "rows": found.rows,
                    "version": found.version,
                    "updated": found.updated,
                    "bytes": found.bytes,
                    "key": list(found.key),
                    "partition_by": list(found.partition_by),
                    "sort_by": list(found.sort_by),
                    "description": found.description,
                    "source": found.source,
                    "columns": columns,
                }
            ],
            as_json=True,
        )
        return
    say(f"{found.name}  {counted(found.rows, 'row')}, {counted(len(columns), 'column')}, {size(found.bytes)}")
    if found.description:
        say(found.description)
    say(f"version {found.version}, updated {ago(found.updated)}, from {found.source or 'an unnamed source'}")
    if found.key:
        say(f"key {', '.join(found.key)}")
    if found.sort_by:
        say(f"sorted by {', '.join(found.sort_by)}")
    say()
    print_records(columns, as_json=False)


@commands.command()
def versions(
    name: Name,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many; default: all.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List a dataset's versions: when, who, what, in which run, and what became of rows and columns."""
    with open_workbench() as wb:
        records = [
            {
                "version": found.number,
                "time": found.time,
                "operation": found.operation,
                "by": found.principal,
                "run": found.run,
                **_effect(found.effect, as_json=as_json),
            }
            for found in wb.datasets.get(name).versions(limit=limit)
        ]
    print_records(records, as_json=as_json)


def _effect(effect: Effect, *, as_json: bool) -> dict[str, Any]:
    if not as_json:
        return {"rows": effect.rows_told, "columns": effect.columns_told}
    retyped = {one.name: (one.before, one.after) for one in effect.columns_retyped}
    columns = {"added": effect.columns_added, "removed": effect.columns_removed, "retyped": retyped}
    return {"added": effect.added, "changed": effect.changed, "removed": effect.removed, "columns": columns}


@commands.command()
def diff(
    name: Name,
    before: Annotated[int, typer.Argument(help="A version.")],
    after: Annotated[int | None, typer.Argument(help="Another; default: the newest.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="A column that tells rows apart; default: the key.")] = None,
    rows: Annotated[int, typer.Option("--rows", "-n", min=0, max=10_000, help="Rows of each kind to show.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show what is different between two versions: rows added, removed and changed, and columns."""
    with open_workbench() as wb:
        found = wb.datasets.get(name).diff(before, after, key=key, limit=rows)
    kinds = {"added": found.rows_added, "removed": found.rows_removed, "changed": found.rows_changed}
    if as_json:
        record = {name: getattr(found, name) for name in ("before", "after", "key", *kinds)}
        columns = {one: getattr(found, f"columns_{one}") for one in ("added", "removed", "retyped")}
        shown = {f"rows_{one}": frame.to_dicts() for one, frame in kinds.items()}
        print_records([record | {"columns": columns} | shown], as_json=True)
        return
    say(repr(found))
    for one, frame in kinds.items():
        if frame.height:
            say(f"\n{one}")
            print_records(frame.to_dicts(), as_json=False, columns=frame.columns, raw=True)


@commands.command()
def restore(
    name: Name,
    version: Annotated[int, typer.Argument(help="The version whose rows are to be the newest one's.")],
) -> None:
    """Make an old version's rows and columns the newest one's; the versions between stay."""
    with open_workbench() as wb:
        made = wb.datasets.get(name).restore(version)
    if made.number == version:
        say(f"{name} is at version {version} already: nothing was written")
        return
    say(f"{name} is as it was at version {version}: version {made.number}")


@commands.command()
def lineage(
    name: Annotated[str, typer.Argument(help="The dataset's name, or that of what --kind says.")],
    kind: Annotated[str, typer.Option(help="dataset, metric, model, report, dashboard or source.")] = "dataset",
    up: Annotated[int | None, typer.Option(min=0, help="At most so many steps to where it comes from.")] = None,
    down: Annotated[int | None, typer.Option(min=0, help="At most so many steps to what was made of it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a dataset was made of, and what was made of it, as far as you may see."""
    with open_workbench() as wb:
        found = wb.lineage(name, kind, up=up, down=down)
    if not as_json:
        say(repr(found))
        return
    records = [
        {
            "id": node.id,
            "kind": node.kind,
            "name": node.name,
            "run": node.run,
            "time": node.time,
            "failed": node.failed,
            "gone": node.gone,
            "made_of": [{"id": link.start, "run": link.run} for link in found.links if link.end == node.id],
        }
        for node in found.nodes
    ]
    print_records(records, as_json=True)


@commands.command()
def layout(name: Name, as_json: JsonOption = False) -> None:
    """Show how a dataset's files lie: how many, how large, and how many sorted runs lie over each other, by period."""
    with open_workbench() as wb:
        found = wb.datasets.get(name).layout()
    records = [
        {
            "period": period.period,
            "rows": period.rows,
            "size": period.bytes if as_json else size(period.bytes),
            "files": period.files,
            "runs": period.runs,
        }
        for period in found.periods
    ]
    if not as_json:
        say(str(found))
    print_records(records, as_json=as_json, empty="")


@commands.command()
def preview(
    name: Name,
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, max=10_000, help="How many rows.")] = 10,
    version: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the first rows, as your policies let you see them."""
    with open_workbench() as wb:
        dataset = wb.datasets.get(name)
        frame = (dataset if version is None else dataset.at(version=version)).preview(rows)
    print_records(frame.to_dicts(), as_json=as_json, columns=frame.columns, empty="no rows", raw=True)


@commands.command()
def rename(name: Name, new_name: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Rename a dataset; versions, policies and pins go along."""
    with open_workbench() as wb:
        wb.datasets.rename(name, new_name)
    say(f"{name} is now {new_name}")


@commands.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a dataset with all its versions."""
    with open_workbench() as wb:
        if not yes:
            try:
                found = wb.datasets.get(name).info
                holding = f"{counted(found.rows, 'row')}, {counted(found.version + 1, 'version')}"
            except IntegrityError:
                holding = "damaged"
            typer.confirm(f"delete {name} ({holding})?", abort=True)
        wb.datasets.delete(name)
    say(f"{name} is deleted")


@commands.command()
def export(
    name: Name,
    to: Annotated[Path, typer.Argument(help="A .csv, .parquet, .ndjson or .json file to write.")],
    version: VersionOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if there is one already.")] = False,
) -> None:
    """Write a dataset to a file, as your policies let you see it."""
    with open_workbench() as wb:
        dataset = wb.datasets.get(name)
        rows = (dataset if version is None else dataset.at(version=version)).export(to, overwrite=overwrite)
    say(f"{counted(rows, 'row')} of {name} {'is' if rows == 1 else 'are'} in {to}")


@commands.command()
def send(
    name: Name,
    to: Annotated[
        str,
        typer.Argument(
            help="A database: postgresql://user@host/shop, a file: s3://bucket/f.csv, an API: https+json://h/p."
        ),
    ],
    table: Annotated[str | None, typer.Option(help="The table of a database; made when missing.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="A column of the key; repeat it for several.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Without a key: replace what is there.")] = False,
) -> None:
    """Write a dataset to a database, a file or an API, as your policies let you see it; again changes nothing."""
    with open_workbench() as wb:
        say(str(wb.etl.send(name, to, table or "", key=tuple(key or ()), overwrite=overwrite)))


@commands.command()
def load(
    source: Annotated[
        str,
        typer.Argument(
            help="A file, files ('sales/*.csv', in quotes), a database: sqlite:///shop.db, an API: https+json://host/path."
        ),
    ],
    name: Annotated[str, typer.Option(help="The dataset to make.")],
    table: Annotated[str | None, typer.Option(help="The table of a database, or the sheet of a workbook.")] = None,
    query: Annotated[str | None, typer.Option(help="A SELECT; for an API: status=open.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="A column of the key; repeat it for several.")] = None,
    sort_by: Annotated[list[str] | None, typer.Option(help="A column its rows are sorted by; repeat it.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="The zone of times that do not say theirs.")] = None,
    description: Annotated[str, typer.Option(help="What the dataset is.")] = "",
    separator: Annotated[
        str | None, typer.Option(help="Between the fields of a text file, such as ';' or tab.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a text file that is not UTF-8, such as cp1252.")] = None,
) -> None:
    """Make a dataset from a file or from a database's table or query."""
    with open_workbench() as wb:
        dataset = wb.datasets.load(
            source,
            name,
            table=table,
            query=query,
            key=tuple(key or ()),
            sort_by=tuple(sort_by or ()),
            description=description,
            time_zone=time_zone,
            separator=separator,
            encoding=encoding,
        )
        say(repr(dataset))


@commands.command()
def optimize(name: Name) -> None:
    """Merge a dataset's small files into larger ones."""
    with open_workbench() as wb:
        wb.datasets.optimize(name)
        say(repr(wb.datasets.get(name)))


@commands.command()
def clean(
    name: Name,
    keep_days: Annotated[int, typer.Option(min=0, help="Keep versions younger than this.")] = 7,
) -> None:
    """Remove files that no kept version needs; versions that a run's receipt pins are kept."""
    with open_workbench() as wb:
        say(str(wb.datasets.clean(name, keep_days=keep_days)))


@commands.command()
def drain(
    stream: Annotated[str, typer.Argument(help="A stream of messages: 'redis://host:6379/0#stream=orders'.")],
    name: Annotated[str, typer.Option(help="The dataset that gets a row for every message; made when missing.")],
    key: Annotated[list[str] | None, typer.Option(help="A column of the key; repeat it for several.")] = None,
    evolve: Annotated[bool, typer.Option("--evolve", help="New fields become columns.")] = False,
    description: Annotated[str, typer.Option(help="What the dataset is.")] = "",
    wait: Annotated[float, typer.Option(min=0, help="Seconds without a message after which to end.")] = 1.0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")] = False,
    most: Annotated[int | None, typer.Option(min=1, help="End after about so many messages.")] = None,
) -> None:
    """Take a stream's messages into a dataset, each once; they are acknowledged when their rows are on disk."""
    with open_workbench() as wb:
        drained = wb.etl.drain(
            stream,
            into=name,
            key=tuple(key or ()),
            evolve=evolve,
            description=description,
            wait=None if follow else wait,
            most=most,
            on_progress=say,
        )
    say(repr(drained))


@commands.command()
def contract(
    name: Annotated[str, typer.Argument(help="The dataset, there or not; '*' for all without a contract.")],
    tables: Annotated[str | None, typer.Option(help="A dataset that is not there: " + RULES)] = None,
    columns: Annotated[str | None, typer.Option(help="A new column: " + RULES)] = None,
    data_type: Annotated[str | None, typer.Option(help="A value of another type: " + RULES)] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the contract away.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show or set what a dataset does with new columns and types; every load keeps to it."""
    with open_workbench() as wb:
        if clear:
            wb.datasets.contracts.clear(name)
        if tables or columns or data_type:
            wb.datasets.contracts.set(name, tables=tables, columns=columns, data_type=data_type)
        found = wb.datasets.contracts.get(name)
    record = {"dataset": name, **found.to_dict(), "declared": found.declared}
    print_records([record], as_json=as_json)
