"""Who may open which rendered report."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from site_of_servers import rendered

from workbench import Workbench
from workbench.foundation.errors import Forbidden, NotFound
from workbench.governance.security import Policy, Principal, Role

VERA = Principal("vera", Role.VIEWER)
ANA = Principal("ana", Role.ANALYST)
ROWS = Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'")
MASKED = Policy(dataset="flights", role=Role.VIEWER, columns={"tailnum": "'***'"})


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    """A workspace with a dataset and a report's definition."""
    home = wb.settings.home
    (home / "workbench.toml").write_text('chromium = "/nowhere/chromium"\n')
    (home / "reports").mkdir()
    (home / "reports" / "punctuality.yaml").write_text(
        "name: punctuality\ntitle: Flight punctuality\nnotebook: reports/punctuality.ipynb\n"
    )
    (home / "reports" / "punctuality.ipynb").write_text("{}")
    wb.datasets.create("flights", pl.DataFrame({"origin": ["JFK"], "tailnum": ["N1"]}))
    return wb


def opens(owner: Workbench, who: Principal, run: str) -> bool:
    gallery = owner.acting_as(who).gallery
    try:
        shown = gallery.open("punctuality", run)
    except Forbidden:
        assert run not in [one.run.id for one in gallery.list()]
        return False
    assert run in [one.run.id for one in gallery.list("punctuality")]
    assert shown.html.is_file()
    return True


def test_without_a_policy_everybody_opens_every_report(owner: Workbench) -> None:
    assert opens(owner, VERA, rendered(owner, owner.actor.principal, "flights"))


@pytest.mark.parametrize("policy", [ROWS, MASKED])
def test_a_run_of_somebody_who_sees_more_stays_closed(owner: Workbench, policy: Policy) -> None:
    owner.security.set_policy(policy, by=owner.actor.principal)
    assert not opens(owner, VERA, rendered(owner, owner.actor.principal, "flights"))
    assert opens(owner, VERA, rendered(owner, VERA, "flights"))


def test_a_run_that_read_other_datasets_is_open(owner: Workbench) -> None:
    owner.datasets.create("others", pl.DataFrame({"n": [1]}))
    owner.security.set_policy(ROWS, by=owner.actor.principal)
    assert opens(owner, VERA, rendered(owner, owner.actor.principal, "others"))


def test_a_role_with_the_same_policy_shows_no_more(owner: Workbench) -> None:
    for role in (Role.VIEWER, Role.ANALYST):
        owner.security.set_policy(ROWS.model_copy(update={"role": role}), by=owner.actor.principal)
    assert opens(owner, VERA, rendered(owner, ANA, "flights"))


def change(owner: Workbench) -> None:
    owner.security.set_policy(ROWS, by=owner.actor.principal)


def rename(owner: Workbench) -> None:
    owner.security.set_policy(ROWS, by=owner.actor.principal)
    owner.datasets.rename("flights", "departures")


def delete(owner: Workbench) -> None:
    owner.datasets.delete("flights")


@pytest.mark.parametrize("act", [change, rename])
def test_a_policy_that_came_after_the_run_closes_even_one_s_own(
    owner: Workbench, act: Callable[[Workbench], None]
) -> None:
    run = rendered(owner, VERA, "flights")
    assert opens(owner, VERA, run)
    act(owner)
    assert not opens(owner, VERA, run)


def test_of_a_deleted_dataset_only_the_run_s_role_and_above_see(owner: Workbench) -> None:
    owner.security.set_policy(ROWS, by=owner.actor.principal)
    run = rendered(owner, ANA, "flights")
    delete(owner)
    assert not opens(owner, VERA, run)
    assert opens(owner, ANA, run)


@pytest.mark.parametrize(("name", "run"), [("punctualty", "x"), ("..", "x"), ("punctuality", ".."), ("", "")])
def test_what_is_not_there_is_not_found(owner: Workbench, name: str, run: str) -> None:
    rendered(owner, VERA, "flights")
    with pytest.raises(NotFound):
        owner.gallery.open(name, run)


def test_the_list_is_newest_first_and_paged(owner: Workbench) -> None:
    runs = [rendered(owner, VERA, "flights") for _ in range(3)]
    newest = sorted(runs, reverse=True)
    assert [one.run.id for one in owner.gallery.list(limit=2)] == newest[:2]
    assert [one.run.id for one in owner.gallery.list(before=newest[1])] == newest[2:]
    assert newest[0] in repr(owner.gallery)
    assert owner.gallery.list("nothing") == []
