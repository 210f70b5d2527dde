"""A policy that drops rows and redacts a column, sent through every door that data leaves the lake by.

A new door joins by one entry in `DOORS` of `policy_doors`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from policy_doors import DOORS, JOINED, METRIC, OPEN, SECRET, WHOLE, dataset_of, rows

from workbench import Workbench
from workbench.foundation.errors import Forbidden, NotFound
from workbench.governance.security import Policy, Principal, Role, Security

# Processes of their own, which cost seconds: what they say is what the library says.
SERVED = {"a saved query over HTTP", "dashboard", "connect"}


def _marks(door: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.gpu] if "cudf" in door else [pytest.mark.newest] if door in SERVED else []


EVERY_DOOR = [pytest.param(door, marks=_marks(door)) for door in DOORS]


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    """A dataset in two files and three versions, and the policy for viewers."""
    (wb.settings.home / "metrics").mkdir()
    (wb.settings.home / "metrics" / "flights.yaml").write_text(yaml.safe_dump([METRIC, JOINED]))
    wb.datasets.create("delays", WHOLE.select(minutes="delay"))
    wb.datasets.create("flights", WHOLE.head(2))
    dataset = dataset_of(wb)
    dataset.append(WHOLE.tail(2))
    dataset.append(WHOLE.clear())
    wb.security.set_policy(
        Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'", columns={"tailnum": "'***'"}),
        by=wb.actor.principal,
    )
    return wb


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_no_hidden_row_or_value_leaves_by(door: str, owner: Workbench) -> None:
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    found = rows(DOORS[door](viewer))
    assert found == OPEN.to_dicts()
    assert SECRET not in json.dumps(found)


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_a_policy_over_a_column_that_is_gone_closes(door: str, owner: Workbench) -> None:
    # As it was set when there was such a column: now it would be refused.
    Security(owner.catalog).set_policy(
        Policy(dataset="flights", role=Role.VIEWER, row_filter="departure = 'JFK'"), by=owner.actor.principal
    )
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    with pytest.raises(Forbidden, match="'flights' stays closed to the role viewer"):
        DOORS[door](viewer)


@pytest.mark.parametrize(
    ("door", "role"),
    [
        pytest.param(door, role, marks=[*_marks(door), *([pytest.mark.long] if twice else [])])
        for door in DOORS
        for role in (Role.VIEWER, Role.ANALYST)
        for twice in [door in SERVED and role is Role.ANALYST]
    ],
)
def test_who_may_do_less_does_not_see_more(door: str, role: Role, owner: Workbench) -> None:
    """Through a process of its own as a viewer; where the long tests run, as an analyst as well."""
    owner.security.clear_policy("flights", Role.VIEWER, by=owner.actor.principal)
    owner.security.set_policy(
        Policy(dataset="flights", role=Role.ANALYST, row_filter="origin = 'JFK'", columns={"tailnum": "'***'"}),
        by=owner.actor.principal,
    )
    assert rows(DOORS[door](owner.acting_as(Principal("vera", role)))) == OPEN.to_dicts()


def test_a_hidden_column_keeps_its_type(owner: Workbench) -> None:
    owner.security.set_policy(
        Policy(dataset="flights", role=Role.VIEWER, columns={"delay": "NULL"}), by=owner.actor.principal
    )
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    frame = dataset_of(viewer).to_polars()
    assert frame.schema["delay"] == WHOLE.schema["delay"]
    assert frame["delay"].null_count() == frame.height
    assert viewer.datasets["flights"].info.columns == owner.datasets["flights"].info.columns


@pytest.mark.parametrize(
    ("policy", "error", "said"),
    [
        ({"dataset": "flihgts"}, NotFound, "did you mean 'flights'"),
        ({"dataset": "flights", "row_filter": "origin = "}, Forbidden, "row filter of its policy cannot be applied"),
        ({"dataset": "flights", "row_filter": "delay"}, Forbidden, "is not a condition"),
        ({"dataset": "flights", "columns": {"tial": "NULL"}}, Forbidden, "names a column that the dataset does not"),
    ],
)
def test_a_policy_that_would_protect_nothing_is_refused_when_it_is_set(
    owner: Workbench, policy: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        owner.security.set_policy(Policy(role=Role.ANALYST, **policy), by=owner.actor.principal)


def test_who_has_no_policy_sees_everything(owner: Workbench, tmp_path: Path) -> None:
    assert dataset_of(owner).to_polars().equals(WHOLE)
    assert owner.sql("SELECT count(*) AS n FROM flights").to_dicts() == [{"n": 4}]


def test_the_number_of_rows_that_a_viewer_is_told_is_of_those_they_see(owner: Workbench) -> None:
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    assert {info.name: info.rows for info in viewer.datasets.infos()}["flights"] == 2
    assert "2 rows" in repr(dataset_of(viewer))
    assert "2 rows" in repr(viewer.datasets)
