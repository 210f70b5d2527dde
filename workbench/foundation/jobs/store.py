"""Who works on what. The only file that opens sessions on the table `job`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from workbench.foundation.catalog import Catalog, add_missing, utcnow
from workbench.foundation.errors import Conflict
from workbench.foundation.jobs.model import Lease, holder_ended, this_process
from workbench.foundation.jobs.tables import JobRow
from workbench.foundation.observability import logger

__all__ = ["Jobs"]

LEASE_SECONDS = 30.0


class Jobs:
    """Leases on slots of work. Safe from several processes and threads: each step is one transaction."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def take(self, kind: str, slot: str, *, seconds: float = LEASE_SECONDS) -> Lease:
        """Takes a slot that is free, whose lease has run out, or whose holder on this host has ended.

        Raises:
            Conflict: A live holder has it.
        """
        now = utcnow()
        holder = this_process()
        with self._catalog.begin() as session:
            add_missing(session, JobRow, kind=kind, slot=slot, fence=0)
            row = session.get_one(JobRow, (kind, slot), with_for_update=True)
            if row.holder and row.expires and row.expires > now and not holder_ended(row.holder):
                since = f"{row.taken:%Y-%m-%d %H:%M:%S} UTC" if row.taken else "an unknown time"
                host, pid, _ = row.holder.rsplit(":", 2)
                raise Conflict(
                    f"{kind} '{slot}' is being worked on already, by process {pid} on {host} since {since}",
                    hint="wait for it to end, or end that process",
                )
            row.fence += 1
            row.holder, row.taken, row.finished = holder, now, None
            row.expires = now + timedelta(seconds=seconds)
            return Lease(kind, slot, holder, row.fence, row.expires)

    def renew(self, lease: Lease, *, seconds: float = LEASE_SECONDS) -> Lease:
        """Extends a lease from now.

        Raises:
            Conflict: Somebody else has taken the slot meanwhile.
        """
        with self._catalog.begin() as session:
            row = self._guarded(session, lease)
            row.expires = utcnow() + timedelta(seconds=seconds)
            return Lease(lease.kind, lease.slot, lease.holder, lease.fence, row.expires)

    def release(self, lease: Lease) -> None:
        """Frees the slot. A lease that was lost already is left to its new holder."""
        with self._catalog.begin() as session:
            row = session.get(JobRow, (lease.kind, lease.slot), with_for_update=True)
            if row is not None and row.fence == lease.fence:
                row.holder, row.expires, row.finished = None, None, utcnow()

    def guard(self, session: Session, lease: Lease) -> None:
        """Call inside the transaction that writes the work's result: refuses a holder that came too late.

        Raises:
            Conflict: The slot has changed hands since.
        """
        self._guarded(session, lease)

    def _guarded(self, session: Session, lease: Lease) -> JobRow:
        row = session.get(JobRow, (lease.kind, lease.slot), with_for_update=True)
        if row is None or row.fence != lease.fence:
            raise Conflict(
                f"{lease.kind} '{lease.slot}' was taken over while this process held it; its result is not recorded",
                hint="the process that took over goes on with the work",
            )
        return row

    @contextmanager
    def held(self, kind: str, slot: str, *, seconds: float = LEASE_SECONDS) -> Iterator[Lease]:
        """A lease that a background thread renews for as long as the block runs."""
        lease = self.take(kind, slot, seconds=seconds)
        ended = threading.Event()

        def keep() -> None:
            while not ended.wait(seconds / 3):
                try:
                    self.renew(lease, seconds=seconds)
                except Conflict as error:
                    logger("jobs").warning("lease lost", extra={"kind": kind, "slot": slot, "why": str(error)})
                    return

        keeper = threading.Thread(target=keep, name=f"lease {kind} {slot}", daemon=True)
        keeper.start()
        try:
            yield lease
        finally:
            ended.set()
            keeper.join()
            self.release(lease)
