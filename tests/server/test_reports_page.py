"""Rendered reports: who may open which, and that a report can do nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from programs import chromium
from site_of_servers import Site, rendered

from workbench.governance.security import Principal, Role

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def runs(site: Site) -> dict[str, str]:
    """A run of the report by a viewer, and one by an admin, both having read what a policy restricts."""
    vera, owner = Principal("vera", Role.VIEWER), site.wb.actor.principal
    return {"viewer": rendered(site.wb, vera, "flights"), "admin": rendered(site.wb, owner, "flights", "values")}


def test_a_viewer_opens_what_shows_no_more_than_they_may_see(site: Site, runs: dict[str, str]) -> None:
    page = site.get(f"/workbench/reports/punctuality/{runs['viewer']}/report.html", "vera")
    assert page.status_code == 200
    assert "Flight punctuality" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    listed = site.ask("reports/punctuality/runs")["items"]
    assert runs["viewer"] in [item["run"] for item in listed]


def test_a_viewer_does_not_open_what_shows_more(site: Site, runs: dict[str, str]) -> None:
    path = f"/workbench/reports/punctuality/{runs['admin']}/report.html"
    answer = site.get(path, "vera")
    assert answer.status_code == 403
    assert "shows more of &#39;flights&#39;" in answer.text
    assert runs["admin"] not in json.dumps(site.ask("reports/punctuality/runs"))
    assert runs["admin"] not in json.dumps(site.ask("reports"))
    assert runs["admin"] not in site.get("/workbench/reports", "vera").text
    assert site.get(path, "ana").status_code == 200, "no policy restricts an analyst"
    assert site.get(path, None).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "punctuality/{run}/receipt.json",
        "punctuality/{run}/../{run}/receipt.json",
        "punctuality/..%2F{run}/report.html",
        "..%2Freports%2Fpunctuality/{run}/report.html",
        "punctuality/%2e%2e/report.html",
        "punctuality/..%2F..%2Fruns%2F{run}/report.html",
        ".%2Fpunctuality/{run}/report.html",
        "punctuality/{run}%00/report.html",
        "punctuality//report.html",
        "punctuality/20000101-000000-abcdef/report.html",
        "punctuality/{run}/report.pdf",
    ],
)
def test_a_guessed_path_leads_nowhere(site: Site, runs: dict[str, str], path: str) -> None:
    answer = site.get(f"/workbench/reports/{path.format(run=runs['viewer'])}", "ada")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_the_gallery_tells_runs_with_date_status_and_parameters(site: Site, runs: dict[str, str]) -> None:
    page = site.get("/workbench/reports", "ada").text
    assert f"/workbench/reports/punctuality/{runs['admin']}/report.html" in page
    assert "Flight punctuality" in page
    assert "succeeded" in page
    assert "First day: 1 January 2013" in page, "as the page of the report has it"
    assert "<script" not in page


def test_the_gallery_reads_the_notebook_of_a_run_once(own: Site) -> None:
    run = own.wb.runs.get(rendered(own.wb, own.wb.actor.principal, "values"))
    words = "First day: 1 January 2013"
    assert words in own.get("/workbench/reports", "ada").text
    (run.directory / "output.ipynb").unlink()
    assert words in own.get("/workbench/reports", "ada").text


def test_a_parameter_of_a_run_without_its_notebook_has_its_own_name(own: Site) -> None:
    run = own.wb.runs.get(rendered(own.wb, own.wb.actor.principal, "values"))
    (run.directory / "output.ipynb").unlink()
    assert "Start: 1 January 2013" in own.get("/workbench/reports", "ada").text


def test_the_gallery_says_when_there_is_none(own: Site) -> None:
    assert "has been rendered yet" in own.get("/workbench/reports", "vera").text
    (own.home / "reports" / "punctuality.yaml").unlink()
    assert "There is no report yet" in own.get("/workbench/reports", "vera").text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium()), args=FLAGS)
        yield opened
        opened.close()


def signed_in(browser: Browser, site: Site, user: str, **options: object) -> BrowserContext:
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.add_cookies([{"name": "workbench", "value": site.cookie(user), "url": site.url, "httpOnly": True}])
    return context


@pytest.mark.browser
def test_a_script_in_a_report_cannot_ask_the_api(site: Site, browser: Browser) -> None:
    run = rendered(site.wb, site.wb.actor.principal, "values")
    evil = (
        "<!doctype html><title>before</title><p id=said>nothing</p><script>document.title='ran';"
        "fetch('/workbench/api/v1/me').then(a=>a.text()).then(t=>{said.textContent=t})</script>"
        "<img src='/workbench/api/v1/me' onerror=\"document.title='ran'\">"
        "<iframe src='/workbench/api/v1/me'></iframe><form action='/workbench/sign-out' method=post id=f></form>"
    )
    (site.wb.settings.reports_dir / "punctuality" / run / "report.html").write_text(evil)
    context = signed_in(browser, site, "ada")
    page = context.new_page()
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    url = f"{site.url}/workbench/reports/punctuality/{run}/report.html"
    page.goto(url, wait_until="load")
    assert page.title() == "before"
    assert page.locator("#said").text_content() == "nothing"
    assert asked == [url]
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/workbench", "/workbench/reports", "/workbench/api", "/workbench/sign-in"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.usefixtures("runs")
def test_a_page_asks_for_nothing_else_and_fits_the_screen(site: Site, browser: Browser, path: str, width: int) -> None:
    context = signed_in(browser, site, "ada", viewport={"width": width, "height": 800})
    page = context.new_page()
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.goto(site.url + path, wait_until="load")
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    assert [one for one in heard if one != "data:,"] == [site.url + path]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for landmark in ("banner", "main"):
        assert page.get_by_role(landmark).count() == 1  # type: ignore[arg-type]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    context.close()
