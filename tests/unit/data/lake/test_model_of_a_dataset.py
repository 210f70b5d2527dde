"""Random sequences of changes, held against a plain list of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.lake import Checkpoint, Lake, Version
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict
from workbench.foundation.settings import Settings
from workbench.governance.runs import Actor, Runs
from workbench.governance.security import Principal, Role, Security

Row = tuple[int, str | None, str | None]
ADMIN = Actor(Principal("ada", Role.ADMIN))
SCHEMA = {"k": pl.Int64, "p": pl.String, "v": pl.String}
PARTS = st.sampled_from(["a", "b", None])
VALUES = st.none() | st.text(max_size=3)
ROW = st.tuples(st.integers(0, 12), PARTS, VALUES)
ROWS = st.lists(ROW, max_size=6, unique_by=lambda row: row[0])
CHANGE = st.one_of(
    st.tuples(st.just("append"), ROWS),
    st.tuples(st.just("upsert"), ROWS),
    st.tuples(st.just("overwrite"), ROWS),
    st.tuples(st.just("partition"), st.tuples(PARTS, ROWS)),
    st.tuples(st.just("optimize"), st.none()),
    st.tuples(st.just("repeat"), ROWS),
)
_names = count()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lake]:
    folder: Path = tmp_path_factory.mktemp("model")
    catalog = Catalog(f"sqlite:///{folder / 'catalog.db'}")
    catalog.prepare()
    catalog.close()
    return lambda: Lake(folder / "lake", catalog, Runs(catalog, Settings(home=folder)), Security(catalog))


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@pytest.mark.parametrize("partitioned", [False, True])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(CHANGE, max_size=8))
def test_a_dataset_is_what_its_changes_make_of_it(
    shared: Callable[[], Lake], partitioned: bool, changes: list[tuple[str, object]]
) -> None:
    lake, name = shared(), f"t{next(_names)}"
    lake.create(name, SCHEMA, ADMIN, key=["k"], partition_by=["p"] if partitioned else [])
    model: list[Row] = []
    by_version = {0: list(model)}
    for number, (doing, what) in enumerate(changes):
        match doing, what:
            case "append" | "repeat", list(rows) if {row[0] for row in rows} & {row[0] for row in model}:
                with pytest.raises(Conflict, match="have a key"):
                    lake.append(name, frame(rows), ADMIN)
                continue
            case "append", list(rows):
                version = lake.append(name, frame(rows), ADMIN)
                model = model + rows
            case "repeat", list(rows):
                done = Checkpoint("s", str(number), number)
                lake.append(name, frame(rows), ADMIN, checkpoint=done)
                version = lake.append(name, frame(rows), ADMIN, checkpoint=done)
                model = model + rows
            case "upsert", list(rows):
                version = lake.upsert(name, frame(rows), ADMIN)
                keys = {row[0] for row in rows}
                model = [row for row in model if row[0] not in keys] + rows
            case "overwrite", list(rows):
                version = lake.overwrite(name, frame(rows), ADMIN)
                model = rows
            case "partition", (part, list(rows)) if partitioned:
                rows = [(key, part, value) for key, _, value in rows]
                version = lake.overwrite(name, frame(rows), ADMIN, partition={"p": part})
                model = [row for row in model if row[1] != part] + rows
            case "optimize", _:
                version = lake.optimize(name, ADMIN)
            case _:
                continue
        by_version[version.number] = list(model)
    for opened in (lake, shared()):
        for version_number, rows in by_version.items():
            found = opened.read(name, ADMIN, version=version_number).collect()
            assert found.schema == SCHEMA
            assert Counter(found.rows()) == Counter(rows)
        assert opened.info(name, ADMIN).rows == len(model)
    check_effects(lake.versions(name, ADMIN), by_version)


def check_effects(versions: list[Version], by_version: dict[int, list[Row]]) -> None:
    """What each commit says of its rows, against the rows themselves."""
    for version in versions[:-1]:
        effect = version.effect
        assert effect.added is not None
        assert effect.changed is not None
        assert effect.removed is not None
        was, now = (by_version[number] for number in (version.number - 1, version.number))
        assert len(now) == len(was) + effect.added - effect.removed
        if version.operation != "overwrite":  # which is told as all that came for all that was there
            assert effect.added + effect.changed == (Counter(now) - Counter(was)).total()
            assert effect.removed + effect.changed == (Counter(was) - Counter(now)).total()
