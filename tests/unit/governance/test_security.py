from __future__ import annotations

from typing import Any

import pytest

from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Conflict, Forbidden, NotFound
from workbench.governance.security import Policy, Principal, Role, Security, local_owner

VERA = Principal("vera", Role.VIEWER)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_includes_itself_and_those_before_it(role: Role) -> None:
    order = list(Role)
    assert [role.includes(other) for other in order] == [order.index(other) <= order.index(role) for other in order]


def test_who_may_not_is_told_the_role_that_may(catalog: Catalog) -> None:
    with pytest.raises(Forbidden, match=r"vera \(viewer\) may not delete dataset 'x': that takes the role engineer"):
        Security(catalog).require(VERA, Role.ENGINEER, "delete dataset 'x'")


def test_users_are_added_once_and_found_by_name(catalog: Catalog) -> None:
    security = Security(catalog)
    security.add_user("vera", Role.VIEWER, by=local_owner())
    assert security.user("vera") == VERA
    with pytest.raises(Conflict):
        security.add_user("vera", Role.ADMIN, by=local_owner())
    with pytest.raises(NotFound, match="did you mean 'vera'"):
        security.user("verra")


def test_only_an_admin_adds_users_and_sets_policies(catalog: Catalog) -> None:
    security = Security(catalog)
    engineer = Principal("eve", Role.ENGINEER)
    with pytest.raises(Forbidden):
        security.add_user("mallory", Role.ADMIN, by=engineer)
    with pytest.raises(Forbidden):
        security.set_policy(Policy(dataset="flights", role=Role.VIEWER), by=engineer)


def test_a_policy_is_for_one_role_and_can_be_replaced_and_cleared(catalog: Catalog) -> None:
    security = Security(catalog)
    first = Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'")
    second = Policy(dataset="flights", role=Role.VIEWER, columns={"tailnum": "NULL"})
    security.set_policy(first, by=local_owner())
    assert security.policy_for(VERA, "flights") == first
    assert security.policy_for(Principal("ann", Role.ANALYST), "flights") is None
    security.set_policy(second, by=local_owner())
    assert security.policy_for(VERA, "flights") == second
    security.clear_policy("flights", Role.VIEWER, by=local_owner())
    assert security.policy_for(VERA, "flights") is None


def test_every_act_is_in_the_audit_log_newest_first(catalog: Catalog) -> None:
    security = Security(catalog)
    security.add_user("vera", Role.VIEWER, by=local_owner())
    security.set_policy(Policy(dataset="flights", role=Role.VIEWER), by=local_owner())
    entries = security.audit()
    assert [entry.action for entry in entries] == ["set policy", "add user", "register owner"]
    assert entries[1].thing == "user vera"
    assert security.audit(thing="user vera") == [entries[1]]


def test_an_act_that_fails_leaves_no_audit_entry(catalog: Catalog) -> None:
    security = Security(catalog)
    security.add_user("vera", Role.VIEWER, by=local_owner())
    with pytest.raises(Conflict):
        security.add_user("vera", Role.ADMIN, by=local_owner())
    assert [entry.action for entry in security.audit(thing="user vera")] == ["add user"]


@pytest.mark.parametrize(
    ("own", "other", "no_more"),
    [
        ({}, None, True),
        ({"row_filter": "a = 1"}, None, False),
        ({"columns": {"a": "NULL"}}, None, False),
        ({"row_filter": "a = 1"}, {"row_filter": "a = 1", "columns": {"a": "NULL"}}, True),
        ({"row_filter": "a = 1"}, {"row_filter": "a = 2"}, False),
        ({"columns": {"a": "NULL"}}, {"columns": {"a": "NULL", "b": "NULL"}}, True),
        ({"columns": {"a": "NULL"}}, {"columns": {"a": "'x'"}}, False),
    ],
)
def test_policies_are_compared_by_what_they_hide(
    own: dict[str, Any], other: dict[str, Any] | None, no_more: bool
) -> None:
    mine = Policy(dataset="d", role=Role.VIEWER, **own)
    theirs = None if other is None else Policy(dataset="d", role=Role.ANALYST, **other)
    assert mine.hides_no_more_than(theirs) is no_more
