from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.groups import group
from workbench.cli.output import JsonOption, print_fields, print_hint, print_records, say
from workbench.cli.progress import Lines
from workbench.cli.state import open_workbench
from workbench.foundation.errors import Unavailable, WorkbenchError
from workbench.foundation.wording import counted

if TYPE_CHECKING:
    from workbench import Workbench
    from workbench.data.sources import DataSource, SyncRecord

__all__ = ["add_to"]

commands = group("Data sources: where rows come from, and bringing them in.")

_SYNC = "workbench source sync {} brings its rows in"

Name = Annotated[str, typer.Argument(help="The source's name.")]
Into = Annotated[str | None, typer.Option(help="The dataset; made by the first sync.")]
Mode = Annotated[str | None, typer.Option(help="refresh, append, upsert or files; a stream has its own.")]
Table = Annotated[str | None, typer.Option(help="Of a database, or the sheet of a workbook.")]
Query = Annotated[str | None, typer.Option(help="A SELECT instead of a table.")]
Password = Annotated[
    str | None, typer.Option(help="Where the password is kept: env:NAME, file:/path or keyring:service/name.")
]
Key = Annotated[list[str] | None, typer.Option(help="A column that tells rows apart. Repeat it.")]
Cursor = Annotated[str | None, typer.Option(help="The column that grows.")]
Initial = Annotated[str | None, typer.Option(help="Where the cursor begins.")]
Lag = Annotated[str | None, typer.Option(help="How far before the last cursor to look again: 2h, 3d, or a number.")]
Bounds = Annotated[str | None, typer.Option(help="closed or open: whether to look again at the last cursor itself.")]
Deletions = Annotated[str | None, typer.Option(help="keep, column or compare.")]
Deleted = Annotated[str | None, typer.Option(help="The column that marks deleted rows.")]
Expect = Annotated[str | None, typer.Option(help="The suite that rows have to meet before they are in.")]
Quarantine = Annotated[
    bool | None,
    typer.Option("--quarantine/--no-quarantine", help="Hold rows back that do not fit, and load the others."),
]
TimeZone = Annotated[str | None, typer.Option(help="Of times that have none.")]
Evolve = Annotated[bool | None, typer.Option("--evolve/--no-evolve", help="Take new columns over.")]
PartitionBy = Annotated[list[str] | None, typer.Option(help="Of a dataset that is made. Repeat it.")]
FileColumn = Annotated[str | None, typer.Option(help="Of the mode files: the column that says the file.")]
Most = Annotated[int | None, typer.Option(min=1, help="Of a stream: a sync ends when it took about so many messages.")]
Seconds = Annotated[float | None, typer.Option(help="Of a stream: a sync ends after so long.")]
Description = Annotated[str | None, typer.Option(help="What it is, for people.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(commands, name="source")


@commands.command("list")
def list_sources(as_json: JsonOption = False) -> None:
    """List the data sources, and how each was last synced."""
    with open_workbench() as wb:
        records = [_record(source) for source in wb.sources.list()]
    shown = ("name", "kind", "into", "mode", "owner", "records", "synced", "outcome", "paused")
    print_records(
        records, as_json=as_json, columns=shown, empty="no source: workbench source add NAME URL --into DATASET"
    )


@commands.command()
def show(name: Name, as_json: JsonOption = False) -> None:
    """Show what a source says, and how it was last synced."""
    with open_workbench() as wb:
        record = _record(wb.sources.get(name))
    if as_json:
        print_records([record], as_json=True)
        return
    print_fields(record)
    if record["held"]:
        say(f"workbench quarantine list {record['into']} shows what is held back, and why")
    if record["error"] and not record["hint"]:
        say(f"workbench source test {name} says what can be done about it")


@commands.command()
def add(
    name: Name,
    url: Annotated[str, typer.Argument(help="A path or a URL, without a password.")],
    into: Annotated[str, typer.Option(help="The dataset; made by the first sync.")],
    mode: Mode = None,
    table: Table = None,
    query: Query = None,
    password: Password = None,
    key: Key = None,
    cursor: Cursor = None,
    initial: Initial = None,
    lag: Lag = None,
    bounds: Bounds = None,
    deletions: Deletions = None,
    deleted: Deleted = None,
    expect: Expect = None,
    quarantine: Quarantine = None,
    time_zone: TimeZone = None,
    evolve: Evolve = None,
    partition_by: PartitionBy = None,
    file_column: FileColumn = None,
    most: Most = None,
    seconds: Seconds = None,
    description: Description = None,
    look: Annotated[bool, typer.Option("--look/--no-look", help="Look whether it can be read.")] = True,
) -> None:
    """Add a source, and look whether it can be read, as `test` does. `sync` brings the rows in."""
    given = _given(
        mode=mode, table=table, query=query, password=password, key=key, cursor=cursor, initial=initial,
        lag=_number(lag), bounds=bounds, deletions=deletions, deleted=deleted, expect=expect, quarantine=quarantine,
        time_zone=time_zone, evolve=evolve, partition_by=partition_by, file_column=file_column, most=most,
        seconds=seconds, description=description,
    )  # fmt: skip
    with open_workbench() as wb:
        found = wb.sources.add(name, url, into=into, **given)
        say(f"{name} is added")
        if look:
            _look(wb, found)
        else:
            say(_SYNC.format(name))
        _tell_of_suite(wb, found)


@commands.command()
def change(
    name: Name,
    url: Annotated[str | None, typer.Option(help="A path or a URL, without a password.")] = None,
    into: Into = None,
    mode: Mode = None,
    table: Table = None,
    query: Query = None,
    password: Password = None,
    key: Key = None,
    cursor: Cursor = None,
    initial: Initial = None,
    lag: Lag = None,
    bounds: Bounds = None,
    deletions: Deletions = None,
    deleted: Deleted = None,
    expect: Expect = None,
    quarantine: Quarantine = None,
    time_zone: TimeZone = None,
    evolve: Evolve = None,
    partition_by: PartitionBy = None,
    file_column: FileColumn = None,
    most: Most = None,
    seconds: Seconds = None,
    description: Description = None,
) -> None:
    """Change some of what a source says; "" takes a setting back. What it said before stays in `versions`."""
    given = _given(
        url=url, into=into, mode=mode, table=table, query=query, password=password, key=key, cursor=cursor,
        initial=initial, lag=_number(lag), bounds=bounds, deletions=deletions, deleted=deleted, expect=expect,
        quarantine=quarantine, time_zone=time_zone, evolve=evolve, partition_by=partition_by,
        file_column=file_column, most=most, seconds=seconds, description=description,
    )  # fmt: skip
    taken_back = {name: None for name in ("initial", "lag") if given.get(name) == ""}
    with open_workbench() as wb:
        before = wb.sources.get(name).definition
        found = wb.sources.change(name, **given | taken_back)
        say(f"the source {found.name} is changed: what it says is at version {found.version}")
        if found.definition.expect != before.expect:
            _tell_of_suite(wb, found)


@commands.command("test")
def look(name: Name, as_json: JsonOption = False) -> None:
    """Look whether a source can be read, and which columns it has. Nothing is loaded."""
    with open_workbench() as wb:
        found = wb.sources.test(name)
    records = [{"column": column, "type": kind} for column, kind in found.columns.items()]
    print_records(records, as_json=as_json)
    if not as_json:
        asked = "it can be asked for the rows beyond its cursor" if found.incremental else "every sync reads all of it"
        say(f"{name} can be read; {asked}")


@commands.command()
def sync(
    names: Annotated[list[str], typer.Argument(help="The sources' names.")],
    anew: Annotated[bool, typer.Option("--anew", help="Load all of it, in the place of what is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the rows of sources in: what is new, as each source says. Interrupted, the next sync goes on."""
    lines = Lines()
    records = []
    with open_workbench() as wb:
        for name in names:
            done = wb.sources.sync(name, anew=anew, on_progress=None if as_json else lines.going_on)
            records.append({"source": name, **_sync(done)})
            if not as_json:
                lines.done(f"{name}: {done!r}")
    if as_json:
        print_records(records, as_json=True)


@commands.command()
def pause(name: Name) -> None:
    """Have syncs of a source refused until it is resumed."""
    with open_workbench() as wb:
        wb.sources.pause(name)
    say(f"{name} is paused")


@commands.command()
def resume(name: Name) -> None:
    """Let a paused source be synced again."""
    with open_workbench() as wb:
        wb.sources.resume(name)
    say(f"{name} may be synced again")


@commands.command()
def remove(name: Name) -> None:
    """Forget a source, and how far it is; its dataset stays."""
    with open_workbench() as wb:
        wb.sources.remove(name)
    say(f"{name} is removed")


@commands.command()
def history(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the syncs of a source, newest first."""
    with open_workbench() as wb:
        records = [_sync(one) for one in wb.sources.history(name, limit=limit)]
    shown = ("started", "outcome", "rows", "removed", "held", "version", "run", "by", "error")
    print_records(records, as_json=as_json, columns=shown, empty="no sync yet")


@commands.command()
def versions(name: Name, as_json: JsonOption = False) -> None:
    """List what a source said before, newest first."""
    with open_workbench() as wb:
        records = [
            {
                "version": one.version,
                "saved": one.updated,
                "saved_by": one.saved_by,
                "says": says if as_json else ", ".join(f"{field}={_told(value)}" for field, value in says.items()),
            }
            for one in wb.sources.versions(name)
            for says in [one.definition.model_dump(mode="json", exclude_defaults=True, exclude={"name"})]
        ]
    print_records(records, as_json=as_json)


def _look(wb: Workbench, source: DataSource) -> None:
    """Says what stands in the way of a first sync; the source is added all the same."""
    try:
        found = wb.sources.test(source.name)
    except Unavailable as error:
        print_hint(f"it could not be looked at: {error}", error.hint)
        say(f"workbench source test {source.name} looks again")
    except WorkbenchError as error:
        print_hint(f"it cannot be synced as it is: {error}", error.hint)
        say(f"workbench source change {source.name} mends it, workbench source test {source.name} looks again")
    else:
        say(f"it can be read, and has {counted(len(found.columns), 'column')}; {_SYNC.format(source.name)}")


def _tell_of_suite(wb: Workbench, source: DataSource) -> None:
    """Says which rows a suite is not asked of."""
    from workbench.data.quality import in_already

    one = source.definition
    if one.expect and source.records:
        say(in_already(one.into, one.expect))


def _told(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _number(text: str | None) -> str | float | None:
    """A lag without a unit is a number."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _record(source: DataSource) -> dict[str, Any]:
    last = source.last
    return {
        **source.definition.model_dump(mode="json"),
        "kind": source.definition.kind,
        "version": source.version,
        "owner": source.owner,
        "created": source.created,
        "updated": source.updated,
        "paused": source.paused,
        "records": source.records,
        "synced": last and last.started,
        "outcome": last and last.outcome,
        "rows": last and last.rows,
        "held": last and last.held,
        "run": last and last.run,
        "error": last and last.error,
        "hint": last and last.hint,
    }


def _sync(sync: SyncRecord) -> dict[str, Any]:
    return {name: getattr(sync, name) for name in sync.__dataclass_fields__}
