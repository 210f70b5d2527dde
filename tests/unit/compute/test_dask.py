"""The engine on a Dask cluster: what travels, what stays, and what it survives."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest
from engines_there import ON_DASK
from held_parts import Announced, Deadly
from waiting import ended, wait_until

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import DaskEngine, LocalEngine, Part, Parts, clusters, dask_engine
from workbench.foundation.errors import Invalid, Unavailable

pytestmark = ON_DASK

BY_K = Measures((Key("k", "k"),), (Measure("rows", "count"), Measure("kinds", "count_distinct", "x")))
Start = Callable[..., tuple[str, list["subprocess.Popen[bytes]"]]]


def frame(n: int) -> pl.DataFrame:
    return pl.DataFrame({"k": ["a", "b", "c", None] * 25, "x": [row // n for row in range(100)]})


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Part, ...]:
    """Four parts in files of 100 rows."""
    made = []
    for n in range(1, 5):
        path = tmp_path / f"{n}.parquet"
        frame(n).write_parquet(path)
        made.append(Part(files=(str(path),), schema=dict(frame(n).schema), rows=100))
    return tuple(made)


def expected(parts: tuple[Part, ...]) -> pl.DataFrame:
    return LocalEngine().run(BY_K, Parts(parts)).frame


def test_files_and_frames_travel(dask_engine: DaskEngine, parts: tuple[Part, ...]) -> None:
    mixed = (*parts[:2], Part.of(frame(3)), Part.of(frame(4)))
    computed = dask_engine.run(BY_K, Parts(mixed))
    assert computed.frame.equals(expected(parts))
    assert (computed.use.engine, computed.use.parts, computed.use.fell_back) == ("dask", 4, False)


def test_a_lazy_plan_stays_in_its_process_and_that_is_said(dask_engine: DaskEngine, parts: tuple[Part, ...]) -> None:
    here = Part.of(frame(4).lazy().shift(0).map_batches(lambda rows: rows))
    computed = dask_engine.run(BY_K, Parts((*parts[:3], here)))
    assert computed.frame.equals(expected(parts))
    assert computed.use.fell_back
    assert computed.use.why == "1 of 4 parts are plans of this process and were computed in it"
    alone = dask_engine.run(BY_K, Parts((here,)))
    assert alone.frame.equals(LocalEngine().run(BY_K, Parts.of(frame(4))).frame)
    assert alone.use.fell_back


def test_workers_share_the_cores(dask_engine: DaskEngine) -> None:
    from dask.system import CPU_COUNT

    client = clusters.cluster(workers=2).client
    client.wait_for_workers(2, timeout=60)
    assert list(client.run(pl.thread_pool_size).values()) == [max(1, CPU_COUNT // 2)] * 2


STRANGER = """
import asyncio, os, sys
from distributed import Client, Security

async def knock():
    for security in (None, Security.temporary()):
        try:
            stranger = Client(sys.argv[1], security=security, timeout=1, set_as_default=False, asynchronous=True)
            await asyncio.wait_for(stranger, 10)
        except (OSError, RuntimeError, TypeError) as error:
            print("refused:", type(error).__name__, flush=True)
    os._exit(0)  # whatever a client that was refused still waits for

