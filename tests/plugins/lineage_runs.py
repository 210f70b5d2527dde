"""A workspace whose runs lead from a source to a report, and what they wrote down on the way."""

from __future__ import annotations

import polars as pl
import yaml
from site_of_servers import rendered

from workbench import Workbench
from workbench.governance.runs import Actor, RunKind, RunStatus

__all__ = ["CHAIN", "FRAME", "SOURCE", "lead_to_a_report", "ran", "report"]

FRAME = pl.DataFrame({"origin": ["JFK"], "tailnum": ["N1"], "delay": [1]})
SOURCE = "sqlite:///sources/operations.db"
CHAIN = [
    f"source:{SOURCE}",
    "notebook:flights/extract",
    "dataset:landed",
    "notebook:flights/load",
    "dataset:departures",
    "notebook:flights/derive",
    "dataset:enriched",
    "metric:delays",
    "report:punctuality",
]
METRIC = {"name": "delays", "description": "How many.", "dataset": "enriched", "aggregation": "count"}


def lead_to_a_report(wb: Workbench) -> None:
    """operations.db -> landed -> departures, with weather -> enriched -> delays (metric) -> punctuality (report)."""
    home = wb.settings.home
    for folder in ("reports", "metrics"):
        (home / folder).mkdir(exist_ok=True)
    (home / "workbench.toml").write_text('chromium = "/nowhere/chromium"\n')
    (home / "metrics" / "delays.yaml").write_text(yaml.safe_dump([METRIC]))
    for name in ("punctuality", "closed"):
        (home / "reports" / f"{name}.yaml").write_text(
            f"name: {name}\ntitle: Flight {name}\nnotebook: reports/{name}.ipynb\n"
        )
        (home / "reports" / f"{name}.ipynb").write_text("{}")
    ran(wb, "flights/extract", SOURCE, "landed", source=True)
    ran(wb, "flights/load", "landed", "departures")
    wb.datasets.create("weather", FRAME)
    ran(wb, "flights/derive", ["departures", "weather"], "enriched")
    report(wb, "punctuality")


def ran(wb: Workbench, name: str, reads: str | list[str], writes: str, *, source: bool = False) -> str:
    """A notebook's run that reads and writes datasets as its code would; its id."""
    run = wb.runs.start(RunKind.NOTEBOOK, name, actor=wb.actor, parameters={})
    actor = Actor(wb.actor.principal, run.id)
    for one in [reads] if isinstance(reads, str) else reads:
        if source:
            wb.runs.record(run.id, "read", "source", one, "fingerprint")
        else:
            wb.lake.read(one, actor).collect()
    if wb.lake.exists(writes):
        wb.lake.append(writes, FRAME, actor)
    else:
        wb.lake.create(writes, FRAME, actor, description="Flights out of New York")
    wb.runs.finish(run.id, RunStatus.SUCCEEDED)
    return run.id


def report(wb: Workbench, name: str, *others: str) -> str:
    """A rendered run of a report that asked for the metric of `enriched`."""
    run = rendered(wb, wb.actor.principal, "enriched", *others, name=name)
    wb.runs.record(run, "read", "metric", "delays", "0")
    return run
