"""The engines of several machines, or several processes: the tasks of an analysis on a Dask cluster.

What is sent is a function's name, the analysis and parts (files and bounds), never a plan: the plan is made where it
runs, by the Polars that is there. What comes back are partials, as Arrow.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.compute.clusters import Cluster, cluster
from workbench.compute.gpu import GpuCollect, require, told
from workbench.compute.model import Analysis, Combining, Computed, EngineUse
from workbench.compute.parts import Part, Parts
from workbench.compute.polars_versions import collect
from workbench.compute.refusing import check, telling
from workbench.compute.tasks import Collect, combined, from_one, merged, share, stacked
from workbench.foundation.errors import Unavailable

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DaskEngine"]

# A task is some parts after each other: so many tasks for each thread of the cluster even out what parts differ by.
TASKS_PER_SLOT = 8
# Partials of more than this are put together on the workers before they are fetched, so many at a time.
FETCHED_BYTES = 256_000_000
TOGETHER = 8
# When nothing came for so long, it is seen whether there still are workers.
PATIENCE_SECONDS = 30
# Rows in memory travel inside the tasks; Dask warns from 10 MB on, which is for its users and not for ours.
TASK_BYTES = "1GB"


@dataclass(frozen=True)
class Sent:
    """Rows on their way back from a worker.

    Attributes:
        rows: An Arrow IPC stream.
        polars: The version that made them.
        fell_back: Why plans ran on the CPU where a GPU was asked for.
    """

    rows: bytes
    polars: str
    fell_back: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: pl.DataFrame, fell_back: Sequence[str] = ()) -> Sent:
        stream = BytesIO()
        frame.write_ipc_stream(stream)
        return cls(stream.getvalue(), pl.__version__, tuple(fell_back))

    def frame(self) -> pl.DataFrame:
        return pl.read_ipc_stream(self.rows)

    def __sizeof__(self) -> int:  # what Dask asks when it wants to know how much a worker holds
        return len(self.rows)


def shares(analysis: Analysis, parts: Sequence[Part], *, gpu: bool) -> Sent:
    """What some parts contribute; done by a worker."""
    run, fell_back = _collecting(gpu=gpu)
    found = stacked(analysis, (share(analysis, part, run) for part in parts), collect)
    return Sent.of(pl.concat(found), fell_back)


def result_of_one(analysis: Analysis, part: Part, *, gpu: bool) -> Sent:
    """The result where there is one part; done by a worker."""
    if not gpu:
        return Sent.of(from_one(analysis, part, collect))
    run, fell_back = _collecting(gpu=gpu)
    return Sent.of(merged(analysis, [share(analysis, part, run)], collect), fell_back)


def together(analysis: Combining, sent: Sequence[Sent]) -> Sent:
    """One partial for several; done by a worker."""
    fell_back = [reason for one in sent for reason in one.fell_back]
    return Sent.of(combined(analysis, [one.frame() for one in sent], collect), fell_back)


def _collecting(*, gpu: bool) -> tuple[Collect, list[str]]:
    if not gpu:
        return collect, []
    on_gpu = GpuCollect()
    return on_gpu, on_gpu.fell_back


class DaskEngine:
    """Runs an analysis on a Dask cluster, and merges its partials here.

    A task whose worker dies runs again on another. A part that was made from a lazy plan belongs to this process and
    does not travel: its share is computed here, and `EngineUse.fell_back` says so.

    Args:
        gpu: Each worker has a GPU and computes on it: the engine `dask-cuda`.
        scheduler: The address of a scheduler; empty for a cluster of this machine, started when it is first needed.
        workers: Of a cluster of this machine; by default one for each core (each GPU).
    """

    def __init__(self, *, gpu: bool = False, scheduler: str = "", workers: int | None = None) -> None:
        self._gpu = gpu
        self._scheduler = scheduler
        self._workers = workers

    @property
    def name(self) -> str:
        return "dask-cuda" if self._gpu else "dask"

    def at(self, scheduler: str) -> DaskEngine:
        """The same engine on the cluster of a scheduler."""
        return DaskEngine(gpu=self._gpu, scheduler=scheduler, workers=self._workers)

    def run(self, analysis: Analysis, parts: Parts) -> Computed:
        """Runs `analysis` over `parts`.

        Raises:
            Invalid: As `LocalEngine.run` does.
            Unavailable: The scheduler does not answer or stops answering, has no workers, no worker survives a task, a
                worker lacks a GPU or cannot read a file; or this machine should start workers on GPUs and lacks
                something for it.
        """
        begin = time.perf_counter()
        check(analysis, parts)
        if self._gpu and not self._scheduler:
            require(f"the engine '{self.name}'", "dask_cuda")
        opened = time.perf_counter()
        with telling(analysis):
            frame, sent, here = self._computed(analysis, parts)
        reasons = [reason for one in sent for reason in one.fell_back]
        stayed = f"{here} of {len(parts)} parts are plans of this process and were computed in it" if here else ""
        use = EngineUse(
            engine=self.name,
            polars=", ".join(sorted({one.polars for one in sent} | {pl.__version__})),
            fell_back=bool(here or reasons),
            load_seconds=opened - begin,
            compute_seconds=time.perf_counter() - opened,
            parts=len(parts),
            rows_out=frame.height,
            why="; ".join(filter(None, [stayed, told(reasons)])),
        )
        return Computed(frame, use)

    def _computed(self, analysis: Analysis, parts: Parts) -> tuple[pl.DataFrame, list[Sent], int]:
        """The result, what came back from workers, and how many parts stayed here."""
        staying = [part for part in parts.parts if part.plan is not None]
        travelling = [part for part in parts.parts if part.plan is None]
        if len(parts) == 1 and staying:
            return from_one(analysis, staying[0], collect), [], 1
        sent: list[Sent] = []
        if travelling:
            opened = cluster(self._scheduler, gpu=self._gpu, workers=self._workers)
            sent = self._sent(opened, analysis, travelling, alone=len(parts) == 1)
        if len(parts) == 1:
            return sent[0].frame(), sent, 0
        partials = [one.frame() for one in sent]
        partials += [share(analysis, part, collect) for part in staying]
        return merged(analysis, partials, collect), sent, len(staying)

    def _sent(self, opened: Cluster, analysis: Analysis, parts: Sequence[Part], *, alone: bool) -> list[Sent]:
        from distributed.client import CancelledError

        client = opened.client
        try:
            tasks: list[tuple[Any, ...]] = [(analysis, some) for some in _cut(parts, opened.slots() * TASKS_PER_SLOT)]
            if alone:
                futures = _submitted(client, result_of_one, [(analysis, parts[0])], gpu=self._gpu)
            else:
                futures = _submitted(client, shares, tasks, gpu=self._gpu)
            failure = _failure(opened, futures)
            while failure is None and not alone and isinstance(analysis, Combining) and _many(opened, futures):
                futures = [client.submit(together, analysis, some, pure=False) for some in _by(TOGETHER, futures)]
                failure = _failure(opened, futures)
            if failure is None:
                try:
                    return opened.fetched(futures, PATIENCE_SECONDS)
                except (CancelledError, OSError, Unavailable):
                    raise
                except Exception:  # a worker was lost with what it had, and that could not be computed again
                    failure = _failure(opened, futures)
                    if failure is None:
                        raise
        except (CancelledError, OSError) as error:  # a closed connection is one of them
            raise opened.gone() from error
        raise _told(failure, opened, analysis, parts)


def _submitted(client: Client, function: Any, tasks: Sequence[tuple[Any, ...]], *, gpu: bool) -> list[Future]:
    import dask

    with dask.config.set({"distributed.admin.large-graph-warning-threshold": TASK_BYTES}):
        return [client.submit(function, *task, gpu=gpu, pure=False) for task in tasks]


def _failure(opened: Cluster, futures: Sequence[Future]) -> BaseException | None:
    """Waits for all, or for the first that fails: what it failed with.

    Raises:
        Unavailable: Nothing came for a while, and no worker is there any more.
        CancelledError: The scheduler is gone.
    """
    from distributed import as_completed
    from distributed.client import CancelledError

    pending = {future.key: future for future in futures}
    while pending:
        try:
            for future in as_completed(list(pending.values()), loop=opened.client.loop, timeout=PATIENCE_SECONDS):
                if future.status == "error":
                    error: BaseException = future.exception()
                    return error
                if future.status == "cancelled":
                    raise CancelledError(str(future.key))
                if future.status == "finished":  # else it is lost with its worker, and computed again
                    del pending[future.key]
        except TimeoutError:
            opened.slots()
    return None


def _told(failure: BaseException, opened: Cluster, analysis: Analysis, parts: Sequence[Part]) -> BaseException:
    """What a task failed with, or what that means where it is about the cluster."""
    from distributed import KilledWorker

    if isinstance(failure, KilledWorker):
        return Unavailable(
            f"one worker after the other of {opened.title} ended while it computed '{analysis.name}'",
            hint="most often a part is larger than a worker's memory: give workers more, or make smaller parts",
        )
    if isinstance(failure, FileNotFoundError) and all(Path(path).exists() for part in parts for path in part.files):
        return Unavailable(
            f"a worker of {opened.title} cannot read the files that this machine can: {str(failure).splitlines()[0]}",
            hint="every worker needs the lake's folder at the path that it has here",
        )
    if isinstance(failure, ModuleNotFoundError) and failure.name in ("workbench", "polars"):
        return Unavailable(
            f"a worker of {opened.title} has no package '{failure.name}'",
            hint="install analytics-workbench where the workers run, in the version that runs here",
        )
    return failure


def _many(opened: Cluster, futures: Sequence[Future]) -> bool:
    """Whether partials are too many bytes to be fetched as they are, and there are several to put together."""
    return len(futures) > 1 and opened.held(futures) > FETCHED_BYTES


def _cut(parts: Sequence[Part], tasks: int) -> Iterator[Sequence[Part]]:
    """Neighbouring parts, in at most so many tasks."""
    return _by(-(-len(parts) // tasks), parts)


def _by(size: int, things: Sequence[Any]) -> Iterator[Any]:
    return (things[start : start + size] for start in range(0, len(things), size))
