"""Getting in and out: links, cookies, tokens, and what is refused."""

from __future__ import annotations

import os
from datetime import timedelta

import httpx
import jwt
import pytest
from site_of_servers import Site

from workbench.foundation.catalog import utcnow
from workbench.governance.identity import local_target
from workbench.governance.identity.signing import read_key, signed
from workbench.governance.security import Scope
from workbench.orchestration.processes import Record, Records


def open_link(site: Site, link: str, next: str = "") -> httpx.Response:
    return httpx.get(f"{site.url}/workbench/sign-in", params={"link": link, "next": next}, timeout=30)


def test_a_link_signs_in_once(site: Site) -> None:
    link = site.wb.identities.link("vera", by=site.wb.actor.principal)
    seen = httpx.head(f"{site.url}/workbench/sign-in", params={"link": link}, timeout=30)
    assert seen.status_code == 200
    assert "set-cookie" not in seen.headers

    answer = open_link(site, link, "/workbench/reports")
    assert (answer.status_code, answer.headers["location"]) == (303, "/workbench/reports")
    cookie = answer.headers["set-cookie"]
    for attribute in ("workbench=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"):
        assert attribute in cookie
    assert "Secure" not in cookie, "this is no TLS"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert site.ask("me", None, cookies={"workbench": answer.cookies["workbench"]})["name"] == "vera"

    again = open_link(site, link)
    assert again.status_code == 403
    assert "used before" in again.text
    assert "workbench link" in again.text
    assert link not in again.text
    assert "set-cookie" not in again.headers


def test_a_link_that_is_used_up_leads_on_who_is_in_already(site: Site) -> None:
    link = site.wb.identities.link("vera", by=site.wb.actor.principal)
    with httpx.Client(base_url=site.url, timeout=30) as browser:
        clicked = {"link": link, "next": "/workbench/reports"}
        browser.get("/workbench/sign-in", params=clicked)
        again = browser.get("/workbench/sign-in", params=clicked)
        assert (again.status_code, again.headers["location"]) == (303, "/workbench/reports")
        assert "set-cookie" not in again.headers, "it makes nobody somebody else"
        evil = browser.get("/workbench/sign-in", params={"link": link, "next": "https://evil.org"})
        assert evil.headers["location"].startswith("/")


def test_who_may_not_use_the_lab_gets_a_page_that_leads_on(lab: Site) -> None:
    def page() -> httpx.Response:
        cookies, asks = {"workbench": lab.cookie("vera")}, {"Accept": "text/html,*/*"}
        return httpx.get(f"{lab.url}/lab/tree/notebooks", cookies=cookies, headers=asks, timeout=30)

    alone = page()
    assert alone.status_code == 403
    assert "Vera (viewer) may not use lab: that takes the role analyst" in alone.text
    assert "Sign out" in alone.text
    assert "<a href" not in alone.text.partition("<header")[2], "there is nowhere to go"
    records = Records(lab.home / ".workbench" / "processes")
    records.write(Record.of("api", os.getpid(), "http://127.0.0.1:8601"))
    try:
        led_on = page()
    finally:
        records.remove("api")
    assert '<a href="http://127.0.0.1:8601/workbench">Go to the workbench</a>' in led_on.text
    assert "default-src 'none'" in led_on.headers["content-security-policy"]


def test_a_token_at_the_lab_is_told_where_programs_ask(lab: Site) -> None:
    problem = lab.refused("datasets", "ana")
    assert (problem["status"], problem["code"]) == (403, "forbidden")
    assert "reports and API" in problem["hint"]
    assert "workbench.connect('http://127.0.0.1:8601'" in problem["hint"]


def test_a_forged_link_is_refused_without_repeating_it(site: Site) -> None:
    answer = open_link(site, "<script>forged</script>")
    assert answer.status_code == 403
    assert "forged" not in answer.text


def test_a_link_is_not_in_the_log(site: Site) -> None:
    link = site.wb.identities.link("vera", by=site.wb.actor.principal)
    open_link(site, link)
    log = (site.home.parent / "api.log").read_text()
    assert "/workbench/sign-in?" in log
    assert link not in log


def test_without_a_link_the_page_says_how_to_get_one(site: Site) -> None:
    answer = httpx.get(f"{site.url}/workbench/sign-in", timeout=30)
    assert answer.status_code == 200
    assert "workbench link" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("path", ["/workbench", "/workbench/reports", "/workbench/api", "/"])
