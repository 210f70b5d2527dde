"""How a dataset looks: one line in a terminal, a card in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

import polars as pl

from workbench.data.lake.model import DatasetInfo, Version
from workbench.foundation.catalog import utcnow
from workbench.foundation.listing import Listing
from workbench.foundation.wording import counted

__all__ = ["ago", "card", "line", "size", "table_card", "versions_listing"]

MINUTE, HOUR, DAY = 60, 3600, 86_400


def line(info: DatasetInfo) -> str:
    """Name, rows, columns, version, freshness and origin in one line."""
    origin = f", from {info.source}" if info.source else ""
    return (
        f"{info.name}: {counted(info.rows, 'row')}, {counted(len(info.columns), 'column')}, version {info.version},"
        f" updated {ago(info.updated)}{origin}"
    )


def card(info: DatasetInfo, rows: pl.DataFrame) -> str:
    """HTML: the facts, the columns and the first rows. Everything that came from outside is escaped."""
    facts = [
        counted(info.rows, "row"),
        counted(len(info.columns), "column"),
        f"version {info.version}",
        f"updated {ago(info.updated)}",
        size(info.bytes),
    ]
    more = [
        ("from", info.source),
        ("key", ", ".join(info.key)),
        ("partitions", ", ".join(info.partition_by)),
        ("owner", info.owner),
    ]
    told = " · ".join(f"{escape(what)} {escape(value)}" for what, value in more if value)
    types = {column.name: column.type for column in info.columns}
    head = "".join(
        f'<th scope="col" title="{escape(types.get(name, ""))}">{escape(name)}</th>' for name in rows.columns
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>" for row in rows.iter_rows()
    )
    description = f"<p>{escape(info.description)}</p>" if info.description else ""
    return (
        f'<section style="max-width:100%;overflow-x:auto"><strong>{escape(info.name)}</strong>'
        f"{description}<p>{escape(' · '.join(facts))}<br><small>{told}</small></p>"
        f"<table><caption>The first {counted(rows.height, 'row')}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></section>"
    )


def table_card(infos: Sequence[DatasetInfo]) -> str:
    """HTML: a row per dataset."""
    if not infos:
        return "<p>There is no dataset yet: <code>wb.datasets.load('file.csv', 'name')</code></p>"
    names = ("dataset", "rows", "columns", "version", "updated", "from")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape(info.name)}</th><td>{info.rows:,}</td><td>{len(info.columns)}</td>'
        f"<td>{info.version}</td><td>{ago(info.updated)}</td><td>{escape(info.source)}</td></tr>"
        for info in infos
    )
    return f"<table><caption>Datasets</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def versions_listing(name: str, versions: Sequence[Version]) -> Listing[Version]:
    """A dataset's history, a row per version."""
    return Listing(
        versions,
        caption=f"History of {name}",
        row=lambda one: {
            "version": str(one.number),
            "time (UTC)": f"{one.time:%Y-%m-%d %H:%M}",
            "what": one.operation,
            "rows and columns": str(one.effect),
            "by": one.principal,
            "run": one.run or "",
        },
        empty=f"'{name}' has no such version.",
    )


def ago(moment: datetime) -> str:
    """How long ago, in the largest unit that is not zero."""
    seconds = max(0, int((utcnow() - moment).total_seconds()))
    for unit, length in (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", 1)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def size(count: int) -> str:
    """Bytes, in the unit a person reads."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
