"""Ten expectations over many rows: ours, the same checks written by hand in Polars, and those of Pandera and of Great
Expectations.

python -m benchmarks.expectations FOLDER --rows 10000000 --great-expectations GX/bin/python

Pandera is no dependency of ours, and is left out where it is not installed:
`pip install --no-deps --target PEERS pandera typeguard typing_inspect mypy_extensions`, and PYTHONPATH=PEERS.
Great Expectations has a Python of its own, see `great_expectations_peer.py`; it answers once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.contest import Answer, Question, compare
from workbench.data.quality import Suite, check

CARRIERS = ["UA", "AA", "DL", "B6", "EV", "WN", "9E", "MQ", "US", "VX"]
SUITE = Suite.model_validate(
    {
        "dataset": "flights",
        "expectations": [
            {"expect": "not_null", "column": "id"},
            {"expect": "unique", "columns": ["id"]},
            {"expect": "not_null", "column": "carrier"},
            {"expect": "in_set", "column": "carrier", "values": CARRIERS},
            {"expect": "matches", "column": "tailnum", "regex": "^N[0-9]{3,5}$"},
            {"expect": "length", "column": "dest", "min": 3, "max": 3},
            {"expect": "between", "column": "delay", "min": -60, "max": 1440},
            {"expect": "between", "column": "distance", "min": 0},
            {"expect": "holds", "sql": "departed <= arrived"},
            {"expect": "type", "column": "distance", "type": "integer"},
        ],
    }
)


def made(path: Path, rows: int, broken: int) -> Path:
    """The rows, of which some break four of the expectations."""
    file = path / f"flights-{rows}-{broken}.parquet"
    if file.exists():
        return file
    rng = np.random.default_rng(0)
    delay = rng.gamma(2, 12, rows) - 10
    departed = rng.integers(0, 10**6, rows)
    wrong = rng.choice(rows, broken, replace=False)
    delay[wrong] = 9_999
    departed[wrong] = 10**9
    carrier, tail = rng.integers(0, len(CARRIERS), rows), rng.integers(100, 99_999, rows)
    frame = pl.DataFrame(
        {
            "id": rng.permutation(rows),
            "carrier": pl.Series(carrier).replace_strict(dict(enumerate(CARRIERS)), return_dtype=pl.String),
            "tail": tail,
            "dest": rng.choice(["JFK", "EWR", "LGA", "ORD", "ATL"], rows),
            "delay": delay,
            "distance": rng.integers(80, 5_000, rows),
            "departed": departed,
            "arrived": departed + np.where(departed == 10**9, -60, 60),
        }
    )
    frame = frame.with_columns(tailnum=pl.concat_str(pl.lit("N"), pl.col("tail").cast(pl.String))).drop("tail")
    frame.write_parquet(file)
    return file


def told(counts: list[int]) -> pl.DataFrame:
    """How many rows break each expectation, which all have to agree on."""
    return pl.DataFrame({"expectation": range(len(counts)), "failed": counts})


def ours(file: Path) -> pl.DataFrame:
    return told([outcome.failed for outcome in check(pl.scan_parquet(file), SUITE).outcomes])


def by_hand(file: Path, engine: str) -> pl.DataFrame:
    """As somebody writes it who knows Polars: one plan, all counts."""
    column = pl.col
    plan = pl.scan_parquet(file).select(
        column("id").null_count().alias("0"),
        column("id").is_duplicated().sum().alias("1"),
        column("carrier").null_count().alias("2"),
        (~column("carrier").is_in(CARRIERS)).sum().alias("3"),
        (~column("tailnum").str.contains("^N[0-9]{3,5}$")).sum().alias("4"),
        (column("dest").str.len_chars() != 3).sum().alias("5"),
        (~column("delay").is_between(-60, 1440)).sum().alias("6"),
        (column("distance") < 0).sum().alias("7"),
        (column("departed") > column("arrived")).sum().alias("8"),
    )
    assert plan.collect_schema()  # and of which type the distance is
    assert pl.scan_parquet(file).collect_schema()["distance"].is_integer()
    return told([*map(int, plan.collect(engine=engine).row(0)), 0])  # type: ignore[call-overload]


def by_pandera(file: Path) -> pl.DataFrame:
    """Its Polars backend, all failures at once (`lazy`)."""
    import pandera.polars as pa

    whole = pa.Check(lambda data: data.lazyframe.select(pl.col("departed") <= pl.col("arrived")), name="order")
    schema = pa.DataFrameSchema(
        {
            "id": pa.Column(pl.Int64, nullable=False, unique=True),
            "carrier": pa.Column(pl.String, pa.Check.isin(CARRIERS), nullable=False),
            "tailnum": pa.Column(pl.String, pa.Check.str_matches("^N[0-9]{3,5}$"), nullable=True),
            "dest": pa.Column(pl.String, pa.Check.str_length(3, 3), nullable=True),
            "delay": pa.Column(pl.Float64, pa.Check.in_range(-60, 1440), nullable=True),
            "distance": pa.Column(pl.Int64, pa.Check.ge(0), nullable=True),
        },
        checks=[whole],
    )
    found = dict.fromkeys(range(10), 0)
    try:
        schema.validate(pl.read_parquet(file), lazy=True)
    except pa.errors.SchemaErrors as error:
        for one in error.schema_errors:
            place = {"delay": 6, "order": 8}["delay" if one.schema.name == "delay" else "order"]
            found[place] = one.failure_cases.height
    return told(list(found.values()))


def by_pandera_pandas(file: Path) -> pl.DataFrame:
    """Its pandas backend, which most who use it use."""
    import pandas as pd
    import pandera.pandas as pa

    schema = pa.DataFrameSchema(
        {
            "id": pa.Column("int64", nullable=False, unique=True),
            "carrier": pa.Column("str", pa.Check.isin(CARRIERS), nullable=False),
            "tailnum": pa.Column("str", pa.Check.str_matches("^N[0-9]{3,5}$"), nullable=True),
            "dest": pa.Column("str", pa.Check.str_length(3, 3), nullable=True),
            "delay": pa.Column("float64", pa.Check.in_range(-60, 1440), nullable=True),
            "distance": pa.Column("int64", pa.Check.ge(0), nullable=True),
        },
        checks=[pa.Check(lambda frame: frame["departed"] <= frame["arrived"], name="order")],
    )
    found = dict.fromkeys(range(10), 0)
    try:
        schema.validate(pd.read_parquet(file), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        found[6] = int(cases["check"].str.startswith("in_range").sum())
        found[8] = int(cases.loc[cases["check"] == "order", "index"].nunique())
    return told(list(found.values()))


class GreatExpectations:
    """Its pandas engine in a process of its own, which was started and has imported all it needs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def started(cls, python: Path | None, warm: Path) -> Iterator[GreatExpectations | None]:
        """
        Args:
            python: The interpreter that has it; None gives none.
            warm: A small file that it answers first.
        """
        if python is None:
            yield None
            return
        program = Path(__file__).parent / "great_expectations_peer.py"
        with subprocess.Popen([python, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            made = cls(process)
            made(warm)
            yield made

    def __call__(self, file: Path) -> pl.DataFrame:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{file}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("counts "):
                return told(json.loads(line.removeprefix("counts ")))
        raise AssertionError("Great Expectations ended without an answer")


def floor(file: Path) -> pl.DataFrame:
    columns = sorted({name for one in SUITE.expectations for name in one.columns_needed})
    return pl.scan_parquet(file).select(columns).collect(engine="streaming")


def question(file: Path, title: str, great: GreatExpectations | None) -> Question:
    peers: dict[str, Answer] = {
        f"Polars by hand, {engine}": partial(by_hand, file, engine) for engine in ("in-memory", "streaming")
    }
    if find_spec("pandera") is None:
        print("Pandera is not installed, and is left out")
    else:
        peers["Pandera, Polars backend"] = partial(by_pandera, file)
        peers["Pandera, pandas backend"] = partial(by_pandera_pandas, file)
    slow: dict[str, Answer] = {} if great is None else {"Great Expectations, pandas engine": partial(great, file)}
    return Question(title, partial(ours, file), peers, partial(floor, file), slow)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--great-expectations", type=Path, help="the Python that it is installed for")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    print(f"{asked.rows:,} rows, {asked.runs} runs by turns, Polars {pl.__version__}, {pl.thread_pool_size()} threads")
    files = {
        title: made(asked.folder, asked.rows, broken)
        for broken, title in ((0, "ten expectations, all met"), (asked.rows // 10_000, "ten expectations, two broken"))
    }
    with GreatExpectations.started(asked.great_expectations, made(asked.folder, 1_000, 0)) as great:
        for title, file in files.items():
            compare(question(file, title, great), asked.runs, slow=True)


if __name__ == "__main__":
    main()
