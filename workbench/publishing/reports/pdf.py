"""Printing a page to a tagged PDF with an outline, by whatever Chromium the machine has."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from workbench.foundation.observability import logger

__all__ = ["find_chromium", "print_pdf"]

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "brave-browser",
)
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Brave Browser.app/Contents/MacOS/Brave Browser",
)
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-first-run",
    "--no-default-browser-check",
    # The page fetches nothing; these keep the browser itself from calling home.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
    "--export-tagged-pdf",
)
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_DATA_DIRS", "LD_LIBRARY_PATH")


def find_chromium(setting: str | None) -> tuple[Path | None, str]:
    """The browser that prints, and otherwise the sentence that says why there is none.

    Args:
        setting: The setting `chromium`, a path or a program's name; None to look for one.
    """
    if setting:
        named = shutil.which(setting)
        if named is not None:
            return Path(named), ""
        return None, f"no PDF: the setting 'chromium' names {setting}, which is not a program here"
    for name in _NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found), ""
    for application in _APPLICATIONS:
        if os.access(application, os.X_OK):
            return Path(application), ""
    return None, (
        "no PDF: there is no Chromium on this machine; install chromium or Google Chrome, "
        "or set WORKBENCH_CHROMIUM to one, and render the report again"
    )


def print_pdf(html: str, target: Path, *, chromium: str | None = None, seconds: float = 90) -> str | None:
    """Prints a self-contained page.

    Args:
        html: The page; it is printed with every network name unknown to the browser.
        target: The PDF; replaced whole, or left as it was.
        chromium: The setting of that name.
        seconds: How long it may take.

    Returns:
        None once the PDF is there, otherwise why it is not, in a sentence.
    """
    program, why = find_chromium(chromium)
    if program is None:
        return why
    with tempfile.TemporaryDirectory(prefix="workbench-print-", ignore_cleanup_errors=True) as folder:
        source, made = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(html, encoding="utf-8")
        said = _run([str(program), *_flags(folder), f"--print-to-pdf={made}", source.as_uri()], folder, seconds)
        if said is None:
            return f"no PDF: {program} did not finish in {seconds:.0f} s; render the report again"
        if not _whole(made):
            logger(__name__).warning("printing failed", extra={"program": str(program), "said": said[-2000:]})
            last = next((line for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
            return f"no PDF: {program} could not print the page: {last.strip()[:300]}"
        aside = target.with_suffix(".pdf.tmp")
        shutil.copyfile(made, aside)
        aside.replace(target)
    return None


def _flags(folder: str) -> list[str]:
    flags = [*_FLAGS, f"--user-data-dir={folder}/profile"]
    # As root a sandbox cannot be set up; the page is our own and holds no script.
    return [*flags, "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else flags


def _run(command: list[str], folder: str, seconds: float) -> str | None:
    """What the program said, or None when it took too long; it and its children are gone afterwards."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"HOME": folder}
    log = Path(folder, "said")
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)
    return log.read_text(encoding="utf-8", errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the browser's whole group, which is its own; helpers that outlive it would keep the profile's folder."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _whole(path: Path) -> bool:
    if not path.is_file():
        return False
    data = path.read_bytes()
    return data.startswith(b"%PDF") and b"%%EOF" in data[-1024:]
