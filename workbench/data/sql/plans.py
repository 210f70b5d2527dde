"""How a statement is answered, in words: DuckDB's plan, and what of each dataset it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from workbench.compute import Parts, bytes_of_columns, size_told
from workbench.data.sql.closed import closed, lock
from workbench.data.sql.limits import Limits

__all__ = ["Read", "columns_read", "told"]

# A column's name in a plan that is only made to see which columns are read: whose it is, and which.
_MARK = re.compile(r"#(\d+)\.(\d+)#")


@dataclass(frozen=True)
class Read:
    """What a statement reads of one version of a dataset.

    Attributes:
        parts: Its files.
        columns: Those that are read; all where rows go through a policy first.
    """

    dataset: str
    version: int
    parts: Parts
    columns: tuple[str, ...]

    def __str__(self) -> str:
        parts = self.parts
        paths = dict.fromkeys(path for part in parts.parts for path in part.files)
        read = bytes_of_columns(paths, self.columns)
        told = size_told(read, parts.total_bytes, len(paths), parts.total_files)
        how = "all columns: your policy is applied before SQL sees a row" if parts.veiled else ", ".join(self.columns)
        return f"{self.dataset} version {self.version}: {told}" + (f", of {how}" if how else "")


def columns_read(
    text: str,
    schemas: Mapping[str, pa.Schema],
    parameters: Mapping[str, object] | list[object],
    limits: Limits,
) -> dict[str, tuple[str, ...]]:
    """Which columns of its tables a statement reads, as DuckDB's optimizer says of tables without rows.

    A plan does not say which table a scan is of, so each gets columns that no other has, behind a view of its own.

    Args:
        schemas: The tables, by their names in the statement.
    """
    tables = list(schemas)
    with closed(limits.megabytes) as connection:
        lock(connection)
        for place, (name, schema) in enumerate(schemas.items()):
            marked = pa.schema([field.with_name(f"#{place}.{at}#") for at, field in enumerate(schema)])
            connection.register(f"#{place}", marked.empty_table())
            shown = ", ".join(f'"#{place}.{at}#" AS {_quoted(field.name)}' for at, field in enumerate(schema))
            connection.execute(f'CREATE VIEW {_quoted(name)} AS SELECT {shown} FROM "#{place}"')
        (row,) = connection.execute(f"EXPLAIN (FORMAT json) {text}", parameters or None).fetchall()
    found: dict[str, set[int]] = {name: set() for name in tables}
    for scan in _scans(json.loads(row[1])):
        for place, at in _MARK.findall(json.dumps(scan)):
            found[tables[int(place)]].add(int(at))
    return {name: tuple(schemas[name].names[at] for at in sorted(places)) for name, places in found.items()}


def told(plan: str, reads: Collection[Read], limits: Limits) -> str:
    """Engine and limits, files and bytes of the columns that are read against all, and the plan.

    Raises:
        NotFound: The files of a version were cleaned away since.
    """
    most = "" if limits.rows is None else f", {limits.rows:,} rows"
    lines = [
        f"SQL over {', '.join(f'{read.dataset} version {read.version}' for read in reads) or 'no dataset'}",
        f"engine   DuckDB {duckdb.__version__}: SQL is always answered by it, in this process",
        "cache    none: SQL is computed each time",
        f"limits   {limits.seconds:g} s, {limits.megabytes:,} MB{most}",
        *(f"files    {read}" for read in reads),
        "plan:",
        *(f"  {line}" for line in plan.rstrip().splitlines()),
    ]
    return "\n".join(lines)


def _scans(tree: object) -> list[object]:
    """What is said of each leaf of a plan."""
    if isinstance(tree, list):
        return [scan for one in tree for scan in _scans(one)]
    if not isinstance(tree, dict):
        return []
    below = _scans(tree.get("children", []))
    return below or [tree.get("extra_info", {})]


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
