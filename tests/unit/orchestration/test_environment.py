"""What of this process's environment a kernel gets."""

from __future__ import annotations

from pathlib import Path

from workbench.foundation.settings import load
from workbench.orchestration.kernels import allowed


def test_secrets_stay_behind_and_what_a_kernel_needs_goes_along(workspace: Path) -> None:
    source = {
        "PATH": "/bin", "HOME": "/home/ada", "LANG": "de_DE.UTF-8", "POLARS_MAX_THREADS": "2", "PYTHONPATH": "/src",
        "AWS_SECRET_ACCESS_KEY": "x", "GITHUB_TOKEN": "x", "DATABASE_URL": "x", "WORKBENCH_SIGNING_KEY": "x",
        "LD_PRELOAD": "x.so", "PYTHONSTARTUP": "x.py", "WORKBENCH_RUN_ID": "of another", "WORKBENCH_HOME": "/elsewhere",
        "HTTPS_PROXY": "http://ada:secret@proxy",
    }  # fmt: skip
    got = allowed(load(workspace), run_id="run-1", source=source)
    assert got == {
        "PATH": "/bin", "HOME": "/home/ada", "LANG": "de_DE.UTF-8", "POLARS_MAX_THREADS": "2", "PYTHONPATH": "/src",
        "WORKBENCH_HOME": str(workspace), "WORKBENCH_RUN_ID": "run-1",
        "IPYTHONDIR": str(workspace / ".workbench/ipython"),
    }  # fmt: skip


def test_only_a_replay_says_what_it_replays(workspace: Path) -> None:
    settings = load(workspace)
    assert "WORKBENCH_REPLAY_OF" not in allowed(settings, run_id="b", source={"WORKBENCH_REPLAY_OF": "x"})
    assert allowed(settings, run_id="b", replay_of="a", source={})["WORKBENCH_REPLAY_OF"] == "a"
