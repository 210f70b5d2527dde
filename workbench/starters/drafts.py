"""The text of first drafts: what `workbench new` writes, filled in from the workspace's own datasets and metrics."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import polars as pl
import yaml

from workbench.analytics.metrics import Metric
from workbench.app import Workbench
from workbench.foundation.errors import WorkbenchError

__all__ = ["dashboard", "expectations", "metric", "notebook", "pipeline", "report"]

MOST_DIMENSIONS = 3
# A filter or a bar chart of more than this nobody reads.
MOST_VALUES = 40
# A heatmap of more rows or columns than days in a month nobody reads.
MOST_PLACES = 31

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ROWS = ("parameters", "rows: int = 10  # how many rows to show")
_OPEN = ("code", "from workbench import Workbench\n\nwb = Workbench.open()")


def notebook(name: str) -> dict[str, str]:
    """A notebook that shows the datasets."""
    return {
        f"notebooks/{name}.ipynb": _ipynb(
            ("markdown", f"# {_title(name)}\n\nWhat this notebook is for, in a sentence."),
            _ROWS,
            _OPEN,
            ("markdown", "## The datasets"),
            ("code", "wb.datasets"),
        )
    }


def pipeline(name: str) -> dict[str, str]:
    """A pipeline of one stage, with the keys a stage may have."""
    return {
        f"pipelines/{name}.yaml": (
            f"# `workbench run {name}` runs it; from a crontab: 0 6 * * * workbench --home FOLDER run {name}\n"
            f"name: {name}\n"
            "description: What this pipeline makes, in a sentence.\n"
            "parameters:\n"
            "  rows: {type: int, default: 10, help: how many rows to show}\n"
            "stages:\n"
            "  - name: first\n"
            f"    notebook: notebooks/{name}/first.ipynb\n"
            '    parameters: {rows: "${rows}"}\n'
            "    # Without reads and sources a stage always runs; with them, only when something has changed.\n"
            "    # reads: [orders]                     # datasets it depends on\n"
            "    # sources: [sources/orders.csv]       # files and databases it depends on\n"
            "    # uses: [expectations/orders.yaml]    # definitions it depends on\n"
            "    # writes: [orders_clean]              # datasets it makes\n"
            "    # retries: 2                          # times a failed stage is tried again\n"
            "  # A stage may be something else than a notebook:\n"
            "  # - {name: orders, source: orders}      # or report:, transform:, view:\n"
        ),
        f"notebooks/{name}/first.ipynb": _ipynb(
            ("markdown", f"# {_title(name)}: the first stage\n\nWhat this stage does, in a sentence."),
            _ROWS,
            _OPEN,
            ("code", "wb.datasets"),
        ),
    }


def report(wb: Workbench, name: str, dataset: str | None) -> dict[str, str]:
    """A report over a metric that can be computed, else over a dataset, else a page of text.

    Args:
        dataset: What it is about; by default whatever there is.
    """
    return {
        f"reports/{name}.yaml": (
            f"name: {name}\n"
            f"title: {_title(name)}\n"
            "description: What this report tells, in a sentence.\n"
            f"notebook: reports/{name}.ipynb\n"
        ),
        f"reports/{name}.ipynb": _ipynb(
            ("markdown", f"# {_title(name)}\n\nWhat this report tells, in a sentence."),
            _ROWS,
            _OPEN,
            *(
                _over_a_metric(wb, dataset)
                or _over_a_dataset(wb, dataset)
                or [("markdown", "There is no dataset yet.")]
            ),
        ),
    }


def dashboard(wb: Workbench, name: str, dataset: str | None) -> dict[str, str]:
    """A dashboard over the first metric that can be broken down, else one that says what it waits for.

    Args:
        dataset: Whose metric; by default any.
    """
    title = ("markdown", f"# {_title(name)}\n\nWhat this dashboard answers, in a sentence.")
    found = [one for one in wb.metrics.list() if dataset in (None, one.dataset)]
    shown = next((made for one in found if (made := _board(wb, one))), None)
    if shown is None:
        begin = [("parameters", "days: int = 28  # how many days are shown to begin with"), _OPEN]
        wait = ("markdown", "There is no metric with dimensions yet: `workbench new metric NAME` writes one.")
        return {f"notebooks/dashboards/{name}.ipynb": _ipynb(title, *begin, wait)}
    names, cells = shown
    days = ("parameters", "days: int = 28  # how many days are shown to begin with: the last ones there are")
    board = f"from workbench.ui import {', '.join(sorted(names))}\n\n{cells}"
    return {f"notebooks/dashboards/{name}.ipynb": _ipynb(title, days, _OPEN, ("code", board))}


def _board(wb: Workbench, metric: Metric) -> tuple[set[str], str] | None:
    """The names and the cell of a dashboard over one metric; None for one that cannot be broken down."""
    texts: list[str] = []
    places: dict[str, int] = {}
    for one in wb.metrics.get(metric.name).dimensions:
        try:
            frame = wb.metrics.query(metric.name, by=one.name).frame
        except WorkbenchError:
            return None
        dtype = frame.schema[one.name]
        if dtype == pl.String and 1 < frame.height <= MOST_VALUES:
            texts.append(one.name)
        if (dtype == pl.String or dtype.is_integer()) and 1 < frame.height <= MOST_PLACES:
            places[one.name] = frame.height
    if not texts:
        return None
    name, first = metric.name, texts[0]
    names = {"Bars", "Choice", "Dashboard", "Rows", "Tiles"}
    parts = [f'Tiles(["{name}"])', f'Bars("{name}", by="{first}")']
    period = ""
    if metric.time:
        names |= {"Line", "Period"}
        period = f'    period=Period("{name}", days=days),\n'
        parts.insert(1, f'Line("{name}")')
    if pair := _independent(wb, name, places):
        names.add("Heat")
        across, down = sorted(pair, key=places.__getitem__)  # the side has more room for names than the bottom
        parts.append(f'Heat("{name}", across="{across}", down="{down}")')
    parts.append(f'Rows(["{name}"], by={json.dumps(texts[:MOST_DIMENSIONS])})')
    listed = "".join(f"        {part},\n" for part in parts)
    choices = f'    choices=[Choice("{name}", "{first}")],\n'
    return names, f"Dashboard(\n    wb,\n{period}{choices}    parts=[\n{listed}    ],\n)"


def _independent(wb: Workbench, name: str, places: Mapping[str, int]) -> tuple[str, str] | None:
    """The first two dimensions that are not the same thing twice, as a code and its name are; None without such."""
    for one, other in combinations(places, 2):
        if one.split("_")[0] == other.split("_")[0]:
            continue
        try:
            met = wb.metrics.query(name, by=[one, other]).frame.height
        except WorkbenchError:
            continue
        if met > max(places[one], places[other]):  # else one of them says what the other is
            return one, other
    return None


def metric(wb: Workbench, name: str, dataset: str) -> dict[str, str]:
    """A metric that counts a dataset's rows, by the columns that look like dimensions."""
    schema = _schema(wb, dataset)
    texts = _telling(wb, dataset, [column for column in _texts(schema) if _NAME.fullmatch(column)])[:MOST_DIMENSIONS]
    times = [column for column, dtype in schema.items() if isinstance(dtype, pl.Datetime)]
    lines = [
        f"- name: {name.replace('-', '_')}",
        f"  label: {_title(name)}",
        "  description: What this number means, in a sentence.",
        f"  dataset: {dataset}",
        "  aggregation: count  # or count_distinct, sum, mean, min, max, median, percentile of a column",
        "  # column: amount",
        "  # filter: amount > 0",
        f"  dimensions: {_flow(texts)}" if texts else "  # dimensions: [region]",
        f"  time: {_flow(times[0])}" if times else "  # time: ordered_at",
        '  format: ",d"',
    ]
    return {f"metrics/{name}.yaml": "\n".join(lines) + "\n"}


