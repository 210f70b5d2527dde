from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.foundation.errors import WorkbenchError
from workbench.governance.identity import SignInRefused
from workbench.governance.runs import RunKind
from workbench.governance.security import Policy, Role

Command = Callable[..., Any]


def test_the_first_user_who_is_added_comes_after_the_owner(command: Command) -> None:
    assert "nobody is registered" in command("user", "list").out
    assert command("user", "add", "vic").code == 0
    listed = {row["name"]: row["role"] for row in json.loads(command("user", "list", "--json").out)}
    assert listed.pop("vic") == "viewer"
    assert list(listed.values()) == ["admin"]


def test_a_role_is_changed_and_a_user_removed(command: Command) -> None:
    command("user", "add", "vic")
    assert "vic is engineer now" in command("user", "role", "vic", "engineer").out
    assert command("user", "remove", "vic").code == 0
    failed = command("user", "role", "vic", "viewer")
    assert (failed.code, "no user 'vic'" in failed.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("user", "add", "vic", "viewr"), "no role 'viewr'; did you mean 'viewer'?"),
        (("user", "add", " "), "cannot be a user's name"),
        (("token", "create", "--scope", "reed"), "no scope 'reed'; did you mean 'read'?"),
        (("token", "create", "--user", "nobody"), "no user 'nobody'"),
        (("token", "create", "--days", "1000"), "a token cannot live 1000 days"),
        (("token", "revoke", "abc"), "no token 'abc'"),
    ],
)
def test_what_is_wrong_is_said_and_the_call_ends_in_two(
    command: Command, arguments: tuple[str, ...], said: str
) -> None:
    ended = command(*arguments)
    assert ended.code == 2
    assert said in ended.err


def test_a_token_makes_a_process_its_user_with_that_users_view(
    command: Command, workspace: Path, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wb.datasets.create("trips", pl.DataFrame({"tail": ["N1", "N2"]}))
    command("user", "add", "vic")
    policy = Policy(dataset="trips", role=Role.VIEWER, columns={"tail": "'***'"})
    wb.security.set_policy(policy, by=wb.actor.principal)
    made = command("token", "create", "--user", "vic", "--note", "a kernel")
    monkeypatch.setenv("WORKBENCH_TOKEN", made.out.strip())
    with Workbench.open(workspace) as theirs:
        assert repr(theirs.actor.principal.role) == repr(Role.VIEWER)
        assert theirs.datasets["trips"].to_polars()["tail"].to_list() == ["***", "***"]
        assert made.out.strip() not in repr(theirs.settings)
    monkeypatch.delenv("WORKBENCH_TOKEN")
    listed = json.loads(command("token", "list", "--json").out)
    assert [(token["user"], token["note"]) for token in listed] == [("vic", "a kernel")]

    assert command("token", "revoke", listed[0]["id"]).code == 0
    monkeypatch.setenv("WORKBENCH_TOKEN", made.out.strip())
    with pytest.raises(WorkbenchError, match="was revoked"):
        Workbench.open(workspace)


@pytest.fixture
def reading(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process shows a token of the owner that is good for reading alone."""
    command("user", "add", "vic")
    monkeypatch.setenv("WORKBENCH_TOKEN", command("token", "create").out.strip())


@pytest.mark.parametrize(
    ("arguments", "scope"),
    [
        (("user", "add", "mallory", "admin"), "admin"),
        (("user", "role", "vic", "admin"), "admin"),
        (("user", "remove", "vic"), "admin"),
        (("token", "create", "--scope", "admin"), "admin"),
        (("token", "create"), "admin"),
        (("dataset", "rename", "trips", "journeys"), "run"),
        (("dataset", "delete", "trips", "--yes"), "run"),
        (("dataset", "load", "more.csv", "--name", "more"), "run"),
        (("run", "notebooks/look.ipynb"), "run"),
    ],
)
def test_a_token_is_good_for_its_scopes_alone(
    command: Command, workspace: Path, wb: Workbench, reading: None, arguments: tuple[str, ...], scope: str
) -> None:
    wb.datasets.create("trips", pl.DataFrame({"tail": ["N1", "N2"]}))
    (workspace / "more.csv").write_text("a\n1\n")
    assert command("new", "notebook", "look").code == 0
    refused = command(*arguments)
    assert refused.code == 1
    assert f"it has no scope '{scope}'" in refused.err
    assert command("dataset", "preview", "trips").code == 0


def test_what_a_removed_user_had_is_worth_nothing_to_the_next_of_that_name(
    command: Command, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("user", "add", "vera")
    token = command("token", "create", "--user", "vera").out.strip()
    link = wb.identities.link("vera", by=wb.actor.principal)
    _, cookie = wb.identities.sign_in(wb.identities.link("vera", by=wb.actor.principal))
    command("user", "remove", "vera")
    command("user", "add", "vera", "admin")
    for check, shown in (
        (wb.identities.of_token, token),
        (wb.identities.sign_in, link),
        (wb.identities.of_cookie, cookie),
    ):
        with pytest.raises(SignInRefused):
            check(shown)
    assert command("token", "list").out.strip().startswith("no token yet")
    monkeypatch.setenv("WORKBENCH_TOKEN", token)
    assert command("user", "list").code == 1


def test_a_run_lends_its_name_to_nobody_else(
    command: Command, workspace: Path, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("user", "add", "vera")
    admins = wb.runs.start(RunKind.NOTEBOOK, "n", actor=wb.actor, parameters={})
    monkeypatch.setenv("WORKBENCH_TOKEN", command("token", "create", "--user", "vera").out.strip())
    monkeypatch.setenv("WORKBENCH_RUN_ID", admins.id)
    refused = command("user", "add", "trudy", "admin")
    assert refused.code == 1
    assert "vera cannot act inside of it" in refused.err
