"""The processes themselves: where they listen, how they end, and what the kernels of `lab` know."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import websocket
from psycopg import sql
from site_of_servers import Site, running
from sqlalchemy import make_url
from waiting import ended, wait_until

from workbench import Workbench
from workbench.governance.identity import SignInRefused
from workbench.governance.security import Role, Scope

ASK = """
import json, os
from workbench import Workbench
wb = Workbench.open()
who = wb.actor.principal
print("SAID " + json.dumps([who.name, who.role, sorted(os.environ), os.environ["WORKBENCH_TOKEN"]]))
"""

PIDS = "import ctypes, os, time; print('SAID', [os.getpid(), os.getppid()], flush=True)"
TRY = """
import json
from workbench import Workbench
from workbench.foundation.errors import Forbidden
wb = Workbench.open()
me = wb.actor.principal
def refusal(doing):
    try:
        doing()
    except Forbidden as error:
        return str(error)
print("SAID " + json.dumps([
    sorted(me.scopes),
    refusal(lambda: wb.identities.create_token("vera", by=me)),
    refusal(lambda: wb.datasets.create("made_in_a_kernel", wb.datasets.get("small_0").to_polars())),
]))
"""


def started(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workbench_server.api", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=60)


def test_a_busy_port_is_said_to_be_busy(site: Site, tmp_path: Path) -> None:
    port = site.url.rpartition(":")[2]
    done = started("--home", str(site.home), "--port", port, cwd=tmp_path)
    assert done.returncode == 1
    assert f"error: port {port} of 127.0.0.1 cannot be listened on" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_workspace_it_says_so(tmp_path: Path) -> None:
    done = started("--port", "0", cwd=tmp_path)
    assert done.returncode == 1
    assert "error: no workspace" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("process", ["api", "lab"])
def test_no_file_in_a_home_folder_opens_it(
    site: Site, process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = {"ServerApp": {"allow_unauthenticated_access": True, "allow_origin": "*", "disable_check_xsrf": True}}
    for name in ("jupyter_server_config", "jupyter_lab_config", "jupyter_workbench_server_config"):
        (tmp_path / f"{name}.json").write_text(json.dumps(evil))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    with running(process, site.home) as url:
        answer = httpx.get(f"{url}/workbench/api/v1/me", headers={"Origin": "http://evil.org"}, timeout=30)
        assert answer.status_code == 401
        assert "access-control-allow-origin" not in answer.headers


def test_it_listens_where_it_is_told(site: Site) -> None:
    host, _, port = site.url.removeprefix("http://").rpartition(":")
    assert host == "127.0.0.1"
    others = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None)} - {"127.0.0.1", "::1"}
    for address in others:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as tried:
            tried.settimeout(2)
            assert tried.connect_ex((address, int(port))) != 0


@pytest.mark.parametrize("path", ["/api/kernels", "/api/contents", "/api/terminals", "/files/workbench.toml", "/lab",
                                  "/metrics", "/api/status", "/api/me", "/static/favicon.ico"])  # fmt: skip
def test_the_api_has_nothing_of_a_notebook_server(site: Site, path: str) -> None:
    assert site.get(path, "ada").status_code == 404


@contextmanager
def channel_of(lab: str, headers: dict[str, str], kernel: str) -> Iterator[websocket.WebSocket]:
    url = f"{lab.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
    channel = websocket.create_connection(url, header=[f"{name}: {value}" for name, value in headers.items()])
    channel.settimeout(60)
    try:
        yield channel
    finally:
        channel.close()


def said(channel: websocket.WebSocket, code: str) -> Any:
    """What the code prints after "SAID ", which is JSON."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": "s", "username": "", "version": "5"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps(message))
    printed = ""
    while "SAID" not in printed or "\n" not in printed.partition("SAID")[2]:
        heard = json.loads(channel.recv())
        assert heard["msg_type"] != "error", heard["content"]
        if heard["msg_type"] == "stream":
            printed += heard["content"]["text"]
    return json.loads(printed.partition("SAID ")[2].splitlines()[0])


def said_by_one_restarted(channel: websocket.WebSocket, code: str) -> Any:
    """As `said`. What a kernel prints before the server's sockets have found it again nobody hears: it is asked anew.

    A page reconnects instead; that is what this test does not do."""
    channel.settimeout(5)
    for _ in range(11):
        with suppress(websocket.WebSocketTimeoutException):
            return said(channel, code)
    channel.settimeout(60)
    return said(channel, code)


