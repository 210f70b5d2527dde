"""Loading file by file: new and changed ones, each in a commit of its own with a mark of its content."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from hashlib import blake2b

import polars as pl

from workbench.data.connectors import FileSource, Found
from workbench.data.lake import Checkpoint, Staged
from workbench.data.sources.entering import entering
from workbench.data.sources.job import Job
from workbench.data.sources.model import SourceDefinition
from workbench.data.sources.reading import Opened, led
from workbench.data.sources.store import FileState
from workbench.foundation.errors import Invalid, WorkbenchError
from workbench.foundation.failpoints import failpoint

__all__ = ["load_files"]

NOTHING = 0


def load_files(job: Job) -> None:
    """Loads what is new or changed of the files, and takes out those that are gone, if that is asked for.

    Raises:
        Invalid: The source is no files.
    """
    source = job.opened.source
    if not isinstance(source, FileSource):
        raise Invalid(f"{source.url} is no file or pattern of files", hint="the mode 'files' loads files one by one")
    known = job.store.files(job.source.id)
    files = source.files()
    loaded = 0
    for found in files:
        if not job.anew and _same(job, found, known.get(found.name)):
            continue
        try:
            loaded += _load(job, source, found)
        except WorkbenchError as error:
            raise led(error, "" if found.name in str(error) else f"file {found.name}: ") from error
    if len(files) > 1:
        job.found.notes.append(f"{loaded} of {len(files)} files were new or changed")
    if job.definition.deletions == "compare":
        for name in sorted(known.keys() - {found.name for found in files}):
            _take_out(job, name)


def _same(job: Job, found: Found, known: FileState | None) -> bool:
    """Whether a file need not even be opened."""
    if known is None or not found.mark or known.look != f"{job.definition.about}\n{found.mark}":
        return False
    return job.mark(found.name) == known.mark


def _load(job: Job, source: FileSource, found: Found) -> bool:
    """Loads a file, unless the content that it has is in."""
    one = job.definition
    look = f"{one.about}\n{found.mark}" if found.mark else ""
    with source.one(found) as (digest, alone):
        mark = _mark(digest, one.about)
        before = job.mark(found.name)
        if before == mark and not job.anew:
            job.store.keep_file(job.source.id, job.lease, found.name, FileState(look, mark))
            return False
        # Known before it is in: whatever happens from here on, it is known that rows of it may be there.
        job.store.keep_file(job.source.id, job.lease, found.name, FileState("", before or NOTHING))
        opened = Opened(alone, one, job.opened.secret)
        frames = opened.frames(opened.all())
        if not one.key:
            frames = _named(frames, one.file_column, found.name)
        by = () if one.key else (one.file_column,)
        # A mark that is there already says that there is nothing to do, and anew is anew: marks are even.
        checkpoint = Checkpoint(job.stream, found.name, mark if mark != before else mark + 1)
        with (
            job.staged(frames, partition_by=by) as staged,
            entering(job, staged, what=f"file {found.name}: ") as rows,
        ):
            failpoint("source.staged")
            rows.commit(
                checkpoint,
                partial(_put, rows.fits, one, found.name, checkpoint, before),
                after=before,
                replacing="keys" if one.key else "part",
                key=one.key,
            )
            job.found.rows += rows.fits.rows
    failpoint("source.committed")
    job.store.keep_file(job.source.id, job.lease, found.name, FileState(look, checkpoint.mark))
    return True


def _put(rows: Staged, one: SourceDefinition, name: str, checkpoint: Checkpoint, before: int | None) -> None:
    if one.key:
        rows.upsert(one.key, checkpoint, after=before)
    else:
        rows.overwrite_partition({one.file_column: name}, checkpoint, after=before)


def _take_out(job: Job, name: str) -> None:
    """Takes out the rows of a file that is not there any more."""
    one = job.definition
    before = job.mark(name)
    if before:
        checkpoint = Checkpoint(job.stream, name, NOTHING)
        with job.lake.staged(one.into, iter(()), job.actor) as nothing, entering(job, nothing) as rows:
            job.found.removed += nothing.rows_in({one.file_column: name})
            put = partial(_put, nothing, one, name, checkpoint, before)
            rows.commit(checkpoint, put, after=before, replacing="part")
        failpoint("source.file.removed")
    job.store.keep_file(job.source.id, job.lease, name, None)


def _named(frames: Iterator[pl.DataFrame], column: str, name: str) -> Iterator[pl.DataFrame]:
    for frame in frames:
        if column in frame.columns:
            raise Invalid(
                f"it has a column '{column}' of its own, and the file's name is to stand in one of that name",
                hint="choose another name: file_column=",
            )
        yield frame.with_columns(pl.lit(name).alias(column))


def _mark(digest: bytes, about: str) -> int:
    """A number for a content that is read in one way; never that of nothing."""
    return (int.from_bytes(blake2b(digest + about.encode(), digest_size=8).digest(), "big") >> 3) * 2 + 2
