"""Serves this workspace and follows the sources: Python is reloaded, TypeScript built again. `make dev` runs it.

A change of a Python file or template starts `api` and `voila` again; `lab` goes on, because a restart would end its
kernels. A change of TypeScript builds what it belongs to; reload the browser's page to have it. Ctrl-C ends it all.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from workbench import Workbench

ROOT = Path(__file__).parents[1]
RELOADED = ("api", "voila")
PYTHON = ("workbench", "extensions/server", "extensions/voila/workbench_voila")
TYPESCRIPT = ("extensions/lab/src", "extensions/voila/page/src")
LOOK_SECONDS = 0.5


class Watched:
    """Files of some kinds below some folders.

    Args:
        folders: Those that are not there are empty.
        endings: With their dots: ".py".
    """

    def __init__(self, folders: Iterable[Path], endings: tuple[str, ...]) -> None:
        self._folders = tuple(folders)
        self._endings = endings
        self._known = self._look()

    def changed(self) -> list[Path]:
        """What was written, made or taken away since the last look."""
        before, self._known = self._known, self._look()
        different = before.keys() ^ self._known.keys()
        return sorted(different | {path for path in before.keys() & self._known if before[path] != self._known[path]})

    def _look(self) -> dict[Path, tuple[int, int]]:
        found = {}
        for folder in self._folders:
            for path in folder.rglob("*"):
                if path.suffix in self._endings and path.is_file():
                    about = path.stat()
                    found[path] = (about.st_mtime_ns, about.st_size)
        return found


def main() -> None:
    with Workbench.open(ROOT) as wb:
        names = wb.processes.names()
    python = Watched((ROOT / folder for folder in PYTHON), (".py", ".j2", ".css", ".js"))
    typescript = Watched((ROOT / folder for folder in TYPESCRIPT), (".ts", ".tsx", ".css"))
    reloaded = [name for name in names if name in RELOADED]
    kept = _serve([name for name in names if name not in RELOADED])
    served = _serve(reloaded)
    try:
        while kept.poll() is None:
            time.sleep(LOOK_SECONDS)
            if (changed := python.changed()) or served.poll() is not None:
                _say(changed, f"starting {' and '.join(reloaded)} again")
                _end(served)
                served = _serve(reloaded)
            if changed := typescript.changed():
                _say(changed, "building it; then reload the page")
                subprocess.run(["sh", "scripts/bootstrap.sh", "development"], cwd=ROOT, check=False)
    except KeyboardInterrupt:
        pass
    finally:
        _end(kept)
        _end(served)


def _serve(names: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "workbench", "serve", *names], cwd=ROOT)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _say(changed: list[Path], what: str) -> None:
    named = ", ".join(str(path.relative_to(ROOT)) for path in changed[:3]) or "it ended"
    print(f"{named}: {what}", flush=True)


if __name__ == "__main__":
    main()
