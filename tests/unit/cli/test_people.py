from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench import Workbench
from workbench.foundation.errors import WorkbenchError
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
    listed = json.loads(command("token", "list", "--json").out)
    assert [(token["user"], token["note"]) for token in listed] == [("vic", "a kernel")]

    monkeypatch.delenv("WORKBENCH_TOKEN")
    assert command("token", "revoke", listed[0]["id"]).code == 0
    monkeypatch.setenv("WORKBENCH_TOKEN", made.out.strip())
    with pytest.raises(WorkbenchError, match="was revoked"):
        Workbench.open(workspace)
