"""A workspace whose pages of datasets have much to show: long names, forty expectations, a lineage of thirty things."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import yaml
from lineage_runs import FRAME, lead_to_a_report, ran

from workbench import Workbench
from workbench.data.quality import Suite
from workbench.governance.runs import RunKind, RunStatus

__all__ = ["LONG", "crowd"]

LONG = "departures_of_all_airlines_out_of_new_york_by_quarter_of_an_hour_and_terminal_enriched"
_STATES = ["new", "paid", "sent", "returned", "lost"]


def crowd(wb: Workbench) -> None:
    """Makes `flights_enriched_daily` with everything, `LONG` with long words, and `quiet` with nothing."""
    lead_to_a_report(wb)
    _lineage(wb)
    _quality(wb)
    _history(wb)
    wb.datasets.create("quiet", FRAME)


def _lineage(wb: Workbench) -> None:
    """Around `enriched` about thirty nodes: sources, stages, datasets, metrics, a dashboard, a failed run."""
    home = wb.settings.home
    folder = home / "notebooks" / "dashboards"
    folder.mkdir(parents=True)
    cell = {"cell_type": "code", "source": "Tiles(['delays'])", "metadata": {}, "outputs": [], "execution_count": None}
    (folder / "punctuality-live.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    )
    names = [f"{what}_of_{LONG}"[:64] for what in ("share", "count")] + ["cancelled", "on_time"]
    metrics = [{"name": name, "dataset": "departures", "aggregation": "count"} for name in names]
    (home / "metrics" / "more.yaml").write_text(yaml.safe_dump(metrics))
    for number in range(6):
        ran(
            wb,
            f"weather/extract_{number}",
            f"https://weather.example/stations/{number}.csv",
            f"station_{number}",
            source=True,
        )
        ran(wb, f"weather/join_{number}", f"station_{number}", "departures")
    ran(wb, "flights/by_terminal_and_quarter_of_an_hour", "enriched", LONG)
    ran(wb, "flights/by_airline", "enriched", "airlines")
    run = wb.runs.start(RunKind.NOTEBOOK, "flights/predict", actor=wb.actor, parameters={})
    wb.runs.record(run.id, "read", "dataset", "enriched", "0")
    wb.runs.record(run.id, "write", "model", "late_departures", "3")
    wb.runs.finish(run.id, RunStatus.FAILED)


def _quality(wb: Workbench) -> None:
    """Forty expectations, checked five times, of which three are not met and two only warn."""
    now = datetime.now(UTC)
    orders = pl.DataFrame(
        {f"amount_{number:02}": [number, number + 1] for number in range(30)}
        | {"state": ["new", "paid"], LONG: ["a", "b"], "at": [now - timedelta(days=3), now - timedelta(days=2)]}
    )
    expected: list[dict[str, object]] = [
        *({"expect": "between", "column": f"amount_{number:02}", "min": 0, "max": 25} for number in range(30)),
        {"expect": "in_set", "column": "state", "values": _STATES},
        {"expect": "in_set", "column": LONG, "values": ["a"], "note": "Set by the terminal's system, which has none."},
        {"expect": "in_set", "column": "state", "values": ["new"], "severity": "warn"},
        {"expect": "not_null", "column": LONG},
        *({"expect": "not_null", "column": f"amount_{number:02}"} for number in range(6)),
    ]
    dataset = wb.datasets.create("orders_checked", orders, description="What was ordered, in forty ways.")
    suite = Suite.model_validate({"name": "orders", "dataset": "orders_checked", "expectations": expected})
    strict = Suite.model_validate({"name": "strict", "dataset": "orders_checked", "expectations": expected[:33]})
    few = orders.with_columns(amount_07=pl.lit(99), state=pl.lit("lost")).with_columns(pl.lit("c").alias(LONG))
    wb.quality.screen(few, into="orders_checked", suite=strict)
    for turn in range(5):
        if turn == 3:
            dataset.overwrite(orders.with_columns(pl.col("state").replace("paid", "stolen")))
        wb.quality.check("orders_checked", suite)
    wb.quality.promises.make("orders_checked", column="at", within="2 hours")


def _history(wb: Workbench) -> None:
    """Every kind of version, and more of them than a page has."""
    keyed = pl.DataFrame({"id": range(12_345), "state": "new"})
    orders = wb.datasets.create("orders_kept", keyed, key="id", description="Orders, kept for ever.")
    for number in range(30):
        orders.append(pl.DataFrame({"id": [100_000 + number], "state": ["new"]}))
    orders.upsert(pl.DataFrame({"id": [1, 2, 200_000], "state": ["paid", "new", "new"]}))
    orders.append(pl.DataFrame({"id": [300_000], "state": ["new"], LONG: [1.5]}), evolve=True)
    orders.overwrite(keyed.with_columns(state=pl.lit(1, pl.Int64)), evolve=True)
    orders.optimize()
    orders.restore(0)
    entry = wb.lake.root / orders.info.id / "_delta_log" / f"{31:020d}.json"
    actions = [json.loads(line) for line in entry.read_text().splitlines()]
    for action in actions:
        action.get("commitInfo", {}).pop("workbench.effect", None)
    entry.write_text("\n".join(map(json.dumps, actions)))
