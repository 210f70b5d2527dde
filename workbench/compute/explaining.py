"""How something was, or would be, computed, in words: the plan, and what files and bytes it reads of all there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from workbench.compute.model import Analysis, EngineUse
from workbench.compute.parts import Part, Parts
from workbench.compute.projection import columns_taken
from workbench.compute.tasks import plan_of
from workbench.foundation.errors import NotFound
from workbench.foundation.wording import counted

__all__ = ["bytes_of_columns", "explained", "size_told"]

_SCAN = re.compile(r"(Parquet SCAN )\[(.*)\]$", re.MULTILINE)


def explained(analysis: Analysis, parts: Parts, use: EngineUse, of: str, more: Mapping[str, str] | None = None) -> str:
    """Engine and why, where from, parts, files and bytes of the whole, and the optimized plan of the first part.

    Of rows that came through a policy, the plan begins after it, and neither rows of files are counted nor columns
    named: each could tell what the policy hides, or what it looks at.

    Args:
        of: What was read, with its version.
        more: Further lines, by their first word, such as the rollup that was used.

    Raises:
        NotFound: The files were cleaned away since.
    """
    fell_back = ", not everything where it was asked for" if use.fell_back else ""
    try:
        files, plan = _files(analysis, parts), _plan(analysis, parts)
    except FileNotFoundError as error:
        raise _cleaned_away() from error
    lines = {
        "engine": f"{use.engine}, Polars {use.polars}{fell_back}{_why(use)}",
        "cache": use.origin,
        **(more or {}),
        "rows": f"{_rows(parts)}, {'cut by subject' if parts.by_subject else 'not cut by subject'}",
        "files": files,
        "seconds": f"{use.load_seconds:.3f} to open, {use.compute_seconds:.3f} to compute",
    }
    told = [f"{word:<8} {said}" for word, said in lines.items()]
    planned = [f"  {line}" for line in plan.splitlines()]
    return "\n".join([f"{analysis.name} of {of}", *told, "plan of the first part:", *planned])


def bytes_of_columns(files: Iterable[str], columns: Iterable[str]) -> int:
    """How many bytes columns take in Parquet files, compressed as they are; told by the files' footers.

    Raises:
        NotFound: A file is not there any more.
    """
    import pyarrow.parquet as pq

    wanted = set(columns)
    total = 0
    for path in files:
        try:
            footer = pq.read_metadata(path)
        except FileNotFoundError as error:
            raise _cleaned_away() from error
        schema = footer.schema.to_arrow_schema()
        leaves = [column.name for column in schema for _ in range(_leaves(column.type))]
        for group in range(footer.num_row_groups):
            chunks = footer.row_group(group)
            for place in range(footer.num_columns):
                chunk = chunks.column(place)
                if leaves[place] in wanted:
                    total += chunk.total_compressed_size
    return total


def _leaves(dtype: Any) -> int:
    """How many columns of a Parquet file a column of an Arrow type is; their paths cannot be told from dotted names."""
    return sum(_leaves(dtype.field(at).type) for at in range(dtype.num_fields)) or 1


def size_told(read: int, total: int, files: int, total_files: int) -> str:
    """Such as "2 of 3 files, 1.2 of 4.5 MB"."""
    unit, size = ("MB", 1e6) if total >= 1e6 else ("kB", 1e3)
    return f"{files} of {total_files} files, {read / size:,.1f} of {total / size:,.1f} {unit}"


def _cleaned_away() -> NotFound:
    return NotFound("the files that this was computed on were cleaned away", hint="ask again for the newest version")


def _why(use: EngineUse) -> str:
    return f": {use.why.removeprefix(f'{use.engine}: ')}" if use.why else ""


def _rows(parts: Parts) -> str:
    number = f"{len(parts)} part{'' if len(parts) == 1 else 's'}"
    if parts.veiled:
        return f"what the policy leaves, in {number}"
    if any(part.plan is not None for part in parts.parts):
        return f"a plan of this process, in {number}"
    return f"{counted(parts.rows, 'row')} in {number}"


def _files(analysis: Analysis, parts: Parts) -> str:
    if parts.taken:
        return "; ".join(dict.fromkeys(_files(_Taking(columns), rows) for rows, columns in parts.taken))
    if not parts.total_files:
        return "not known: the rows are a plan of this process" if parts.parts[0].plan is not None else "none"
    columns = _columns_read(analysis, parts)
    paths = dict.fromkeys(path for part in parts.parts for path in part.files)
    told = size_told(bytes_of_columns(paths, columns), parts.total_bytes, len(paths), parts.total_files)
    return told if parts.veiled or not columns else f"{told}, of {', '.join(columns)}"


def _columns_read(analysis: Analysis, parts: Parts) -> list[str]:
    """The columns of files that any part's plan asks for, in the files' order."""
    read: set[str] = set()
    for part in _different(parts.parts):
        read |= columns_taken(part, lambda bare: plan_of(analysis, replace(parts, parts=(bare,) * len(parts))))
    return [name for name in parts.parts[0].schema if name in read]


def _different(parts: Sequence[Part]) -> list[Part]:
    """One part for each thing that is done to rows as they are read; most have the same done to them."""
    found = {(len(part.shape), bool(part.without), part.hashes is None, part.sorted): part for part in parts}
    return list(found.values())


def _plan(analysis: Analysis, parts: Parts) -> str:
    if parts.veiled:
        first = parts.parts[0]
        left = Part(plan=pl.LazyFrame(schema=parts.schema), sorted=first.sorted, chronological=first.chronological)
        return plan_of(analysis, replace(parts, parts=(left,) * len(parts))).explain()
    return _SCAN.sub(_without_folders, plan_of(analysis, parts).explain())


def _without_folders(scan: re.Match[str]) -> str:
    """Where a workspace lies is nobody's business who asks from elsewhere."""
    return f"{scan[1]}[{', '.join(path.rpartition('/')[2] for path in scan[2].split(', '))}]"


@dataclass(frozen=True)
class _Taking:
    """What a plan of this process does to the rows that it is made of: it takes columns of them."""

    columns: tuple[str, ...]

    by_subject = False
    ordered = False
    name = "rows"

    def partial(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.select(self.columns)

    def merge(self, partials: pl.LazyFrame) -> pl.LazyFrame:
        return partials
