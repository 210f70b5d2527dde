"""Who is let in where, and what a viewer's browser can do to a kernel: nothing but move widgets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from kernel_socket import heard, opened, refused, send
from route_table import show
from voila_server import SECRET, Server, warm
from waiting import ended, wait_until

from workbench import Workbench
from workbench.governance.security import Scope

pytestmark = pytest.mark.npm

ROUTES = {
    # path: (nobody, a viewer, an admin)
    "/": (401, 200, 200),
    "/home": (401, 503, 503),
    "/reports": (401, 503, 503),
    "/dashboards/inside": (401, 403, 200),
    "/dashboards/nothing": (401, 404, 404),
    "/dashboards/..%2f..%2fmetrics%2fflights": (401, 404, 404),
    "/dashboards/flights.ipynb": (401, 404, 404),
    "/workbench/sign-in": (401, 401, 401),
    "/workbench/api/v1/health": (200, 200, 200),
    "/static/page.js": (403, 200, 200),
    "/static/../../../../etc/passwd": (403, 403, 403),
    "/static/%2e%2e/%2e%2e/conf.json": (403, 403, 403),
    "/static/": (403, 404, 404),
    "/widgets/bqplot/static/style.js": (403, 200, 200),
    "/widgets/bqplot/package.json": (403, 404, 404),
    "/widgets/bqplot/static/../package.json": (403, 404, 404),
    "/widgets/%2e%2e/%2e%2e/etc/passwd": (403, 404, 404),
    "/widgets/@analytics-workbench/lab/static/style.js": (403, 404, 404),
    "/voila/static/voila.js": (401, 404, 404),
    "/voila/labextensions/bqplot/static/style.js": (401, 404, 404),
    "/voila/api/themes/@jupyterlab/theme-light-extension/index.css": (401, 404, 404),
    "/voila/api/contents": (401, 404, 404),
    "/voila/tree": (401, 404, 404),
    "/voila/files/metrics/flights.yaml": (401, 404, 404),
    "/voila/files/notebooks/dashboards/flights.ipynb": (401, 404, 404),
    "/voila/render/flights.ipynb": (401, 404, 404),
    "/voila/query/0-0-0-0-0": (401, 404, 404),
    "/voila/templates/base/static/voila.js": (401, 404, 404),
    "/api/kernels": (401, 404, 404),
    "/api/kernels/0-0-0-0-0": (403, 403, 403),
    "/api/kernels/0-0-0-0-0/channels": (403, 400, 400),
    "/api/sessions": (401, 404, 404),
    "/api/contents": (401, 404, 404),
    "/login": (401, 404, 404),
}


def page_of(server: Server, user: str, name: str = "flights") -> tuple[str, str]:
    """The kernel that a page was given, and the page."""
    status, page = server.get(f"/dashboards/{name}", user)
    assert status == 200
    found = re.search(r'id="kernel" type="application/json">"([0-9a-f-]+)"', page)
    assert found is not None, page[-2000:]
    return found[1], page


@pytest.fixture(scope="module")
def vera(server: Server) -> str:
    """A kernel of vera's, on the flights dashboard."""
    warm(server, 2)
    return page_of(server, "vera")[0]


def test_every_route_is_closed_to_nobody_and_open_by_role(server: Server) -> None:
    with Workbench.open(server.home) as wb:
        admin = wb.actor.principal.name
    cookies = [None, server.cookie("vera"), server.cookie(admin)]
    found = {
        path: tuple(server.get(path, **({"Cookie": f"workbench={cookie}"} if cookie else {}))[0] for cookie in cookies)
        for path in ROUTES
    }
    rows = [(path, *statuses) for path, statuses in found.items()]
    show("voila", ("route", "nobody", "viewer", "admin"), rows)
    assert found == ROUTES


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_no_page_takes_anything(server: Server, method: str) -> None:
    for path in ("/", "/dashboards/flights", "/static/page.js", "/api/kernels/0-0-0-0-0"):
        assert server.get(path, "vera", method=method)[0] in (403, 404, 405), path


def test_a_page_for_somebody_who_is_not_signed_in_says_how_to_get_in(server: Server) -> None:
    status, page = server.get("/dashboards/flights")
    assert status == 401
    assert "Please sign in" in page
    assert "workbench link" in page


