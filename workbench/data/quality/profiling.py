"""Making a profile: one pass that measures all rows, and a second one that counts values where the first found them.

Memory does not grow with the rows: what is told of all of them is sums, extremes and counts in so many bins; what needs
values side by side is told of a sample, unless the rows are few enough to be held.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.compute import frames
from workbench.data.quality import counting
from workbench.data.quality.correlating import correlated
from workbench.data.quality.patterns import hints_of
from workbench.data.quality.periods import TimeBins, emptied, moment, physical, spanned, told
from workbench.data.quality.profile import (
    ColumnProfile,
    Frequent,
    Histogram,
    Kind,
    Numbers,
    Profile,
    Quantile,
    Texts,
)
from workbench.foundation.catalog import utcnow
from workbench.foundation.errors import Invalid

__all__ = ["profiled"]

ROWS, CELLS = 1_000_000, 20_000_000
BINS = 20
_ONE_EACH = 30  # whole numbers that lie so close have a bin each
_FREQUENT = 10
LONGEST = 256
_NONE = pl.Series("none", [], dtype=pl.Null)
_SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class _Bins:
    """Where a column of numbers is cut.

    Attributes:
        edges: One more than there are bins.
        place: Which bin a value is in.
    """

    edges: tuple[int | float, ...]
    place: pl.Expr


def profiled(frame: Any, *, most: int | None = None, seed: int = 0) -> Profile:
    """What rows look like: see `Profile`.

    Args:
        frame: A frame of any kind that `compute.frames` reads; it is read twice where it has more rows than are held,
            and each of its columns once more.
        most: How many rows are held at a time, beside which everything else is small; by default a million, and fewer
            where there are more than twenty columns.
        seed: What a sample is drawn with: the same rows and the same seed give the same one.

    Raises:
        Invalid: Not a frame, or no rows would be held.
    """
    begin = time.perf_counter()
    if most is not None and most < 1:
        raise Invalid(f"a profile looks at 1 row or more, not {most}")
    rows = frames.to_lazy(frame)
    schema = dict(rows.collect_schema())
    limit = most or max(1_000, min(ROWS, CELLS // max(1, len(schema))))
    # Columns are called by their place: a name may be one that is needed here.
    kinds = {str(place): _kind(dtype) for place, dtype in enumerate(schema.values())}
    rows = rows.select(pl.col(name).alias(str(place)) for place, name in enumerate(schema))
    rows = rows.with_columns(
        pl.col(name).fill_nan(None) for name, dtype in zip(kinds, schema.values(), strict=True) if dtype.is_float()
    )
    found = rows.select(pl.len().alias("rows"), *_measures(kinds)).collect(engine="streaming").row(0, named=True)
    count = int(found["rows"])
    sampled = count > limit
    looked_at = _looked_at(rows, kinds, limit / count if sampled else 1.0, seed)
    cut = {name for name, kind in kinds.items() if kind == "text" and (found[f"{name} longest"] or 0) > LONGEST}
    sketched = {name for name, kind in kinds.items() if kind != "other" and (sampled or name in cut)}
    counted = _Counted(rows if sketched else looked_at.lazy(), kinds, found, sketched)
    columns = tuple(
        _column(name, str(dtype), kinds[place], place, found, looked_at.get_column(place, default=_NONE), counted)
        for place, (name, dtype) in zip(kinds, schema.items(), strict=True)
    )
    numeric = {one.name: looked_at[place] for place, one in zip(kinds, columns, strict=True) if one.numbers is not None}
    return Profile(
        rows=count,
        looked_at=looked_at.height,
        sampled=sampled,
        seed=seed,
        columns=columns,
        correlations=correlated(numeric),
        made=utcnow(),
        seconds=time.perf_counter() - begin,
    )


def _kind(dtype: pl.DataType) -> Kind:
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    if dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum):
        return "text"
    if dtype == pl.Boolean:
        return "boolean"
    if dtype == pl.Date:
        return "date"
    return "time" if isinstance(dtype, pl.Datetime) else "other"


def _measures(kinds: Mapping[str, Kind]) -> list[pl.Expr]:
    """What one pass tells of all rows, each named after its column's place."""
    found: list[pl.Expr] = []
    for name, kind in kinds.items():
        column = pl.col(name)
        measures = {"missing": column.null_count()}
        match kind:
            case "integer" | "number":
                floats = column.cast(pl.Float64)
                finite = floats.is_finite()
                measures["min"] = column.filter(finite).min()
                measures["max"] = column.filter(finite).max()
                measures["mean"] = floats.filter(finite).mean()
                measures["std"] = floats.filter(finite).std()
                measures["zeros"] = (column == 0).sum()
                measures["negative"] = (column < 0).sum()
                measures["infinite"] = floats.is_infinite().sum()
            case "text":
                texts = column.cast(pl.String)
                length = texts.str.len_chars()
                measures["shortest"] = length.min()
                measures["longest"] = length.max()
                measures["mean"] = length.mean()
                measures["empty"] = (length == 0).sum()
                measures["padded"] = (texts != texts.str.strip_chars()).sum()
            case "date" | "time":
                measures["min"] = physical(column, kind).min()
                measures["max"] = physical(column, kind).max()
        found += [measure.alias(f"{name} {what}") for what, measure in measures.items()]
    return found


