"""The Dask clusters that this process computes on: one of this machine, started when it is first needed, or others'."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.foundation.errors import Unavailable

if TYPE_CHECKING:
    from distributed import Client, Future
    from distributed.utils import LoopRunner

__all__ = ["Cluster", "close_clusters", "cluster"]

CONNECT_SECONDS = 5
START_SECONDS = 60
WORKERS_SECONDS = 30
LOOK_SECONDS = 0.1
# A scheduler that is stopped, or hangs, keeps its connections and says nothing: Dask itself would wait for ever.
ANSWER_SECONDS = 30


@dataclass
class Cluster:
    """A connection to a scheduler.

    Attributes:
        title: What messages call it.
        remedy: What to do when it does not answer.
        process: The process that holds it, where this process started it.
    """

    client: Client
    title: str
    remedy: str
    process: subprocess.Popen[str] | None = None

    @property
    def usable(self) -> bool:
        held = self.process is None or self.process.poll() is None
        return held and str(self.client.status) == "running"

    def slots(self) -> int:
        """How many tasks run at a time; waits for a worker where there is none.

        Raises:
            Unavailable: None came.
        """
        end = time.monotonic() + WORKERS_SECONDS
        while not (threads := self._threads()):
            if time.monotonic() > end:
                self._give_up()
                hint = "start some where the lake can be read: dask worker ADDRESS"
                raise Unavailable(f"{self.title} has no workers", hint=self.remedy if self.process else hint)
            time.sleep(LOOK_SECONDS)
        return threads

    def fetched(self, futures: Sequence[Future], patience: float) -> list[Any]:
        """What tasks gave that are done; computed again where a worker was lost with it.

        Args:
            patience: When nothing came for so many seconds, it is seen whether there still are workers.

        Raises:
            Unavailable: There are none, or the scheduler is gone.
        """
        waiting = asyncio.run_coroutine_threadsafe(
            self.client.gather(futures, asynchronous=True), self.client.loop.asyncio_loop
        )
        try:
            while True:
                try:
                    return list(waiting.result(patience))
                except TimeoutError:
                    if waiting.done():
                        raise
                    self.slots()
        finally:
            waiting.cancel()

    def held(self, futures: Sequence[Future]) -> int:
        """How many bytes the workers hold of what tasks gave.

        Raises:
            OSError: The scheduler does not answer.
        """
        keys = [future.key for future in futures]
        found = self.client.nbytes(keys=keys, summary=False, callback_timeout=ANSWER_SECONDS)
        return sum(int(size) for size in found.values())

    def gone(self) -> Unavailable:
        """The error for a scheduler that does not answer any more."""
        return Unavailable(f"{self.title} stopped answering while it computed", hint=self.remedy)

    def _threads(self) -> int:
        """Of all workers.

        Raises:
            Unavailable: The scheduler does not answer.
        """
        try:
            found = self.client.nthreads(callback_timeout=ANSWER_SECONDS)
        except OSError as error:  # a TimeoutError is one, too
            self._give_up()
            raise self.gone() from error
        return sum(int(count) for count in found.values())

    def _give_up(self) -> None:
        """So that whoever asks next gets another cluster of this machine."""
        if self.process is not None:
            self.process.kill()

    def close(self) -> None:
        with suppress(Exception):  # it may be gone already, and whoever closes wants nothing more of it
            self.client.close(timeout=2)
        if self.process is not None:
            _end(self.process)


_clusters: dict[tuple[int, str, bool, int | None], Cluster] = {}
_runners: dict[int, LoopRunner] = {}
_opening = threading.Lock()


def cluster(scheduler: str = "", *, gpu: bool = False, workers: int | None = None) -> Cluster:
    """A cluster to compute on; kept for the process, and closed at its end.

    Args:
        scheduler: Its address, such as `tcp://10.0.0.5:8786`; empty for one of this machine.
        gpu: Whether a cluster of this machine has a worker for each GPU, not for each core.
        workers: Of a cluster of this machine, how many; by default one for each core.

    Raises:
        Unavailable: The scheduler does not answer, has no workers, or none can be started here.
    """
    key = (os.getpid(), scheduler, gpu, workers)
    with _opening:
        found = _clusters.get(key)
        if found is not None and found.usable:
            return found
        if found is not None:
            found.close()
        made = _clusters[key] = _connected(scheduler) if scheduler else _started(gpu=gpu, workers=workers)
        return made


def _connected(scheduler: str) -> Cluster:
    title = f"the Dask scheduler at {scheduler}"
    remedy = "start it (dask scheduler), correct the setting dask_scheduler, or set engine = 'local'"
    try:
        client = _client(scheduler)
    except (OSError, ValueError) as error:
        raise Unavailable(f"{title} does not answer", hint=remedy) from error
    except Exception as error:  # whatever listens there may say anything
        said = str(error).partition("\n")[0]
        raise Unavailable(f"{title} cannot be used: {type(error).__name__}: {said}", hint=remedy) from error
    return Cluster(client, title, remedy)


def _started(*, gpu: bool, workers: int | None) -> Cluster:
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench.compute.cluster_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for whoever asks, not for the workers
    )
    from distributed import Security  # while the other process starts

    title = "the Dask cluster of this machine"
    remedy = "run it again, which starts a new one, or set engine = 'local'"
    try:
        answer = _answer(process, {"gpu": gpu, "workers": workers, "path": sys.path})
        security = Security(require_encryption=True, **answer["keys"])
        client = _client(answer["address"], security=security)
    except (OSError, ValueError) as error:
        _end(process)
        raise Unavailable(f"{title} could not be started: {error}", hint="set engine = 'local'") from error
    return Cluster(client, title, remedy, process)


def _client(address: str, **options: Any) -> Client:
    """A client whose events are handled by the one thread that this process has for all of them.

    A client that cannot connect leaves its thread behind, and where the collector closes it while another client's
    thread starts, both wait for ever.
    """
    from distributed import Client
    from distributed.utils import LoopRunner

    class Impatient(Client):  # type: ignore[misc]  # Dask has no types
        """Of what is said when a connection is made, Dask bounds only a part."""

        async def _start(self, *given: Any, **more: Any) -> Any:
            try:
                return await asyncio.wait_for(super()._start(*given, **more), 2 * CONNECT_SECONDS)
            except Exception:
                await self._close()
                raise

    runner = _runners.get(os.getpid())
    if runner is None:
        runner = _runners[os.getpid()] = LoopRunner()
        runner.start()
    return Impatient(
        address, loop=runner.loop, timeout=CONNECT_SECONDS, set_as_default=False, name="workbench", **options
    )


def _answer(process: subprocess.Popen[str], asked: dict[str, object]) -> dict[str, Any]:
    """Where the cluster in that process listens, and by which keys its members know each other.

    Raises:
        OSError: It said why not, said nothing, or took too long.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    try:
        line = process.stdout.readline()
    finally:
        late.cancel()
    answer: dict[str, Any] = json.loads(line) if line else {"error": f"it ended within {START_SECONDS} seconds"}
    if "error" in answer:
        raise OSError(answer["error"])
    return answer


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=10)  # closes its input, at which it ends
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
        process.communicate()


@atexit.register
def close_clusters() -> None:
    """Closes what this process opened; the end of the process does it, too."""
    for (pid, *_), opened in list(_clusters.items()):
        if pid == os.getpid():  # a fork has its parent's list, and not its clusters
            opened.close()
    _clusters.clear()
