"""How long a viewer waits for the flights dashboard, beside stock Voila on the same notebook in the same run.

    python -m benchmarks.dashboard [--runs 7] [--viewers 10] [--home WORKSPACE]

The two take turns, so that the machine's moods fall on both alike; each page is opened in a browser context of its own,
with nothing cached. Memory is the proportional set size: what is shared is counted once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from workbench import Workbench
from workbench.governance.security import Role

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PICTURE, DRAWN = ".wb-picture path.line", ".bqplot path.line"
ROUNDS = 5
# In the page, from before its first byte: when something was painted, when the first chart stood, as a picture or as a
# widget, and when it was the widget, whose filters answer; to 20 ms. Asking from outside again and again would have the
# browser draw frames that nobody looks at.
WATCH = """((picture, drawn) => {
  const stands = css => document.querySelector(css)?.checkVisibility({ visibilityProperty: true });
  let chart = 0;
  const watching = setInterval(() => {
    const pictured = document.querySelector(picture) !== null;
    if (pictured && !chart && stands(picture)) chart = performance.now();
    if (pictured || !stands(drawn)) return;
    clearInterval(watching);
    const [painted] = performance.getEntriesByName("first-contentful-paint");
    window.seen = [painted ? painted.startTime : NaN, chart || performance.now(), performance.now()];
  }, 20);
})"""
# In the page: moves the filter, and resolves with the milliseconds until the line chart is another one.
MOVE = """([chart, day]) => new Promise((done, fail) => {
  const line = document.querySelector(chart), before = line.getAttribute("d");
  const begun = performance.now();
  new MutationObserver((_, seen) => {
    if (line.getAttribute("d") === before) return;
    seen.disconnect();
    done(performance.now() - begun);
  }).observe(line, { attributes: true });
  setTimeout(() => fail(new Error("nothing was redrawn")), 10000);
  const box = document.querySelector(".wb-period input[type=date]");
  box.value = day;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.dispatchEvent(new Event("change", { bubbles: true }));
  box.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--home", type=Path, help="a workspace with the demo in it; else one is made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or _demo(Path(folder))
        with Workbench.open(home) as wb:
            if "bench" not in {user.name for user in wb.security.users()}:
                wb.security.add_user("bench", Role.VIEWER, by=wb.actor.principal)
            cookie = wb.identities.cookie("bench")
        with _ours(home, given.viewers) as (url, process), _stock(home) as stock:
            asyncio.run(_measure(url, stock, cookie, process, runs=given.runs, viewers=given.viewers))


async def _measure(url: str, stock: str, cookie: str, process: psutil.Process, *, runs: int, viewers: int) -> None:
    ours = f"{url}/dashboards/flights"
    rows: dict[str, list[float]] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for _ in range(runs):
            _ready(url, 1)
            context, page = await _page(browser, url, cookie)
            seen = await _open(page, ours)
            rows.setdefault("skeleton painted", []).append(seen.painted)
            rows.setdefault("first chart", []).append(seen.chart)
            rows.setdefault("filters answer", []).append(seen.live)
            for day in ("2013-12-10", "2013-12-04", "2013-12-15"):
                await page.wait_for_timeout(400)
                taken = await page.evaluate(MOVE, [DRAWN, day])
                rows.setdefault("filter change to redrawn chart", []).append(taken / 1000)
            await context.close()
            context, page = await _page(browser, stock, "")
            rows.setdefault("first chart, stock Voila, cold", []).append((await _open(page, stock)).chart)
            await context.close()
        for _ in range(ROUNDS):
            _ready(url, viewers)
            opened = [await _page(browser, url, cookie) for _ in range(viewers)]
            waited = await asyncio.gather(*(_open(page, ours) for _, page in opened))
            for what, last in (
                ("first chart", max(seen.chart for seen in waited)),
                ("filters answer", max(seen.live for seen in waited)),
            ):
                rows.setdefault(f"last of {viewers} viewers at once, {what}", []).append(last)
            for context, _ in opened:
                await context.close()
        _ready(url, viewers)
        memory = _memory(process)
        await browser.close()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {runs} runs\n")
    print(f"{'':<46}{'median s':>10}{'lowest':>10}{'highest':>10}")
    for name, seconds in rows.items():
        print(f"{name:<46}{statistics.median(seconds):>10.3f}{min(seconds):>10.3f}{max(seconds):>10.3f}")
    ratio = statistics.median(rows["first chart"]) / statistics.median(rows["first chart, stock Voila, cold"])
    print(f"\nfirst chart, ours over stock: {ratio:.2f}")
    for name, bytes_ in memory.items():
        print(f"{name:<46}{bytes_ / 2**20:>10.0f} MiB")


async def _page(browser: Browser, url: str, cookie: str) -> tuple[BrowserContext, Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    if cookie:
        await context.add_cookies([{"name": "workbench", "value": cookie, "url": url}])
    return context, await context.new_page()


@dataclass(frozen=True)
class Seen:
    """Seconds from the beginning of the navigation."""

    painted: float
    chart: float
    live: float


async def _open(page: Page, url: str) -> Seen:
    await page.add_init_script(f"{WATCH}({json.dumps(PICTURE)}, {json.dumps(DRAWN)})")
    await page.goto(url, wait_until="commit", timeout=120_000)
    for _ in range(480):
        await asyncio.sleep(0.25)
        if seen := await page.evaluate("window.seen"):
            return Seen(*(moment / 1000 for moment in seen))
    raise SystemExit(f"no chart at {url}")


@contextmanager
def _ours(home: Path, pool: int) -> Iterator[tuple[str, psutil.Process]]:
    command = [sys.executable, "-m", "workbench_voila", "--home", str(home), "--port", "0", "--pool", str(pool)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as started:
        assert started.stdout is not None
        try:
            yield started.stdout.readline().split()[-1], psutil.Process(started.pid)
        finally:
            started.terminate()


@contextmanager
def _stock(home: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = home / "notebooks/dashboards"
    command = [sys.executable, "-m", "voila", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home) as started:
        try:
            _until(lambda: _answers(port))
            yield f"http://127.0.0.1:{port}/voila/render/flights.ipynb"
        finally:
            started.terminate()


def _ready(url: str, count: int) -> None:
    def enough() -> bool:
        with urllib.request.urlopen(f"{url}/workbench/api/v1/health") as answer:
            return bool(json.load(answer)["kernels_ready"] >= count)

    _until(enough)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _until(true: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit("a server did not become ready")
        time.sleep(0.1)


def _memory(server: psutil.Process) -> dict[str, float]:
    kernels = [child.memory_full_info().pss for child in server.children()]
    return {"memory of the server": server.memory_full_info().pss, "memory of a kernel": statistics.median(kernels)}


def _demo(folder: Path) -> Path:
    home = folder / "demo"
    home.mkdir()
    command = [str(Path(sys.executable).parent / "workbench"), "demo", "--no-serve"]
    subprocess.run(command, cwd=home, check=True, capture_output=True)
    return home


if __name__ == "__main__":
    main()
