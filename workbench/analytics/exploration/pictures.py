"""What a profile says of a column, and of numeric columns together, as charts."""

from __future__ import annotations

import polars as pl

from workbench.charts import Chart
from workbench.data.quality import ColumnProfile, Profile

__all__ = ["column_chart", "correlation_chart"]


def column_chart(profile: Profile, name: str) -> Chart | None:
    """How a column's values are spread, or which are the most frequent; None where no two are alike.

    Raises:
        KeyError: No such column.
    """
    column = profile[name]
    return _histogram(column) or _frequent(profile, column)


def correlation_chart(profile: Profile, most: int = 8) -> Chart | None:
    """The pairs of numeric columns that go together best, or against each other; None where there is no pair."""
    pairs = profile.correlations.strongest(most)
    if not pairs:
        return None
    names = [f"{pair.left} and {pair.right}" for pair in pairs]
    frame = pl.DataFrame(
        {"pair": names, "correlation": [p.pearson for p in pairs], "rows": [p.rows for p in pairs]},
        schema_overrides={"correlation": pl.Float64},
    )
    title = "Columns that go together" if len(pairs) > 1 else "Two columns that go together"
    note = f"Of a sample of {profile.looked_at:,} of {profile.rows:,} rows." if profile.sampled else ""
    labels = {"correlation": "Pearson's correlation", "pair": "Columns"}
    return Chart(frame, "bar", "pair", "correlation", title, labels=labels, formats={"correlation": "+.2f"}, note=note)


def _histogram(column: ColumnProfile) -> Chart | None:
    found = column.histogram
    if found is None or not sum(found.counts):
        return None
    frame = pl.DataFrame({"from": list(found.edges[:-1]), "rows": list(found.counts)}, strict=False)
    labels = {"from": f"{column.name}, from", "rows": "Rows"}
    return Chart(frame, "bar", "from", "rows", f"How {column.name} is spread", labels=labels)


def _frequent(profile: Profile, column: ColumnProfile) -> Chart | None:
    if not column.frequent:
        return None
    texts = ["yes" if top.value is True else "no" if top.value is False else str(top.value) for top in column.frequent]
    frame = pl.DataFrame({"value": _apart(texts), "rows": [top.count for top in column.frequent]})
    note = f"Of a sample of {profile.looked_at:,} of {profile.rows:,} rows." if profile.sampled else ""
    title = f"The most frequent values of {column.name}"
    return Chart(frame, "bar", "value", "rows", title, labels={"value": column.name, "rows": "Rows"}, note=note)


def _apart(texts: list[str]) -> list[str]:
    return [text if texts.count(text) == 1 else f"{text} ({at})" for at, text in enumerate(texts, start=1)]
