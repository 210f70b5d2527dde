"""The hash that tells subjects apart and says which part of the data they are in. It is kept on disk: a contract.

Version 1 is XXH64 with seed 0 (https://github.com/Cyan4973/xxHash, `doc/xxhash_spec.md`) of a text's UTF-8 bytes, of a
whole number's eight bytes in two's complement, little end first; kept as the signed 64-bit number of the same bits.
A library's own hash, such as Polars', differs between its versions and would move every subject to another part.

Two subjects of one hash would be counted as one. Among n subjects that happens with a probability of n^2 / 2^65: 7 in a
billion for 500,000, 1 in 37 for a billion.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import xxhash

from workbench.foundation.errors import Invalid

__all__ = ["HASH_VERSION", "SUBJECT_HASH", "hash_of", "hashed"]

HASH_VERSION: Final = 1
SUBJECT_HASH: Final = "_subject_hash"
"""The column of the hash: beside the subject in files, and in every part that is cut by subject."""


def hash_of(values: pl.Series) -> pl.Series:
    """The hash of each value: Int64, null for null.

    Raises:
        Invalid: The values are neither texts nor whole numbers, so that equal ones need not have equal bytes.
    """
    if values.dtype.is_integer():
        wide = values.cast(pl.Int64, strict=values.dtype != pl.UInt64)
        raw = wide.fill_null(0).to_numpy().astype("<i8").view("V8")
        digests = [xxhash.xxh64_intdigest(item.tobytes()) for item in raw]
    elif values.dtype in (pl.String, pl.Categorical, pl.Enum):
        digests = list(map(xxhash.xxh64_intdigest, values.cast(pl.String).fill_null("").cast(pl.Binary).to_list()))
    else:
        raise Invalid(
            f"a subject has to be a text or a whole number, and '{values.name}' is {values.dtype}",
            hint="cast the column to text",
        )
    signed = pl.Series(values.name, np.array(digests, dtype=np.uint64).view(np.int64), dtype=pl.Int64)
    return signed.set(values.is_null(), None) if values.null_count() else signed


def hashed(subject: str) -> pl.Expr:
    """The column `SUBJECT_HASH`, computed from the column of subjects; for rows whose files do not have it."""
    return pl.col(subject).map_batches(hash_of, return_dtype=pl.Int64, is_elementwise=True).alias(SUBJECT_HASH)
