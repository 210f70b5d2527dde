"""What a kernel is told of its parent's environment: an allow-list, so that no secret of the parent reaches it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from workbench.foundation.settings import Settings

__all__ = ["allowed"]

_NAMES = frozenset(
    {
        # where things are and who the process runs as
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CONDA_PREFIX", "VIRTUAL_ENV",
        # how text, time and numbers read
        "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "TZ", "TZDIR",
        # the interpreter
        "PYTHONPATH", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONWARNINGS", "PYTHONFAULTHANDLER",
        "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX",
        # how much of the machine the libraries may use, and which part of it
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "CUDA_PATH", "NVIDIA_VISIBLE_DEVICES",
        "_RJEM_MALLOC_CONF",
        # whom to trust when a connector opens a connection
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NO_PROXY", "no_proxy",
        # the workspace's own settings; the catalog's address is among them, because a notebook opens the workspace
        "WORKBENCH_CATALOG_URL", "WORKBENCH_LAKE_ROOT", "WORKBENCH_PIN_DAYS", "WORKBENCH_CELL_TIMEOUT",
        "WORKBENCH_CHROMIUM", "WORKBENCH_LOG_LEVEL", "WORKBENCH_FAILPOINT",
    }
)  # fmt: skip
_PREFIXES = ("POLARS_",)


def allowed(
    settings: Settings,
    *,
    run_id: str | None = None,
    replay_of: str | None = None,
    token: str | None = None,
    source: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The whole environment of a kernel that works for one run.

    Args:
        settings: The workspace that the kernel opens.
        run_id: The run whose reads and writes the kernel's are, as `WORKBENCH_RUN_ID`.
        replay_of: The run whose sealed versions every read gets, as `WORKBENCH_REPLAY_OF`.
        token: Whom the kernel works for, as `WORKBENCH_TOKEN`.
        source: The environment to pick from; this process's own when None.
    """
    source = os.environ if source is None else source
    environment = {
        name: value
        for name, value in source.items()
        if name.upper() in _NAMES or name in _NAMES or name.startswith(_PREFIXES)
    }
    environment["WORKBENCH_HOME"] = str(settings.home)
    # Start-up scripts and profiles of whoever happens to run it must not change what a notebook gives.
    environment["IPYTHONDIR"] = str(settings.state / "ipython")
    if run_id is not None:
        environment["WORKBENCH_RUN_ID"] = run_id
    if replay_of is not None:
        environment["WORKBENCH_REPLAY_OF"] = replay_of
    if token is not None:
        environment["WORKBENCH_TOKEN"] = token
    return environment
