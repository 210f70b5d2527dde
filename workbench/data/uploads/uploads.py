"""`wb.uploads`: receiving files in pieces, looking at them, and making datasets of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.compute import listed
from workbench.data.connectors import Source, TextFormat, in_zone, open_file, read_reader, stream_in_zone
from workbench.data.lake import Checkpoint, Lake, Mode
from workbench.data.uploads.bodies import Bodies, Part
from workbench.data.uploads.into import advised, check_into
from workbench.data.uploads.model import Preview, ReadAs, Upload, UploadState
from workbench.data.uploads.sniffing import check_unpacked, sniffed
from workbench.data.uploads.store import UploadStore
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Invalid, NotFound, WorkbenchError, chosen
from workbench.foundation.failpoints import failpoint
from workbench.foundation.jobs import Jobs
from workbench.foundation.listing import Listing
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, RunKind, Runs, RunStatus
from workbench.governance.security import Role, Security

__all__ = ["Uploads"]

MEGABYTE = 1_000_000
MOST = 20
"""So many uploads that are not loaded yet one person may have."""
UNPACKED = 8
"""A packed file may be so many times `upload_limit` unpacked."""
LONGEST_NAME = 200
SHOWN = 50


class Uploads:
    """Files that people send, until they are datasets. Each sees their own; an admin all.

    `wb.uploads.start("orders.csv", size)`, then pieces with `receive`, a look with `preview`, and `load`.
    """

    def __init__(
        self, catalog: Catalog, settings: Settings, lake: Lake, runs: Runs, security: Security, actor: Actor
    ) -> None:
        self._bodies = Bodies(settings.uploads_dir)
        self._store = UploadStore(catalog, self._bodies.received)
        self._settings = settings
        self._jobs = Jobs(catalog)
        self._lake = lake
        self._runs = runs
        self._security = security
        self._actor = actor

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def start(self, file: str, size: int) -> Upload:
        """Begins an upload.

        Args:
            file: What the file is called; a path's folders are left away, and nothing is ever written under it.
            size: Its bytes.

        Raises:
            Invalid: The name is none, or the file is empty or larger than `upload_limit`.
            Conflict: With it, there would be more than `upload_quota`, or than twenty.
            Forbidden: Uploading takes an analyst.
        """
        self._security.require(self._actor.principal, Role.ANALYST, "upload a file")
        name = _file_name(file)
        most = self._settings.upload_limit * MEGABYTE
        if size < 1:
            raise Invalid(f"'{name}' is empty")
        if size > most:
            raise Invalid(
                f"'{name}' has {size:,} bytes, and an upload may have {most:,}",
                hint="a larger file is loaded from where it lies: workbench dataset load FILE --name NAME",
            )
        upload = self._store.add(name, size, self._actor.principal.name, lambda mine: self._check_quota(mine, size))
        self._bodies.make(upload.id)
        return upload

    def check(self, dataset: str, mode: Mode | str | None = None) -> None:
        """Whether `load` could bring a file into a dataset, to be asked before a large one is sent.

        Raises:
            Invalid: No such mode, or the name cannot be a dataset's.
            NotFound: No such dataset, where a mode says that there is one.
            Conflict: There is such a dataset already, and no mode.
            Forbidden: Its rows may not be changed by whoever asks.
        """
        check_into(self._lake, dataset, _mode(mode), self._actor)

    def get(self, upload: str) -> Upload:
        """
        Raises:
            NotFound: No such upload, or somebody else's.
        """
        found = self._store.get(upload)
        who = self._actor.principal
        if found.owner != who.name and who.role is not Role.ADMIN:
            raise NotFound(f"no upload '{upload}'", hint="one that nobody goes on with is forgotten; begin anew")
        return found

    def list(self) -> Listing[Upload]:
        """One's own, newest first; an admin's are everybody's."""
        who = self._actor.principal
        return Listing(
            self._store.all(None if who.role is Role.ADMIN else who.name),
            caption="Uploads",
            row=lambda one: {
                "upload": one.id,
                "file": one.file,
                "received": f"{one.received:,} of {one.size:,} bytes",
                "state": one.state.value,
                "dataset": one.dataset or "",
                "by": one.owner,
            },
            empty="There is no upload.",
        )

    def receive(self, upload: str, offset: int = 0) -> Part:
        """Takes a piece of the file: `with wb.uploads.receive(id, offset) as part: part.write(...)`.

        What was written stays, however the piece ends; `get(upload).received` says where the next begins.

        Raises:
            NotFound: No such upload.
            Conflict: It is complete, another piece is on its way, or the next piece begins elsewhere.
            Forbidden: Uploading takes an analyst.
        """
        self._security.require(self._actor.principal, Role.ANALYST, "upload a file")
        found = self.get(upload)
        if found.state is not UploadState.RECEIVING:
            raise Conflict(f"all {found.size:,} bytes of '{found.file}' are here already")
        self._store.touch(upload)
        try:
            return Part(self._bodies.path(upload), offset, found.size)
        except FileNotFoundError as error:  # it was forgotten just now
            raise NotFound(f"no upload '{upload}'", hint="begin anew") from error

    def preview(self, upload: str, read: ReadAs | None = None, *, rows: int = SHOWN) -> Preview:
        """What the file would be as a dataset: read to its end, so that types are what all values are.

        Args:
            read: How it is read, where it is not as it is found to be.

        Raises:
            NotFound: No such upload, or no column that a type is given for.
            Conflict: Not all of it is here, or it is loaded already.
            Invalid: It cannot be read as what it is; says where. Or it is much larger than it looks.
        """
        found = self._complete(upload)
        self._store.touch(upload)
        with self._opened(found, read or ReadAs()) as (source, kind, how):
            reader = read_reader(source)
            first: list[pa.RecordBatch] = []
            count = 0
            for batch in reader:
                if count < rows:
                    first.append(batch.slice(0, rows - count))
                count += batch.num_rows
            sheets = tuple(source.tables()) if kind == ".xlsx" else ()
            frame = pl.from_arrow(pa.Table.from_batches(first, reader.schema))
        assert isinstance(frame, pl.DataFrame)
        zoneless = _zoneless(frame.schema)
        if how.time_zone is not None:
            frame, zoneless = in_zone(frame, _zoneless(frame.schema), how.time_zone), ()
        return Preview(kind.split(".")[1], how, sheets, frame, count, zoneless)

    def load(
        self,
        upload: str,
        dataset: str,
        *,
        mode: Mode | str | None = None,
        read: ReadAs | None = None,
        key: str | Sequence[str] = (),
        sort_by: str | Sequence[str] = (),
        description: str = "",
    ) -> Upload:
        """Makes a dataset of the file, or brings its rows into one, as a run with receipt and lineage.

        Asked again after it was interrupted, it goes on; no row comes in twice.

        Args:
            dataset: Its name.
            mode: "append", "upsert" and the other modes of loading, into a dataset that is there; a new one is made
                when not given.
            read: How the file is read; see `preview`.
            key: The column or columns that tell rows apart.
            sort_by: The columns that a new dataset's rows are sorted by; one that is there has its order.
            description: Of a new dataset.

        Raises:
            Invalid: It cannot be read, its rows do not fit the dataset, or that is there and is to be sorted otherwise.
                Nothing was changed.
            NotFound: No such upload, or no such dataset.
            Conflict: There is such a dataset already; not all of the file is here; or somebody is loading it.
            Forbidden: Creating takes an analyst, changing the dataset's owner or an engineer.
        """
        wanted = _mode(mode)
        with self._jobs.held("upload", upload):
            found = self._complete(upload)
            if (done := self._came_through(found)) is not None:
                return self._loaded(found, *done)
            check_into(self._lake, dataset, wanted, self._actor)
            if wanted is not None and sort_by:
                raise Invalid(f"'{dataset}' is there, and its order with it", hint="sort_by= is for a new dataset")
            how = read or ReadAs()
            run = self._runs.start(
                RunKind.UPLOAD,
                dataset,
                actor=self._actor,
                parameters={"file": found.file, "bytes": found.size, "mode": str(wanted or "new")},
                parent=self._actor.run,
            )
            self._store.touch(upload, run=run.id)
            try:
                about = {"key": listed(key), "sort_by": listed(sort_by), "description": description}
                version = self._written(found, dataset, wanted, how, about, run.id)
            except BaseException as error:
                said = str(error).splitlines()[0] if str(error) else type(error).__name__
                with suppress(WorkbenchError):
                    self._runs.finish(run.id, RunStatus.FAILED, error=said)
                raise
            failpoint("upload.loaded")
            self._runs.finish(run.id, RunStatus.SUCCEEDED)
            return self._loaded(found, dataset, version)

    def cancel(self, upload: str) -> None:
        """Forgets an upload and its bytes; a dataset that was made of it stays.

        Raises:
            NotFound: No such upload.
            Conflict: It is being loaded.
        """
        found = self.get(upload)
        with self._jobs.held("upload", upload):
            self._store.forget(found.id)
            self._bodies.remove(found.id)

    def forget_abandoned(self) -> int:
        """Forgets uploads that nothing was done with for `upload_hours`, and bytes that nobody knows.

        Returns:
            How many.
        """
        hours = timedelta(hours=self._settings.upload_hours)
        old = self._store.untouched(utcnow() - hours)
        count = 0
        for upload in old:
            with suppress(Conflict), self._jobs.held("upload", upload):
                self._store.forget(upload)
                self._bodies.remove(upload)
                count += 1
        known = {one.id for one in self._store.all()}
        for leftover in self._bodies.leftovers(known, hours.total_seconds()):
            self._bodies.remove(leftover)
            count += 1
        return count

    def _check_quota(self, mine: Sequence[Upload], size: int) -> None:
        going = [one for one in mine if one.state is not UploadState.LOADED]
        if len(going) >= MOST:
            raise Conflict(f"there are {len(going)} uploads that are not loaded yet", hint="load or cancel one of them")
        most = self._settings.upload_quota * MEGABYTE
        if (together := sum(one.size for one in going) + size) > most:
            raise Conflict(
                f"with this one your uploads would have {together:,} bytes, and may have {most:,} together",
                hint="load or cancel one of them",
            )

    def _complete(self, upload: str) -> Upload:
        found = self.get(upload)
        if found.state is UploadState.RECEIVING:
            raise Conflict(
                f"{found.received:,} of the {found.size:,} bytes of '{found.file}' are here",
                hint="send the others first",
            )
        if found.state is UploadState.LOADED:
            raise Conflict(f"'{found.file}' is in the dataset '{found.dataset}' already")
        return found

    def _came_through(self, found: Upload) -> tuple[str, int] | None:
        """What an earlier run wrote that ended before it could say so."""
        edges = [] if found.run is None else self._runs.edges(found.run)
        wrote = [edge for edge in edges if edge.kind == "dataset" and edge.direction == "write"]
        return (wrote[-1].name, int(wrote[-1].version)) if wrote else None

    def _loaded(self, found: Upload, dataset: str, version: int) -> Upload:
        done = self._store.loaded(found.id, dataset, version)
        self._bodies.remove(found.id)
        return done

    def _written(
        self,
        found: Upload,
        dataset: str,
        mode: Mode | None,
        how: ReadAs,
        about: Mapping[str, Any],
        run: str,
    ) -> int:
        actor = Actor(self._actor.principal, run)
        with self._opened(found, how) as (source, _, used):
            self._runs.record(run, "read", "source", f"upload:{found.file}", source.fingerprint())
            reader = read_reader(source)
            rows = reader if used.time_zone is None else stream_in_zone(reader, used.time_zone)
            if mode is None:
                made = self._lake.create(dataset, rows, actor, source=found.file, **about)
                return made.number
            types = {name: str(kind) for name, kind in _kinds(rows.schema).items()}
            frame = rows if mode in (Mode.APPEND, Mode.REPLACE) else pl.from_arrow(rows.read_all())
            once = Checkpoint("upload", found.id, 1)
            try:
                version, _ = self._lake.load(dataset, frame, actor, mode=mode, key=about["key"], checkpoint=once)
            except Invalid as error:
                wanted = {one.name: one.type for one in self._lake.info(dataset, self._actor).columns}
                raise advised(error, dataset, types, wanted) from None
            return version.number

    @contextmanager
    def _opened(self, found: Upload, read: ReadAs) -> Iterator[tuple[Source, str, ReadAs]]:
        """The file as a source, its kind, and how it is read in the end; errors name it as its owner does."""
        content = self._bodies.path(found.id)
        kind, separator, encoding = sniffed(content, found.file)
        check_unpacked(content, kind, found.file, self._settings.upload_limit * MEGABYTE * UNPACKED)
        path = self._bodies.called(found.id, kind)
        text = None
        if kind.startswith(".csv"):
            text = TextFormat(read.separator or separator or ",", read.encoding or encoding or "utf-8")
        elif read.separator is not None or read.encoding is not None:
            raise Invalid(f"'{found.file}' has no separator or encoding: it is no delimited text, such as CSV")
        if kind != ".xlsx" and (read.sheet or read.header != 1):
            raise Invalid(f"'{found.file}' has no sheet and no row of a header: it is no workbook")
        used = ReadAs(
            separator=None if text is None else {"\t": "tab"}.get(str(text.separator), text.separator),
            encoding=None if text is None else text.encoding,
            sheet=read.sheet,
            header=read.header,
            types=read.types,
            time_zone=read.time_zone,
        )
        with _calling(path, found.file):
            yield (
                open_file(path, found.file, text=text, sheet=read.sheet, header=read.header, types=read.types),
                kind,
                used,
            )


