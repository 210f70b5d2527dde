"""About how many distinct values there are, from registers: HyperLogLog, as a group-by on our hash.

The first 12 bits of a value's hash choose one of 4,096 registers, the next 40 are the value's rest. A register keeps
the smallest rest that it met. The more zeros a rest begins with, the more values there were: their number plus one is
the rank of Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation
algorithm" (2007), where the register keeps the largest. The smallest of two registers is that of both, so that parts
may be cut anywhere. A register that met nothing is no row: few values are few rows.

The estimate is the improved one of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
(arXiv:1702.01284, 2017), section 4: unbiased from one value to 2^52 of them without a table and without a switch
between formulas. Its relative standard error is at most 1.04 / sqrt(4,096). Four times as many registers would halve
it, and make a kept sketch of many groups four times as long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import polars as pl

from workbench.compute import hash_of

__all__ = ["STANDARD_ERROR", "estimates", "has_hash", "hashed_value", "register", "rest"]

_REGISTERS: Final = 2**12
_RANKS: Final = 40
_IN_REGISTER: Final = 2**52  # as many hashes as have the same first 12 bits
_IN_REST: Final = 2**12  # as many hashes as have the same first 52 bits
STANDARD_ERROR: Final = 1.04 / math.sqrt(_REGISTERS)
_EMPTY, _FULL, _WEIGHT = ".empty", ".full", ".weight"


def has_hash(dtype: pl.DataType) -> bool:
    """Whether equal values of a type have equal bytes to hash."""
    return dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean)


def hashed_value(value: pl.Expr) -> pl.Expr:
    """The versioned hash of each value, Int64, null for null. Floats have neither NaN nor -0.0."""
    return value.map_batches(_hashes, return_dtype=pl.Int64(), is_elementwise=True)


def register(hashed: pl.Expr) -> pl.Expr:
    """Which register a hash belongs to: Int16, from -2,048 to 2,047."""
    return (hashed // _IN_REGISTER).cast(pl.Int16)


def rest(hashed: pl.Expr) -> pl.Expr:
    """What is kept of a hash in its register: Int64, from 0 to 2^40 - 1; the smallest is kept."""
    return (hashed - (hashed // _IN_REGISTER) * _IN_REGISTER) // _IN_REST


def estimates(registers: pl.LazyFrame, keys: Sequence[str], kept: str, name: str) -> pl.LazyFrame:
    """About how many distinct values each group has.

    Args:
        registers: One row per group and register that met a value.
        kept: The column of the smallest rest.
        name: The column of the result, Int64.

    Returns:
        The keys and the estimate, for groups that have a value.
    """
    rank = pl.col(kept).bitwise_leading_zeros().cast(pl.Int64) - (64 - _RANKS - 1)
    # Weights are whole numbers of less than 2^40, so that their sum does not depend on an order.
    weight = pl.when(rank <= _RANKS).then(pl.lit(2, pl.Int64).pow((_RANKS - rank).clip(0)))
    groups = registers.group_by(keys).agg(
        (_REGISTERS - pl.len().cast(pl.Float64)).alias(_EMPTY),
        (rank > _RANKS).sum().cast(pl.Float64).alias(_FULL),
        weight.sum().cast(pl.Float64).alias(_WEIGHT),
    )
    empty = pl.col(_EMPTY) / _REGISTERS
    full = 1 - pl.col(_FULL) / _REGISTERS
    powers = _REGISTERS * (_tau(full) * 2.0**-_RANKS + _sigma(empty)) + pl.col(_WEIGHT) * 2.0**-_RANKS
    estimate = _REGISTERS**2 / (2 * math.log(2)) / powers
    return groups.select(*keys, (estimate + 0.5).floor().cast(pl.Int64).alias(name))


def _sigma(share: pl.Expr) -> pl.Expr:
    """What the share of registers that met nothing counts for. It is below 1, so that twenty terms are all there is."""
    terms = [share.pow(2.0**k) * 2.0 ** (k - 1) for k in range(1, 21)]
    return sum(terms, start=share)


def _tau(share: pl.Expr) -> pl.Expr:
    """What the share of registers that are not yet full counts for: 0 up to some 2^45 values."""
    terms = [(1 - share.pow(0.5**k)).pow(2.0) * 0.5**k for k in range(1, 24)]
    return (1 - share - sum(terms, start=pl.lit(0.0))) / 3


def _hashes(values: pl.Series) -> pl.Series:
    if values.dtype.is_float():
        bits = values.cast(pl.Float64).fill_null(0.0).to_numpy().view("<i8")
        values = pl.Series(values.name, bits).set(values.is_null(), None)
    elif values.dtype.is_decimal():
        values = values.cast(pl.String)
    elif values.dtype.is_temporal() or values.dtype == pl.Boolean:
        values = values.to_physical().cast(pl.Int64)
    return hash_of(values)
