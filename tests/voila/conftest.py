from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import ROOT
from product_shop import ROWS
from voila_server import Server, flights, start, stop, write_dashboard

from workbench import Workbench
from workbench.data.lake import EventLayout
from workbench.governance.security import Policy, Role
from workbench.starters import scaffold

OUTPUTS = (
    "from IPython.display import HTML, Markdown, display\nimport ipywidgets",
    "Markdown('## In Markdown')",
    "HTML('<p>Text that is <em>marked up</em></p>')",
    "'a plain value'",
    # A GIF of one red dot, and what is read out in its place.
    """
dot = "R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
display({"image/gif": dot, "text/plain": "A red dot"}, raw=True)
""",
    """
caught, pressed = ipywidgets.Output(), []
def count(_):
    with caught:
        caught.clear_output()
        pressed.append(1)
        print("pressed", len(pressed))
        display(HTML(f"<b>{len(pressed)} times</b>"))
def fail(_):
    with caught:
        raise ValueError("a secret reason")
buttons = [ipywidgets.Button(description=name) for name in ("Count", "Fail")]
buttons[0].on_click(count)
buttons[1].on_click(fail)
ipywidgets.VBox([*buttons, caught])
""",
)


# One figure of each kind of question, over a small shop's events.
EVENTS = """
- name: visits
  dataset: events
  aggregation: count
  time: at
  dimensions: [{name: country, label: Country}]
"""
PRODUCT = """
from workbench import Workbench
from workbench.ui import *
wb, steps = Workbench.open(), ["view", "cart", "buy"]
Dashboard(
    wb,
    period=Period("visits", days=None),
    choices=[Choice("visits", "country")],
    parts=[
        Funnel("events", steps),
        Funnel("events", steps, breakdown="country", top=3, grain="week"),
        Retention("events", "view", periods=4),
        Retention("events", "view", periods=4, curves=True),
        Stickiness("events", "view"),
        Lifecycle("events", "view", grain="day"),
        Paths("events", gap="1 day"),
        Sessions("events"),
    ],
)
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the demo's metrics and dashboard; vera may see New York's JFK only, and no airline's name."""
    home = tmp_path_factory.mktemp("voila") / "workspace"
    for folder in ("metrics", "notebooks/dashboards"):
        (home / folder).mkdir(parents=True)
    (home / "workbench.toml").write_text("")
    (home / "metrics/flights.yaml").write_bytes((ROOT / "metrics/flights.yaml").read_bytes())
    for name in ("flights", "explorer"):
        shown = (ROOT / f"notebooks/dashboards/{name}.ipynb").read_bytes()
        (home / f"notebooks/dashboards/{name}.ipynb").write_bytes(shown)
    (home / "metrics/events.yaml").write_text(EVENTS)
    write_dashboard(home, "product", "# Product\n\nWhat visitors do.", PRODUCT)
    write_dashboard(home, "inside", "# For analysts\n\nNot for everybody.", "1", role="analyst")
    write_dashboard(home, "dies", "# Dies\n\nIts kernel ends.", "'a stray word'\nimport os; os._exit(1)")
    write_dashboard(home, "broken", "# Broken\n\nIts code is wrong.", "print('a stray word')\n1 / 0  # a secret reason")
    write_dashboard(home, "outputs", "# Outputs\n\nOf every kind.", *OUTPUTS)
    with Workbench.open(home) as wb:
        me = wb.actor.principal
        wb.datasets.create("flights_enriched", flights())
        wb.datasets.create("events", ROWS, layout=EventLayout("who", "at", "what", "id"))
        scaffold(wb, "dashboard", "drafted")
        for name, role in (("vera", Role.VIEWER), ("victor", Role.VIEWER), ("anna", Role.ANALYST)):
            wb.security.add_user(name, role, by=me)
        policy = Policy(
            dataset="flights_enriched",
            role=Role.VIEWER,
            row_filter="origin = 'JFK'",
            columns={"carrier_name": "'redacted'"},
        )
        wb.security.set_policy(policy, by=me)
    return home


@pytest.fixture(scope="session")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The process over that workspace, with two kernels ahead."""
    started = start(home, tmp_path_factory.mktemp("log") / "voila.log", pool=2)
    yield started
    stop(started)


@pytest.fixture
def another(home: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts further processes over the same workspace."""
    made: list[Server] = []

    def begin(pool: int, **environment: str) -> Server:
        made.append(start(home, tmp_path / f"voila-{len(made)}.log", pool=pool, **environment))
        return made[-1]

    yield begin
    for one in made:
        stop(one)


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where pictures of pages are kept to be looked at."""
    folder = ROOT / ".artifacts" / "voila"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
