from __future__ import annotations

import stat
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound
from workbench.governance.identity import PERMISSIONS, Credential, Identities, SignInRefused, permit
from workbench.governance.identity.signing import read_key, signed
from workbench.governance.security import Principal, Role, Scope, Security

ADMIN = Principal("ada", Role.ADMIN)
VIEWER = Principal("vic", Role.VIEWER)


@pytest.fixture
def security(catalog: Catalog) -> Security:
    made = Security(catalog)
    made.register_owner(ADMIN)
    made.add_user("vic", Role.VIEWER, by=ADMIN)
    return made


@pytest.fixture
def identities(catalog: Catalog, security: Security, tmp_path: Path) -> Identities:
    return Identities(catalog, security, tmp_path / "keys")


def test_a_link_signs_its_user_in_once(identities: Identities) -> None:
    link = identities.link("vic", by=VIEWER)
    principal, cookie = identities.sign_in(link)
    assert principal == VIEWER
    assert identities.of_cookie(cookie) == Credential(VIEWER, frozenset(Scope), "cookie")
    with pytest.raises(SignInRefused, match="used before"):
        identities.sign_in(link)


def test_of_two_who_open_a_link_at_once_one_is_signed_in(identities: Identities) -> None:
    link = identities.link("vic", by=VIEWER)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def open_it() -> None:
        gate.wait()
        try:
            identities.sign_in(link)
            outcomes.append("in")
        except SignInRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=open_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "refused"]


