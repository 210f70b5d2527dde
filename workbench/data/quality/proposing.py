"""Expectations proposed from what rows look like: few, and only what the rows at hand meet without exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from workbench.data.quality.patterns import KINDS
from workbench.data.quality.profile import ColumnProfile, Kind, Profile
from workbench.foundation.wording import counted

__all__ = ["proposed"]

# Of fewer rows, that something never happened says little.
ENOUGH = 50
_EACH = 5  # rows that have each of the values that a column is said to be confined to
_TYPES: dict[Kind, str] = {
    "integer": "integer", "number": "number", "text": "text", "boolean": "boolean", "date": "date", "time": "time"
}  # fmt: skip
_SPECIAL = re.compile(r"[.^$*+?()\[\]{}|\\]")
_CLASSES = {"A": r"\p{Lu}", "a": r"\p{Ll}", "9": r"\p{Nd}"}
Proposal = tuple[dict[str, Any], str]


def proposed(profile: Profile, dataset: str, key: Sequence[str] = ()) -> str:
    """A suite as YAML, with a comment beside each expectation that says what it was concluded from.

    What a key and the columns' types say is of severity `error`; all else only warns until somebody decides otherwise.

    Args:
        key: The columns that tell the rows apart.
    """
    version = "" if profile.version is None else f", version {profile.version}"
    lines = [
        f"# Proposed from a profile of '{dataset}'{version}: {counted(profile.rows, 'row')}. Edit it: what warns may",
        "# become an error, what is a coincidence should go. What is loaded or synced is held against it when it asks",
        f"# for it; rows that are in already are by: workbench dataset quality {dataset} --check",
        yaml.safe_dump({"dataset": dataset}, allow_unicode=True).strip(),
        "expectations:",
    ]
    of_columns = (found for column in profile.columns for found in _of(column, profile, key))
    for expectation, why in (*_of_all(profile, key), *of_columns):
        written = yaml.safe_dump(expectation, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9)
        if "\x85" in written:  # a line's end to YAML, which would read a space instead
            written = yaml.safe_dump(expectation, default_flow_style=True, sort_keys=False, width=10**9)
        lines += [f"  # {' '.join(why.split())}", f"  - {written.strip()}"]
    return "\n".join(lines) + "\n"


def _of_all(profile: Profile, key: Sequence[str]) -> Iterator[Proposal]:
    if profile.rows >= 2:
        least = profile.rows // 2
        yield (
            {"expect": "row_count", "min": least, "severity": "warn"},
            f"there are {profile.rows:,}; half is suspicious",
        )
    else:
        yield {"expect": "row_count", "min": 0}, "there are hardly any rows yet"
    if key:
        yield {"expect": "unique", "columns": list(key)}, "the dataset's key"


def _of(one: ColumnProfile, profile: Profile, key: Sequence[str]) -> Iterator[Proposal]:
    about: dict[str, Any] = {"column": one.name}
    warn = {"severity": "warn"}
    if one.kind in _TYPES:
        yield {"expect": "type", **about, "type": _TYPES[one.kind]}, f"{_shown(one.name)} is {one.type}"
    if one.name in key:
        yield {"expect": "not_null", **about}, "part of the dataset's key"
    elif not one.missing and profile.rows >= ENOUGH:
        yield {"expect": "not_null", **about, **warn}, f"none of {profile.rows:,} is missing"
    values = profile.rows - one.missing
    if values < ENOUGH:
        return
    alone = list(key) == [one.name]
    if one.distinct == values and one.distinct_exact and one.kind in ("integer", "text") and not alone:
        yield {"expect": "unique", "columns": [one.name], **warn}, f"all {values:,} values differ"
    if one.numbers is not None and one.numbers.min is not None:
        yield from _range(one, values, about | warn)
    if one.texts is not None:
        yield from _text(one, values, about | warn)


def _range(one: ColumnProfile, values: int, told: dict[str, Any]) -> Iterator[Proposal]:
    numbers = one.numbers
    assert numbers is not None
    if numbers.infinite or numbers.negative or numbers.min is None or numbers.max is None:
        return
    share = one.kind == "number" and numbers.max <= 1 and numbers.std
    why = f"{values:,} values from {numbers.min:,} to {numbers.max:,}"
    if share:
        yield {"expect": "between", **told, "min": 0, "max": 1}, f"{why}: it may be a share"
    else:
        yield {"expect": "between", **told, "min": 0}, f"{why}: none is negative"


def _text(one: ColumnProfile, values: int, told: dict[str, Any]) -> Iterator[Proposal]:
    texts = one.texts
    assert texts is not None
    counts = [top.count for top in one.frequent]
    if one.distinct_exact and one.distinct == len(counts) and min(counts) >= _EACH:
        few = sorted(top.value for top in one.frequent)
        yield {"expect": "in_set", **told, "values": few}, f"{values:,} rows have no other value"
        return
    if not one.distinct_exact or texts.empty:
        return
    for hint in texts.hints:
        if hint.count == values:
            why = f"each of {values:,} looks like {'an' if hint.what[0] in 'aeI' else 'a'} {hint.what}"
            yield {"expect": "matches", **told, "regex": KINDS[hint.what]}, why
            return
    if len(texts.shapes) == 1 and texts.shapes[0].count == values and (texts.longest or 0) < 40:
        shape = texts.shapes[0].what
        if re.search("[Aa9]", shape) and shape.isprintable():
            yield (
                {"expect": "matches", **told, "regex": _regex(shape), "mostly": 0.99},
                f"each of {values:,} is {shape}",
            )


def _regex(shape: str) -> str:
    r"""`AA-9999` as `^\p{Lu}{2}-\p{Nd}{4}$`, as the shape was made."""
    parts = []
    for run in re.finditer(r"A+|a+|9+|[^Aa9]", shape):
        text = run[0]
        known = _CLASSES.get(text[0])
        parts.append(
            _SPECIAL.sub(r"\\\g<0>", text) if known is None else known + (f"{{{len(text)}}}" if len(text) > 1 else "")
        )
    return f"^{''.join(parts)}$"


def _shown(name: str) -> str:
    """A name as a comment may have it: on one line, whatever it holds."""
    return name if name.isprintable() else json.dumps(name)