def said_by_a_kernel(lab: Site, headers: dict[str, str], kernel: str, code: str = ASK) -> Any:
    with channel_of(lab.url, headers, kernel) as channel:
        return said(channel, code)


def test_a_kernel_works_for_who_started_it_and_knows_no_secret_of_the_server(lab: Site) -> None:
    headers = {"Authorization": f"Bearer {lab.token('ana', Scope.ADMIN, Scope.READ)}"}
    with httpx.Client(base_url=lab.url, headers=headers, timeout=60) as client:
        kernel = client.post("/api/kernels", json={"name": "python3", "env": {"SOME_MORE": "1"}}).json()["id"]
        name, role, environment, token = said_by_a_kernel(lab, headers, kernel)
        assert (name, role) == ("ana", "analyst")
        assert {"SOME_SECRET", "SOME_MORE"} & set(environment) == set()
        assert lab.wb.identities.of_token(token).via == "kernel"
        assert client.delete(f"/api/kernels/{kernel}").status_code == 204
    with pytest.raises(SignInRefused):
        lab.wb.identities.of_token(token)


def test_a_kernel_keeps_its_environment_when_its_notebook_is_renamed(lab: Site) -> None:
    headers = {"Authorization": f"Bearer {lab.token('ana', Scope.ADMIN, Scope.READ)}"}
    with httpx.Client(base_url=lab.url, headers=headers, timeout=60) as client:
        wanted = {"path": "a.ipynb", "name": "a", "type": "notebook", "kernel": {"name": "python3"}}
        session = client.post("/api/sessions", json=wanted).json()
        client.patch(f"/api/sessions/{session['id']}", json={"path": "b.ipynb", "name": "b"})
        client.post(f"/api/kernels/{session['kernel']['id']}/restart")
        name, _, environment, _ = said_by_a_kernel(lab, headers, session["kernel"]["id"])
        assert name == "ana"
        assert "SOME_SECRET" not in environment
        client.delete(f"/api/sessions/{session['id']}")