def test_a_page_without_a_sign_in_leads_to_that_page(site: Site, path: str) -> None:
    answer = httpx.get(site.url + path, follow_redirects=True, timeout=30)
    assert answer.url.path == "/workbench/sign-in"


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/lab", "/lab"),
        ("/workbench/reports?report=a#b", "/workbench/reports?report=a#b"),
        ("http://127.0.0.1:8866/voila", "http://127.0.0.1:8866/voila"),
        ("http://127.0.0.1:8866", "http://127.0.0.1:8866"),
        ("", None),
        ("lab", None),
        ("//evil.org", None),
        ("///evil.org", None),
        ("/\\evil.org", None),
        ("\\\\evil.org", None),
        ("/\t/evil.org", None),
        ("http:///evil.org", None),
        ("http:evil.org", None),
        ("http://evil.org/", None),
        ("http://127.0.0.1@evil.org/", None),
        ("http://evil.org@127.0.0.1:8866/", None),
        ("http://127.0.0.1:8866@evil.org/", None),
        ("http://127.0.0.1.evil.org/", None),
        ("http://127.0.0.1:port/", None),
        ("https://127.0.0.1:8866/", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
    ],
)
def test_after_signing_in_one_stays_on_this_host(wanted: str, target: str | None) -> None:
    assert local_target(wanted, host="127.0.0.1", scheme="http") == target


def test_a_forged_an_expired_and_a_stranger_s_cookie_are_refused(site: Site) -> None:
    key = read_key(site.home / ".workbench" / "keys") or pytest.fail("no key")
    past = signed(key, "ada", now=utcnow() - timedelta(days=8), lifetime=timedelta(days=7))
    claims = jwt.decode(past, options={"verify_signature": False}) | {"exp": utcnow() + timedelta(days=7)}
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": key.id})
    good = site.cookie("ada")
    for cookie, said in (
        (past, "expired"),
        (unsigned, "not valid"),
        (good[:-6] + "AAAAAA", "not valid"),
        ("nonsense", "not valid"),
    ):
        problem = site.refused("me", None, cookies={"workbench": cookie})
        assert problem["status"] == 401
        assert said in problem["detail"]
        assert cookie not in str(problem)


def test_rotating_the_key_at_once_signs_everybody_out(own: Site) -> None:
    cookie = own.cookie("vera")
    assert own.ask("me", None, cookies={"workbench": cookie})["name"] == "vera"
    own.wb.identities.rotate(by=own.wb.actor.principal, at_once=True)
    assert own.refused("me", None, cookies={"workbench": cookie})["status"] == 401


def test_a_removed_user_is_out_at_once(own: Site) -> None:
    token, cookie = own.token("vera"), own.cookie("vera")
    own.wb.security.remove_user("vera", by=own.wb.actor.principal)
    assert own.refused("me", None, headers={"Authorization": f"Bearer {token}"})["status"] == 401
    assert own.refused("me", None, cookies={"workbench": cookie})["status"] == 401


def test_a_token_counts_in_its_header_alone(site: Site) -> None:
    token = site.token("vera")
    assert site.refused(f"me?token={token}", None)["status"] == 401
    answer = site.get("/workbench/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_a_token_without_the_scope_is_refused_by_name(site: Site) -> None:
    token = site.token("ana", Scope.RUN)
    problem = site.refused("datasets", None, headers={"Authorization": f"Bearer {token}"})
    assert (problem["status"], problem["code"]) == (403, "forbidden")
    assert "no scope 'read'" in problem["detail"]


def test_signing_out_takes_a_form_of_this_server(site: Site) -> None:
    with httpx.Client(base_url=site.url, cookies={"workbench": site.cookie("vera")}, timeout=30) as browser:
        assert browser.post("/workbench/sign-out").status_code == 403, "another site could have sent it"
        page = browser.get("/workbench/reports")
        token = page.text.split('name="_xsrf" value="')[1].split('"')[0]
        answer = browser.post("/workbench/sign-out", data={"_xsrf": token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/workbench/sign-in")
        assert 'workbench=""' in answer.headers["set-cookie"]


def test_a_host_that_is_not_this_machine_s_is_refused(site: Site) -> None:
    answer = site.get("/workbench/api/v1/me", "vera", headers={"Host": "rebound.evil.org"})
    assert answer.status_code in (401, 403)
    assert "vera" not in answer.text


@pytest.mark.parametrize("path", ["/workbench/api/v1/me", "/api/status"])
def test_the_kernel_that_is_nobody_s_yet_gets_nowhere(lab: Site, path: str) -> None:
    token = lab.wb.identities.kernel_token(None, by="server").secret
    answer = httpx.get(lab.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 403
