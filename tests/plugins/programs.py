"""What some tests need beyond Python packages: where it is, and what happens to a test when it is not there.

A test says what it needs by its mark (`browser`, `npm`, `postgres`, `mariadb`, `redis`, `poppler`, `gpu`) and is
skipped, saying what is missing, where that cannot be had. In CI, where everything but a GPU is installed, it fails
instead: a skip there would hide it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from workbench_voila.front import STATIC

OLDEST_POSTGRES = 15
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


@cache
def chromium() -> Path | None:
    """The browser that tests drive."""
    named = os.environ.get("WORKBENCH_CHROMIUM", _MAC_BROWSER)
    found = next(filter(None, map(shutil.which, (named, *_BROWSERS))), None)
    return Path(found) if found else None


@cache
def postgres_programs() -> Path | None:
    """The folder with initdb, postgres and pg_ctl of a PostgreSQL that is new enough; the newest first."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        folders += sorted(Path("/").glob(pattern), reverse=True)
    for folder in folders:
        if not (folder / "initdb").exists():
            continue
        version = subprocess.run([folder / "initdb", "--version"], capture_output=True, text=True, check=True).stdout
        major = re.search(r"\d+", version)
        if major and int(major.group()) >= OLDEST_POSTGRES:
            return folder
    return None


@cache
def mariadb_program(name: str) -> Path | None:
    """One of MariaDB's programs; Debian keeps the server where only root's path leads."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/libexec"]))
    return Path(found) if found else None


@cache
def gpu() -> str | None:
    """Why no GPU engine can run here, or None when one can."""
    if shutil.which("nvidia-smi") is None:
        return "no NVIDIA GPU on this machine"
    try:
        import cudf_polars  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError:
        return "an NVIDIA GPU, but not the packages of environment-gpu.yml"
    return None


@cache
def built() -> bool:
    """Whether what runs in browsers is there: it is left out where npm could not fetch its packages."""
    panel = Path(sys.prefix) / "share/jupyter/labextensions/@analytics-workbench/lab/package.json"
    return panel.is_file() and (STATIC / "page.js").is_file()


def missing(mark: str) -> str | None:
    """Says what a test with this mark would miss here, or None."""
    if mark == "browser" and chromium() is None:
        return "no Chromium found (apt-get install chromium)"
    if mark == "postgres" and postgres_programs() is None:
        return f"no PostgreSQL {OLDEST_POSTGRES}+ server programs found (apt-get install postgresql)"
    if mark == "mariadb" and (mariadb_program("mariadbd") is None or mariadb_program("mariadb-install-db") is None):
        return "no MariaDB server programs found (apt-get install mariadb-server)"
    if mark == "redis" and shutil.which("redis-server") is None:
        return "no redis-server found (apt-get install redis-server)"
    if mark == "poppler" and shutil.which("pdftoppm") is None:
        return "no pdftoppm found (apt-get install poppler-utils)"
    if mark == "npm" and not built():
        return "what runs in browsers is not built (sh scripts/bootstrap.sh development, with a network)"
    if mark == "gpu":
        return gpu()
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    fixtures = getattr(item, "fixturenames", ())
    servers = {name for name in ("postgres", "mariadb", "redis") if f"{name}_url" in fixtures}
    for mark in {mark.name for mark in item.iter_markers()} | servers:
        reason = missing(mark)
        if reason is None:
            continue
        if os.environ.get("CI") and mark != "gpu":
            pytest.fail(f"{reason}, and CI skips nothing that can be installed", pytrace=False)
        pytest.skip(reason)
