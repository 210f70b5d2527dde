"""An API taken into the lake by the doors there are: the library, the command line, a pipeline's fingerprint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from command_line import Ended
from scripted_api import Asked, Reply, paged, serving
from waiting import wait_until

from workbench import Workbench
from workbench.foundation.errors import Invalid, Unavailable

ROWS = [{"id": number, "day": f"2026-01-0{number % 3 + 1}", "price": number / 4} for number in range(9)]
OPTIONS = "#rows=data.items&pages=cursor&next=meta.next&private=yes&attempts=1&auth=bearer:env:SHOP_TOKEN"


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")


def test_a_dataset_of_an_api_knows_where_it_came_from_and_no_secret(wb: Workbench, workspace: Path) -> None:
    with serving(paged(ROWS, "cursor")) as site:
        url = f"{site.address}/orders{OPTIONS}"
        made = wb.datasets.load(url, "orders", key="id")
        assert (
            made.to_polars().sort("id").to_dicts()
            == pl.DataFrame(ROWS).with_columns(pl.col("day").str.to_date()).to_dicts()
        )
        again = wb.etl.copy(url, into="orders", key="id")
        assert (again.added, again.changed, again.unchanged) == (0, 0, 9)
        landed = wb.etl.land(url, into="landed", slice_by="day", key="id")
        assert landed.written == 3
        assert wb.etl.land(url, into="landed", slice_by="day", key="id").skipped == 3
        assert {asked.headers["authorization"] for asked in site.asked} == {"Bearer s3cret"}
    wb.close()
    kept = [path for path in (workspace / ".workbench").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"s3cret" in path.read_bytes()]
    assert [path for path in kept if b"env:SHOP_TOKEN" in path.read_bytes()], "by its name it is there"


def test_rows_since_the_last_time_are_asked_for_by_a_query(wb: Workbench) -> None:
    def handle(asked: Asked) -> Reply:
        since = int(asked.query.get("since", -1))
        return paged([row for row in ROWS if int(row["id"]) > since], "cursor")(asked)

    with serving(handle) as site:
        url = f"{site.address}/orders{OPTIONS}"
        made = wb.datasets.load(url, "orders", query="since=:since", parameters={"since": 5})
        assert made.to_polars()["id"].sort().to_list() == [6, 7, 8]
        assert all(asked.query["since"] == "5" for asked in site.asked)


def test_an_api_without_rows_makes_a_dataset_of_declared_columns_only(wb: Workbench) -> None:
    with serving(paged([], "cursor")) as site:
        url = f"{site.address}/orders{OPTIONS}"
        with pytest.raises(Invalid, match=r"orders.* has no rows, and so no columns"):
            wb.datasets.load(url, "orders")
        assert wb.datasets.load(f"{url}&types=id:integer,at:time", "orders").to_polars().columns == ["id", "at"]


def test_an_api_that_fails_on_its_last_page_changes_nothing(wb: Workbench) -> None:
    answers = paged(ROWS, "cursor")
    bad: list[str] = []

    def handle(asked: Asked) -> Reply:
        return Reply(status=500) if asked.query.get("cursor") in bad else answers(asked)

    with serving(handle) as site:
        url = f"{site.address}/orders{OPTIONS}"
        wb.etl.copy(url, into="orders", key="id")
        before = wb.datasets["orders"].to_polars()
        bad.append("r8")
        answers = paged([{**row, "price": 1.0} for row in ROWS], "cursor")
        with pytest.raises(Unavailable, match=r"orders, page 5: .* fails"):
            wb.etl.copy(url, into="orders", key="id")
        assert wb.datasets["orders"].to_polars().equals(before)
        bad.clear()
        assert wb.etl.copy(url, into="orders", key="id").changed == 8


def test_the_command_line_takes_an_api(workspace: Path, command: Callable[..., Ended]) -> None:
    with serving(paged(ROWS, "cursor")) as site:
        url = f"{site.address}/orders{OPTIONS}"
        assert command("dataset", "load", url, "--name", "orders", "--key", "id").code == 0
        wrong = command("dataset", "load", url.replace("data.items", "data.itms"), "--name", "more")
        asked = command("dataset", "load", url, "--name", "some", "--query", "status=open")
    assert wrong.code == 2
    assert "did you mean 'items'" in wrong.err
    assert asked.code == 0
    assert site.asked[-1].query["status"] == "open"


LAND = """
import sys
from workbench import Workbench
with Workbench.open() as wb:
    wb.etl.copy(sys.argv[1], into="orders", key="id")
"""


def test_killed_while_pages_come_leaves_nothing_behind_and_the_next_one_takes_all(
    wb: Workbench, tmp_path: Path
) -> None:
    answers, halfway = paged(ROWS, "cursor"), threading.Event()
    pages = tmp_path / "pages"
    pages.mkdir()

    def handle(asked: Asked) -> Reply:
        if asked.query.get("cursor") == "r6" and not halfway.is_set():
            halfway.set()
            return Reply(answers(asked).body, pause=30)
        return answers(asked)

    with serving(handle) as site:
        url = f"{site.address}/orders{OPTIONS}"
        environment = {**os.environ, "TMPDIR": str(pages)}
        child = subprocess.Popen([sys.executable, "-c", LAND, url], env=environment)
        try:
            wait_until(halfway.is_set, what="the question for the fourth page")
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait(30)
        assert list(pages.iterdir()) == [], "what had come lay in a file without a name"
        assert "orders" not in [dataset.name for dataset in wb.datasets.list()]
        assert wb.etl.copy(url, into="orders", key="id").added == 9
