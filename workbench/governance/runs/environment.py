"""What the code was: packages, interpreter, commit. Gathered once per process."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from workbench._version import __version__

__all__ = ["environment", "sha256_file"]


def environment(home: Path) -> dict[str, str | None]:
    """The part of a receipt that is the same for everything this process runs."""
    return {
        "packages_sha256": _packages_sha256(),
        "git_commit": _git_commit(home),
        "workbench_version": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


@cache
def _packages_sha256() -> str:
    """A digest of every installed distribution and its version: equal digests mean equal environments."""
    names = {
        f"{found.metadata['Name'].lower()}=={found.version}" for found in distributions() if found.metadata["Name"]
    }
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


@cache
def _git_commit(folder: Path) -> str | None:
    """The commit checked out in a folder, "+changes" where tracked files differ from it; None outside of git."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    return head + ("+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def sha256_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