asyncio.run(knock())
"""


def test_nobody_else_on_the_machine_can_use_the_cluster(dask_engine: DaskEngine) -> None:
    address = clusters.cluster(workers=2).client.scheduler.address
    assert address.startswith("tls://127.0.0.1:")
    stranger = subprocess.run(
        [sys.executable, "-c", STRANGER, address], capture_output=True, text=True, timeout=60, check=False
    )
    assert stranger.stdout.count("refused:") == 2, stranger.stdout + stranger.stderr


def test_schedulers_that_do_not_answer_leave_no_threads_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        gone = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        threads = set()
        for _ in range(3):
            with pytest.raises(Unavailable, match="does not answer"):
                clusters.cluster(gone)
            threads.add(sum(thread.name == "IO loop" for thread in threading.enumerate()))
    assert len(threads) == 1


def test_large_partials_are_put_together_on_the_workers(
    dask_engine: DaskEngine, parts: tuple[Part, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_together = []
    monkeypatch.setattr("workbench.compute.dask_engine.FETCHED_BYTES", 0)
    monkeypatch.setattr("workbench.compute.dask_engine.TOGETHER", 2)
    real = dask_engine._sent

    def noted(*given: object, **options: object) -> object:
        put_together.append(found := real(*given, **options))  # type: ignore[arg-type]
        return found

    monkeypatch.setattr(dask_engine, "_sent", noted)
    assert dask_engine.run(BY_K, Parts(parts)).frame.equals(expected(parts))
    assert len(put_together[0]) == 1, "four partials in two steps"


def test_workers_that_are_killed_in_the_middle_twice_change_nothing(
    dask_engine: DaskEngine, parts: tuple[Part, ...], tmp_path: Path
) -> None:
    workers = tmp_path / "workers"
    workers.mkdir()
    held = (parts[0], parts[1].shaped(Announced(str(workers), holds=2)), *parts[2:])
    computed = []
    asking = threading.Thread(target=lambda: computed.append(dask_engine.run(BY_K, Parts(held))))
    asking.start()
    victims: set[int] = set()
    for time in (1, 2):
        wait_until(lambda time=time: len(list(workers.iterdir())) == time, what=f"the held part's start {time}")
        (victim,) = {int(path.name) for path in workers.iterdir()} - victims
        assert victim != os.getpid()
        os.kill(victim, signal.SIGKILL)
        victims.add(victim)
    asking.join(timeout=60)
    assert computed[0].frame.equals(expected(parts))
    assert len(list(workers.iterdir())) == 3, "a third worker took the part"


@pytest.mark.long
def test_a_part_that_no_worker_survives_is_given_up_in_one_sentence(
    dask_engine: DaskEngine, parts: tuple[Part, ...]
) -> None:
    deadly = (parts[0], parts[1].shaped(Deadly(os.getpid())))
    with pytest.raises(Unavailable, match="one worker after the other of the Dask cluster of this machine ended"):
        dask_engine.run(BY_K, Parts(deadly))
    assert dask_engine.run(BY_K, Parts(parts)).frame.equals(expected(parts)), "the cluster goes on"


def test_what_a_worker_refuses_is_refused_here_in_the_same_words(
    dask_engine: DaskEngine, parts: tuple[Part, ...]
) -> None:
    wrong = Measures((Key("k", "k"),), (Measure("sum", "sum", "y"),))
    with pytest.raises(Invalid) as here:
        LocalEngine().run(wrong, Parts(parts))
    with pytest.raises(Invalid) as there:
        dask_engine.run(wrong, Parts(parts))
    assert (str(there.value), there.value.hint) == (str(here.value), here.value.hint)


def test_a_file_that_is_gone_is_the_same_error_as_here(dask_engine: DaskEngine, parts: tuple[Part, ...]) -> None:
    Path(parts[2].files[0]).unlink()
    with pytest.raises(FileNotFoundError):
        LocalEngine().run(BY_K, Parts(parts))
    with pytest.raises(FileNotFoundError):
        dask_engine.run(BY_K, Parts(parts))


def test_a_scheduler_that_is_not_there_is_named(parts: tuple[Part, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unavailable, match=f"the Dask scheduler at {address} does not answer") as refused:
        DaskEngine(scheduler=address).run(BY_K, Parts(parts))
    assert "dask_scheduler" in str(refused.value.hint)


def test_a_scheduler_without_workers_says_so(
    scheduler: Start, parts: tuple[Part, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "WORKERS_SECONDS", 0.5)
    address, _ = scheduler(workers=0)
    with pytest.raises(Unavailable, match=f"the Dask scheduler at {address} has no workers"):
        DaskEngine(scheduler=address).run(BY_K, Parts(parts))


def test_a_scheduler_that_dies_in_the_middle_is_named(
    scheduler: Start, parts: tuple[Part, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 2)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    address, (process, _worker) = scheduler(workers=1)
    engine = DaskEngine(scheduler=address)
    assert engine.run(BY_K, Parts(parts)).frame.equals(expected(parts))
    held_by = tmp_path / "workers"
    held_by.mkdir()
    held = (parts[0], parts[1].shaped(Announced(str(held_by))), *parts[2:])
    errors = []

    def ask() -> None:
        try:
            engine.run(BY_K, Parts(held))
        except Unavailable as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: bool(list(held_by.iterdir())), what="the held part's start")
    process.kill()
    asking.join(timeout=60)
    assert str(errors[0]) == f"the Dask scheduler at {address} stopped answering while it computed"
    with pytest.raises(Unavailable, match="does not answer"):
        engine.run(BY_K, Parts(parts))


def test_the_only_worker_dies_in_the_middle(
    scheduler: Start, parts: tuple[Part, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "WORKERS_SECONDS", 0.5)
    monkeypatch.setattr("workbench.compute.dask_engine.PATIENCE_SECONDS", 0.5)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    address, (_scheduler, worker) = scheduler(workers=1)
    held_by = tmp_path / "workers"
    held_by.mkdir()
    clusters.cluster(address).client.wait_for_workers(1, timeout=60)
    held = (parts[0], parts[1].shaped(Announced(str(held_by))))
    errors = []

    def ask() -> None:
        try:
            DaskEngine(scheduler=address).run(BY_K, Parts(held))
        except Unavailable as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: bool(list(held_by.iterdir())), what="the held part's start")
    worker.kill()
    asking.join(timeout=60)
    assert str(errors[0]) == f"the Dask scheduler at {address} has no workers"


@pytest.mark.parametrize("said", [b"", b"\xff" * 64], ids=["nothing", "nonsense"])
def test_what_listens_and_is_no_scheduler_is_named(
    parts: tuple[Part, ...], monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with ExitStack() as held, suppress(OSError):  # until the test closes it
                while True:
                    held.enter_context(listening.accept()[0]).sendall(said)

        serving = threading.Thread(target=serve)
        serving.start()
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(Unavailable, match=f"the Dask scheduler at {address} (does not answer|cannot be used)"):
            DaskEngine(scheduler=address).run(BY_K, Parts(parts))
        listening.shutdown(socket.SHUT_RDWR)
        serving.join()


def test_an_address_that_wants_keys_is_named(parts: tuple[Part, ...]) -> None:
    with pytest.raises(Unavailable, match=r"scheduler at tls://127\.0\.0\.1:1 cannot be used: TypeError: TLS"):
        DaskEngine(scheduler="tls://127.0.0.1:1").run(BY_K, Parts(parts))


def test_a_scheduler_that_hangs_in_the_middle_is_named_and_asked_again_later(
    scheduler: Start, parts: tuple[Part, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    address, (process, _worker) = scheduler(workers=1)
    engine = DaskEngine(scheduler=address)
    assert engine.run(BY_K, Parts(parts)).frame.equals(expected(parts))
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 2)
    monkeypatch.setattr("workbench.compute.dask_engine.PATIENCE_SECONDS", 0.5)
    held_by = tmp_path / "workers"
    held_by.mkdir()
    held = (parts[0], parts[1].shaped(Announced(str(held_by), seconds=1)), *parts[2:])

    def stop() -> None:
        wait_until(lambda: bool(list(held_by.iterdir())), what="the held part's start")
        process.send_signal(signal.SIGSTOP)

    stopping = threading.Thread(target=stop)
    stopping.start()
    with pytest.raises(Unavailable, match=f"the Dask scheduler at {address} stopped answering while it computed"):
        engine.run(BY_K, Parts(held))
    stopping.join()
    process.send_signal(signal.SIGCONT)
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 30)
    assert engine.run(BY_K, Parts(parts)).frame.equals(expected(parts))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_is_lost_with_what_it_had_computed(
    scheduler: Start, parts: tuple[Part, ...], monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    address, (_scheduler, victim, *_others) = scheduler(workers=workers)
    client = clusters.cluster(address).client
    client.wait_for_workers(workers, timeout=60)
    real = dask_engine._failure

    def killed(*given: Any) -> BaseException | None:
        """All is computed, and nothing of it is fetched yet."""
        found = real(*given)
        victim.kill()
        victim.wait()
        wait_until(lambda: len(client.nthreads()) < workers, what="the worker's end")
        monkeypatch.setattr(clusters, "WORKERS_SECONDS", 0.5)
        monkeypatch.setattr("workbench.compute.dask_engine.PATIENCE_SECONDS", 0.5)
        return found

    monkeypatch.setattr("workbench.compute.dask_engine._failure", killed)
    engine = DaskEngine(scheduler=address)
    if workers == 1:
        with pytest.raises(Unavailable, match=f"the Dask scheduler at {address} has no workers"):
            engine.run(BY_K, Parts(parts))
    else:
        assert engine.run(BY_K, Parts(parts)).frame.equals(expected(parts))


@pytest.mark.long
def test_a_script_without_a_guard_can_use_it_and_leaves_nothing_when_it_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys, time
            import polars as pl
            from workbench.compute import DaskEngine, Parts
            from workbench.analytics.metrics import Measure, Measures
            rows = pl.DataFrame({"x": [1, 2]})
            engine = DaskEngine(workers=1)
            print(engine.run(Measures((), (Measure("rows", "count"),)), Parts.of(rows, rows)).frame.item(), flush=True)
            time.sleep(600)
            """
        )
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "4\n"
        started = [child.pid for child in psutil.Process(asking.pid).children(recursive=True)]
        assert len(started) >= 2, "the cluster's process and its worker"
        asking.kill()
    wait_until(lambda: all(ended(pid) for pid in started), what="the end of the cluster")
