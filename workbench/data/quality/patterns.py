"""What texts look like."""

from __future__ import annotations

import polars as pl

from workbench.data.quality.profile import Hint

__all__ = ["KINDS", "hints_of"]

KINDS = {
    "whole number": r"^[+-]?[0-9]+$",
    "number": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$",
    "date": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "time": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ][0-9]{2}:[0-9]{2}",
    "email address": r"^[^@\s]+@[^@\s]+\.[^@\s.]+$",
    "web address": r"^https?://[^\s]+$",
    "UUID": r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    "IP address": r"^([0-9]{1,3}\.){3}[0-9]{1,3}$",
    "JSON": r"^(\{.*\}|\[.*\])$",
}
"""Regular expressions of kinds that a text may be of."""

LOOKED_AT = 100_000
_MOST_SHAPES = 5
_SHARE = 0.9


def hints_of(counted: pl.DataFrame) -> tuple[tuple[Hint, ...], tuple[Hint, ...]]:
    """The kinds that nearly all texts are of, and the most frequent shapes.

    Args:
        counted: Different texts, `value`, and how many rows have each, `count`; of more than a hundred thousand the
            most frequent ones are looked at.
    """
    if counted.height > LOOKED_AT:
        counted = counted.sort(["count", "value"], descending=[True, False]).head(LOOKED_AT)
    counted = counted.filter(pl.col("value") != "")
    rows = int(counted["count"].sum())
    if not rows:
        return (), ()
    matches = [
        pl.col("count").filter(pl.col("value").str.contains(regex)).sum().alias(what) for what, regex in KINDS.items()
    ]
    of_kind = counted.select(matches).row(0, named=True)
    hints = [Hint(what, int(count)) for what, count in of_kind.items() if count and count >= _SHARE * rows]
    shape = (
        pl.col("value")
        .str.slice(0, 40)
        .str.replace_all(r"\p{Lu}", "A")
        .str.replace_all(r"\p{Ll}", "a")
        .str.replace_all(r"\p{Nd}", "9")
    )
    shapes = counted.group_by(shape.alias("shape")).agg(pl.col("count").sum())
    top = shapes.sort(["count", "shape"], descending=[True, False]).head(_MOST_SHAPES)
    ordered = sorted(hints, key=lambda hint: -hint.count)
    return tuple(ordered), tuple(Hint(what, int(count)) for what, count in top.rows())
