"""A full refresh: all rows, built aside and swapped in by one commit."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from workbench.data.sources.entering import entering
from workbench.data.sources.job import Job, deleted
from workbench.foundation.failpoints import failpoint

__all__ = ["refresh"]


def refresh(job: Job) -> None:
    """Makes the dataset hold the source's rows; readers see those before until then."""
    one = job.definition
    state, mark = job.state(), job.mark()
    look = job.opened.source.fingerprint()
    version = job.lake.version(one.into) if mark is not None else None
    if look and state is not None and (state["look"], state["version"]) == (look, version):
        job.found.notes.append("the source is as it was, so nothing was loaded")
        return
    job.found.everything = True
    frames = job.opened.frames(job.opened.all())
    if one.deleted:
        frames = _without(frames, one.deleted)
    with job.staged(frames, replace=True) as staged, entering(job, staged) as rows:
        failpoint("source.staged")
        newest = job.lake.version(one.into)
        checkpoint = job.proposed(look=look, version=newest + 1)
        failpoint("source.proposed")
        rows.commit(checkpoint, lambda: rows.fits.overwrite(checkpoint, after=mark), after=mark, replacing="all")
        job.found.rows = rows.fits.rows
    failpoint("source.committed")


def _without(frames: Iterator[pl.DataFrame], column: str) -> Iterator[pl.DataFrame]:
    for frame in frames:
        yield frame.filter(deleted(column, frame.schema).not_())
