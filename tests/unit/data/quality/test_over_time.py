"""What checks found is told over time, to those who see the same; expectations are proposed that hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import yaml
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.data.lake import Lake
from workbench.data.quality import Quality, Suite, check, profiled
from workbench.data.quality.proposing import proposed
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security

SUITE = """
dataset: flights
expectations:
  - {expect: not_null, column: carrier}
  - {expect: references, column: carrier, dataset: carriers, key: code, severity: warn}
"""
VIC = Actor(Principal("vic", Role.VIEWER))


@pytest.fixture
def make(make_quality: Callable[..., Quality], lake: Lake, admin: Actor, tmp_path: Path) -> Callable[..., Quality]:
    (tmp_path / "expectations" / "flights.yaml").write_text(SUITE)
    lake.create("flights", pl.DataFrame({"id": [1, 2, 3], "carrier": ["UA", None, "AA"]}), admin)
    lake.create("carriers", pl.DataFrame({"code": ["UA", "AA"]}), admin)
    return make_quality


def test_each_expectation_has_its_trend(make: Callable[..., Quality], lake: Lake, admin: Actor) -> None:
    quality = make()
    quality.check("flights")
    lake.append("flights", pl.DataFrame({"id": [4], "carrier": ["XX"]}), admin)
    quality.check("flights")
    lake.overwrite("flights", pl.DataFrame({"id": [1], "carrier": ["UA"]}), admin)
    quality.check("flights")
    missing, known = quality.trend("flights")
    assert [(point.version, point.failed, point.rows, point.passed) for point in missing.points] == [
        (0, 1, 3, False), (1, 1, 4, False), (2, 0, 1, True)
    ]  # fmt: skip
    assert [point.failed for point in known.points] == [0, 1, 0]
    assert (known.severity, known.columns) == ("warn", ("carrier",))


@pytest.mark.parametrize("restricted", ["flights", "carriers"])
def test_who_sees_less_is_not_told_of_checks_by_those_who_see_more(
    make: Callable[..., Quality], security: Security, admin: Actor, restricted: str
) -> None:
    make().check("flights")
    assert len(make(VIC).history("flights")) == 1
    column = {"flights": "id", "carriers": "length(code)"}[restricted]
    security.set_policy(Policy(dataset=restricted, role=Role.VIEWER, row_filter=f"{column} > 1"), by=admin.principal)
    assert make(VIC).history("flights") == []
    make(VIC).check("flights")
    (own,) = make(VIC).history("flights")
    assert own.rows == (2 if restricted == "flights" else 3)
    assert [one.rows for one in make().history("flights")] == [3]


ROWS = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["UA-1", "AA-2", "ÄB-3"]) | st.text(max_size=3),
        st.none() | st.floats(-1, 2, width=32),
        st.integers(-3, 300),
    ),
    min_size=0,
    max_size=120,
)


@examples(40, 300)
@given(ROWS, st.booleans())
@example([("UA-1", None, 0), ("\x85", None, 0)] * 10, True)
def test_what_is_proposed_holds_for_the_rows_it_was_proposed_from(rows: list[tuple[object, ...]], often: bool) -> None:
    schema = {"it's: #a": pl.String, "x": pl.Float64, "n": pl.Int64}
    frame = pl.DataFrame(rows * (6 if often else 1), schema=schema, orient="row")
    text = proposed(profiled(frame), "flights")
    suite = Suite.model_validate(yaml.safe_load(text))
    result = check(frame, suite)
    assert all(outcome.passed for outcome in result.outcomes), (text, result)


def test_each_proposal_says_why() -> None:
    frame = pl.DataFrame(
        {
            "id": range(200),
            "carrier": ["UA", "AA"] * 100,
            "flight": [f"UA-{1000 + n}" for n in range(200)],
            "mail": [f"u{n}@example.org" for n in range(200)],
            "share": [0.25, 0.75] * 100,
            "odd": [None, -1.5] * 100,
        }
    )
    text = proposed(profiled(frame), "flights", ["id"])
    lines = text.splitlines()
    found = [line.strip() for line in lines]
    assert "- {expect: unique, columns: [id]}" in found
    assert "- {expect: not_null, column: id}" in found
    assert "- {expect: in_set, column: carrier, severity: warn, values: [AA, UA]}" in found
    assert r"- {expect: matches, column: flight, severity: warn, regex: '^\p{Lu}{2}-\p{Nd}{4}$', mostly: 0.99}" in found
    assert "- {expect: between, column: share, severity: warn, min: 0, max: 1}" in found
    assert not [line for line in found if "column: odd" in line and "type" not in line]
    proposals = [at for at, line in enumerate(found) if line.startswith("- {")]
    assert all(found[at - 1].startswith("# ") and len(found[at - 1]) > 5 for at in proposals)
    few = proposed(profiled(frame.head(10)), "flights")
    assert "not_null" not in few
    assert "between" not in few


def test_a_dataset_has_a_proposal(make: Callable[..., Quality]) -> None:
    assert Suite.model_validate(yaml.safe_load(make().propose("flights"))).dataset == "flights"
