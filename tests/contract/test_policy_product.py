"""A policy that drops rows and masks the subject holds for product analytics at each of its doors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import shop_events
from site_of_servers import running

from workbench import Workbench
from workbench.cli import main
from workbench.governance.security import Policy, Principal, Role

HIDDEN = ("cyd", "dan", "US")
MASKED = ("ada", "bob")


@dataclass(frozen=True)
class Told:
    """What one door tells a viewer: how many took each step, by country, who is in the cohorts, and all it said."""

    funnel: list[tuple[str, int, int]]
    members: dict[str, list[Any]]
    text: str


def by_python(wb: Workbench, capsys: pytest.CaptureFixture[str]) -> Told:
    result = wb.product.funnel("events", ["view", "cart"], breakdown="country")
    behind = [list(result.subjects(step=step)) for step in (1, 2)]
    members = {name: wb.product.cohorts.subjects(name).to_series().to_list() for name in ("carts", "listed", "both")}
    kept = [wb.product.cohorts.get(name) for name in members] + wb.product.cohorts.list()
    frame = result.frame.select("breakdown", "step", "subjects")
    said = f"{result!r} {behind} {kept} {[one.definition for one in kept]} {members} {result.explain()}"
    return Told(frame.rows(), members, said)


def by_rest(wb: Workbench, capsys: pytest.CaptureFixture[str]) -> Told:
    headers = {"Authorization": f"Bearer {token(wb)}"}
    question = {"dataset": "events", "steps": ["view", "cart"], "breakdown": "country"}
    said = []
    with (
        running("api", wb.settings.home) as url,
        httpx.Client(base_url=f"{url}/workbench/api/v1", headers=headers) as api,
    ):

        def ask(path: str, body: Any = None) -> Any:
            answer = api.get(path) if body is None else api.post(path, json=body)
            assert answer.status_code == 200, answer.text
            said.append(answer.text)
            return answer.json()

        told = ask("/product/funnel", question)
        ask("/product/funnel/explain", question)
        ask("/product/funnel/subjects", question | {"cell": {"step": 1}})
        ask("/cohorts")
        members = {}
        for name in ("carts", "listed", "both"):
            ask(f"/cohorts/{name}")
            members[name] = ask(f"/cohorts/{name}/subjects")["subjects"]
    places = [[column["name"] for column in told["columns"]].index(name) for name in ("breakdown", "step", "subjects")]
    return Told([tuple(row[place] for place in places) for row in told["rows"]], members, " ".join(said))  # type: ignore[misc]


def by_command_line(wb: Workbench, capsys: pytest.CaptureFixture[str]) -> Told:
    said = []

    def ask(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--json"])
        told = capsys.readouterr()
        assert not ended.value.code, told.err
        said.append(told.out + told.err)
        return json.loads(told.out)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(wb.settings.home)
        patch.setenv("WORKBENCH_TOKEN", token(wb))
        found = ask("funnel", "events", "view", "cart", "--by", "country", "--explain")
        ask("cohort", "list")
        members = {}
        for name in ("carts", "listed", "both"):
            ask("cohort", "show", name)
            members[name] = [row["who"] for row in ask("cohort", "subjects", name)]
    return Told([(row["breakdown"], row["step"], row["subjects"]) for row in found], members, " ".join(said))


def token(wb: Workbench) -> str:
    with Workbench.open(wb.settings.home) as owner:
        return owner.identities.create_token("vera", by=owner.actor.principal).secret


DOORS: dict[str, Callable[[Workbench, pytest.CaptureFixture[str]], Told]] = {
    "python": by_python,
    "rest": by_rest,
    "command line": by_command_line,
}
EVERY_DOOR = [pytest.param(door, marks=pytest.mark.newest) if door == "rest" else door for door in DOORS]


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    shop_events.fill(wb.settings.home)
    wb.security.add_user("vera", Role.VIEWER, by=wb.actor.principal)
    cohorts = wb.product.cohorts
    cohorts.save("carts", "events", {"did": "cart"})
    cohorts.save("listed", "events", {"subjects": ["ada", "cyd"]})
    cohorts.save("both", "events", {"any": [{"in": "carts"}, {"subjects": ["dan"]}]})
    return wb


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_no_hidden_row_is_counted_or_told(door: str, owner: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    policy = Policy(dataset="events", role=Role.VIEWER, row_filter="country = 'DE'")
    owner.security.set_policy(policy, by=owner.actor.principal)
    told = DOORS[door](owner.acting_as(Principal("vera", Role.VIEWER)), capsys)
    assert told.funnel == [("DE", 1, 2), ("DE", 2, 2)]
    assert told.members == {"carts": ["ada", "bob"], "listed": ["ada"], "both": ["ada", "bob"]}
    assert not [word for word in HIDDEN if word in told.text]


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_a_masked_subject_stays_masked(door: str, owner: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    policy = Policy(dataset="events", role=Role.VIEWER, row_filter="country = 'DE'", columns={"who": "'***'"})
    owner.security.set_policy(policy, by=owner.actor.principal)
    told = DOORS[door](owner.acting_as(Principal("vera", Role.VIEWER)), capsys)
    # All of them are one and the same, as the mask says: how many there are is hidden, too.
    assert told.funnel == [("DE", 1, 1), ("DE", 2, 1)]
    assert told.members == {"carts": ["***"], "listed": [], "both": ["***"]}
    assert not [word for word in (*HIDDEN, *MASKED) if word in told.text]


def test_whoever_sees_everything_is_told_everything(owner: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    told = by_python(owner, capsys)
    assert told.funnel == [("DE", 1, 2), ("DE", 2, 2), ("US", 1, 1), ("US", 2, 0)]
    assert told.members == {"carts": ["ada", "bob", "dan"], "listed": ["ada", "cyd"], "both": ["ada", "bob", "dan"]}
