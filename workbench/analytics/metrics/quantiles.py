"""Quantiles and distinct counts of groups: from the values themselves, or from counts of them, with the same bits.

The quantile q of n sorted values is taken at place q * (n - 1), between its two neighbours by linear interpolation:
numpy's default (Hyndman and Fan's type 7), with numpy's way of rounding. Value counts add up over parts of the rows,
which neither quantiles nor distinct counts would.

`wanted` is always: result column -> quantile between 0 and 1, or None for the number of distinct values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

__all__ = ["from_counts", "in_groups", "of_groups"]

Wanted = Mapping[str, float | None]


def in_groups(value: str, wanted: Wanted) -> list[pl.Expr]:
    """Aggregations over the values of a group, null where one is missing; `of_groups` makes the results of them."""
    column = pl.col(value)
    found = [column.drop_nulls().n_unique().cast(pl.Int64).alias(n) for n, q in wanted.items() if q is None]
    for name, quantile in _asked(wanted).items():
        found.append(column.quantile(quantile, "lower").cast(pl.Float64).alias(f"{name}.0"))
        found.append(column.quantile(quantile, "higher").cast(pl.Float64).alias(f"{name}.1"))
    return [column.count().cast(pl.Int64).alias(f"{value}.size"), *found]


def of_groups(value: str, wanted: Wanted) -> list[pl.Expr]:
    """The quantiles, from what `in_groups` found."""
    return [_between(name, pl.col(f"{value}.size"), quantile) for name, quantile in _asked(wanted).items()]


def from_counts(counts: pl.LazyFrame, keys: Sequence[str], value: str, times: str, wanted: Wanted) -> pl.LazyFrame:
    """Quantiles and distinct counts of each group, as if every value stood there as often as it was counted.

    Args:
        counts: One row per group and distinct value; no null values.
        keys: Columns that name a group; may be null.
        value: Column of values.
        times: Column saying how often the value occurs, at least once.
        wanted: See above.

    Returns:
        The keys and one column per wanted name, for groups that have a value.
    """
    distinct = [pl.len().cast(pl.Int64).alias(name) for name, quantile in wanted.items() if quantile is None]
    asked = _asked(wanted)
    if not asked:
        return counts.group_by(keys).agg(distinct)
    # A running count over everything, less where the group starts, is the running count inside the group.
    ranked = counts.sort([*keys, value]).with_columns(pl.col(times).cum_sum().alias(".to"))
    ranked = ranked.with_columns((pl.col(".to") - pl.col(times)).alias(".from"))
    groups = ranked.group_by(keys).agg(pl.col(".from").min().alias(".start"), pl.col(times).sum().alias(".size"))
    ranked = ranked.select(*keys, value, ".to").join(groups, on=list(keys), how="left", nulls_equal=True)
    until = pl.col(".to") - pl.col(".start")
    neighbours = [
        pl.col(value).filter(until > (_place(pl.col(".size"), quantile).floor() + step)).min().alias(f"{name}.{step}")
        for name, quantile in asked.items()
        for step in (0, 1)
    ]
    found = ranked.group_by(keys).agg(*distinct, pl.col(".size").first(), *neighbours)
    plain = [name for name, quantile in wanted.items() if quantile is None]
    return found.select(*keys, *plain, *(_between(name, pl.col(".size"), q) for name, q in asked.items()))


def _asked(wanted: Wanted) -> dict[str, float]:
    return {name: quantile for name, quantile in wanted.items() if quantile is not None}


def _place(size: pl.Expr, quantile: float) -> pl.Expr:
    return (size - 1).cast(pl.Float64) * quantile


def _between(name: str, size: pl.Expr, quantile: float) -> pl.Expr:
    low, high = pl.col(f"{name}.0"), pl.col(f"{name}.1")
    high = high.fill_null(low)  # the last value has no next one
    share = _place(size, quantile) - _place(size, quantile).floor()
    up, down = low + (high - low) * share, high - (high - low) * (1 - share)
    exact = (low == high) | (share == 0)
    return pl.when(exact).then(low).when(share >= 0.5).then(down).otherwise(up).alias(name)