def _looked_at(rows: pl.LazyFrame, kinds: Mapping[str, Kind], share: float, seed: int) -> pl.DataFrame:
    """The rows that are held: all, or a share drawn by their number's hash; with texts cut where they are long."""
    rows = rows.with_row_index("number")
    if share < 1:
        rows = rows.filter(pl.col("number").hash(seed=seed) < pl.lit(int(share * 2**64), dtype=pl.UInt64))
    held = [
        pl.col(name).cast(pl.String).str.slice(0, LONGEST) if kind == "text" else pl.col(name)
        for name, kind in kinds.items()
        if kind != "other"
    ]
    return rows.select("number", *held).collect(engine="streaming")


class _Counted:
    """What was counted of all rows, in bins that the first pass told of.

    Args:
        found: Of the first pass.
        sketched: The columns whose different values cannot be counted on the rows that are held.
    """

    def __init__(
        self, rows: pl.LazyFrame, kinds: Mapping[str, Kind], found: Mapping[str, Any], sketched: set[str]
    ) -> None:
        self._bins: dict[str, _Bins | TimeBins] = {}
        plans: dict[tuple[str, str], pl.LazyFrame] = {}
        for name, kind in kinds.items():
            least, greatest = found.get(f"{name} min"), found.get(f"{name} max")
            if least is not None and greatest is not None and kind in ("integer", "number", "date", "time"):
                numbers = kind in ("integer", "number")
                bins = _cut(name, kind, least, greatest) if numbers else spanned(name, kind, least, greatest)
                if bins is not None:
                    self._bins[name] = bins
                    plans[name, "bins"] = _by(rows, bins.place)
                if isinstance(bins, TimeBins):
                    plans[name, "periods"] = _by(rows, bins.period)
            if name in sketched:
                plans[name, "distinct"] = counting.registers(rows, pl.col(name))
        self._found: dict[tuple[str, str], pl.DataFrame] = {}
        # Column by column: one plan of all of them reads ahead for those that are slower, and holds what it read.
        for name in kinds:
            own = {key: plan for key, plan in plans.items() if key[0] == name}
            if own:
                self._found |= zip(own, pl.collect_all(list(own.values()), engine="streaming"), strict=True)

    def histogram(self, name: str) -> Histogram | None:
        if name not in self._bins:
            return None
        bins, counted = self._bins[name], dict(self._found[name, "bins"].rows())
        return Histogram(bins.edges, tuple(counted.get(place, 0) for place in range(len(bins.edges) - 1)))

    def times(self, name: str) -> tuple[TimeBins, Sequence[int]] | None:
        bins = self._bins.get(name)
        return (bins, self._found[name, "periods"]["place"].to_list()) if isinstance(bins, TimeBins) else None

    def distinct(self, name: str) -> int | None:
        """None where it can be counted on the rows that are held."""
        return counting.distinct_of(self._found[name, "distinct"]) if (name, "distinct") in self._found else None


def _by(rows: pl.LazyFrame, place: pl.Expr) -> pl.LazyFrame:
    return rows.select(place.cast(pl.Int64).alias("place")).drop_nulls().group_by("place").len()


