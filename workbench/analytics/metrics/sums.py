"""Sums that do not depend on the order of the rows, nor on how they were cut into parts, and do not overflow unseen.

Adding floats rounds at each step, so two engines, two thread counts or two file orders give two results. Here each
value is cut into four integers that count units of 2^16, 2^-16, 2^-48 and 2^-80; integers add up exactly in any order,
and the total is turned into a float once. (The reproducible summation of Demmel and Nguyen, 2013, with fixed bins.)
Exact for every |x| < 2^48 down to 2^-80; 2^31 rows fit in a group. What lies outside (larger values, infinities, and
what a value has below 2^-80) is added as floats and so may differ in the last digit from run to run.

Whole numbers of 64 bits are cut in two in the same way, so that a sum leaves 64 bits only where its result does.
"""

from __future__ import annotations

from operator import itemgetter

import polars as pl

__all__ = ["columns", "total", "whole_columns", "whole_mean", "whole_total"]

UNITS = (16, -16, -48, -80)
LARGEST = 2.0**48
PLACES = 2**32


def columns(value: pl.Expr) -> list[tuple[str, pl.Expr]]:
    """What one row contributes: (suffix, expression), all to be added up.

    Args:
        value: Float64 without NaN; null for a row that does not count.
    """
    tame = value.abs() < LARGEST
    rest: pl.Expr = pl.when(tame).then(value)
    found = []
    for place, unit in enumerate(UNITS):
        # The cast drops the fraction towards zero, so that what remains is the value's low bits, exactly.
        count = (rest * 2.0**-unit).cast(pl.Int64)
        found.append((f"s{place}", count))
        rest = rest - count.cast(pl.Float64) * 2.0**unit
    return [*found, ("wild", pl.when(tame).then(rest).otherwise(value))]


def total(name: str) -> pl.Expr:
    """The sum, from the added-up columns `{name}.s0` ... `{name}.wild`; 0.0 where nothing was added."""
    counts = [pl.col(f"{name}.s{place}") for place in range(len(UNITS))]
    # Turned positive and carried, the four never cancel each other, so that the last roundings are all there are.
    sign = pl.when(_carried(counts)[0] < 0).then(pl.lit(-1, pl.Int64)).otherwise(pl.lit(1, pl.Int64))
    exact = pl.lit(0.0)
    for unit, count in sorted(zip(UNITS, _carried([count * sign for count in counts]), strict=True), key=itemgetter(0)):
        exact = exact + count.cast(pl.Float64) * 2.0**unit
    return exact * sign + pl.col(f"{name}.wild").fill_null(0.0)


def whole_columns(value: pl.Expr) -> list[tuple[str, pl.Expr]]:
    """`columns` for whole numbers of up to 64 bits, signed or not."""
    high = value // PLACES
    return [("high", high.cast(pl.Int64)), ("low", (value - high * PLACES).cast(pl.Int64))]


def whole_total(name: str) -> pl.Expr:
    """The sum as Int64, from the added-up `whole_columns`.

    Raises:
        polars.exceptions.InvalidOperationError: When it is evaluated, where a sum is beyond 64 bits.
    """
    high, low = (pl.col(f"{name}.{part}").cast(pl.Int128) for part in ("high", "low"))
    return (high * PLACES + low).cast(pl.Int64, strict=True)


def whole_mean(name: str, rows: pl.Expr) -> pl.Expr:
    """The mean as Float64; it needs no sum within 64 bits."""
    high, low = (pl.col(f"{name}.{part}").cast(pl.Float64) for part in ("high", "low"))
    return (high * float(PLACES) + low) / rows


def _carried(counts: list[pl.Expr]) -> list[pl.Expr]:
    """The same number with every count but the first from 0 to 2^32."""
    counts = list(counts)
    for place in range(len(counts) - 1, 0, -1):
        carry = counts[place] // PLACES
        counts[place] = counts[place] - carry * PLACES
        counts[place - 1] = counts[place - 1] + carry
    return counts