@pytest.mark.parametrize("cookie", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0."])
def test_a_forged_cookie_is_no_sign_in(server: Server, cookie: str) -> None:
    assert server.get("/", Cookie=f"workbench={cookie}")[0] == 401


def test_a_link_signs_in_once_and_goes_to_a_page_of_this_server_only(server: Server) -> None:
    with Workbench.open(server.home) as wb:
        links = [wb.identities.link("vera", by=wb.actor.principal) for _ in range(2)]
    answer = subprocess.run(
        ["curl", "-sD-", "-o/dev/null", f"{server.url}/workbench/sign-in?link={links[0]}&next=/dashboards/flights"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert " 302 " in answer
    assert "Location: /dashboards/flights" in answer
    cookie = next(line for line in answer.splitlines() if line.startswith("Set-Cookie: workbench="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert server.get(f"/workbench/sign-in?link={links[0]}")[0] == 401
    elsewhere = subprocess.run(
        ["curl", "-sD-", "-o/dev/null", f"{server.url}/workbench/sign-in?link={links[1]}&next=//elsewhere.example/"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Location: /\r\n" in elsewhere + "\r\n" or "Location: /\n" in elsewhere.replace("\r", "")


def test_a_program_needs_a_token_with_the_scope(server: Server) -> None:
    with Workbench.open(server.home) as wb:
        me = wb.actor.principal
        read, run = (
            wb.identities.create_token("vera", by=me, scopes=[scope]).secret for scope in (Scope.READ, Scope.RUN)
        )
    assert server.get("/", Authorization=f"Bearer {read}")[0] == 200
    status, page = server.get("/", Authorization=f"Bearer {run}")
    assert status == 403
    assert "no scope" in page


def test_the_list_has_what_its_reader_may_open(server: Server) -> None:
    viewer, analyst = server.get("/", "vera")[1], server.get("/", "anna")[1]
    assert "How punctual flights from New York are" in viewer
    assert "For analysts" not in viewer
    assert "For analysts" in analyst


def test_code_sent_over_a_viewer_s_socket_is_not_executed(server: Server, vera: str, tmp_path: Path) -> None:
    mark = tmp_path / "written"
    code = {"code": f"open({str(mark)!r}, 'w').close()", "silent": False, "store_history": False}
    with opened(server.url, vera, server.cookie("vera")) as socket:
        asked = [send(socket, "execute_request", code, channel=channel) for channel in ("shell", "control")]
        asked.append(send(socket, "shutdown_request", {"restart": False}, channel="control"))
        asked.append(send(socket, "input_reply", {"value": "1"}, channel="stdin"))
        known = send(socket, "kernel_info_request", {})
        found = heard(socket, seconds=60, until=known) + heard(socket, seconds=1)
    assert not mark.exists()
    parents = {message["parent"] for message in found}
    assert known in parents, "the kernel still answers what it may"
    assert not parents & set(asked)


def test_a_kernel_is_its_viewer_s_alone(server: Server, vera: str) -> None:
    wait_until(lambda: len(server.kernels()) >= 3, what="refilling the pool")
    assert refused(server.url, vera, server.cookie("vera")) == 101
    assert refused(server.url, vera, server.cookie("victor")) == 403
    assert refused(server.url, vera) == 403
    assert refused(server.url, vera, server.cookie("vera"), Origin="http://elsewhere.example") == 403
    assert server.get(f"/api/kernels/{vera}", "vera")[0] == 200
    assert server.get(f"/api/kernels/{vera}", "victor")[0] == 403
    assert server.get(f"/api/kernels/{vera}", "vera", method="DELETE")[0] in (403, 405)
    started = set(re.findall(r"Kernel started: ([0-9a-f-]{36})", server.log.read_text()))
    assert len(started - {vera}) >= 2, "some are nobody's yet"
    assert {refused(server.url, kernel, server.cookie("victor")) for kernel in started} == {403}


def test_a_kernel_ends_for_its_owner_only(server: Server) -> None:
    kernel, _ = page_of(server, "victor", "flights")
    path = f"/voila/api/shutdown/{kernel}"
    assert server.get(path, method="POST")[0] == 403
    assert server.get(path, "vera", method="POST")[0] == 403
    assert server.get(path, "victor", method="POST", Origin="http://elsewhere.example")[0] == 403
    assert refused(server.url, kernel, server.cookie("victor")) == 101
    assert server.get(path, "victor", method="POST")[0] == 204
    assert refused(server.url, kernel, server.cookie("victor")) == 403


def test_a_socket_without_the_subprotocol_is_refused_and_the_server_stays_up(server: Server, vera: str) -> None:
    before = psutil.Process(server.process.pid).memory_info().rss
    assert refused(server.url, vera, server.cookie("vera"), protocol=None) == 400
    assert refused(server.url, vera, server.cookie("vera"), protocol="v0.kernel.websocket.jupyter.org") == 400
    assert server.get("/workbench/api/v1/health")[0] == 200
    assert psutil.Process(server.process.pid).memory_info().rss < before + 50 * 2**20


def test_no_secret_of_the_server_is_in_a_kernel(server: Server, vera: str) -> None:
    assert SECRET in (psutil.Process(server.process.pid).environ()["A_SECRET_KEY"])
    tokens = set()
    for kernel in server.kernels():
        environment = kernel.environ()
        assert SECRET not in json.dumps(environment)
        tokens.add(environment["WORKBENCH_TOKEN"])
    assert len(tokens) == len(server.kernels()), "each has a token of its own"


def test_a_dashboard_that_fails_says_so_and_nothing_of_why(server: Server) -> None:
    _, page = page_of(server, "vera", "broken")
    for secret in ("Traceback", "ZeroDivision", "a secret reason", "a stray word", "show_tracebacks"):
        assert secret not in page
    assert '<p id="broken" role="alert">' in page


def test_a_dashboard_as_it_was_drafted_is_shown(server: Server) -> None:
    _, page = page_of(server, "vera", "drafted")
    assert "application/vnd.jupyter.widget-view+json" in page
    assert "workbenchBroken()</script>" not in page


@pytest.mark.parametrize("received", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_kernel_outlives_the_server(another: Callable[..., Server], received: signal.Signals) -> None:
    server = another(1)
    wait_until(lambda: bool(server.kernels()), what="starting a kernel")
    page_of(server, "vera")
    pids = [kernel.pid for kernel in server.kernels()]
    assert pids
    os.kill(server.process.pid, received)
    server.process.wait(30)
    wait_until(lambda: all(ended(pid) for pid in pids), what="the end of the kernels")
    if received is not signal.SIGKILL:
        assert server.process.returncode == 0
        assert "Traceback" not in server.log.read_text()


def test_a_busy_port_is_said(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workbench_voila", "--home", str(server.home), "--port", server.url.rsplit(":")[-1]],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "error: cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_kernel_ahead_a_page_waits_for_one(another: Callable[..., Server]) -> None:
    server = another(0)
    assert server.kernels() == []
    begun = time.monotonic()
    _, page = page_of(server, "vera")
    assert "application/vnd.jupyter.widget-view+json" in page
    assert time.monotonic() - begun < 60


def test_a_kernel_that_cannot_start_is_said_without_a_word_of_why(
    another: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nif 'JPY_PARENT_PID' in os.environ:\n    os._exit(3)\n")
    server = another(1, PYTHONPATH=str(tmp_path))
    status, page = server.get("/dashboards/flights", "vera")
    assert status == 200, "the page had begun"
    assert '<p id="broken" role="alert">' in page.rstrip().splitlines()[-1]
    assert "Traceback" not in page
    assert "RuntimeError" not in page
    assert server.get("/workbench/api/v1/health")[0] == 200
    assert server.kernels() == []


def test_parts_of_widget_packages_that_pages_load_come_in_one_script(another: Callable[..., Server]) -> None:
    server = another(0)
    assert '"parts": null' in page_of(server, "vera")[1]
    folder = Path(sys.prefix) / "share/jupyter/labextensions/bqplot/static"
    part = next(path for path in sorted(folder.iterdir()) if re.fullmatch(r"\d+\.\w+\.js", path.name))
    entry = next(folder.glob("remoteEntry.*.js"))
    for address in (
        f"{part.name}?v=%22onload=%22alert(1)",
        f"./{part.name}",
        f".//././{part.name}",
        entry.name,
        "style.js",
        "no-such-part.js",
    ):
        server.get(f"/widgets/bqplot/static/{address}", "victor")
    page = page_of(server, "vera")[1]
    assert "alert(1)" not in page
    address = re.search(r'<link rel="preload" as="script" href="(/widgets/parts\.js\?v=\w+)">', page)
    assert address is not None
    assert server.get(address[1])[0] == 403
    assert server.get(address[1], "vera") == (200, part.read_text())


@pytest.mark.long
def test_a_kernel_whose_browser_vanished_ends(another: Callable[..., Server]) -> None:
    server = another(0)
    kernel, _ = page_of(server, "vera")
    with opened(server.url, kernel, server.cookie("vera")):
        assert len(server.kernels()) == 1
    wait_until(lambda: not server.kernels(), seconds=150, what="the end of a kernel that nobody looks at")


def test_one_person_has_only_so_many_pages(another: Callable[..., Server]) -> None:
    server = another(1, WORKBENCH_PAGES_PER_VIEWER="2")
    kernels = [page_of(server, "vera")[0] for _ in range(2)]
    status, page = server.get("/dashboards/flights", "vera")
    assert status == 503
    assert "You have 2 dashboards open." in page
    assert "Close one, then open this one again." in page
    assert page_of(server, "anna")[0] not in kernels
