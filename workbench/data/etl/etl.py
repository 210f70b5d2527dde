"""`wb.etl`: from a source into the lake, and from a frame into a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.connectors import Source, open_source, read_frame
from workbench.data.etl.model import Landed, Loaded
from workbench.data.etl.slices import Slice, mark, named
from workbench.data.lake import Checkpoint, Lake
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.failpoints import failpoint
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor, Runs

__all__ = ["Etl"]


class Etl:
    """Loads data as one actor.

    Args:
        base: The folder that relative source paths begin at: the workspace.
    """

    def __init__(self, lake: Lake, runs: Runs, actor: Actor, base: Path) -> None:
        self._lake = lake
        self._runs = runs
        self._actor = actor
        self._base = base

    def land(
        self,
        url: str,
        *,
        table: str,
        into: str,
        slices: Iterable[Slice],
        key: Sequence[str] = (),
        description: str = "",
        on_slice: Callable[[str, bool], None] | None = None,
    ) -> Landed:
        """Takes a source's table over slice by slice, as it is, one commit for each slice that is new or has changed.

        A slice's rows and its checkpoint are one commit, so that a run that was killed goes on with the slice it was
        at, without loss and without doubling. The checkpoint marks the slice's content: a later run finds a day that
        was corrected in the source and leaves the others alone.

        Args:
            url: A database URL or a file.
            slices: The slices to take, each a value for every column that the table is cut by.
            into: The dataset; made when it is not there, partitioned by these columns.
            on_slice: Called after each slice with its name and whether it was written.

        Raises:
            NotFound: No such source, table or column.
            Invalid: The source cannot be read, or the slices are not all cut by the same columns.
        """
        source = open_source(url, base=self._base)
        self._note_source(source, table)
        written = unchanged = rows = 0
        cut: tuple[str, ...] | None = None
        for part in slices:
            if cut is None:
                cut = tuple(part)
                self._ensure(source, table, into, cut, key, description)
            elif tuple(part) != cut:
                raise Invalid(f"slice {dict(part)} is not cut by {', '.join(cut)} as the first one was")
            frame = _read_slice(source, table, part)
            checkpoint = Checkpoint(stream=table, slice=named(part), mark=mark(frame))
            changed = self._lake.checkpoint(into, table, checkpoint.slice) != checkpoint.mark
            if changed:
                self._lake.overwrite(into, frame, self._actor, partition=part, checkpoint=checkpoint)
                written, rows = written + 1, rows + frame.height
            else:
                unchanged += 1
            failpoint("etl.slice.done")
            if on_slice is not None:
                on_slice(checkpoint.slice, changed)
        if cut is None:
            raise Invalid(f"there are no slices of '{table}' to land", hint="the end is the day after the last")
        landed = Landed(into, self._lake.version(into), written, unchanged, rows)
        logger("etl").info(str(landed))
        return landed

    def copy(
        self, url: str, *, into: str, table: str | None = None, key: Sequence[str] = (), description: str = ""
    ) -> Loaded:
        """Takes a whole small source over: `replace` with what it holds now."""
        source = open_source(url, base=self._base)
        self._note_source(source, table)
        return self.replace(read_frame(source, table=table), into, key=key, description=description, origin=source.url)

    def load(self, frame: Any, into: str, *, key: Sequence[str], description: str = "", origin: str = "") -> Loaded:
        """Brings a dataset's rows up to date by key: adds what is new, replaces what changed, removes nothing.

        Args:
            frame: All rows that are known, with the dataset's columns; of any kind.
            key: The columns that tell rows apart.

        Raises:
            Invalid: A key is null or there twice, or the columns are not the dataset's.
        """
        rows = frames.to_polars(frame)
        _check_key(rows, key, into)
        if not self._lake.exists(into):
            return self._create(rows, into, key, description, origin)
        old = frames.to_polars(self._lake.read(into, self._actor))
        _check_columns(rows, old, into)
        changed_or_new = rows.join(old.select(rows.columns), on=rows.columns, how="anti", nulls_equal=True)
        changed = changed_or_new.join(old.select(key), on=list(key), how="semi").height
        version = self._lake.version(into)
        if changed_or_new.height:
            version = self._lake.upsert(into, changed_or_new, self._actor, key=key).number
        return self._told(
            Loaded(into, version, changed_or_new.height - changed, changed, rows.height - changed_or_new.height)
        )

    def replace(
        self, frame: Any, into: str, *, key: Sequence[str] = (), description: str = "", origin: str = ""
    ) -> Loaded:
        """Makes a dataset hold exactly these rows; readers see the old ones until all new ones are there.

        Args:
            key: The columns that tell rows apart; checked where given.
        """
        rows = frames.to_polars(frame)
        if key:
            _check_key(rows, key, into)
        if not self._lake.exists(into):
            return self._create(rows, into, key, description, origin)
        old = frames.to_polars(self._lake.read(into, self._actor))
        version = self._lake.version(into)
        if old.schema == rows.schema and mark(old) == mark(rows):
            return self._told(Loaded(into, version, 0, 0, rows.height))
        version = self._lake.overwrite(into, rows, self._actor, evolve=True).number
        return self._told(_difference(into, version, old, rows, key))

    def _create(self, rows: pl.DataFrame, into: str, key: Sequence[str], description: str, origin: str) -> Loaded:
        version = self._lake.create(into, rows, self._actor, key=tuple(key), description=description, source=origin)
        return self._told(Loaded(into, version.number, rows.height, 0, 0))

    def _ensure(
        self, source: Source, table: str, into: str, cut: tuple[str, ...], key: Sequence[str], description: str
    ) -> None:
        schema = source.schema(table=table)
        for column in cut:
            if column not in schema.names:
                raise unknown("column", column, schema.names)
        if not self._lake.exists(into):
            self._lake.create(
                into,
                schema,
                self._actor,
                key=tuple(key),
                partition_by=cut,
                description=description,
                source=f"{source.url}, table {table}",
            )

    def _note_source(self, source: Source, table: str | None) -> None:
        if self._actor.run is not None:
            detail = {"table": table} if table else {}
            self._runs.record(self._actor.run, "read", "source", source.url, source.fingerprint(), detail=detail)

    def _told(self, loaded: Loaded) -> Loaded:
        logger("etl").info(str(loaded))
        return loaded


def _read_slice(source: Source, table: str, part: Slice) -> pl.DataFrame:
    condition = " AND ".join(f'"{column}" = :{column}' for column in part)
    return read_frame(source, table=table, query=f'SELECT * FROM "{table}" WHERE {condition}', parameters=dict(part))


def _check_key(rows: pl.DataFrame, key: Sequence[str], into: str) -> None:
    if not key:
        raise Invalid(f"loading into '{into}' needs the key that tells its rows apart", hint="key=[...]")
    for column in key:
        if column not in rows.columns:
            raise unknown("column", column, rows.columns, error=Invalid)
        if missing := rows[column].null_count():
            raise Invalid(f"{missing:,} rows for '{into}' have no {column}, which is part of the key")
    doubled = rows.filter(pl.struct(key).is_duplicated())
    if doubled.height:
        example = doubled.select(key).row(0, named=True)
        raise Invalid(
            f"{doubled.height:,} rows for '{into}' share their key with another, such as {example}",
            hint="deduplicate() keeps one of each",
        )


def _check_columns(rows: pl.DataFrame, old: pl.DataFrame, into: str) -> None:
    for name in rows.columns:
        if name not in old.columns:
            raise unknown(f"column of '{into}'", name, old.columns, error=Invalid)
        if rows.schema[name] != old.schema[name]:
            raise Invalid(f"column '{name}' of '{into}' is {old.schema[name]}, and the rows bring {rows.schema[name]}")
    if missing := [name for name in old.columns if name not in rows.columns]:
        raise Invalid(f"the rows for '{into}' lack the column '{missing[0]}'")


def _difference(into: str, version: int, old: pl.DataFrame, rows: pl.DataFrame, key: Sequence[str]) -> Loaded:
    """What replacing changed; without a key, or with other columns, a row is either there as it was or it is not."""
    common = [name for name in rows.columns if old.schema.get(name) == rows.schema[name]]
    same = rows.join(old, on=common, how="semi", nulls_equal=True).height if len(common) == rows.width else 0
    kept = rows.join(old, on=list(key), how="semi").height if key and set(key) <= set(common) else same
    return Loaded(into, version, rows.height - kept, kept - same, same, max(0, old.height - kept))
