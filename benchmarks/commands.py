"""How long the commands take: the demo on a reset workspace, a second run of it, and `--help`.

    python -m benchmarks.commands [--runs 3]

Beside each figure stands its floor: what any program of this kind has to pay on this machine. Commands take turns, so
that the machine's moods fall on all of them alike; what is printed are medians with the lowest and highest.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        workbench = str(BIN / "workbench")
        demo = [workbench, "demo", "--no-serve"]
        subprocess.run(demo, cwd=folder, check=True, capture_output=True)
        rows: dict[str, list[float]] = {}
        for _ in range(runs):
            for name, command in (
                ("workbench demo --reset", [*demo, "--reset"]),
                ("workbench demo, nothing changed", demo),
                ("  floor: import what a pipeline needs", [sys.executable, "-c", "import workbench.app"]),
                ("workbench --help", [workbench, "--help"]),
                ("  floor: an empty Python program", [sys.executable, "-c", "pass"]),
                ("  floor: import typer", [sys.executable, "-c", "import typer"]),
            ):
                rows.setdefault(name, []).append(_seconds(command, folder))
        last = subprocess.run([*demo, "--reset"], cwd=folder, check=True, capture_output=True, text=True).stdout
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {runs} runs\n")
    print(f"{'':<42}{'median s':>10}{'lowest':>10}{'highest':>10}")
    for name, seconds in rows.items():
        print(f"{name:<42}{statistics.median(seconds):>10.2f}{min(seconds):>10.2f}{max(seconds):>10.2f}")
    print("\nWhere the time of one more reset went\n")
    print(last.partition("Where the time went")[2].partition("Next")[0].strip())


def _seconds(command: list[str], folder: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