def expectations(wb: Workbench, name: str, dataset: str) -> dict[str, str]:
    """Expectations that a dataset meets as it is: rows, its key, and its columns' types."""
    key = wb.datasets[dataset].info.key
    found: list[dict[str, Any]] = [{"expect": "row_count", "min": 1}]
    if key:
        found.append({"expect": "unique", "columns": list(key)})
    found += [{"expect": "not_null", "column": column} for column in key]
    kinds = {column: _kind(dtype) for column, dtype in _schema(wb, dataset).items()}
    found += [{"expect": "type", "column": column, "type": kind} for column, kind in kinds.items() if kind]
    lines = [
        "# Further ones: between and length (min, max), in_set (values), matches (regex), holds (sql).",
        "# Each may have: severity: warn, mostly: 0.99, note: why it is expected.",
        *([f"name: {name}"] if name != dataset else []),
        f"dataset: {dataset}",
        "expectations:",
        *(f"  - {_flow(one)}" for one in found),
    ]
    return {f"expectations/{name}.yaml": "\n".join(lines) + "\n"}


def _over_a_metric(wb: Workbench, dataset: str | None) -> list[tuple[str, str]]:
    """Cells that show the first metric that can be drawn."""
    for found in wb.metrics.list():
        if dataset is not None and found.dataset != dataset:
            continue
        ways: list[tuple[str | None, str, str]] = [
            (one.name, f'by="{one.name}", order="-{found.name}", limit=rows', "chart()") for one in found.dimensions
        ]
        if found.time:
            ways.append((None, 'grain="month"', 'chart("line")'))
        for by, asked, drawn in ways:
            try:
                shown = wb.metrics.query(found.name, by=by, grain=None if by else "month", limit=2)
                shown.chart()
            except WorkbenchError:
                continue
            return [
                ("markdown", "## At a glance"),
                ("code", f'wb.metrics.query("{found.name}").tiles()'),
                ("markdown", f"## {shown.title}"),
                ("code", f'found = wb.metrics.query("{found.name}", {asked})\nfound.{drawn}'),
                ("code", "found.table()"),
            ]
    return []