def _cut(name: str, kind: Kind, least: Any, greatest: Any) -> _Bins | None:
    column = pl.col(name)
    if kind == "integer":
        width = 1 if greatest - least < _ONE_EACH else -(-(greatest - least + 1) // BINS)
        count = -(-(greatest - least + 1) // width)
        edges = tuple(least + width * place for place in range(count + 1))
        return _Bins(edges, (column.cast(pl.Int128) - least) // width)
    low, high = float(least), float(greatest)
    if not math.isfinite(high - low):
        return None
    if low == high:
        return _Bins((low, high), pl.when(column.cast(pl.Float64).is_finite()).then(0))
    values = column.cast(pl.Float64)
    edges = (low, *(low + (high - low) * place / BINS for place in range(1, BINS)), high)
    # Polars multiplies by one over what it divides by, which is infinite for the smallest widths there are.
    scale = 2.0**200 if high - low < sys.float_info.min else 1.0
    place = ((values - low) * scale / ((high - low) * scale) * BINS).floor().clip(0, BINS - 1)
    return _Bins(edges, pl.when(values.is_finite()).then(place))


def _column(
    name: str,
    dtype: str,
    kind: Kind,
    place: str,
    found: Mapping[str, Any],
    values: pl.Series,
    counted: _Counted,
) -> ColumnProfile:
    mine = {what.removeprefix(f"{place} "): value for what, value in found.items() if what.startswith(f"{place} ")}
    missing = int(mine["missing"])
    if kind == "other":
        return ColumnProfile(name, dtype, kind, missing)
    kinds = values.drop_nulls().value_counts(sort=False, name="count").rename({values.name: "value"})
    sketch = counted.distinct(place)
    return ColumnProfile(
        name,
        dtype,
        kind,
        missing,
        # A sketch of all rows may tell of fewer than were seen.
        distinct=kinds.height if sketch is None else min(int(found["rows"]) - missing, max(sketch, kinds.height)),
        distinct_exact=sketch is None,
        frequent=_frequent(kinds, kind),
        histogram=counted.histogram(place),
        numbers=_numbers(mine, values) if kind in ("integer", "number") else None,
        texts=_texts(mine, kinds) if kind == "text" else None,
        times=_times(kind, mine, counted.times(place)) if kind in ("date", "time") else None,
    )


def _times(kind: Kind, mine: Mapping[str, Any], bins: tuple[TimeBins, Sequence[int]] | None) -> Any:
    return emptied() if bins is None else told(kind, mine["min"], mine["max"], *bins)


def _frequent(kinds: pl.DataFrame, kind: Kind) -> tuple[Frequent, ...]:
    """The most frequent values; of those that are as frequent, the first in order."""
    if not kinds.height or int(kinds["count"].max() or 0) < 2:  # type: ignore[arg-type]
        return ()
    least = kinds["count"].top_k(min(_FREQUENT, kinds.height)).min()
    top = kinds.filter(pl.col("count") >= least).sort(["count", "value"], descending=[True, False]).head(_FREQUENT)
    if kind in ("date", "time"):
        times = top.select(physical(pl.col("value"), kind), "count")
        return tuple(Frequent(moment(kind, value), count) for value, count in times.rows())
    return tuple(Frequent(value, count) for value, count in top.rows())


def _numbers(mine: Mapping[str, Any], values: pl.Series) -> Numbers:
    floats = values.cast(pl.Float64)
    finite = floats.filter(floats.is_finite()).sort()
    quantiles = [Quantile(share, finite.quantile(share, interpolation="linear") or 0.0) for share in _SHARES]
    return Numbers(
        min=_number(mine["min"]),
        max=_number(mine["max"]),
        mean=_finite(mine["mean"]),
        std=_finite(mine["std"]),
        quantiles=tuple(quantiles) if finite.len() else (),
        zeros=int(mine["zeros"]),
        negative=int(mine["negative"]),
        infinite=int(mine["infinite"]),
    )


def _texts(mine: Mapping[str, Any], kinds: pl.DataFrame) -> Texts:
    hints, shapes = hints_of(kinds)
    return Texts(
        shortest=mine["shortest"],
        longest=mine["longest"],
        mean_length=mine["mean"],
        empty=int(mine["empty"]),
        padded=int(mine["padded"]),
        hints=hints,
        shapes=shapes,
    )


def _number(value: Any) -> int | float | None:
    """A Decimal as a float; what else there is stays."""
    return value if value is None or isinstance(value, int) else float(value)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
