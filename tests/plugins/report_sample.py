"""A small report that has one of everything: what the publishing tests render and the browser tests open."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
from nbformat import v4

from workbench.charts import Chart, Table, Tile, Tiles
from workbench.governance.runs import Edge, Receipt, RunKind, RunStatus
from workbench.publishing.reports import ReportDefinition

RUN = "20261121-100000-8f3a2c"

DEFINITION = ReportDefinition(
    name="punctuality",
    title="Flight punctuality",
    notebook=Path("reports/punctuality.ipynb"),
    description="How late flights left New York, and what the weather had to do with it.",
    audience="operations",
)


def receipt(**given: Any) -> Receipt:
    whole: dict[str, Any] = {
        "run": RUN,
        "kind": RunKind.REPORT,
        "name": "punctuality",
        "status": RunStatus.SUCCEEDED,
        "principal": "ana",
        "started": datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        "finished": datetime(2026, 11, 21, 10, 0, 14, tzinfo=UTC),
        "parameters": {"start": "2013-01-01", "airports": ["EWR", "JFK", "LGA"], "carrier": None},
        "notebook": "/srv/team/reports/punctuality.ipynb",
        "notebook_sha256": "ab" * 32,
        "read": [
            Edge(RUN, "read", "dataset", "flights_enriched", "12"),
            Edge(RUN, "read", "dataset", "weather", "3"),
            Edge(RUN, "read", "metric", "flights", "9f1c22ab"),
        ],
        "wrote": [Edge(RUN, "write", "report", "punctuality", "0123456789ab")],
        "engines": [{"engine": "local", "polars": "2.1.0", "fell_back": False, "load_seconds": 0.5}] * 2,
        "tables": {},
        "seeds": {},
        "packages_sha256": "cd" * 32,
        "git_commit": "1fce2fb0aa2c",
        "workbench_version": "0.1.0",
        "python": "3.11.9",
        "platform": "Linux x86_64",
        "error": None,
    }
    return Receipt(**{**whole, **given})


def charts() -> list[Chart]:
    """One of each kind, with a name long enough to be trouble."""
    carriers = pl.DataFrame(
        {"carrier": ["Frontier Airlines Inc.", "A carrier with quite a long name indeed, Inc.", "US Airways Inc."],
         "delay": [20.2, 12.9, 3.8]}
    )  # fmt: skip
    days = pl.DataFrame(
        {"day": [date(2013, 1, day) for day in range(1, 31)], "delay": [float(d % 7) for d in range(30)]}
    )
    grid = pl.DataFrame(
        {"hour": [hour for _ in range(7) for hour in range(5, 24)],
         "weekday": [name for name in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] for _ in range(5, 24)],
         "delay": [float((index * 7) % 40) for index in range(7 * 19)]}
    )  # fmt: skip
    wind = pl.DataFrame(
        {"wind": [float(index) for index in range(30)], "delay": [10.0 + index / 2 for index in range(30)]}
    )
    words: dict[str, Any] = {"units": {"delay": "min"}, "formats": {"delay": ",.1f"}}
    return [
        Chart(carriers, "bar", "carrier", "delay", "Departure delay by carrier", **words),
        Chart(days, "line", "day", "delay", "Departure delay by day", **words),
        Chart(grid, "heatmap", "hour", "weekday", "Delay by weekday and hour", color="delay", **words),
        Chart(wind, "point", "wind", "delay", "Wind against delay", **words),
    ]


def code(source: str, *shown: Any, stderr: str = "") -> nbformat.NotebookNode:
    """A code cell as it is after it ran, with what each object shows of itself."""
    outputs = [v4.new_output("display_data", data=thing._repr_mimebundle_()) for thing in shown]
    if stderr:
        outputs.append(v4.new_output("stream", name="stderr", text=stderr))
    return v4.new_code_cell(source, outputs=outputs)


def notebook(path: Path, *extra: nbformat.NotebookNode) -> Path:
    """Writes the sample as an executed notebook."""
    bar, line, heat, point = charts()
    wide = pl.DataFrame({f"a column with a long name {index}": [index * 1000.0] for index in range(12)})
    parameters = v4.new_code_cell(
        "from datetime import date\n\nstart: date = date(2013, 1, 1)  # first day", metadata={"tags": ["parameters"]}
    )
    cells = [
        v4.new_markdown_cell("# Flight punctuality\n\nOne flight in five left late."),
        parameters,
        code("from workbench import Workbench"),
        code("wb.tiles()", Tiles([Tile("Flights", 336776), Tile("Late", 0.215, "%", ".1%")])),
        v4.new_markdown_cell("## Carriers\n\nSee [the source](https://www.transtats.bts.gov/)."),
        code("by_carrier.chart()", bar, stderr="SlowWarning: a minute\n"),
        v4.new_markdown_cell("## The day\n\n### By day"),
        code("by_day.chart()", line),
        v4.new_markdown_cell("### By hour"),
        code("by_hour.chart()", heat),
        v4.new_markdown_cell(
            "## The day\n\nThe same heading once more, and `code_that_is_one_very_long_word" + "_on" * 30 + "`."
        ),
        code("wind.chart()", point),
        code("wide", Table("A table wider than a phone", wide)),
        *extra,
    ]
    nbformat.write(v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}}), path)
    return path