def _over_a_dataset(wb: Workbench, dataset: str | None) -> list[tuple[str, str]]:
    """Cells that show how many rows there are, by the first text, and the first of them."""
    names = [dataset] if dataset is not None else sorted(wb.lake.names())
    if not names:
        return []
    name = names[0]
    begin = f'from workbench.charts import Chart, Table, Tile, Tiles\n\ndata = wb.datasets["{name}"]\n'
    cells = [
        ("markdown", f"## {_title(name)}\n\n`workbench new metric` defines a number; a report then shows that."),
        ("code", f'{begin}Tiles([Tile("Rows", data.info.rows)])'),
    ]
    texts = _texts(_schema(wb, name))
    if texts:
        column, title = (json.dumps(text, ensure_ascii=False) for text in (texts[0], f"Rows by {texts[0]}"))
        counted = f'counts = data.to_polars({column})[{column}].drop_nulls().value_counts(sort=True, name="rows")'
        cells.append(("code", f'{counted}\nChart(counts.head(rows), "bar", {column}, "rows", {title})'))
    return [*cells, ("code", 'Table("The first rows", data.preview(rows))')]


def _schema(wb: Workbench, dataset: str) -> pl.Schema:
    return wb.datasets[dataset].lazy().collect_schema()


def _telling(wb: Workbench, dataset: str, columns: list[str]) -> list[str]:
    """Columns of few values, which a chart has room for, before those of many; each in the order they come in."""
    if not columns:
        return []
    counted = wb.datasets[dataset].lazy().select(pl.col(columns).approx_n_unique()).collect(engine="streaming")
    return sorted(columns, key=lambda column: counted[column].item() > MOST_VALUES)


def _texts(schema: pl.Schema) -> list[str]:
    return [name for name, dtype in schema.items() if dtype == pl.String]


def _kind(dtype: pl.DataType) -> str | None:
    """What an expectation calls a type; None for one it has no word for."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.Datetime):
        return "time"
    return {pl.String: "text", pl.Boolean: "boolean", pl.Date: "date"}.get(type(dtype))


def _flow(value: Any) -> str:
    """YAML on one line, with quotes where a name needs them."""
    said = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return said.removesuffix("...\n").strip()


def _title(name: str) -> str:
    return re.sub(r"[-_]+", " ", name).capitalize()


def _ipynb(*cells: tuple[str, str]) -> str:
    """A notebook without outputs. Cell ids come from the text, so that the same notebook is the same bytes."""
    made: list[dict[str, Any]] = []
    for position, (kind, text) in enumerate(cells):
        cell: dict[str, Any] = {
            "cell_type": "markdown" if kind == "markdown" else "code",
            "id": hashlib.sha256(f"{position}{text}".encode()).hexdigest()[:8],
            "metadata": {"tags": ["parameters"]} if kind == "parameters" else {},
            "source": text.splitlines(keepends=True),
        }
        if kind != "markdown":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell)
    notebook = {
        "cells": made,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