def test_a_kernel_may_do_all_that_its_user_may(lab: Site) -> None:
    cookies = {"workbench": lab.cookie("ada")}
    with httpx.Client(base_url=lab.url, cookies=cookies, timeout=60) as client:
        client.get("/lab")
        shown = {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
        client.headers["X-XSRFToken"] = client.cookies["_xsrf"]
        kernel = client.post("/api/kernels", json={"name": "python3"}).json()["id"]
        assert said_by_a_kernel(lab, shown, kernel, TRY) == [sorted(Scope), None, None]
        client.delete(f"/api/kernels/{kernel}")


def test_a_kernel_may_do_no_more_than_the_token_it_was_started_with(lab: Site) -> None:
    headers = {"Authorization": f"Bearer {lab.token('ada', Scope.ADMIN, Scope.READ)}"}
    with httpx.Client(base_url=lab.url, headers=headers, timeout=60) as client:
        kernel = client.post("/api/kernels", json={"name": "python3"}).json()["id"]
        scopes, issued, written = said_by_a_kernel(lab, headers, kernel, TRY)
        assert (scopes, issued) == ([Scope.ADMIN, Scope.READ], None)
        assert "this token of ada may not" in written
        assert "it has no scope 'run'" in written
        client.delete(f"/api/kernels/{kernel}")


def test_who_looks_at_a_kernel_keeps_their_socket_when_it_is_restarted(lab: Site) -> None:
    headers = {"Authorization": f"Bearer {lab.token('ana', Scope.ADMIN, Scope.READ)}"}
    with httpx.Client(base_url=lab.url, headers=headers, timeout=60) as client:
        kernel = client.post("/api/kernels", json={"name": "python3"}).json()["id"]
        with channel_of(lab.url, headers, kernel) as channel:
            before, _ = said(channel, PIDS)
            assert client.post(f"/api/kernels/{kernel}/restart").status_code == 200
            after, _ = said_by_one_restarted(channel, PIDS)
        assert ended(before)
        assert not ended(after)
        client.delete(f"/api/kernels/{kernel}")
        assert ended(after)


@pytest.mark.parametrize("again", [False, True], ids=["removed", "another of that name"])
def test_the_kernel_of_somebody_who_was_removed_ends(lab: Site, again: bool) -> None:
    security, by = lab.wb.security, lab.wb.actor.principal
    security.add_user("zed", Role.ANALYST, by=by)
    headers = {"Authorization": f"Bearer {lab.token('zed', Scope.ADMIN, Scope.READ)}"}
    kernel = httpx.post(f"{lab.url}/api/kernels", headers=headers, json={"name": "python3"}, timeout=60).json()["id"]
    pid, _ = said_by_a_kernel(lab, headers, kernel, PIDS)
    security.remove_user("zed", by=by)
    if again:
        security.add_user("zed", Role.ANALYST, by=by)
    wait_until(lambda: ended(pid), seconds=40, what="the kernel's end")
    if again:
        security.remove_user("zed", by=by)


@pytest.mark.postgres
def test_kernels_go_on_while_the_catalog_does_not_answer(tmp_path: Path, postgres_url: str) -> None:
    """Nobody's work is lost, the log says that nobody could be asked, and afterwards the answer counts again."""
    home = tmp_path / "team"
    home.mkdir()
    (home / "workbench.toml").write_text(f'catalog_url = "{postgres_url}"\n')
    with Workbench.open(home) as wb:
        by = wb.actor.principal
        wb.security.add_user("zed", Role.ANALYST, by=by)
        token = wb.identities.create_token("zed", by=by, scopes=[Scope.ADMIN, Scope.READ]).secret
        logs = wb.settings.logs_dir
    headers = {"Authorization": f"Bearer {token}"}
    with running("lab", home) as url:
        kernel = httpx.post(f"{url}/api/kernels", headers=headers, json={"name": "python3"}, timeout=60).json()["id"]
        with channel_of(url, headers, kernel) as channel:
            pid, _ = said(channel, PIDS)
            with out_of_reach(postgres_url):
                wait_until(lambda: "whose kernels may go on is not known" in written(logs), seconds=40, what="a look")
                assert said(channel, PIDS)[0] == pid
        with Workbench.open(home) as wb:
            wb.security.remove_user("zed", by=wb.actor.principal)
        wait_until(lambda: ended(pid), seconds=40, what="the kernel's end")
    assert "ended a kernel of zed" in written(logs)


def written(logs: Path) -> str:
    """What a process has logged; it makes the file at its first line."""
    return "".join(path.read_text() for path in logs.glob("lab.jsonl"))


@contextmanager
def out_of_reach(url: str) -> Iterator[None]:
    """A database that lets nobody in, and has sent away who was there."""
    at = make_url(url)
    with psycopg.connect(
        host=str(at.query["host"]), user=at.username, dbname="postgres", autocommit=True
    ) as connection:
        allow = sql.SQL("alter database {} allow_connections {}")
        connection.execute(allow.format(sql.Identifier(str(at.database)), sql.SQL("false")))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [at.database])
        try:
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(str(at.database)), sql.SQL("true")))


def test_a_kernel_of_no_name_that_there_is_is_refused(lab: Site) -> None:
    headers = {"Authorization": f"Bearer {lab.token('ana', Scope.ADMIN, Scope.READ)}"}
    wanted = {"path": "r.ipynb", "name": "r", "type": "notebook", "kernel": {"name": "nothing"}}
    answer = httpx.post(f"{lab.url}/api/sessions", headers=headers, json=wanted, timeout=60)
    assert answer.status_code == 501
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "received",
    [
        signal.SIGTERM,  # the server ends its kernels itself, on every system
        pytest.param(
            signal.SIGKILL,
            marks=pytest.mark.skipif(
                sys.platform != "linux",
                reason="only Linux ends a process with its parent; elsewhere a kernel has to look for it, "
                "which one that is busy in C code cannot do before that returns",
            ),
        ),
    ],
)
def test_a_lab_that_ends_leaves_no_kernel(site: Site, received: signal.Signals) -> None:
    """Not even one that is busy in C code, which does not let Python look around."""
    with running("lab", site.home, ends=0 if received is signal.SIGTERM else -received) as url:
        lab = Site(url, site.wb)
        headers = {"Authorization": f"Bearer {site.token('ana', Scope.ADMIN, Scope.READ)}"}
        kernel = httpx.post(f"{url}/api/kernels", headers=headers, json={"name": "python3"}, timeout=60).json()["id"]
        pid, server = said_by_a_kernel(lab, headers, kernel, PIDS + "; time.sleep(0.5); ctypes.PyDLL(None).sleep(120)")
        time.sleep(1.5)
        os.kill(server, received)
        wait_until(lambda: ended(pid), what="the kernel's end")
