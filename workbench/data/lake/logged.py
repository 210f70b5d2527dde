"""What a commit did that carries no word of ours on it, as far as the Delta log tells: no file is opened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import Schema as DeltaSchema

from workbench.data.lake.counts import Tally
from workbench.data.lake.deltalog import log_entry
from workbench.data.lake.effect import UNKNOWN, Effect, columns_changed
from workbench.data.lake.layout import EventLayout
from workbench.data.lake.model import Version
from workbench.data.lake.schema import polars_schema
from workbench.governance.security import Policy

__all__ = ["Actions", "actions", "added_before", "effect_seen", "logged_effect"]

# An entry for each version has to be read: what came longer ago is not looked for.
_LOOKS_BACK = 200
Actions = Iterator[tuple[str, Mapping[str, Any]]]
# As delta-rs and as Spark call what a statement did; a number that one of them leaves out is 0.
_STATEMENTS = {
    "MERGE": {
        "added": ("num_target_rows_inserted", "numTargetRowsInserted"),
        "changed": ("num_target_rows_updated", "numTargetRowsUpdated"),
        "removed": ("num_target_rows_deleted", "numTargetRowsDeleted"),
    },
    "UPDATE": {"changed": ("num_updated_rows", "numUpdatedRows")},
    "DELETE": {"removed": ("num_deleted_rows", "numDeletedRows")},
}


def actions(folder: Path, version: int, kinds: Iterable[str] = ("add", "remove")) -> Actions:
    """What the log's entry of a version says.

    Raises:
        FileNotFoundError: Another writer has removed the entry.
    """
    with log_entry(folder, version).open(encoding="utf-8") as lines:
        for line in lines:
            action = json.loads(line)
            for kind in kinds:
                if kind in action:
                    yield kind, action[kind]


def added_before(
    folder: Path, version: int, names: set[str], *, most: int | None = None
) -> Iterator[Mapping[str, Any]]:
    """What the log said of files when they came, latest first; takes them out of `names`.

    Args:
        version: The latest that may have brought them.
        most: Of so many versions; all when not given.
    """
    last = -1 if most is None else version - most
    while names and version > max(last, -1):
        for kind, action in actions(folder, version):
            if kind == "add" and action["path"] in names:
                names.discard(action["path"])
                yield action
        version -= 1


def effect_seen(version: Version, folder: Path, layout: EventLayout | None, policy: Policy | None) -> Effect:
    """A version's effect, as its commit says it or the log tells it, for somebody under a policy."""
    found = version.effect
    if found == UNKNOWN:
        found = logged_effect(folder, version.number, layout)
    if policy is None:
        return found
    # What a column is in truth is not told where it is shown as something else.
    retyped = tuple(one for one in found.columns_retyped if one.name not in policy.columns)
    found = replace(found, columns_retyped=retyped)
    return found if policy.row_filter is None else found.uncounted()


def logged_effect(folder: Path, version: int, layout: EventLayout | None) -> Effect:
    """What the log tells of a version's effect; what it does not tell stays uncounted.

    Args:
        folder: The dataset's.
        layout: How its files lie, for a dataset of events.
    """
    shown = pl.Schema if layout is None else layout.shown
    said: dict[str, list[Mapping[str, Any]]] = {"commitInfo": [], "metaData": [], "add": [], "remove": []}
    try:
        for kind, action in actions(folder, version, said):
            said[kind].append(action)
        columns = UNKNOWN
        if version and said["metaData"]:
            before, after = _schema_before(folder, version), _schema(said["metaData"][-1])
            columns = columns_changed(shown(before), shown(after))
        return columns.with_rows(_tally(folder, version, said))
    except FileNotFoundError:
        return UNKNOWN


def _tally(folder: Path, version: int, said: Mapping[str, Sequence[Mapping[str, Any]]]) -> Tally | None:
    came, went = ([one for one in said[kind] if one.get("dataChange", True)] for kind in ("add", "remove"))
    if not came and not went:
        return Tally()
    if any(one.get("deletionVector") for one in (*came, *went)):
        return None
    info = said["commitInfo"][-1] if said["commitInfo"] else {}
    operation = str(info.get("workbench.operation", info.get("operation", ""))).upper()
    if operation in _STATEMENTS:
        return _counted(_STATEMENTS[operation], info.get("operationMetrics") or {})
    added = _rows(came)
    if not went or operation == "APPEND":  # where columns came, too, all files are there a second time
        return None if added is None else Tally(added=added)
    if came and operation not in ("WRITE", "OVERWRITE", "DELETE-INSERT", "RESTORE"):
        return None  # rows were written anew: which of them are others, nobody said
    names = {str(one["path"]) for one in went}
    removed = _rows(list(added_before(folder, version - 1, names, most=_LOOKS_BACK)))
    return None if names or added is None or removed is None else Tally(added=added, removed=removed)


def _counted(names: Mapping[str, Sequence[str]], metrics: Mapping[str, Any]) -> Tally | None:
    found = {what: [metrics[one] for one in known if one in metrics] for what, known in names.items()}
    if not any(found.values()):
        return None
    return Tally(**{what: int(values[0]) for what, values in found.items() if values})


def _rows(added: Sequence[Mapping[str, Any]]) -> int | None:
    rows = [json.loads(one.get("stats") or "{}").get("numRecords") for one in added]
    return None if None in rows else sum(rows)


def _schema_before(folder: Path, version: int) -> pl.Schema:
    while version > 0:
        version -= 1
        for _, action in actions(folder, version, ("metaData",)):
            return _schema(action)
    return pl.Schema()


def _schema(action: Mapping[str, Any]) -> pl.Schema:
    return polars_schema(DeltaSchema.from_json(action["schemaString"]))
