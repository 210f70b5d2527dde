"""Files sent to the real server: piece by piece, cut off, killed under way, and by whom they may be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from site_of_servers import Site, made
from waiting import wait_until

from workbench.governance.security import Scope

CSV = b"id,name\n1,a\n2,b\n3,c\n"
WRITES = (Scope.READ, Scope.RUN)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path / "team")
    found.start()
    yield found
    found.end()


class Served:
    """A workspace and its `api`, which can be killed and started again at the same port."""

    def __init__(self, home: Path) -> None:
        self.wb = made(home)
        self.port = "0"

    def start(self) -> None:
        command = [sys.executable, "-m", "workbench_server.api", "--home", str(self.wb.settings.home)]
        with (self.wb.settings.home.parent / "api.log").open("a") as errors:
            self.process = subprocess.Popen(
                [*command, "--port", self.port], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        url = self.process.stdout.readline().removeprefix("listening on ").strip()
        self.port = str(urlsplit(url).port)
        self.site = Site(url, self.wb)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.wb.close()


def ask(site: Site, path: str, method: str = "GET", user: str = "ana", **options: Any) -> Any:
    return site.ask(path, user, method=method, scopes=WRITES, **options)


def begun(site: Site, content: bytes, file: str = "orders.csv") -> str:
    found = ask(site, "uploads", "POST", json={"file": file, "size": len(content)})
    assert (found["state"], found["received"]) == ("receiving", 0)
    return str(found["id"])


def put(site: Site, upload: str, piece: bytes, offset: int = 0) -> Any:
    return ask(site, f"uploads/{upload}/content?offset={offset}", "PUT", content=piece)


def test_a_file_becomes_a_dataset(site: Site) -> None:
    upload = begun(site, CSV)
    assert put(site, upload, CSV[:7])["received"] == 7
    assert ask(site, f"uploads/{upload}")["received"] == 7
    assert put(site, upload, CSV[7:], 7)["state"] == "received"
    shown = ask(site, f"uploads/{upload}/preview", "POST", json={"read": {"types": {"id": "text"}}, "rows": 2})
    assert [(one["name"], one["kind"]) for one in shown["columns"]] == [("id", "text"), ("name", "text")]
    assert (shown["rows"], shown["total"], shown["format"]) == ([["1", "a"], ["2", "b"]], 3, "csv")
    into = {"dataset": "uploaded", "description": "Sent", "sort_by": ["id"]}
    done = ask(site, f"uploads/{upload}/load", "POST", json=into)
    assert (done["state"], done["dataset"], done["version"]) == ("loaded", "uploaded", 0)
    assert site.ask("datasets/uploaded")["rows"] == 3
    assert site.ask(f"runs/{done['run']}", "ana")["receipt"]["wrote"][0]["name"] == "uploaded"
    assert site.ask("lineage/dataset/uploaded")["nodes"][0]["name"] == "uploaded"
    assert ask(site, f"uploads/{upload}", "DELETE")["id"] == upload
    assert site.refused(f"uploads/{upload}", "ana")["code"] == "not_found"


def test_only_who_may_is_listened_to(site: Site) -> None:
    upload = begun(site, CSV)
    where = f"uploads/{upload}/content"
    assert site.refused(where, None, method="PUT", content=CSV)["code"] == "sign_in_refused"
    assert site.refused(where, "vera", method="PUT", scopes=WRITES, content=CSV)["code"] == "forbidden"
    assert site.refused(where, "ana", method="PUT", scopes=(Scope.READ,), content=CSV)["code"] == "forbidden"
    assert site.refused("uploads", "vera", method="POST", scopes=WRITES, json={"file": "a", "size": 1})["status"] == 403
    cookie = {"Cookie": f"workbench={site.cookie('ana')}"}
    forged = httpx.put(f"{site.url}/workbench/api/v1/{where}", headers=cookie, content=CSV, verify=False)
    assert forged.status_code == 403, "a page of another site has a cookie, and no more"
    assert ask(site, f"uploads/{upload}")["received"] == 0
    assert site.refused(f"uploads/{upload}/content", "ana", scopes=WRITES)["status"] == 405


def test_what_does_not_fit_is_refused(site: Site) -> None:
    upload = begun(site, CSV)
    options = {"method": "PUT", "scopes": WRITES}
    assert site.refused(f"uploads/{upload}/content?offset=3", "ana", **options, content=CSV)["code"] == "conflict"
    assert site.refused(f"uploads/{upload}/content", "ana", **options, content=CSV + b"x")["code"] == "invalid"
    assert site.refused("uploads/..%2F..%2Fx/content", "ana", **options, content=CSV)["code"] == "not_found"
    large = {"file": "a.csv", "size": 10**12}
    assert site.refused("uploads", "ana", method="POST", scopes=WRITES, json=large)["code"] == "invalid"
    early = site.refused(f"uploads/{upload}/load", "ana", method="POST", scopes=WRITES, json={"dataset": "x"})
    assert early["code"] == "conflict"
    assert "of the 20 bytes" in early["detail"]


def cut(site: Site, upload: str, said: int, content: bytes) -> socket.socket:
    """A connection that promises so many bytes, and has sent some of them."""
    where = urlsplit(site.url)
    opened = socket.create_connection((where.hostname, where.port))
    opened.sendall(
        f"PUT /workbench/api/v1/uploads/{upload}/content?offset=0 HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Authorization: Bearer {site.token('ana', *WRITES)}\r\nContent-Length: {said}\r\n\r\n".encode()
        + content
    )
    return opened


def on_disk(wb: Any, upload: str) -> int:
    return int((wb.settings.uploads_dir / upload / "content").stat().st_size)


def test_what_came_of_a_file_that_was_cut_short_is_gone_on_from(site: Site) -> None:
    upload = begun(site, CSV)
    cut(site, upload, len(CSV), CSV[:9]).close()
    wait_until(lambda: on_disk(site.wb, upload) == 9, what="writing what came")
    said: list[httpx.Response] = []

    def taken() -> bool:
        """Once the server has noticed that nobody sends the rest of the piece any more."""
        where = f"/workbench/api/v1/uploads/{upload}/content?offset={so_far(site, upload)}"
        said.append(site.get(where, "ana", method="PUT", scopes=WRITES, content=CSV[9:]))
        return said[-1].status_code != 409

    wait_until(taken, what="taking the rest")
    assert said[-1].json()["state"] == "received"


def so_far(site: Site, upload: str) -> int:
    return int(ask(site, f"uploads/{upload}")["received"])


def test_killed_under_way_it_goes_on_where_it_was(served: Served) -> None:
    content = b"id,text\n" + b"".join(b"%d,%s\n" % (row, b"x" * 100) for row in range(100_000))
    site = served.site
    upload = begun(site, content)
    with cut(site, upload, len(content), content[: 6 << 20]):
        wait_until(lambda: on_disk(served.wb, upload) >= 3 << 20, what="receiving")
        served.kill()
    served.start()
    site = served.site
    received = so_far(site, upload)
    assert 3 << 20 <= received <= 6 << 20
    assert put(site, upload, content[received:], received)["state"] == "received"
    done = ask(site, f"uploads/{upload}/load", "POST", json={"dataset": "large"})
    assert done["version"] == 0
    assert served.wb.datasets["large"].to_polars()["id"].to_list() == list(range(100_000))


def test_a_large_file_is_not_held_in_memory(served: Served) -> None:
    size = 300_000_000
    site = served.site
    upload = str(ask(site, "uploads", "POST", json={"file": "large.csv", "size": size})["id"])
    process = psutil.Process(served.process.pid)
    before = process.memory_info().rss
    most = 0

    def pieces() -> Iterator[bytes]:
        nonlocal most
        for number in range(300):
            yield b"x" * 1_000_000
            if number % 20 == 0:
                most = max(most, process.memory_info().rss)

    found = ask(site, f"uploads/{upload}/content", "PUT", content=pieces(), headers={"Content-Length": str(size)})
    assert found["state"] == "received"
    assert most - before < 100_000_000, f"it grew by {most - before:,} bytes"
