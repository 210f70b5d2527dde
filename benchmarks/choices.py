"""What our own choices cost: engines, layouts and kept results against each other, memory, and what a day takes.

    python -m benchmarks.choices [--rows 10000000] [--runs 5] [--folder DIR] [--only dask folds late warm memory day]

The store is that of `benchmarks.product`; a folder that it kept can be given here. What is compared takes turns.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

from benchmarks.contest import Answer, seconds
from benchmarks.events import Store, store
from benchmarks.product import ANY_START, FIRST_TOUCH, RETENTION, SESSIONS, Asked, machine, questions
from workbench.compute import Analysis, DaskEngine, Engine, LocalEngine, compiled

DAYS_OF_A_MILLION = 10
"""Each day's rows are a run; the writer merges them by ten."""
CHOICES = ("dask", "folds", "late", "warm", "memory", "day")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keeps the generated events there, and takes them from there")
    parser.add_argument("--only", nargs="*", default=CHOICES, choices=CHOICES)
    parser.add_argument("--plans", action="store_true", help="without compiled code, as a process is at first")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not given.plans:
        compiled.load()
    if given.alone is not None:
        _alone(store(given.folder, given.rows), given.alone)
        return
    print(machine(given.rows, given.runs))
    with tempfile.TemporaryDirectory() as temporary:
        made = store(given.folder or Path(temporary), given.rows)
        for choice in given.only:
            if choice == "dask":
                _dask(made, given.runs)
            elif choice == "folds":
                _folds(made, given.runs, Path(temporary))
            elif choice == "late":
                _late(made, given.runs, Path(temporary))
            elif choice == "warm":
                _warm(made, given.runs)
            elif choice == "memory":
                _memory(made)
            else:
                _day(Path(temporary))


def _dask(made: Store, runs: int) -> None:
    ask, engine = Asked(made), DaskEngine(workers=2)
    engines: dict[str, Engine] = {"local": LocalEngine(), "dask, 2 workers": engine}
    analyses = {"funnel, first touch": FIRST_TOUCH, "funnel from any start": ANY_START, "sessions": SESSIONS}
    for title, analysis in {**analyses, "weekly retention": RETENTION}.items():
        _take_turns(title, {name: _run(ask, analysis, one) for name, one in engines.items()}, runs)


def _run(ask: Asked, analysis: Analysis, engine: Engine) -> Answer:
    return lambda: engine.run(analysis, ask.parts()).frame


def _folds(made: Store, runs: int, temporary: Path) -> None:
    """A store of which the last eight days' runs are not merged yet, and the same one merged fully."""
    folder = temporary / "eight"
    folder.mkdir()
    eight = store(folder, made.rows, unfolded=8)
    merged = _copy(eight, temporary / "merged")
    merged.lake.optimize("events", merged.actor)
    _layouts({"eight runs": eight, "fully merged": merged}, runs)


def _late(made: Store, runs: int, temporary: Path) -> None:
    """The same number of rows of which one in a hundred came up to three days late."""
    folder = temporary / "late"
    folder.mkdir()
    _layouts({"in order": made, "1 % late": store(folder, made.rows, late=True)}, runs)


def _layouts(stores: dict[str, Store], runs: int) -> None:
    asked = {name: Asked(one) for name, one in stores.items()}
    for name, ask in asked.items():
        runs_of_a_part = [len(part.files) for part in ask.parts().parts]
        print(f"{name}: {len(runs_of_a_part)} parts of {min(runs_of_a_part)} to {max(runs_of_a_part)} runs")
    answers = {name: {one.title: one.ours for one in questions(stores[name], ask)} for name, ask in asked.items()}
    for title in next(iter(answers.values())):
        _take_turns(title, {name: answers[name][title] for name in stores}, runs)


def _copy(made: Store, folder: Path) -> Store:
    shutil.copytree(made.plain.parent / ".workbench", folder / ".workbench")
    return store(folder, made.rows)


def _warm(made: Store, runs: int) -> None:
    """What is asked again, and what a rollup keeps: milliseconds, whole."""
    print(f"\n{'asked again, and through a rollup':<46}{'median ms':>10}{'lowest':>9}{'highest':>9}")
    for name, answer in Asked(made).warm().items():
        answer()
        taken = sorted(seconds(answer) * 1e3 for _ in range(4 * runs))
        print(f"  {name:<44}{statistics.median(taken):>10.1f}{taken[0]:>9.1f}{taken[-1]:>9.1f}", flush=True)


def _memory(made: Store) -> None:
    """The most memory that a process held that answers one question once; on Linux."""
    print(f"\n{'memory of a process':<70}{'peak MB':>10}")
    for title in ["", *(one.title for one in questions(made, Asked(made)))]:
        program = [sys.executable, "-m", "benchmarks.choices", "--rows", str(made.rows), "--alone", title]
        said = subprocess.run(
            [*program, "--folder", str(made.plain.parent)], capture_output=True, text=True, check=True
        ).stdout
        print(f"  {title or 'nothing asked: what is loaded':<68}{int(said.split()[-1]) / 1e3:>10,.0f}", flush=True)


def _alone(made: Store, title: str) -> None:
    for one in questions(made, Asked(made)):
        if one.title == title:
            one.ours()
    # What `getrusage` says begins with the peak of the process that started this one.
    print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))


def _day(temporary: Path) -> None:
    folder = temporary / "days"
    folder.mkdir()
    rows = DAYS_OF_A_MILLION * 1_000_000
    made = store(folder, rows, DAYS_OF_A_MILLION, late=True)
    print(
        f"\n{DAYS_OF_A_MILLION} days of a million rows, 1 % late: {rows / made.append_seconds:,.0f} rows/s appended, "
        f"{made.appended / made.received:.2f} bytes written per byte received; folding took {made.fold_seconds:.1f} s, "
        f"and {made.written / made.received:.2f} bytes with it"
    )


def _take_turns(title: str, answers: dict[str, Callable[[], pl.DataFrame]], runs: int) -> None:
    """Prints medians, and how the others relate to the first; all have to say the same."""
    found = [answer() for answer in answers.values()]
    for frame in found[1:]:
        assert frame.height == found[0].height, title
    taken: dict[str, list[float]] = {name: [] for name in answers}
    for _ in range(runs):
        for name, answer in answers.items():
            taken[name].append(seconds(answer))
    print(f"\n{title}\n{'':<46}{'median s':>10}{'lowest':>9}{'highest':>9}{'to the first':>14}")
    first = statistics.median(next(iter(taken.values())))
    for name, times in taken.items():
        middle = statistics.median(times)
        print(f"  {name:<44}{middle:>10.3f}{min(times):>9.3f}{max(times):>9.3f}{middle / first:>13.2f}x", flush=True)


if __name__ == "__main__":
    main()
