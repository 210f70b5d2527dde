"""The process that answers a server's statements, one after the other: `python -m workbench.data.sql.apart_process`.

It reads what it is asked on its input and answers on its output, as `apart` says it; it ends when its input does. What
fails is answered, too, so that it is told where the asker's dataset and columns are known.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.dataset  # what is sent needs it, and DuckDB takes nothing of modules that are not loaded

from workbench.data.sql.limits import Limits
from workbench.data.sql.session import Session, fetched

__all__ = ["main"]

_SLACK_BYTES = 1_000_000_000
"""Above twice what a statement may take: threads' stacks, and what whoever asks notices first and tells better."""


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever is printed may not end up among the answers
    _first_to_go()
    threading.Thread(target=_outlive_nobody, args=(os.getppid(),), daemon=True).start()
    held = _held()
    _answer(answers, True, None)
    session: Session | None = None
    while True:
        try:
            what, given = pickle.load(sys.stdin.buffer)  # from the process that started this one
        except EOFError:
            return
        try:
            if what == "open":
                (limits,) = given
                _limit(held + 2_000_000 * limits.megabytes + _SLACK_BYTES)
                session, said = Session(limits), None
            else:
                assert session is not None
                said = _sent(session, limits, answers, *given) if what == "fetched" else _done(session, what, given)
        except MemoryError as error:
            _answer(answers, False, duckdb.OutOfMemoryException(f"Out of Memory Error: {error}"))
        except Exception as error:  # noqa: BLE001  (whatever it was, who asked has to be told)
            _answer(answers, False, _plain(error))
        else:
            _answer(answers, True, said)


def _done(session: Session, what: str, given: tuple[Any, ...]) -> Any:
    if what == "close":
        session.__exit__(None, None, None)
        return None
    return getattr(session, what)(*given)


def _sent(session: Session, limits: Limits, answers: IO[bytes], text: str, bound: Any) -> bool:
    """Sends the rows as an Arrow stream, after the word that they come; whether there are more."""
    reader = session.batches(text, bound)
    _answer(answers, True, None)
    with pa.ipc.new_stream(answers, reader.schema) as stream:
        return fetched(reader, limits, lambda: None, stream.write_batch)


def _answer(answers: IO[bytes], fine: bool, said: object) -> None:
    pickle.dump((fine, said), answers)
    answers.flush()


def _plain(error: Exception) -> Exception:
    """The error, if it can be sent; else one of its kind, as far as it matters."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001
        return OSError(str(error))
    return error


def _held() -> int:
    """Bytes of data that the process has mapped; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _limit(most: int) -> None:
    """More memory than that is refused by the system. Elsewhere than on Linux the asker's watch has to do."""
    if sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _first_to_go() -> None:
    """If the machine runs out of memory, this process ends first; and no core file has anybody's rows."""
    if sys.platform != "linux":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _outlive_nobody(parent: int) -> None:
    """Ends the process when the one that started it is gone, be it in the middle of a statement."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    main()
