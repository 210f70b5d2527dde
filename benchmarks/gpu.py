"""The engine `gpu` against `local` on all cores of one machine: the whole comparison in one command.

    python -m benchmarks.gpu [--rows 100000000] [--runs 5] [--folder DIR] [--only daily ...]

Events of zipf-distributed subjects over 90 days are generated once into 16 files, as a store keeps them: cut by the
hash of the subject, sorted by hash and time. Every analysis is answered by both engines; answers are compared first,
whole numbers and keys exactly, floats to 1e-12 of their value. Then they take turns, and medians are printed, with
three times for the GPU:

  first   the first computation of the process: CUDA's start, kernels' compilation, the pool's first allocations
  cold    a warm process, files dropped from the page cache as far as the system lets us, so that they come from disk
  hot     a warm process, files in the page cache; still read and decoded each time, since no engine keeps rows

What a plan falls back to on the CPU is printed with its reason, and its time is then no time of the GPU. Without a GPU
this says so and ends: there is nothing to compare.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from workbench.analytics.metrics import Key, Measure, Measures
from workbench.compute import SUBJECT_HASH, Analysis, Engine, GpuEngine, LocalEngine, Part, Parts, gpu, hash_of

BUCKETS = 16
SUBJECTS = 500_000
DAYS = 90
AT_A_TIME = 5_000_000

_DAY = Key("time", "time", grain="day")
_WEEK = Key("time", "time", grain="week")
_COUNTRY = Key("country", "country")
ANALYSES: dict[str, Analysis] = {
    "daily count and sum by country": Measures(
        (_DAY, _COUNTRY), (Measure("rows", "count"), Measure("cents", "sum", "cents"))
    ),
    "daily mean of a float by country": Measures((_DAY, _COUNTRY), (Measure("mean", "mean", "amount"),)),
    "weekly buys by country": Measures((_WEEK, _COUNTRY), (Measure("buys", "count", filter="event = 'buy'"),)),
    "distinct subjects by day": Measures((_DAY,), (Measure("users", "count_distinct", "user"),)),
    "p50 and p95 of cents by country": Measures(
        (_COUNTRY,), (Measure("p50", "median", "cents"), Measure("p95", "percentile", "cents", percentile=95.0))
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keeps the generated files there, and takes them from there")
    parser.add_argument("--only", nargs="*", default=[], help="analyses with one of these words in their name")
    given = parser.parse_args()
    lacks = gpu.missing()
    if lacks is not None:
        print(f"The comparison with a GPU cannot be run here: {lacks}. It runs after this, {gpu.INSTALL}.")
        return
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {_card()}; "
        f"polars {pl.__version__}; {given.rows:,} rows, {given.runs} rounds\n"
    )
    with tempfile.TemporaryDirectory() as temporary:
        parts = _parts(given.folder or Path(temporary), given.rows)
        print(f"{BUCKETS} files, {sum(part.bytes for part in parts.parts) / 1e6:,.0f} MB\n")
        print(f"{'seconds, medians':<36}{'local':>9}{'gpu first':>11}{'cold':>9}{'hot':>9}{'hot, of local':>15}")
        for name, analysis in ANALYSES.items():
            if not given.only or any(word in name for word in given.only):
                _compare(name, analysis, parts, given.runs)


def _compare(name: str, analysis: Analysis, parts: Parts, runs: int) -> None:
    local, on_gpu = LocalEngine(), GpuEngine()
    first = _seconds(lambda: on_gpu.run(analysis, parts))
    found = on_gpu.run(analysis, parts)
    assert_frame_equal(found.frame, local.run(analysis, parts).frame, check_exact=False, rel_tol=1e-12, abs_tol=0.0)
    taken: dict[str, list[float]] = {"local": [], "cold": [], "hot": []}
    for _ in range(runs):
        taken["local"].append(_hot(local, analysis, parts))
        _drop(parts)
        taken["cold"].append(_seconds(lambda: on_gpu.run(analysis, parts)))
        taken["hot"].append(_hot(on_gpu, analysis, parts))
    median = {which: statistics.median(times) for which, times in taken.items()}
    print(
        f"{name:<36}{median['local']:>9.3f}{first:>11.3f}{median['cold']:>9.3f}{median['hot']:>9.3f}"
        f"{median['local'] / median['hot']:>14.1f}x"
    )
    if found.use.fell_back:
        print(f"    not a time of the GPU alone: {found.use.why}")


def _hot(engine: Engine, analysis: Analysis, parts: Parts) -> float:
    for part in parts.parts:
        for path in part.files:
            with Path(path).open("rb") as file:
                while file.read(1 << 24):
                    pass
    return _seconds(lambda: engine.run(analysis, parts))


def _drop(parts: Parts) -> None:
    """Asks the system to forget the files' pages; they were synced when they were written."""
    for part in parts.parts:
        for path in part.files:
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _card() -> str:
    import pynvml

    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    name = pynvml.nvmlDeviceGetName(handle)
    return f"{name}, {pynvml.nvmlDeviceGetMemoryInfo(handle).total / 2**30:.0f} GiB"


