"""Every route of every process, asked as nobody, as a viewer and as an admin. The table is printed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from site_of_servers import Site
from workbench_server.endpoints import ENDPOINTS

from workbench.foundation.errors import Forbidden
from workbench.governance.identity import Credential, Scope, permit

# Prints the routing table of a process that is ready to answer, and does not.
PROGRAM = """
import json, sys
from tornado.web import RequestHandler
from workbench_server import api, lab
from workbench_server.serving import prepared
process, home = sys.argv[1:]
module, server = (api, api.ApiServer) if process == "api" else (lab, lab.LabServer)
app = prepared(server, module.configured(), process=process, argv=["--home", home])
rules = [rule for rule in app.web_app.wildcard_router.rules]
for outer in app.web_app.default_router.rules:
    rules += [] if outer.target is app.web_app.wildcard_router else list(getattr(outer.target, "rules", [outer]))
found = []
for rule in rules:
    if isinstance(rule.target, type):
        methods = [
            name for name in RequestHandler.SUPPORTED_METHODS
            if getattr(rule.target, name.lower()) is not getattr(RequestHandler, name.lower())
        ]
        found.append([rule.matcher.regex.pattern, rule.target.__name__, methods])
print("ROUTES " + json.dumps(found))
"""

# What anybody may have: the way in, whether it lives, and files that are the same for everybody everywhere.
PUBLIC = {
    "SignInHandler", "OpenEndpointHandler", "RedirectWithParams", "PublicStaticFileHandler", "FileFindHandler",
    "TrailingSlashHandler", "RedirectHandler", "LabExtensionStaticHandler",
}  # fmt: skip


def routes(process: str, home: Path) -> list[tuple[str, str, list[str]]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, process, str(home)], capture_output=True, text=True, check=True
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ROUTES ")]
    return [(pattern, handler, methods) for pattern, handler, methods in json.loads(line.removeprefix("ROUTES "))]


def path_of(pattern: str) -> str:
    """The simplest path that a route's pattern matches."""
    found: list[str] = []

    @settings(max_examples=20, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern.removesuffix("$"), fullmatch=True, alphabet="abcdef0123456789/.-_:"))
    def collect(path: str) -> None:
        found.append(path)

    collect()
    fine = [path for path in found if path.startswith("/") and not path.startswith("//")]
    return min(fine or ["/nothing"], key=lambda path: (len(path), path))


def asked(site: Site, path: str, method: str, token: str | None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.request(method, site.url + path, headers=headers, timeout=30).status_code


def test_every_route_of_the_api(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    table = []
    viewer, admin = site.token("vera"), site.token("ada")
    needs = {endpoint.path.replace("{", "").replace("}", ""): endpoint for endpoint in ENDPOINTS}
    for pattern, handler, methods in routes("api", site.home):
        path = path_of(pattern)
        for method in methods:
            statuses = [asked(site, path, method, token) for token in (None, viewer, admin)]
            table.append((method, pattern, handler, *statuses))
            if handler not in PUBLIC:
                assert statuses[0] in (302, 401, 403, 404, 405), (method, path, statuses)
                assert method in ("GET", "HEAD") or statuses[0] in (401, 403, 405), (method, path, statuses)
    printed(capsys, "api", table)
    for path, endpoint in needs.items():
        for user, token in (("vera", viewer), ("ada", admin)):
            status = asked(site, f"/workbench/api/v1/{path}", "GET", token)
            assert (status == 403) == (not may(site, user, endpoint)), (user, path, status)
    names = {handler for _, handler, _ in routes("api", site.home)}
    assert not {name for name in names if "Kernel" in name or "Contents" in name or "Lab" in name or "Term" in name}


def test_every_route_of_the_lab(lab: Site, capsys: pytest.CaptureFixture[str]) -> None:
    table = []
    viewer, admin = lab.token("vera"), lab.token("ada")
    for pattern, handler, methods in routes("lab", lab.home):
        path = path_of(pattern)
        for method in methods:
            statuses = [asked(lab, path, method, token) for token in (None, viewer)]
            # An admin only looks: to post here would end the server, or start kernels.
            statuses += [asked(lab, path, method, admin)] if method in ("GET", "HEAD") else []
            table.append((method, pattern, handler, *statuses))
            if handler not in PUBLIC and method != "OPTIONS":
                assert statuses[0] in (302, 401, 403, 404, 405), (method, path, handler, statuses)
                assert statuses[1] in (403, 404, 405), (method, path, handler, statuses)
    printed(capsys, "lab", table)
    assert not {handler for _, _, handler, *_ in table if "Voila" in handler}


def may(site: Site, user: str, endpoint: object) -> bool:
    principal = site.wb.security.user(user)
    try:
        permit(Credential(principal, frozenset(Scope), "token"), endpoint.action, endpoint.resource)  # type: ignore[attr-defined]
    except Forbidden:
        return endpoint.resource is None  # type: ignore[attr-defined]
    return True


def printed(capsys: pytest.CaptureFixture[str], process: str, table: list[tuple[object, ...]]) -> None:
    with capsys.disabled():
        print(f"\n{process:<8}{'route':<86}{'handler':<34}{'nobody':>8}{'viewer':>8}{'admin':>8}")
        for method, pattern, handler, *statuses in table:
            shown = [*map(str, statuses), "-"][:3]
            print(f"{method:<8}{str(pattern)[:84]:<86}{str(handler)[:32]:<34}" + "".join(f"{one:>8}" for one in shown))
