"""`wb.etl`: landing sources and loading frames, writing no more than what changed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import polars as pl

from workbench.compute import frames, listed
from workbench.data.connectors import Source, Stream, open_source, read_frame
from workbench.data.destinations import Sent, open_destination
from workbench.data.etl.comparing import check_key, fitted, sorted_out
from workbench.data.etl.draining import drained
from workbench.data.etl.fingerprints import mark
from workbench.data.etl.holding import held_back, whole
from workbench.data.etl.messages import trying
from workbench.data.etl.model import Drained, Landed, Loaded, Slice
from workbench.data.etl.sending import sent
from workbench.data.etl.slicing import slices_of
from workbench.data.lake import Checkpoint, EventLayout, Lake, Mode, Rule, columns_of, rows_of
from workbench.data.quality import Holding, Screened, Suite
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.failpoints import failpoint
from workbench.foundation.observability import logger
from workbench.governance.runs import Actor, Runs

__all__ = ["Etl"]

_logger = logger("etl")


class Etl:
    """Brings rows into the lake, as one actor.

    Args:
        base: The folder that relative paths of sources start from.
        screen: Holds rows back that do not fit: `Quality.screen`.
        held: Where messages are held back that are no rows.
    """

    def __init__(
        self,
        lake: Lake,
        runs: Runs,
        actor: Actor,
        base: Path,
        screen: Callable[..., Screened] | None = None,
        held: Holding | None = None,
    ) -> None:
        self._screen = screen
        self._held = held
        self._lake = lake
        self._runs = runs
        self._actor = actor
        self._base = base
        # To write less of what is there already: no read that a run's result depends on.
        self._looking = Actor(actor.principal)
        if held is not None:
            held.tried_by["stream"] = trying(lake, self._looking, held.tried_by["suite"])

    def __repr__(self) -> str:
        return f"Etl(sources from {self._base})"

    def land(
        self,
        source: str | Path,
        table: str | None = None,
        *,
        into: str,
        slices: Sequence[Slice] | None = None,
        slice_by: str | Sequence[str] = (),
        key: str | Sequence[str] = (),
        convert: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
        description: str = "",
        on_progress: Callable[[str], None] | None = None,
    ) -> Landed:
        """Takes a source over slice by slice.

        A slice is a partition of the dataset, committed together with a checkpoint of its content: whoever is
        interrupted goes on with the next slice, and only slices whose rows changed are written again.

        Args:
            source: URL or path.
            table: In a database.
            into: The dataset; made when missing, partitioned by the columns of the slices.
            slices: Which, such as `days(start, end)`; by default every one that the source has.
            slice_by: The columns of the slices, where `slices` does not say them.
            key: The column or columns that tell rows apart.
            convert: Applied to the rows of each slice.
            on_progress: Called with a line of text, about once a second.

        Raises:
            NotFound: No such source, table or column.
            Invalid: Slices without columns, or rows that cannot be sliced or written.
            Unavailable: The source cannot be reached, or the disk is full. What was landed stays.
        """
        begin = told = time.perf_counter()
        columns = list(slices[0].values) if slices else list(listed(slice_by))
        if not columns:
            raise Invalid("landing needs slices", hint="slices=days(start, end), or slice_by=['year', 'month', 'day']")
        key = listed(key)
        opened = self._open(source, table)
        stream = table or Path(urlsplit(str(source)).path).name
        there = self._lake.exists(into)
        done: Counter[str] = Counter()
        for number, (piece, given) in enumerate(slices_of(opened, table, columns, slices), start=1):
            rows = frames.to_polars(given if convert is None else convert(given))
            if not there:
                origin = f"{opened.url}, table {table}" if table else opened.url
                self._create(into, rows.clear(), key, description, origin, partition_by=columns)
                there = True
            outcome = self._land_slice(into, stream, piece, rows, key)
            done[outcome] += 1
            done["rows"] += rows.height if outcome == "written" else 0
            failpoint("etl.slice.done")
            if on_progress is not None and time.perf_counter() - told >= 1:
                told = time.perf_counter()
                on_progress(f"{into}: {number:,}{f' of {len(slices):,}' if slices else ''} slices, now {piece.name}")
        landed = Landed(
            dataset=into,
            version=self._lake.version(into) if there else 0,
            written=done["written"],
            skipped=done["skipped"],
            empty=done["empty"],
            rows=done["rows"],
            seconds=time.perf_counter() - begin,
        )
        _logger.info("%r", landed)
        return landed

    def copy(
        self,
        source: str | Path,
        table: str | None = None,
        *,
        into: str,
        key: str | Sequence[str] = (),
        description: str = "",
        evolve: bool = False,
    ) -> Loaded:
        """Takes a small source over whole; nothing is written when its rows are as they were. See `replace`.

        Raises:
            NotFound: No such source or table.
            Invalid: The source cannot be read as what it claims to be.
            Unavailable: The source cannot be reached.
        """
        opened = self._open(source, table)
        origin = f"{opened.url}, table {table}" if table else opened.url
        rows = read_frame(opened, table=table)
        return self.replace(rows, into=into, key=key, description=description, source=origin, evolve=evolve)

    def replace(
        self,
        frame: Any,
        *,
        into: str,
        key: str | Sequence[str] = (),
        description: str = "",
        source: str = "",
        evolve: bool = False,
        layout: EventLayout | None = None,
    ) -> Loaded:
        """Makes a dataset hold exactly these rows; nothing is written when it does already, in whatever order.

        Args:
            frame: A frame of any kind.
            into: The dataset; made when missing.
            key: The column or columns that tell rows apart.
            source: Where the rows come from, for people; what the run has read, when not given inside one.
            evolve: The frame's columns become the dataset's, where otherwise other columns are refused.
            layout: For events: how the files of a dataset that is made lie.

        Raises:
            Invalid: A key is missing or doubled, or the columns are others.
        """
        begin = time.perf_counter()
        rows, key = frames.to_polars(frame), listed(key)
        check_key(rows, key)
        if not self._lake.exists(into):
            self._create(into, rows, key, description, source, layout)
            return self._loaded(into, rows.height, begin, added=rows.height)
        there = self._there(into)
        same = fitted(rows, there.schema)
        if same is not None and mark(same, key) == mark(there, key):
            return self._loaded(into, rows.height, begin, unchanged=rows.height)
        self._lake.overwrite(into, rows, self._actor, evolve=evolve)
        if same is None or not key:
            return self._loaded(into, rows.height, begin, added=rows.height, removed=there.height)
        added, changed = sorted_out(same, there, key)
        unchanged = rows.height - added.height - changed.height
        return self._loaded(
            into, rows.height, begin, added=added.height, changed=changed.height, unchanged=unchanged,
            removed=there.height - changed.height - unchanged,
        )  # fmt: skip

    def load(
        self,
        frame: Any,
        *,
        into: str,
        mode: Mode | str = Mode.UPSERT,
        key: str | Sequence[str] = (),
        partition: str | Sequence[str] = (),
        at: datetime | str | None = None,
        missing: Literal["keep", "close"] = "keep",
        description: str = "",
        source: str = "",
        evolve: bool = False,
        layout: EventLayout | None = None,
        checkpoint: Checkpoint | None = None,
        quarantine: Suite | str | bool = False,
    ) -> Loaded:
        """Brings a dataset up to date, in one of five modes; one commit, or none where nothing changed.

        | mode | what becomes of the rows that are there |
        |---|---|
        | `append` | They stay. A row whose key is there is refused. |
        | `upsert` | Those of the same key are replaced, the others stay. Only files with a changed row are rewritten. |
        | `delete-insert` | Those of the partitions that the frame has rows of go, the others stay. |
        | `snapshot` | They stay as history: `valid_from`, `valid_to`, `is_current`. |
        | `replace` | They go. Readers see the old rows until the new ones are all there. |

        Args:
            frame: A frame of any kind. For `append` and `replace` also a stream of Arrow batches or a lazy frame, which
                are taken batch by batch, however many rows they have; of their keys all are in memory at once.
            into: The dataset; made when missing.
            key: The column or columns that tell rows apart; by default the dataset's own. `upsert` and `snapshot` need
                one.
            partition: The columns by whose values the files of a dataset that is made lie apart, and which
                `delete-insert` replaces by.
            at: Of a snapshot: since when its rows hold, or the column that says it and becomes `valid_from`; by default
                now. A row older than what is known of its key is put where it belongs, and counted as late.
            missing: Of a snapshot: whether keys that it lacks stay current, or end (`close`) at its latest time.
            source: Where the rows come from, for people; what the run has read, when not given inside one.
            evolve: New columns are added to the dataset, where otherwise they are refused; a replacement's columns
                become the dataset's.
            layout: For events: how the files of a dataset that is made lie.
            checkpoint: Committed together with the rows; where its mark is the slice's present one, nothing is done.
            quarantine: A suite or its name, or True for the one named after the dataset: rows that break what it
                expects of single rows are held back (`wb.quality.held`), the others loaded. All are in memory at once.

        Raises:
            CheckFailed: What the suite expects of the rows as a whole is not met; nothing was loaded or held back.
            Invalid: No such mode; a key is missing or doubled; the columns or values do not fit.
            Conflict: A row's key is in the dataset already (`append`), or others kept committing first.
            Unavailable: The disk is full; nothing was changed.
        """
        begin = time.perf_counter()
        how, key, partition = Mode.named(mode), listed(key), listed(partition)
        if missing not in ("keep", "close"):
            raise unknown("way with missing keys", missing, ["keep", "close"], error=Invalid)
        if how not in (Mode.APPEND, Mode.REPLACE) or quarantine is not False:
            frame = whole(frame)
        if how not in (Mode.APPEND, Mode.REPLACE) and quarantine is False:  # what is held back is not loaded
            check_key(frame, key if how != Mode.SNAPSHOT or not isinstance(at, str) else (*key, at))
        if not self._lake.exists(into):
            if not key and how in (Mode.UPSERT, Mode.SNAPSHOT):
                hint = "key=['time_hour', 'carrier', 'flight']"
                raise Invalid("loading needs a key that tells rows apart", hint=hint)
            if how is Mode.DELETE_INSERT and not partition:
                raise Invalid("a delete-insert needs partitions to replace by", hint="partition=['day']")
            if self._lake.contracts(self._looking).get(into).tables in (Rule.DISCARD_ROW, Rule.DISCARD_VALUE):
                gone = sum(part.height for part in rows_of(frame)[1])
                return self._loaded(into, gone, begin, version=0, discarded=gone)
            if checkpoint is None and how != Mode.SNAPSHOT and quarantine is False:
                self._create(into, frame, key, description, source, layout, partition)
                rows = self._lake.rows(into)
                return self._loaded(into, rows, begin, added=rows)
            columns, key_of = columns_of(frame, key, how, at)
            self._create(into, columns, key_of, description, source, layout, partition)
        elif partition and partition != self._lake.partition_by(into):
            lies = ", ".join(self._lake.partition_by(into)) or "nothing"
            raise Invalid(f"'{into}' is partitioned by {lies}, not by {', '.join(partition)}")
        held = None
        if quarantine is not False:
            frame, held = held_back(self._screen, frame, into, quarantine, how, at)
        version, counts = self._lake.load(
            into, frame, self._actor, mode=how, key=key, at=at, close=missing == "close", evolve=evolve,
            checkpoint=checkpoint,
        )  # fmt: skip
        return self._loaded(into, version=version.number, begin=begin, held=held, **asdict(counts))

    def drain(
        self,
        stream: str | Stream,
        *,
        into: str,
        key: str | Sequence[str] = (),
        evolve: bool = False,
        description: str = "",
        batch_rows: int = 10_000,
        wait: float | None = 1.0,
        most: int | None = None,
        on_progress: Callable[[str], None] | None = None,
    ) -> Drained:
        """Takes the messages of a stream that are there, each once, and acknowledges them when their rows are on disk.

        A message that is no row, or does not fit the dataset, is held back with the reason (`wb.quality.held`), and
        stops nobody.

        Args:
            stream: `redis://host:6379/0#stream=orders`, or a stream that is open.
            into: The dataset; made when missing, with the columns of the first messages.
            key: Rows replace those of their key; without one, and without one of the dataset's own, they are added.
            evolve: New fields become columns, where otherwise their messages are held back.
            batch_rows: The most messages that are in memory, and in one version.
            wait: Ends when nothing came for so many seconds; None: never.
            most: Ends when so many messages, or somewhat more, were taken.
            on_progress: Called with a line of text, about once a second.

        Raises:
            NotFound: No such stream.
            Invalid: The address is wrong, or columns have other types than the dataset's.
            CheckFailed: There is no dataset, and none of the first messages says which columns it is to have.
            Unavailable: The stream cannot be reached, or the disk is full. What was not kept comes again.
        """
        done = drained(
            self._lake, self._runs, self._actor, self._held, stream, into, key=listed(key), evolve=evolve,
            description=description, batch_rows=batch_rows, wait=wait, most=most, on_progress=on_progress,
        )  # fmt: skip
        _logger.info("%r", done)
        return done

    def send(
        self,
        rows: Any,
        to: str | Path,
        table: str | None = None,
        *,
        key: str | Sequence[str] = (),
        overwrite: bool = False,
    ) -> Sent:
        """Writes a dataset, as its reader may see it, or a frame to a database, a file or an API: `Destination.write`.

        Args:
            rows: A dataset's name, or a frame of any kind.
            to: A URL or a path: `postgresql://writer@host/shop`, `out/orders.csv`, `https+json://host/orders`.
            table: In a database; made when missing.
            key: The column or columns that tell rows apart: rows whose key is there are replaced, others are added.
            overwrite: Without a key what is sent is all that is there afterwards: whether what is there may go.
        """
        where, asked = open_destination(to, base=self._base), (table or None, listed(key), overwrite)
        return sent(self._lake, self._runs, self._actor, rows, where, *asked)

    def _open(self, url: str | Path, table: str | None) -> Source:
        """The source, noted in the run's lineage as it was when it was opened."""
        source = open_source(url, base=self._base)
        if self._actor.run is not None:
            name = f"{source.url}#{table}" if table else source.url
            self._runs.record(self._actor.run, "read", "source", name, source.fingerprint())
        return source

    def _land_slice(
        self, into: str, stream: str, piece: Slice, rows: pl.DataFrame, key: Sequence[str]
    ) -> Literal["written", "skipped", "empty"]:
        before = self._lake.checkpoint(into, stream, piece.name)
        if before is None and rows.is_empty():
            return "empty"
        now = Checkpoint(stream, piece.name, mark(rows, key))
        if before == now.mark:
            return "skipped"
        self._lake.overwrite(into, rows, self._actor, partition=dict(piece.values), checkpoint=now)
        return "written"

    def _create(
        self,
        into: str,
        rows: Any,
        key: Sequence[str],
        description: str,
        source: str,
        layout: EventLayout | None = None,
        partition_by: Sequence[str] = (),
    ) -> None:
        self._lake.create(
            into, rows, self._actor, key=key, partition_by=partition_by, layout=layout, description=description,
            source=source,
        )  # fmt: skip

    def _there(self, dataset: str) -> pl.DataFrame:
        return frames.to_polars(self._lake.read(dataset, self._looking))

    def _loaded(self, dataset: str, rows: int, begin: float, *, version: int | None = None, **counts: Any) -> Loaded:
        every = {"added": 0, "changed": 0, "unchanged": 0, "removed": 0} | counts
        seconds = time.perf_counter() - begin
        number = self._lake.version(dataset) if version is None else version
        loaded = Loaded(dataset, number, rows, seconds=seconds, **every)
        _logger.info("%r", loaded)
        return loaded