def _parts(folder: Path, rows: int) -> Parts:
    """The events in files, one part each; generated where they are not there yet."""
    paths = [folder / f"events-{rows}-{bucket}.parquet" for bucket in range(BUCKETS)]
    if not all(path.exists() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        _write(paths, rows)
    schema = dict(pl.read_parquet_schema(paths[0]))
    return Parts(
        tuple(Part((str(path),), schema, sorted=True, rows=_rows(path), bytes=path.stat().st_size) for path in paths),
        by_subject=True,
    )


def _rows(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _write(paths: list[Path], rows: int) -> None:
    """Some millions at a time into a file per bucket and batch, then each bucket sorted into its own file."""
    chance = np.random.default_rng(7)
    names = pl.DataFrame({"code": range(SUBJECTS), "user": [f"user-{code:07d}" for code in range(SUBJECTS)]})
    names = names.with_columns(hash_of(names["user"]).alias(SUBJECT_HASH), code=pl.col("code").cast(pl.Int64))
    with tempfile.TemporaryDirectory(dir=paths[0].parent) as scratch:
        for batch in range(0, rows, AT_A_TIME):
            events = _events(chance, min(AT_A_TIME, rows - batch)).join(names, on="code").drop("code")
            bucket = pl.col(SUBJECT_HASH).cast(pl.UInt64, strict=False, wrap_numerical=True) % BUCKETS
            for (number,), some in events.group_by(bucket.alias("bucket")):
                some.write_parquet(Path(scratch) / f"{number}-{batch}.parquet", compression="lz4")
        for number, path in enumerate(paths):
            found = pl.read_parquet(sorted(Path(scratch).glob(f"{number}-*.parquet")))
            ordered = found.sort(SUBJECT_HASH, "time")
            ordered.write_parquet(path, compression="zstd", compression_level=3, row_group_size=128_000)
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _events(chance: np.random.Generator, rows: int) -> pl.DataFrame:
    names = ["visit", "search", "view", "cart", "buy", "share", "rate", "leave"]
    began = 1_700_000_000_000_000
    return pl.DataFrame(
        {
            "code": chance.zipf(1.2, rows) % SUBJECTS,
            "time": pl.Series(began + chance.integers(0, DAYS * 86_400 * 1_000_000, rows)).cast(
                pl.Datetime("us", "UTC")
            ),
            "event": pl.Series(np.array(names, dtype=object)[chance.integers(0, len(names), rows)], dtype=pl.String),
            "country": pl.Series(
                np.array([f"c{n:02d}" for n in range(30)], dtype=object)[chance.integers(0, 30, rows)], dtype=pl.String
            ),
            "cents": chance.integers(0, 50_000, rows),
            "amount": chance.random(rows) * 500,
        }
    )


if __name__ == "__main__":
    main()