def test_an_expired_or_invented_link_is_refused_in_the_same_words(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = identities.link("vic", by=ADMIN)
    with pytest.raises(SignInRefused) as invented:
        identities.sign_in("invented")
    later = utcnow() + timedelta(minutes=16)
    monkeypatch.setattr("workbench.governance.identity.store.utcnow", lambda: later)
    with pytest.raises(SignInRefused) as expired:
        identities.sign_in(link)
    assert str(expired.value) == str(invented.value)


def test_a_link_for_somebody_else_takes_an_admin(identities: Identities) -> None:
    with pytest.raises(Forbidden, match="make a sign-in link for 'ada'"):
        identities.link("ada", by=VIEWER)
    with pytest.raises(NotFound, match="did you mean 'vic'"):
        identities.link("vick", by=ADMIN)


def test_a_forged_cookie_is_refused(identities: Identities, tmp_path: Path) -> None:
    cookie = identities.cookie("vic")
    head, body, _ = cookie.split(".")
    stranger = Identities(identities._catalog, identities._security, tmp_path / "stranger")
    key = read_key(tmp_path / "keys")
    assert key is not None
    secretless = jwt.encode({"sub": "ada", "aud": "workbench"}, key="", algorithm="none", headers={"kid": key.id})
    by_public_key = jwt.encode({"sub": "ada"}, "x" * 32, algorithm="HS256", headers={"kid": key.id})
    other_body = signed(key, "ada", now=utcnow(), lifetime=timedelta(1)).split(".")[1]
    for forged in (
        f"{head}.{other_body}.{cookie.split('.')[2]}",
        f"{head}.{body}.",
        secretless,
        by_public_key,
        "",
        "x",
    ):
        with pytest.raises(SignInRefused, match="not valid here"):
            identities.of_cookie(forged)
    # Another host that signs for the same catalog is heard, since its key is registered there.
    assert identities.of_cookie(stranger.cookie("vic")).principal == VIEWER


def test_an_expired_cookie_is_refused(identities: Identities, tmp_path: Path) -> None:
    identities.cookie("vic")
    key = read_key(tmp_path / "keys")
    assert key is not None
    old = signed(key, "vic", now=utcnow() - timedelta(days=8), lifetime=timedelta(days=7))
    with pytest.raises(SignInRefused, match="expired"):
        identities.of_cookie(old)


def test_rotating_keeps_sign_ins_unless_told_otherwise(identities: Identities) -> None:
    first = identities.cookie("vic")
    identities.rotate(by=ADMIN)
    second = identities.cookie("vic")
    assert identities.of_cookie(first).principal == identities.of_cookie(second).principal == VIEWER
    identities.rotate(by=ADMIN, at_once=True)
    for cookie in (first, second):
        with pytest.raises(SignInRefused):
            identities.of_cookie(cookie)
    assert identities.of_cookie(identities.cookie("vic")).principal == VIEWER
    with pytest.raises(Forbidden):
        identities.rotate(by=VIEWER)


def test_the_private_key_is_its_owners_alone(identities: Identities, tmp_path: Path) -> None:
    identities.cookie("vic")
    [file] = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_change_of_role_and_a_removal_take_effect_at_once(identities: Identities, security: Security) -> None:
    cookie = identities.cookie("vic")
    token = identities.create_token("vic", by=ADMIN).secret
    security.set_role("vic", Role.ENGINEER, by=ADMIN)
    assert identities.of_cookie(cookie).principal.role is Role.ENGINEER
    security.remove_user("vic", by=ADMIN)
    for shown in (lambda: identities.of_cookie(cookie), lambda: identities.of_token(token)):
        with pytest.raises(SignInRefused, match="no user of this workspace any more"):
            shown()


def test_a_token_is_its_user_within_its_scopes(identities: Identities) -> None:
    made = identities.create_token("ada", by=ADMIN, scopes=[Scope.READ], note="nightly export")
    credential = identities.of_token(made.secret)
    scopes = frozenset({Scope.READ})
    assert credential == Credential(replace(ADMIN, scopes=scopes), scopes, "token")
    permit(credential, "read", "datasets")
    with pytest.raises(Forbidden, match="no scope 'admin'"):
        permit(credential, "admin", "server")
    [listed] = identities.tokens(by=ADMIN)
    assert (listed.note, listed.last_used is not None) == ("nightly export", True)
    assert made.secret not in repr(listed)


def test_a_token_that_was_tampered_with_revoked_or_has_expired_is_refused(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = identities.create_token("vic", by=VIEWER, days=1)
    for wrong in (made.secret[:-1], f"{made.secret}x", made.secret.replace(made.info.id, "0" * 12), "wb__", "", "ä"):
        with pytest.raises(SignInRefused, match="not valid"):
            identities.of_token(wrong)
    identities.revoke(made.info.id, by=VIEWER)
    with pytest.raises(SignInRefused):
        identities.of_token(made.secret)
    fresh = identities.create_token("vic", by=VIEWER, days=1)
    later = utcnow() + timedelta(days=1, seconds=1)
    monkeypatch.setattr("workbench.governance.identity.store.utcnow", lambda: later)
    with pytest.raises(SignInRefused):
        identities.of_token(fresh.secret)


def test_a_viewer_sees_and_revokes_only_their_own_tokens(identities: Identities) -> None:
    admins = identities.create_token("ada", by=ADMIN)
    own = identities.create_token("vic", by=VIEWER)
    assert [token.id for token in identities.tokens(by=VIEWER, user="vic")] == [own.info.id]
    for act in (
        lambda: identities.tokens(by=VIEWER),
        lambda: identities.revoke(admins.info.id, by=VIEWER),
        lambda: identities.create_token("ada", by=VIEWER),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound):
        identities.revoke("none", by=ADMIN)


@pytest.mark.parametrize("days", [0, -1, 367, float("nan")])
def test_a_token_lives_between_a_moment_and_a_year(identities: Identities, days: float) -> None:
    with pytest.raises(Invalid, match="cannot live"):
        identities.create_token("vic", by=VIEWER, days=days)


def test_a_kernel_started_ahead_is_nobodys_until_it_is_claimed_once(identities: Identities) -> None:
    made = identities.kernel_token(None, by="voila")
    with pytest.raises(Forbidden, match="works for nobody yet"):
        identities.of_token(made.secret)
    identities.bind(made.info.id, "vic")
    assert identities.of_token(made.secret).principal == replace(VIEWER, scopes=frozenset({Scope.READ, Scope.RUN}))
    assert identities.of_token(made.secret).via == "kernel"
    with pytest.raises(Conflict, match="belongs to somebody already"):
        identities.bind(made.info.id, "ada")
    identities.end_kernel_token(made.info.id)
    with pytest.raises(SignInRefused):
        identities.of_token(made.secret)


def test_a_kernel_that_was_started_before_its_user_was_registered_can_be_theirs(
    identities: Identities, security: Security
) -> None:
    made = identities.kernel_token(None, by="voila", scopes=[Scope.READ])
    security.add_user("nina", Role.VIEWER, by=ADMIN)
    identities.bind(made.info.id, "nina")
    assert identities.of_token(made.secret).principal.name == "nina"


def test_a_run_is_lent_a_token_of_its_user_while_it_works(identities: Identities) -> None:
    with identities.lent(replace(ADMIN, scopes=frozenset({Scope.RUN, Scope.ADMIN}))) as secret:
        assert secret is not None
        assert identities.of_token(secret).principal == replace(ADMIN, scopes=frozenset({Scope.RUN}))
    with pytest.raises(SignInRefused):
        identities.of_token(secret)
    with identities.lent(Principal("nobody", Role.ADMIN)) as none:
        assert none is None
    with pytest.raises(Forbidden, match="no scope 'run'"), identities.lent(replace(ADMIN, scopes=frozenset())):
        pass


def test_no_secret_is_in_the_catalog(identities: Identities, catalog: Catalog) -> None:
    link = identities.link("vic", by=VIEWER)
    token = identities.create_token("vic", by=VIEWER).secret
    with catalog.engine.connect() as connection:
        for table in ("sign_in_link", "token", "audit"):
            stored = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            assert link not in stored
            assert token not in stored
            assert token[-len(token) // 2 :] not in stored


@pytest.mark.parametrize(("resource", "action"), sorted(PERMISSIONS))
def test_each_permission_is_for_its_role_and_those_above_it(resource: str, action: str) -> None:
    least, _ = PERMISSIONS[resource, action]
    for role in Role:
        credential = Credential(Principal("somebody", role), frozenset(Scope), "cookie")
        if role.includes(least):
            permit(credential, action, resource)
        else:
            with pytest.raises(Forbidden, match=f"takes the role {least}"):
                permit(credential, action, resource)


def test_what_has_no_permission_nobody_may() -> None:
    with pytest.raises(Forbidden, match="nobody may"):
        permit(Credential(ADMIN, frozenset(Scope), "cookie"), "delete", "universe")


def test_the_last_admin_stays(security: Security) -> None:
    for act in (
        lambda: security.set_role("ada", Role.VIEWER, by=ADMIN),
        lambda: security.remove_user("ada", by=ADMIN),
    ):
        with pytest.raises(Conflict, match="last admin"):
            act()
    security.set_role("vic", Role.ADMIN, by=ADMIN)
    security.remove_user("ada", by=ADMIN)
    assert security.users() == [Principal("vic", Role.ADMIN)]


def test_the_system_user_is_the_owner_until_others_are_registered(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Security(catalog)
    monkeypatch.setattr("getpass.getuser", lambda: "olga")
    assert made.local() == Principal("olga", Role.ADMIN)
    made.register_owner(made.local())
    made.add_user("vic", Role.VIEWER, by=made.local())
    assert made.local() == Principal("olga", Role.ADMIN)
    monkeypatch.setattr("getpass.getuser", lambda: "mallory")
    with pytest.raises(Forbidden, match="'mallory' is no user"):
        made.local()


def test_a_scope_is_said_by_its_word_too(identities: Identities) -> None:
    assert identities.create_token("vic", by=ADMIN, scopes=["read", "run"]).info.scopes == (Scope.READ, Scope.RUN)
    with pytest.raises(Invalid, match="no scope 'raed'; did you mean 'read'"):
        identities.create_token("vic", by=ADMIN, scopes=["raed"])
