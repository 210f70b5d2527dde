"""The analyses of this room as an engine sends them: pickled, over files that others' rows are in, too."""

from __future__ import annotations

import pickle
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from event_rows import COLUMNS, frame_of
from polars.testing import assert_frame_equal
from product_analyses import product_analyses

from workbench.compute import SUBJECT_HASH, LocalEngine, Part, Parts, hashed

SINCE = datetime(2024, 2, 26, tzinfo=UTC)
ANALYSES = product_analyses(COLUMNS, ("a", "b"), SINCE)


def _events() -> list[tuple[object, ...]]:
    chance = random.Random(11)
    return [
        (
            None if n % 97 == 0 else f"s{int(chance.paretovariate(0.7)) % 60}",
            chance.choice(("a", "b", "c", None)),
            None if n % 131 == 0 else SINCE + timedelta(hours=chance.randrange(40 * 24)),
            n,
            chance.choice(("de", "fr", None)),
            n % 5,
        )
        for n in range(1_500)
    ]


ROWS = frame_of(_events()).with_columns(hashed("who"))


@pytest.mark.parametrize("name", ANALYSES)
def test_parts_are_bounds_of_hashes_over_the_same_files(name: str, tmp_path: Path) -> None:
    files = []
    for start in (0, 500, 1_000):
        files.append(str(tmp_path / f"{start}.parquet"))
        ROWS.slice(start, 500).sort(SUBJECT_HASH, "at").write_parquet(files[-1])
    alone = int(ROWS.filter(who="s1")[SUBJECT_HASH][0])
    schema = dict(ROWS.schema)
    bounds = [(-(2**63), -1), (0, 2**62), (2**62 + 1, 2**63 - 1)]
    parts = [Part(tuple(files), schema, hashes=bound, without=(alone,), sorted=True) for bound in bounds]
    parts.append(Part(tuple(files), schema, hashes=(alone, alone), sorted=True))
    sent, cut = pickle.loads(pickle.dumps((ANALYSES[name], Parts(tuple(parts), by_subject=True))))
    frame = LocalEngine().run(ANALYSES[name], Parts.of(ROWS, by_subject=True)).frame
    assert_frame_equal(LocalEngine().run(sent, cut).frame, frame)
