"""Every route of every process, asked as nobody, as a viewer and as an admin. `pytest -s` shows the tables."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from route_table import show
from site_of_servers import Site
from workbench_server.endpoints import ENDPOINTS

from workbench.foundation.errors import Forbidden
from workbench.governance.identity import Credential, permit
from workbench.governance.security import Scope

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

# What anybody may have: the way in and out, whether it lives, and files that are the same for everybody everywhere.
PUBLIC = {
    "SignInHandler", "SignOutHandler", "OpenEndpointHandler", "RedirectWithParams", "PublicStaticFileHandler",
    "FileFindHandler", "TrailingSlashHandler", "NotebooksRedirectHandler", "APIVersionHandler", "ThemesHandler",
}  # fmt: skip

HEADING = ("method", "route", "handler", "nobody", "viewer", "admin")
Row = tuple[str, str, str, int, int, int | None]
LOOKING = ("GET", "HEAD")
# The handler of Lab's licences fails while it refuses, and then says nothing at all.
NO_ANSWER = 599
REFUSED = (401, 403, 405, NO_ANSWER)
CLOSED = (302, *REFUSED, 404)


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
    @given(
        st.from_regex(
            pattern.removesuffix("$"), fullmatch=True, alphabet=string.ascii_letters + string.digits + "/.-_:"
        )
    )
    def collect(path: str) -> None:
        found.append(path)

    collect()
    fine = [path for path in found if path.startswith("/") and not path.startswith("//")]
    return min(fine or ["/nothing"], key=lambda path: (len(path), path))


def asked(site: Site, path: str, method: str, token: str | None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx.stream(method, site.url + path, headers=headers, timeout=5, verify=False) as answer:
            return answer.status_code
    except httpx.ReadTimeout:
        return NO_ANSWER


def test_every_route_of_the_api(site: Site) -> None:
    table = walked(site, "api")
    show("api", HEADING, table)
    assert not [
        row for row in table
        if not public(row) and (row[3] not in CLOSED or (row[0] not in LOOKING and row[3] not in REFUSED))
    ]  # fmt: skip
    assert not [row for row in table if any(word in row[2] for word in ("Kernel", "Content", "Lab", "Term", "Voila"))]
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("{", "").replace("}", "")
        for user in ("vera", "ada"):
            status = asked(site, f"/workbench/api/v1/{path}", endpoint.method, site.token(user, *Scope))
            assert (status == 403) == (not may(site, user, endpoint)), (user, path, status)


def test_every_route_of_the_lab(lab: Site) -> None:
    table = walked(lab, "lab")
    show("lab", HEADING, table)
    assert not [row for row in table if not public(row) and (row[3] not in CLOSED or row[4] not in (*REFUSED, 404))]
    assert not [row for row in table if "Voila" in row[2]]


def walked(site: Site, process: str) -> list[Row]:
    """Method, pattern, handler, and the status that nobody, a viewer and an admin get.

    An admin only looks: to post everywhere would end the server, among other things.
    """
    tokens = (None, site.token("vera"), site.token("ada"))
    rules = [
        (method, pattern, handler, path)
        for pattern, handler, methods in routes(process, site.home)
        for path in [path_of(pattern)]
        for method in methods
    ]

    def row(rule: tuple[str, str, str, str]) -> Row:
        method, pattern, handler, path = rule
        nobody, viewer = (asked(site, path, method, token) for token in tokens[:2])
        admin = asked(site, path, method, tokens[2]) if method in LOOKING else None
        return method, pattern, handler, nobody, viewer, admin

    with ThreadPoolExecutor(8) as pool:  # some say nothing, and are waited for together
        return list(pool.map(row, rules))


def public(row: Row) -> bool:
    """Whether anybody may have it. OPTIONS is what browsers ask ahead, and tells nothing."""
    return row[2] in PUBLIC or row[0] == "OPTIONS"


def may(site: Site, user: str, endpoint: object) -> bool:
    principal = site.wb.security.user(user)
    try:
        permit(Credential(principal, frozenset(Scope), "token"), endpoint.action, endpoint.resource)  # type: ignore[attr-defined]
    except Forbidden:
        return endpoint.resource is None  # type: ignore[attr-defined]
    return True
