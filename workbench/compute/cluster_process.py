"""A process that holds a Dask cluster of this machine: `python -m workbench.compute.cluster_process`.

It is a process of its own, so that a script without `if __name__ == "__main__"` can start workers, and the cluster's
event loop takes no time from whoever asks. It reads one line of JSON (what kind of cluster, where modules are found),
answers with one line (its address and the keys that its members know each other by, or what went wrong), and ends when
its input does: with the process that started it, however that ends.

A loopback port is open to everybody on the machine, and a scheduler runs what it is sent: hence the keys. They are made
here, for this cluster, and are nowhere but in the memory of its members.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

__all__ = ["main"]

KEYS = (
    "tls_ca_file",
    "tls_client_cert",
    "tls_client_key",
    "tls_scheduler_cert",
    "tls_scheduler_key",
    "tls_worker_cert",
    "tls_worker_key",
)


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    sys.path[:] = asked["path"]
    # What workers print may not end up in the pipe of the answer, which nobody empties later.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        keys = _keys()
        cluster = _started(asked, keys)
    except Exception as error:  # noqa: BLE001  (whatever it was, who asked has to be told)
        answers.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        answers.close()
        return
    answers.write(json.dumps({"address": cluster.scheduler_address, "keys": keys}) + "\n")
    answers.close()
    sys.stdin.read()
    cluster.close(timeout=5)


def _keys() -> dict[str, str]:
    from distributed import Security

    made = Security.temporary()
    return {name: getattr(made, name) for name in KEYS}


def _started(asked: dict[str, Any], keys: dict[str, str]) -> Any:
    from dask.system import CPU_COUNT
    from distributed import LocalCluster, Security

    options: dict[str, Any] = {
        "security": Security(require_encryption=True, **keys),
        "threads_per_worker": 1,
        "dashboard_address": None,
        "silence_logs": logging.CRITICAL,  # what fails is told to whoever asked, in one sentence
    }
    if asked["gpu"]:
        from dask_cuda import LocalCUDACluster

        return LocalCUDACluster(rmm_async=True, **options)
    count = asked["workers"] or CPU_COUNT
    os.environ["POLARS_MAX_THREADS"] = str(max(1, CPU_COUNT // count))  # of each worker, which inherits it
    return LocalCluster(n_workers=count, processes=True, **options)


if __name__ == "__main__":
    main()