@contextmanager
def _calling(path: Path, name: str) -> Iterator[None]:
    """What goes wrong is said of the file's own name, and not of where it lies here."""
    try:
        yield
    except WorkbenchError as error:
        said = str(error)
        if str(path) not in said and path.name not in said:
            raise
        again = type(error)(said.replace(str(path), f"'{name}'").replace(path.name, name), hint=error.hint)
        raise again from None


def _file_name(given: str) -> str:
    """The last part of a path of any system, as text that is safe to show."""
    name = re.split(r"[/\\]", given)[-1].strip()
    if not name or name in (".", ".."):
        raise Invalid(f"{given[:40]!r} is no name of a file")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"the file's name has {len(name)} characters", hint=f"at most {LONGEST_NAME}")
    if any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for one in name):
        raise Invalid(f"the file's name {name!a} holds a character that is not seen", hint="rename it")
    return name


def _mode(given: Mode | str | None) -> Mode | None:
    return None if given is None else chosen("mode", str(given), Mode)


def _kinds(schema: pa.Schema) -> pl.Schema:
    frame = pl.from_arrow(schema.empty_table())
    assert isinstance(frame, pl.DataFrame)
    return frame.schema


def _zoneless(schema: pl.Schema) -> tuple[str, ...]:
    return tuple(name for name, kind in schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone is None)
